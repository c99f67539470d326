"""Postmark's REST API and webhooks as one value."""

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

KIND: Final = "postmark"
_STREAM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def _check(account: ProviderAccount, api_key: str) -> None:
    from reprieve.providers.http import check_account  # noqa: PLC0415  (imports requests)

    check_account(account.base_url, api_key)
    if account.on_behalf_of and not _STREAM.fullmatch(account.on_behalf_of):
        raise InvalidInput("not the id of a message stream", field="on_behalf_of")


def _check_key(key: str) -> None:
    from reprieve.providers.postmark.events import check_key  # noqa: PLC0415

    check_key(key)


def _adapter(account: ProviderAccount, api_key: str, surroundings: Surroundings) -> Provider:
    from reprieve.providers.postmark.adapter import Postmark  # noqa: PLC0415  (imports requests)

    return Postmark(base_url=account.base_url, api_key=api_key, stream=account.on_behalf_of, clock=surroundings.clock)


def _webhook() -> Webhook:
    from reprieve.providers.postmark import events  # noqa: PLC0415

    return Webhook(check=events.check_headers, verify=events.verify, read=events.parse_events)


def _connection(means: Means) -> Connection:
    from reprieve.providers.connecting import Connection  # noqa: PLC0415

    url = means.wish.posts_to.replace("https://", "https://postmark:SECRET@", 1)
    return Connection(
        by_hand=(
            f"At Postmark, add a webhook to the message stream {means.account.on_behalf_of or 'outbound'}: {url}",
            "with the events Delivery, Bounce, Spam Complaint and Subscription Change.",
            "SECRET is yours to make: `openssl rand -hex 24`.",
            "postmark:SECRET is the account's webhook key.",
        )
    )


POSTMARK: Final = ProviderKind(
    kind=KIND,
    account=AccountRules(
        name="Postmark",
        has_key=True,
        base_url="https://api.postmarkapp.com",
        acts_for=True,
        webhook=WebhookRules(KIND, is_secret=True, check=_check_key),
        check=_check,
    ),
    adapter=_adapter,
    webhook=_webhook,
    connection=_connection,
)
