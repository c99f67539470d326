"""No upstream provider: the organization mails by other means, and our list is the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.access.account_rules import AccountRules
from reprieve.providers.kind import ProviderKind
from reprieve.providers.sendgrid.provider import WEBHOOK
from reprieve.removals.lift import LiftAnswer, LiftOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.access.provider_account import ProviderAccount
    from reprieve.clock import Millis
    from reprieve.providers.kind import Surroundings
    from reprieve.suppressions.suppression import AnyList, Suppression, SuppressionList

_ALONE: Final = LiftAnswer(LiftOutcome.LIFTED, "no upstream provider: our list is the only one")

_KEPT_HERE: Final = LiftAnswer(LiftOutcome.LISTED, "no upstream provider: our list is the only one")


class NoProvider:
    """Agrees to everything at once, and holds nothing (`removals.ports.Provider`).

    The batch bounds how many rows the job claims in one turn; it is that of a bulk at SendGrid.
    """

    batch: int = 500

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def lift(
        self,
        suppression_list: AnyList,  # noqa: ARG002
        emails: Sequence[str],
        *,
        budget: Millis,  # noqa: ARG002
    ) -> list[LiftAnswer]:
        """Answer LIFTED for each address: only our own list changes."""
        return [_ALONE] * len(emails)

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:  # noqa: ARG002
        """No list: there is no upstream."""
        return ()

    def put(
        self,
        suppression_list: AnyList,  # noqa: ARG002
        emails: Sequence[str],
        *,
        budget: Millis,  # noqa: ARG002
    ) -> list[LiftAnswer]:
        """Answer LISTED for each address: our own list has it."""
        return [_KEPT_HERE] * len(emails)

    def entry_of(self, suppression_list: SuppressionList, email: str, *, otherwise: Millis) -> None:  # noqa: ARG002
        """Give no entry: there is nothing to ask."""
        return

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:  # noqa: ARG002
        """Give no entries: there is nothing to compare with."""
        return iter(())


def _adapter(_account: ProviderAccount, _api_key: str, _surroundings: Surroundings) -> NoProvider:
    return NoProvider()


NONE: Final = ProviderKind(
    kind="none",
    account=AccountRules(name="", has_key=False, base_url="", acts_for=False, webhook=WEBHOOK),
    adapter=_adapter,
    keeps_lists=False,
)
