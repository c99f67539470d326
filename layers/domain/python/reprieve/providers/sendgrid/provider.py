"""SendGrid's REST API, or anything that speaks it, as one value."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reprieve.access.provider_account import AccountRules
from reprieve.clock import EPOCH
from reprieve.errors import InvalidInput
from reprieve.providers.kind import ProviderKind, Webhook

if TYPE_CHECKING:
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.providers.kind import Surroundings
    from reprieve.removals.ports import Provider
    from reprieve.suppressions.ports import ProviderGroups

#: a placeholder for a sealed API key, where only the form of the key matters
_KEPT: Final = "kept"


#: the most keys that verify an account's webhook: the one in use and, while they are rotated, the other one
MAX_WEBHOOK_KEYS: Final = 2


def check_webhook_key(webhook_key: str) -> None:
    """Refuse a public key that cannot verify: otherwise every event would be refused, and only the sender would see it.

    Args:
        webhook_key: base64 of the DER form, as SendGrid's webhook settings show it; two of them with a space between;
            "" for none.

    Raises:
        InvalidInput: one is not the public key of an ECDSA pair over P-256, or there are too many.
    """
    keys = webhook_key.split()
    if not keys:
        return
    if len(keys) > MAX_WEBHOOK_KEYS:
        raise InvalidInput(f"at most {MAX_WEBHOOK_KEYS} keys", field="webhook_key")
    from reprieve.providers.sendgrid import events  # noqa: PLC0415  (imports cryptography)

    if None in map(events.usable_key, keys):
        raise InvalidInput("not a public key as SendGrid's webhook settings show it", field="webhook_key")


def _check(account: ProviderAccount, api_key: str) -> None:
    from reprieve.providers.sendgrid.adapter import SendGrid  # noqa: PLC0415  (imports requests)

    SendGrid(
        base_url=account.base_url, api_key=api_key or _KEPT, on_behalf_of=account.on_behalf_of, clock=lambda: EPOCH
    ).close()
    parts = urlsplit(account.base_url)
    if parts.path.endswith("/v3"):
        raise InvalidInput("without its version: /v3 is added to it", field="base_url")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise InvalidInput("https, or the key would travel in the clear; http only on this machine", field="base_url")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _adapter(account: ProviderAccount, api_key: str, surroundings: Surroundings) -> Provider:
    from reprieve.providers.sendgrid.adapter import SendGrid  # noqa: PLC0415  (imports requests)

    return SendGrid(
        base_url=account.base_url, api_key=api_key, on_behalf_of=account.on_behalf_of, clock=surroundings.clock
    )


def _groups(account: ProviderAccount, api_key: str, _surroundings: Surroundings) -> ProviderGroups:
    from reprieve.providers.sendgrid.adapter import upstream_of  # noqa: PLC0415  (imports requests)
    from reprieve.providers.sendgrid.groups import SendGridGroups  # noqa: PLC0415

    return SendGridGroups(upstream_of(account.base_url, api_key, account.on_behalf_of))


def _webhook() -> Webhook:
    from reprieve.providers.sendgrid import events  # noqa: PLC0415  (imports cryptography)

    return Webhook(check=events.check_headers, verify=events.verify, read=events.parse_events)


#: the name is Okta's spelling (`emailProvider`, `bounceEmailProvider`)
SENDGRID: Final = ProviderKind(
    kind="sendgrid",
    account=AccountRules(
        name="Sendgrid", has_key=True, base_url="https://api.sendgrid.com", acts_for=True, check=_check
    ),
    adapter=_adapter,
    webhook=_webhook,
    groups=_groups,
)
