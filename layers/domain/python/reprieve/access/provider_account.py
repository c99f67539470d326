"""An organization's account at its upstream email provider, and the rules for an account at each kind of provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.clock import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.clock import Millis


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """An organization's account at its upstream provider.

    Attributes:
        kind: which provider carries out a lift; one of the words in `providers.registry`.
        base_url: where the provider's API is, without the version segment; "" where that cannot be chosen.
        sealed_key: the API key, encrypted under KMS with the organization as context.
        on_behalf_of: the subuser or customer account to act for, or "".
        webhook_key: the public key (base64 of its DER form) that signs the provider's event webhook, or ""; two of them
            with a space between while they are rotated, and both are accepted.
        paused_until: no call is made before this moment, in milliseconds; 0 when not paused.
        paused_reason: why, for the operator.
    """

    kind: str
    base_url: str = ""
    sealed_key: bytes = b""
    on_behalf_of: str = ""
    webhook_key: str = ""
    paused_until: Millis = EPOCH
    paused_reason: str = ""

    def is_paused(self, now: Millis) -> bool:
        """Whether no call is made at this moment."""
        return self.paused_until > now


@dataclass(frozen=True, slots=True)
class AccountRules:
    """The rules for an account at one kind of provider.

    Attributes:
        name: the provider's name as the system log shows it; "" where there is no provider.
        has_key: whether the account needs an API key; if not, it must not have one.
        base_url: where the provider's API is when the account names no other URL; "" when that cannot be chosen.
        acts_for: whether the account can act for another one of the same provider (`on_behalf_of`).
        check: given an account and its API key ("" when a stored one is kept), raises InvalidInput for what the adapter
            or the webhook would refuse later; it names the field and never quotes its value.
    """

    name: str
    has_key: bool
    base_url: str
    acts_for: bool
    check: Callable[[ProviderAccount, str], None] = lambda *_: None
