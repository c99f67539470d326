"""Making and rotating the keys that sign access tokens, for the whole deployment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.access import jose
from reprieve.access.log_entries import signing_key_rotated
from reprieve.access.signing_key import SigningKey, rotated, sealing_context, signer
from reprieve.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.ports import AccessStore, KeyVault, TokenStore
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The deployment's signing keys.

    They are of no organization and concern each, so that a rotation is in the system log of every one.
    """

    tokens: TokenStore
    access: AccessStore
    vault: KeyVault
    log: EventLog

    def rotate(
        self, asking: Callable[[Organization], Context], *, now: Millis, at_once: bool = False
    ) -> list[SigningKey]:
        """Make a new key, which takes over from the one that signs.

        Args:
            asking: who asks, as the context of an organization's log entry.
            now: in milliseconds.
            at_once: see `signing_key.rotated`.

        Returns:
            The keys as they are now, the new one last.

        Raises:
            Conflict: another rotation came first; nothing was changed.
            Unavailable: the key could not be sealed.
        """
        before = self.tokens.signing_keys()
        pair = jose.new_key()
        kid = pair.thumbprint()
        sealed = self.vault.seal(json.dumps(jose.private_jwk(pair)), sealing_context(kid))
        new = SigningKey(kid, json.dumps(jose.public_jwk(pair)), created=now, signs_from=now, sealed=sealed)
        after = rotated(before, new, now, at_once=at_once)
        if not self.tokens.set_signing_keys(after, before=before):
            raise Conflict("the signing keys were changed meanwhile; look at them and try again")
        for organization in self.access.organizations():
            self.log.append(organization, [signing_key_rotated(after[-1], context=asking(organization))])
        return after

    def ensure(self, asking: Callable[[Organization], Context], *, now: Millis) -> None:
        """Make the first key, unless there is one."""
        if signer(self.tokens.signing_keys(), now) is None:
            self.rotate(asking, now=now)
