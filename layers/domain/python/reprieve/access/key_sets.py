"""The published keys of outside issuers, kept by each process for a while.

A token can name any key, so what one says never makes this ask more than once a minute; an issuer that does not answer
is not asked again at once, and its keys that were read before count for a while longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.access import jose
from reprieve.clock import EPOCH, HOUR, MINUTE, Millis, minutes
from reprieve.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.issuer import Issuer
    from reprieve.access.jose import Key

#: how long an issuer's keys are used before they are read again
FRESH: Final = minutes(15)
#: how long they count when it does not answer
STALE: Final = HOUR
#: how long it is not asked again, for keys that it did not have or when it did not answer
TRY_AGAIN: Final = MINUTE
#: issuers whose keys a process keeps; beyond, it forgets them all and reads again
MAX_ISSUERS: Final = 100


@dataclass(frozen=True, slots=True)
class _Held:
    """An issuer's keys; when they were read, EPOCH for never; and when that was last tried."""

    keys: tuple[Key, ...] = ()
    read: Millis = EPOCH
    tried: Millis = EPOCH


class KeySets:
    """The keys of outside issuers in one process.

    Args:
        fetch: the document at an issuer's `jwks_url`, parsed; raises Unavailable.
    """

    def __init__(self, fetch: Callable[[Issuer], object]) -> None:
        self._fetch = fetch
        self._held: dict[tuple[str, str, str], _Held] = {}

    def keys(self, issuer: Issuer, kid: object, now: Millis) -> tuple[Key, ...]:
        """An issuer's keys.

        Args:
            issuer: whose.
            kid: the name of the key that is wanted; if it is not among those that are known, they are read again.
            now: in milliseconds.

        Raises:
            Unavailable: they could not be read, and none that were read before count.
        """
        place = (issuer.organization_id, issuer.jwks_url, issuer.private_ca)
        held = self._held.get(place, _Held())
        fresh = 0 <= now - held.read < FRESH
        known = kid is None or any(key.kid == kid for key in held.keys)
        if not (fresh and known) and not 0 <= now - held.tried < TRY_AGAIN:
            held = self._read(issuer, held, now)
            if len(self._held) >= MAX_ISSUERS:
                self._held.clear()
            self._held[place] = held
        if not 0 <= now - held.read < STALE:
            raise Unavailable("the keys of an outside issuer could not be read")
        return held.keys

    def _read(self, issuer: Issuer, held: _Held, now: Millis) -> _Held:
        try:
            return _Held(jose.public_keys(self._fetch(issuer)), read=now, tried=now)
        except (Unavailable, InvalidInput):
            return _Held(held.keys, held.read, tried=now)
