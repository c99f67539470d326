"""Posts to the event webhook, signed as SendGrid signs them.

requests.post(url, data=body, headers=signed(signing_key(stack), body))
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Mapping


def signing_key(stack: Mapping[str, Any]) -> ec.EllipticCurvePrivateKey:
    """The key that stack.json gives to programs that play the provider."""
    key = serialization.load_pem_private_key(stack["webhook"]["signing_key_pem"].encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def signed(key: ec.EllipticCurvePrivateKey, body: bytes, timestamp: str = "") -> dict[str, str]:
    """The headers of a post.

    Args:
        key: of a pair over P-256.
        body: the raw bytes.
        timestamp: in Unix seconds; by default now.
    """
    timestamp = timestamp or str(int(time.time()))
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    return {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half of a pair as SendGrid shows it: base64 of its DER form."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()
