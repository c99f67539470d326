"""Secrets under KMS: sealed with a context that says what they are for, and opened only under the same context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from reprieve.store.faults import unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_kms import KMSClient


class Vault:
    """Seals and unseals short texts (at most 4 kB, KMS's own limit)."""

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client = client
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
            answer = self._client.encrypt(KeyId=self._key_id, Plaintext=secret.encode(), EncryptionContext=context)
        except (BotoCoreError, ClientError) as fault:
            raise unavailable("a secret could not be sealed", fault) from fault
        return answer["CiphertextBlob"]

    def unseal(self, sealed: bytes, context: Mapping[str, str]) -> str:
        """Decrypt a secret.

        Raises:
            Unavailable: KMS did not answer, or the context is not the one it was sealed under.
        """
        try:
            answer = self._client.decrypt(KeyId=self._key_id, CiphertextBlob=sealed, EncryptionContext=context)
        except (BotoCoreError, ClientError) as fault:
            raise unavailable("a secret could not be unsealed", fault) from fault
        return answer["Plaintext"].decode()
