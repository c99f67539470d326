"""The rules for an account at each kind of provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.provider_account import ProviderAccount


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """The rules for the keys that verify a webhook.

    Attributes:
        kind: the kind of provider whose webhook it is.
        is_secret: whether a key is a secret, which is sealed and never shown.
        check: given one key, raises InvalidInput when it could not verify: otherwise every event would be refused, and
            only the sender would see it.
    """

    kind: str
    is_secret: bool
    check: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AccountRules:
    """The rules for an account at one kind of provider.

    Attributes:
        name: the provider's name as the system log shows it; "" where there is no provider.
        has_key: whether the account needs an API key; if not, it must not have one.
        base_url: where the provider's API is when the account names no other URL; "" when that cannot be chosen.
        acts_for: whether the account can act for another one of the same provider (`on_behalf_of`).
        webhook: the rules for the keys of the webhook that feeds the organization's lists. A kind of provider without
            one of its own may be fed by SendGrid's.
        regional: whether each region of the provider has lists of its own, so that an account can name one.
        check: given an account and its API key ("" when a stored one is kept), raises InvalidInput for what the adapter
            or the webhook would refuse later; it names the field and never quotes its value.
    """

    name: str
    has_key: bool
    base_url: str
    acts_for: bool
    webhook: WebhookRules
    check: Callable[[ProviderAccount, str], None] = lambda *_: None
    regional: bool = False
