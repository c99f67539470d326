"""Contexts for tests: the holder of a credential, in a request with a given id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.access.caller import Caller

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization


def context(
    organization: Organization,
    *,
    now: Millis,
    credential: str = "c",
    request_id: str = "r",
    scopes: frozenset[str] = frozenset(),
) -> Context:
    """The context of a request of a credential's holder."""
    return Caller(organization, credential, scopes).context(request_id, now)
