"""The signature of what an event webhook posts, as SendGrid makes it: ECDSA over P-256, of timestamp and body."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Seconds


def new_pair() -> tuple[str, str]:
    """A new private key in PEM, and its public half: base64 of the DER form."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return pem.decode(), base64.b64encode(private.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


def headers(private_key: str, body: bytes, second: Seconds) -> Mapping[str, str]:
    """The headers that sign a body.

    Args:
        private_key: in PEM.
        body: exactly these bytes are signed.
        second: when it is posted.
    """
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a key of an elliptic curve")
    signature = key.sign(b"%d%b" % (second, body), ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": str(second),
    }
