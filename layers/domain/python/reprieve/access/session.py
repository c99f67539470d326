"""A session of the console: what a browser holds in place of a credential.

The browser has a random id; the record under its digest names the credential that it was opened with, or the person
who signed in at the organization's identity provider. The credential, or the organization's sign-in, is read for every
request, so revoking it, or changing a role, ends or changes its sessions at once.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.access.credential import digest_of
from reprieve.clock import Millis, hours
from reprieve.organization import ORGANIZATION_ID

if TYPE_CHECKING:
    from reprieve.access.sign_in import Person

#: how long a session lasts: a working day
SESSION: Final = hours(10)
#: the organization's id, so that the record's key begins with it, and 256 random bits
ID: Final = re.compile(rf"({ORGANIZATION_ID.pattern})\.[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True, slots=True)
class Session:
    """One session.

    Attributes:
        organization_id: the organization of its credential or person.
        digest: the SHA-256 of its id, in hexadecimal.
        holder: the digest of the credential that it was opened with, or the person who signed in.
        expires_at: when it ends, in milliseconds.
    """

    organization_id: str
    digest: str
    holder: str | Person
    expires_at: Millis


def new_session(organization_id: str, holder: str | Person, *, now: Millis) -> tuple[str, Session]:
    """A new random id, and the record that is stored instead of it; see `Session.holder`."""
    session_id = f"{organization_id}.{secrets.token_urlsafe(32)}"
    return session_id, Session(organization_id, digest_of(session_id), holder, Millis(now + SESSION))


def organization_in(session_id: str) -> str | None:
    """The organization that an id claims to be of; None when it is not one of our ids. Its digest proves it."""
    found = ID.fullmatch(session_id)
    return found[1] if found else None
