"""Signatures by Standard Webhooks: HMAC-SHA256 over the id, the time and the body, once per secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.clock import Seconds

PREFIX: Final = "whsec_"
#: bytes of a secret; the standard wants 24 to 64
SECRET_BYTES: Final = 32


def spelled(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(secrets: Iterable[str], *, identifier: str, at: Seconds, body: bytes) -> Mapping[str, str]:
    """The headers that prove a post.

    Args:
        secrets: as receivers have them; each makes a signature, so that either of two is enough to verify.
        identifier: of what is posted, the same with each attempt.
        at: when it is posted; receivers refuse what is older than five minutes.
        body: what is posted.
    """
    content = b".".join((identifier.encode(), str(at).encode(), body))
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(_signature(one, content) for one in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
