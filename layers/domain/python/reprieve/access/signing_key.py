"""The keys that sign access tokens, and when each signs and verifies.

A new key is published before it signs, because every process reads the published keys only once a minute; an old one
stays published until the last token that it signed has expired.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reprieve.access.client import MAX_USE
from reprieve.clock import MINUTE, Millis, minutes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: how long a process may go by what it has read of keys and revocations, in milliseconds
TRUST_AGE: Final = MINUTE
#: how long a key is published before it signs: as long as any process may not have read it, and some
PUBLISHED_AHEAD: Final = minutes(2)
#: how long a key verifies after another one has begun to sign
OVERLAP: Final = MAX_USE


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair for access tokens.

    Attributes:
        kid: the key's name, its thumbprint (RFC 7638).
        jwk: the public half, a JWK as JSON.
        created: in milliseconds.
        signs_from: when it begins to sign; it does so until a later one begins.
        verifies_until: when what it signed stops counting; None for the latest key.
        sealed: the whole key pair, a JWK as JSON, encrypted under KMS; b"" where only the public half was read.
    """

    kid: str
    jwk: str
    created: Millis
    signs_from: Millis
    verifies_until: Millis | None = None
    sealed: bytes = field(default=b"", repr=False)

    def verifies(self, now: Millis) -> bool:
        """Whether what it signed counts at this moment."""
        return self.verifies_until is None or now < self.verifies_until


def sealing_context(kid: str) -> dict[str, str]:
    """The encryption context of a key pair: it cannot be unsealed as another key, or for another purpose."""
    return {"purpose": "signing-key", "kid": kid}


def signer(keys: Iterable[SigningKey], now: Millis) -> SigningKey | None:
    """The key that signs at this moment: of those that have begun to, the latest."""
    begun = [key for key in keys if key.signs_from <= now and key.verifies(now)]
    return max(begun, key=lambda key: key.signs_from, default=None)


def rotated(keys: Sequence[SigningKey], new: SigningKey, now: Millis, *, at_once: bool = False) -> list[SigningKey]:
    """The keys once a new one is added; what no longer verifies is left out.

    Args:
        keys: those before.
        new: the new one, whose `signs_from` is decided here.
        now: in milliseconds.
        at_once: the others are left out, because one of them may be known to others. Clients that hold a token are
            refused until they ask for another. Each process goes by the keys before for up to TRUST_AGE: until then it
            may accept what they sign, and refuse the new tokens.
    """
    begins = now if at_once or signer(keys, now) is None else Millis(now + PUBLISHED_AHEAD)
    if at_once:
        return [replace(new, signs_from=begins)]
    end = Millis(begins + OVERLAP)
    kept = [replace(key, verifies_until=min(key.verifies_until or end, end)) for key in keys if key.verifies(now)]
    return [*kept, replace(new, signs_from=begins)]
