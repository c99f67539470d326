"""An organization's account at its upstream email provider."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProviderKind(StrEnum):
    """Which upstream provider carries out a lift."""

    SENDGRID = "sendgrid"
    """SendGrid's REST API, or anything that speaks it."""
    SES = "ses"
    """Amazon SES v2, in the same AWS account."""
    NONE = "none"
    """Nobody: our list is the only one."""


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """An organization's account at its upstream provider.

    Attributes:
        base_url: where the provider's API is, without the version segment.
        sealed_key: the API key, encrypted under KMS with the organization as context.
        on_behalf_of: the subuser or customer account to act for, or "".
        webhook_key: the public key (base64 of its DER form) that signs the provider's event webhook, or "".
        paused_until: no call is made before this moment; 0 when not paused.
        paused_reason: why, for the operator.
    """

    kind: ProviderKind
    base_url: str = ""
    sealed_key: bytes = b""
    on_behalf_of: str = ""
    webhook_key: str = ""
    paused_until: int = 0
    paused_reason: str = ""
