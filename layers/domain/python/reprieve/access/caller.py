"""The verified caller of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.context import NOWHERE, Actor, Context, Origin
from reprieve.role import Role

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization


@dataclass(frozen=True, slots=True)
class Caller:
    """The organization and scopes of a verified credential; everything that a request may touch follows from them.

    Attributes:
        organization: the one that the credential speaks for.
        credential_id: the credential's id; of an access token, its client's.
        scopes: what it allows, in the dialects' own spellings.
        expires_at: when the credential ends, in milliseconds; None if it lasts until it is revoked.
        by_access_token: whether it is an access token.
        role: how far it may go with what its scopes allow.
        name: the credential's, for people; "" where it is not known.
        actor: who it is, where that is a person and not a credential.
    """

    organization: Organization
    credential_id: str
    scopes: frozenset[str]
    expires_at: Millis | None = None
    by_access_token: bool = False
    role: Role = Role.ADMIN
    name: str = ""
    actor: Actor | None = None

    def context(self, request_id: str, now: Millis, origin: Origin = NOWHERE) -> Context:
        """The context of one request of this caller."""
        actor = self.actor or Actor(self.credential_id, "User", f"credential {self.credential_id}", self.name)
        return Context(
            self.organization,
            actor,
            request_id,
            now,
            self.scopes,
            self.expires_at,
            by_access_token=self.by_access_token,
            role=self.role,
            origin=origin,
        )
