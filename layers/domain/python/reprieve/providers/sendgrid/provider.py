"""SendGrid's REST API, or anything that speaks it, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.access.account_rules import AccountRules, WebhookRules
from reprieve.errors import InvalidInput
from reprieve.providers.kind import ProviderKind, Webhook

if TYPE_CHECKING:
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.providers.connecting import Connection, Means
    from reprieve.providers.kind import Surroundings
    from reprieve.removals.ports import Provider
    from reprieve.suppressions.ports import ProviderGroups


def check_webhook_key(webhook_key: str) -> None:
    """Refuse a public key that cannot verify.

    Args:
        webhook_key: base64 of the DER form, as SendGrid's webhook settings show it.

    Raises:
        InvalidInput: it is not the public key of an ECDSA pair over P-256.
    """
    from reprieve.providers.sendgrid import events  # noqa: PLC0415  (imports cryptography)

    if events.usable_key(webhook_key) is None:
        raise InvalidInput("not a public key as SendGrid's webhook settings show it", field="webhook_key")


def _check(account: ProviderAccount, api_key: str) -> None:
    from reprieve.providers.http import check_account, check_header  # noqa: PLC0415  (imports requests)

    check_account(account.base_url, api_key, version="/v3")
    if account.on_behalf_of:
        check_header(account.on_behalf_of, "on_behalf_of")


def _adapter(account: ProviderAccount, api_key: str, surroundings: Surroundings) -> Provider:
    from reprieve.providers.sendgrid.adapter import SendGrid  # noqa: PLC0415  (imports requests)

    return SendGrid(
        base_url=account.base_url, api_key=api_key, on_behalf_of=account.on_behalf_of, clock=surroundings.clock
    )


def _groups(account: ProviderAccount, api_key: str, _surroundings: Surroundings) -> ProviderGroups:
    from reprieve.providers.sendgrid.adapter import api_of  # noqa: PLC0415  (imports requests)
    from reprieve.providers.sendgrid.groups import SendGridGroups  # noqa: PLC0415

    return SendGridGroups(api_of(account.base_url, api_key, account.on_behalf_of))


def _webhook() -> Webhook:
    from reprieve.providers.sendgrid import events  # noqa: PLC0415  (imports cryptography)

    return Webhook(
        check=events.check, verify=events.verify, read=events.parse_events, lists=True, by_token=events.is_by_token
    )


def _connection(means: Means) -> Connection:
    from reprieve.providers.sendgrid.connection import connection  # noqa: PLC0415  (imports requests)

    return connection(means)


#: the rules for the keys of its webhook, which may feed accounts at other kinds of provider as well
WEBHOOK: Final = WebhookRules("sendgrid", is_secret=False, check=check_webhook_key)

#: the name is Okta's spelling (`emailProvider`, `bounceEmailProvider`)
SENDGRID: Final = ProviderKind(
    kind="sendgrid",
    account=AccountRules(
        name="Sendgrid",
        has_key=True,
        base_url="https://api.sendgrid.com",
        acts_for=True,
        webhook=WEBHOOK,
        check=_check,
    ),
    adapter=_adapter,
    webhook=_webhook,
    groups=_groups,
    connection=_connection,
)
