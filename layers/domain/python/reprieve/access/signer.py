"""The key that signs access tokens at this moment, unsealed; read at most once a minute per process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.access import jose
from reprieve.access.signing_key import TRUST_AGE, sealing_context, signer
from reprieve.clock import EPOCH
from reprieve.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.jose import Key
    from reprieve.access.ports import KeyOpener, TokenStore
    from reprieve.access.signing_key import SigningKey
    from reprieve.clock import Millis


class Signer:
    """The signing keys in one process that issues tokens.

    Args:
        tokens: reads the keys.
        vault: unseals them.
    """

    def __init__(self, tokens: TokenStore, vault: KeyOpener) -> None:
        self._tokens = tokens
        self._vault = vault
        self._keys: Sequence[SigningKey] = ()
        self._read_at = EPOCH
        self._unsealed: dict[str, Key] = {}

    def published(self, now: Millis) -> Sequence[SigningKey]:
        """The keys that verify at this moment, or are going to sign."""
        if not 0 <= now - self._read_at < TRUST_AGE:
            self._keys, self._read_at = self._tokens.signing_keys(), now
        return [key for key in self._keys if key.verifies(now)]

    def key(self, now: Millis) -> Key:
        """The key that signs at this moment.

        Raises:
            Unavailable: the operator has made none, or it could not be read or unsealed.
        """
        chosen = signer(self.published(now), now)
        if chosen is None:
            raise Unavailable("there is no signing key: `reprieve signing-keys rotate` makes one")
        if chosen.kid not in self._unsealed:
            text = self._vault.unseal(chosen.sealed, sealing_context(chosen.kid))
            self._unsealed = {chosen.kid: jose.own_key(text)}
        return self._unsealed[chosen.kid]
