"""Amazon SES v2, in the same AWS account, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.access.account_rules import AccountRules
from reprieve.providers.kind import ProviderKind
from reprieve.providers.sendgrid.provider import WEBHOOK

if TYPE_CHECKING:
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.providers.connecting import Connection, Means
    from reprieve.providers.kind import Surroundings
    from reprieve.removals.ports import Provider
    from reprieve.suppressions.notifications import Notifications


def _adapter(account: ProviderAccount, _api_key: str, surroundings: Surroundings) -> Provider:
    from reprieve.providers.ses.adapter import Ses  # noqa: PLC0415  (imports botocore)

    return Ses(client=surroundings.aws("sesv2", account.region), tenant=account.on_behalf_of)


def _notifications() -> Notifications:
    from reprieve.providers.ses import events  # noqa: PLC0415
    from reprieve.suppressions.notifications import Notifications  # noqa: PLC0415

    return Notifications(events.unwrapped, events.senders, events.parse_events, events.checked_sender)


def _connection(means: Means) -> Connection:
    from reprieve.providers.ses.connection import connection  # noqa: PLC0415  (imports botocore)

    return connection(means)


#: the name is Okta's spelling (`emailProvider`, `bounceEmailProvider`)
SES: Final = ProviderKind(
    kind="ses",
    account=AccountRules(name="SES", has_key=False, base_url="", acts_for=True, regional=True, webhook=WEBHOOK),
    adapter=_adapter,
    notifications=_notifications,
    connection=_connection,
)
