"""An organization's accounts at upstream email providers."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.clock import Millis


#: the account of an organization that has one only; old rows, and commands that name no account, mean it
DEFAULT: Final = "default"
#: the form of an account's name
ACCOUNT_NAME: Final = re.compile("[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
#: a turn of the removal job calls each of them
MAX_ACCOUNTS: Final = 10


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """One of an organization's accounts at upstream providers.

    Attributes:
        kind: which provider carries out a lift; one of the words in `providers.registry`.
        base_url: where the provider's API is, without the version segment; "" where that cannot be chosen.
        sealed_key: the API key, encrypted under KMS with the organization as context.
        on_behalf_of: the subuser or customer account to act for, or "".
        webhook_key: what verifies the provider's event webhook, or "": a public key (base64 of its DER form), or a
            secret as `sealed_webhook_key` writes it; two of them with a space between while they are rotated, and both
            are accepted.
        paused_until: no call is made before this moment, in milliseconds; 0 when not paused.
        paused_reason: why, for the operator.
        name: distinguishes the organization's accounts; DEFAULT where it has one only.
        region: where the account is, for a provider whose lists are regional; "" for that of the deployment.
    """

    kind: str
    base_url: str = ""
    sealed_key: bytes = b""
    on_behalf_of: str = ""
    webhook_key: str = ""
    paused_until: Millis = EPOCH
    paused_reason: str = ""
    name: str = DEFAULT
    region: str = ""

    @property
    def mark(self) -> str:
        """The mark that a removal keeps of an account that has carried it out: its name and a digest.

        The digest is of everything that decides whose lists are meant, so an account that was changed, or removed and
        set again under its name, has another mark and is called again.
        """
        facts = f"{self.kind}\n{self.base_url}\n{self.on_behalf_of}\n{self.region}\n".encode()
        return f"{self.name} {hashlib.sha256(facts + self.sealed_key).hexdigest()[:16]}"

    def is_paused(self, now: Millis) -> bool:
        """Whether no call is made at this moment."""
        return self.paused_until > now

    @property
    def shown_webhook_keys(self) -> list[str]:
        """The webhook's keys as they may be shown: of a sealed one, the beginning of its digest, to recognize it by."""
        return [_shown(key) for key in self.webhook_key.split()]


#: how a sealed key of a webhook begins
SEALED: Final = "sealed:"
#: how many hexadecimal digits of its digest are shown
_SHOWN_DIGITS: Final = 8


def sealed_webhook_key(sealed: bytes) -> str:
    """A webhook's secret as an account has it: base64 of what KMS made of it."""
    return SEALED + base64.b64encode(sealed).decode()


def opened_webhook_key(key: str) -> bytes | None:
    """The bytes that KMS made of a webhook's secret; None for a key that is not sealed."""
    return base64.b64decode(key[len(SEALED) :]) if key.startswith(SEALED) else None


def webhook_key_context(organization_id: str) -> dict[str, str]:
    """The encryption context of a webhook's secret; it may verify the webhook of any of the organization's accounts."""
    return {"organization": organization_id, "purpose": "webhook-key"}


def without_secrets(webhook_key: str) -> str:
    """An account's webhook keys without those that are sealed."""
    return " ".join(key for key in webhook_key.split() if opened_webhook_key(key) is None)


def _shown(key: str) -> str:
    sealed = opened_webhook_key(key)
    return key if sealed is None else SEALED + hashlib.sha256(sealed).hexdigest()[:_SHOWN_DIGITS]


def name_in(mark: str) -> str:
    """The account's name in a mark of it."""
    return mark.partition(" ")[0]


def named(accounts: Iterable[ProviderAccount], name: str) -> ProviderAccount | None:
    """The account of that name, None if there is none."""
    return next((one for one in accounts if one.name == name), None)


def account_title(organization_id: str, name: str) -> str:
    """One of an organization's accounts, for a person: the default one has the organization's id."""
    return organization_id if name == DEFAULT else f"{organization_id}/{name}"
