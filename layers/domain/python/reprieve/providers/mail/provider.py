"""An organization's own mail servers as one value: no list is kept there, and bounces come as mails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.access.account_rules import AccountRules
from reprieve.providers.kind import ProviderKind
from reprieve.providers.none import NoProvider
from reprieve.providers.sendgrid.provider import WEBHOOK

if TYPE_CHECKING:
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.providers.kind import Surroundings
    from reprieve.removals.ports import Provider
    from reprieve.suppressions.notifications import Notifications


def _adapter(_account: ProviderAccount, _api_key: str, _surroundings: Surroundings) -> Provider:
    return NoProvider()


def _notifications() -> Notifications:
    from reprieve.providers.mail import reports  # noqa: PLC0415  (imports flufl.bounce)
    from reprieve.suppressions.notifications import Notifications  # noqa: PLC0415

    return Notifications(reports.unwrapped, reports.senders, reports.parse_received, reports.checked_sender)


MAIL: Final = ProviderKind(
    kind="mail",
    account=AccountRules(name="Mail", has_key=False, base_url="", acts_for=False, webhook=WEBHOOK),
    adapter=_adapter,
    notifications=_notifications,
    keeps_lists=False,
)
