"""Secrets under KMS: sealed with a context that says what they are for, and opened only under the same context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprieve.store.faults import Fault, unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.store.transport import Transport


class Vault:
    """Seals and unseals short texts (at most 4 kB, KMS's own limit)."""

    def __init__(self, kms: Transport, key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id

    def seal(self, secret: str, context: Mapping[str, str]) -> bytes:
        """Encrypt a secret.

        Args:
            secret: the plain text.
            context: what it is for; the same pairs are needed to unseal it.

        Raises:
            Unavailable: KMS refused or did not answer.
        """
        try:
            answer = self._kms.call("Encrypt", {**self._under(context), "Plaintext": secret.encode()})
        except Fault as fault:
            raise unavailable("a secret could not be sealed", fault) from fault
        sealed: bytes = answer["CiphertextBlob"]
        return sealed

    def unseal(self, sealed: bytes, context: Mapping[str, str]) -> str:
        """Decrypt a secret.

        Raises:
            Unavailable: KMS did not answer, or the context is not the one it was sealed under.
        """
        try:
            answer = self._kms.call("Decrypt", {**self._under(context), "CiphertextBlob": sealed})
        except Fault as fault:
            raise unavailable("a secret could not be unsealed", fault) from fault
        secret: bytes = answer["Plaintext"]
        return secret.decode()

    def _under(self, context: Mapping[str, str]) -> dict[str, Any]:
        return {"KeyId": self._key_id, "EncryptionContext": context}
