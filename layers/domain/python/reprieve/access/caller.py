"""The verified caller of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.context import Actor, Context

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization


@dataclass(frozen=True, slots=True)
class Caller:
    """The organization and scopes of a verified credential; everything that a request may touch follows from them."""

    organization: Organization
    credential_id: str
    scopes: frozenset[str]

    def context(self, request_id: str, now: Millis) -> Context:
        """The context of one request of this caller."""
        actor = Actor(self.credential_id, "User", f"credential {self.credential_id}")
        return Context(self.organization, actor, request_id, now, self.scopes)
