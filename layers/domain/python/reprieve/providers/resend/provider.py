"""Resend's REST API and webhook as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.access.account_rules import AccountRules, WebhookRules
from reprieve.providers.kind import ProviderKind, Webhook

if TYPE_CHECKING:
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.providers.connecting import Connection, Means
    from reprieve.providers.kind import Surroundings
    from reprieve.removals.ports import Provider

KIND: Final = "resend"
#: those that are read
EVENTS: Final = (
    *("email.bounced", "email.complained", "email.delivered", "email.delivery_delayed"),
    *("email.suppressed", "email.failed", "suppression.added"),
)


def _check(account: ProviderAccount, api_key: str) -> None:
    from reprieve.providers.http import check_account  # noqa: PLC0415  (imports requests)

    check_account(account.base_url, api_key)


def _check_secret(secret: str) -> None:
    from reprieve.providers.resend.events import check_secret  # noqa: PLC0415

    check_secret(secret)


def _adapter(account: ProviderAccount, api_key: str, surroundings: Surroundings) -> Provider:
    from reprieve.providers.resend.adapter import Resend  # noqa: PLC0415  (imports requests)

    return Resend(base_url=account.base_url, api_key=api_key, clock=surroundings.clock)


def _webhook() -> Webhook:
    from reprieve.providers.resend import events  # noqa: PLC0415

    return Webhook(check=events.check_headers, verify=events.verify, read=events.parse_events)


def _connection(means: Means) -> Connection:
    from reprieve.providers.connecting import Connection  # noqa: PLC0415

    return Connection(
        by_hand=(
            f"At Resend, add a webhook to {means.wish.posts_to}",
            f"with the events {', '.join(EVENTS)}.",
            "Its signing secret (whsec_...) is the account's webhook key.",
        )
    )


RESEND: Final = ProviderKind(
    kind=KIND,
    account=AccountRules(
        name="Resend",
        has_key=True,
        base_url="https://api.resend.com",
        acts_for=False,
        webhook=WebhookRules(KIND, is_secret=True, check=_check_secret),
        check=_check,
    ),
    adapter=_adapter,
    webhook=_webhook,
    connection=_connection,
)
