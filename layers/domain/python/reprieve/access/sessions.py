"""Opening, using and closing sessions of the console.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.access.authenticate import BAD_CREDENTIAL, caller_with
from reprieve.access.credential import digest_of
from reprieve.access.log_entries import session_changed
from reprieve.access.quota import Bucket, window
from reprieve.access.session import new_session, organization_in
from reprieve.access.sign_in import caller_of
from reprieve.clock import MINUTE, Millis
from reprieve.errors import NoCredential, RateLimited, Unauthenticated
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from reprieve.access.caller import Caller
    from reprieve.access.ports import AccessStore, QuotaStore, SessionStore, SignInStore
    from reprieve.access.sign_in import Person
    from reprieve.context import Context
    from reprieve.system_log.ports import EventLog

#: attempts to sign in per minute from one address
ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of all organizations.

    Attributes:
        scopes: what a grant to people without scopes of its own allows.
    """

    sessions: SessionStore
    access: AccessStore
    sign_ins: SignInStore
    counts: QuotaStore
    log: EventLog
    scopes: frozenset[str]

    def attempt(self, source: str, *, now: Millis) -> None:
        """Count an attempt to sign in, before anything is read for it.

        Args:
            source: the IP address that it comes from; what is counted apart has a word after it.
            now: in milliseconds.

        Raises:
            RateLimited: there were too many in this minute.
            Unavailable: it could not be counted.
        """
        start = window(now)
        # no organization has such an id
        made = self.counts.lease(f"sign-in/{source}", Bucket.REPRIEVE, 1, start=start)
        if made > ATTEMPTS:
            raise RateLimited(Millis(start + MINUTE))

    def open(self, context: Context, token: str) -> str:
        """Open a session with a long-lived token.

        Args:
            context: of the token's caller, who has been verified.
            token: the token itself, of which only the digest is kept.

        Returns:
            The session's id, which is shown to the browser alone.
        """
        return self._opened(context, digest_of(token))

    def open_for(self, context: Context, person: Person) -> str:
        """Open a session for a person who has signed in at their organization's identity provider.

        Args:
            context: of the caller that the person is.
            person: who it is.

        Returns:
            The session's id, which is shown to the browser alone.
        """
        return self._opened(context, person)

    def _opened(self, context: Context, holder: str | Person) -> str:
        session_id, session = new_session(context.organization.id, holder, now=context.now)
        self.sessions.add(session)
        self.log.append(context.organization, [session_changed(EventType.SESSION_START, context=context)])
        return session_id

    def caller(self, session_id: str | None, *, now: Millis) -> Caller:
        """The caller of a request that comes with a session, by two reads: the session, then what it depends on.

        Args:
            session_id: None where the browser sent none.
            now: in milliseconds.

        Raises:
            NoCredential: there is none.
            Unauthenticated: it is unknown, closed or over; its credential was revoked or has expired; or the person's
                organization has another sign-in now, or grants nothing to their group.
            Unavailable: the store did not answer.
        """
        if session_id is None:
            raise NoCredential("no session")
        organization_id = organization_in(session_id)
        session = self.sessions.find(organization_id, digest_of(session_id)) if organization_id else None
        if session is None or session.expires_at <= now:
            raise Unauthenticated(BAD_CREDENTIAL)
        if isinstance(session.holder, str):
            return caller_with(self.access, session.organization_id, session.holder, now=now)
        organization, sign_in = self.sign_ins.sign_in(session.organization_id)
        if organization is None or sign_in is None:
            raise Unauthenticated(BAD_CREDENTIAL)
        return caller_of(organization, sign_in, session.holder, self.scopes)

    def close(self, context: Context, session_id: str) -> None:
        """Close a session of the caller's; nothing is left of it.

        Args:
            context: of the session's caller.
            session_id: which, as the browser sent it.
        """
        self.sessions.close(context.organization.id, digest_of(session_id))
        self.log.append(context.organization, [session_changed(EventType.SESSION_END, context=context)])
