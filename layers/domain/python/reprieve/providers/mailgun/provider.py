"""Mailgun's REST API and webhooks as one value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reprieve.access.account_rules import AccountRules, WebhookRules
from reprieve.errors import InvalidInput
from reprieve.providers.kind import ProviderKind, Webhook

if TYPE_CHECKING:
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.providers.connecting import Connection, Means
    from reprieve.providers.kind import Surroundings
    from reprieve.removals.ports import Provider

KIND: Final = "mailgun"
_DOMAIN: Final = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")


def _check(account: ProviderAccount, api_key: str) -> None:
    from reprieve.providers.http import check_account  # noqa: PLC0415  (imports requests)

    check_account(account.base_url, api_key, version="/v3")
    if not _DOMAIN.fullmatch(account.on_behalf_of):
        raise InvalidInput("needed: the domain whose lists are meant", field="on_behalf_of")


def _check_key(key: str) -> None:
    from reprieve.providers.mailgun.events import check_key  # noqa: PLC0415

    check_key(key)


def _adapter(account: ProviderAccount, api_key: str, surroundings: Surroundings) -> Provider:
    from reprieve.providers.mailgun.adapter import Mailgun  # noqa: PLC0415  (imports requests)

    return Mailgun(base_url=account.base_url, api_key=api_key, domain=account.on_behalf_of, clock=surroundings.clock)


def _webhook() -> Webhook:
    from reprieve.providers.mailgun import events  # noqa: PLC0415

    return Webhook(check=events.check_signature, verify=events.verify, read=events.parse_events, nonce=events.nonce)


def _connection(means: Means) -> Connection:
    from reprieve.providers.connecting import Connection  # noqa: PLC0415

    return Connection(
        by_hand=(
            f"At Mailgun, add {means.wish.posts_to} to the webhooks of the domain {means.account.on_behalf_of}:",
            "Delivered Messages, Permanent Failure, Temporary Failure, Spam Complaints and Unsubscribes.",
            "The account's HTTP webhook signing key is the webhook key.",
        )
    )


MAILGUN: Final = ProviderKind(
    kind=KIND,
    account=AccountRules(
        name="Mailgun",
        has_key=True,
        base_url="https://api.mailgun.net",
        acts_for=True,
        webhook=WebhookRules(KIND, is_secret=True, check=_check_key),
        check=_check,
    ),
    adapter=_adapter,
    webhook=_webhook,
    connection=_connection,
)
