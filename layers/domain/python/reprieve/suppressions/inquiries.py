"""Carrying out inquiries: accounts are asked about single addresses, and what they list is taken over.

It is recorded by the reconciliation's own verb, so what a removal forgave stays forgiven. An account that cannot be
asked is asked later, and nothing else waits for it. An inquiry ends when its account has answered; or, as a fault that
is reported, when its drop is no evidence any more.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import account_title, named
from reprieve.clock import HOUR, MINUTE, Millis
from reprieve.errors import Unavailable, describe
from reprieve.suppressions.inquiry import MAX_DROP_AGE
from reprieve.suppressions.reconcile import Differences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.access.ports import AccessStore
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.suppressions.inquiry import Inquiry
    from reprieve.suppressions.ports import InquiryStore, ProviderLists
    from reprieve.suppressions.reconcile import Reconciliation

#: inquiries of one organization in a run
MOST: Final = 200
#: an account that fails this often in a row is not asked any more in a run
PATIENCE: Final = 3


@dataclass(slots=True)
class Asked:
    """What became of one organization's inquiries in a run.

    Attributes:
        answered: how many addresses an account was asked about, or need not be.
        differences: what the accounts list and we did not.
        postponed: how many wait for another run because their account could not be asked.
        given_up: how many never will be asked.
        problems: by account, as `account_title` has it, why it could not be asked: sentences that are safe to log.
    """

    answered: int = 0
    differences: Differences = field(default_factory=Differences)
    postponed: int = 0
    given_up: int = 0
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inquiries:
    """The verb that carries inquiries out."""

    access: AccessStore
    store: InquiryStore
    reconciliation: Reconciliation
    provider_for: Callable[[Organization, ProviderAccount], ProviderLists]

    def run(self, context: Context, *, goes_on: Callable[[], bool]) -> Asked:
        """Ask about the addresses of one organization that are due, MOST of them.

        Args:
            context: who asks, for which organization.
            goes_on: whether there is time for one more; what is left is due again.
        """
        asked = Asked()
        due = self.store.due(context.organization, now=context.now, limit=MOST)
        accounts = self.access.provider_accounts(context.organization.id) if due else []
        for name in dict.fromkeys(one.account for one in due):
            inquiries = [one for one in due if one.account == name]
            self._ask(context, named(accounts, name), inquiries, asked, goes_on)
        return asked

    def _ask(
        self,
        context: Context,
        account: ProviderAccount | None,
        inquiries: Sequence[Inquiry],
        asked: Asked,
        goes_on: Callable[[], bool],
    ) -> None:
        """Ask one account; after PATIENCE faults in a row its other inquiries are postponed unasked."""
        if account is None:
            # it was removed since, and withholds nothing any more
            for one in inquiries:
                self._end(context, one, asked)
            return
        if account.is_paused(context.now):
            self._postpone(context, inquiries, Unavailable("the provider account is paused"), asked)
            return
        try:
            provider = self.provider_for(context.organization, account)
        except Exception as problem:  # noqa: BLE001  (an account that cannot be opened does not stop the others)
            self._postpone(context, inquiries, problem, asked)
            return
        faults = 0
        with closing(provider):
            for number, one in enumerate(inquiries):
                if not goes_on():
                    return
                try:
                    self.reconciliation.ask(context, account, provider, one, asked.differences)
                except Exception as problem:  # noqa: BLE001  (an address that cannot be asked about stops no other)
                    faults += 1
                    last = faults == PATIENCE
                    self._postpone(context, inquiries[number:] if last else [one], problem, asked)
                    if last:
                        return
                else:
                    faults = 0
                    self._end(context, one, asked)

    def _end(self, context: Context, inquiry: Inquiry, asked: Asked) -> None:
        self.store.end(context.organization, inquiry)
        asked.answered += 1

    def _postpone(self, context: Context, inquiries: Sequence[Inquiry], problem: Exception, asked: Asked) -> None:
        """Have some inquiries asked later, longer each time; end those whose drop is no evidence any more."""
        organization, now = context.organization, context.now
        for one in inquiries:
            asked.problems[account_title(organization.id, one.account)] = describe(problem)
            if one.at <= now - MAX_DROP_AGE:
                self.store.end(organization, one)
                asked.given_up += 1
            else:
                until = Millis(now + min(HOUR, MINUTE << min(one.attempts, 6)))
                self.store.postpone(organization, one, until=until)
                asked.postponed += 1
