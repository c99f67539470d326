"""Requests with an idempotency key, which gets the same answer for a day, and posts whose key proves one content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.errors import Conflict, InvalidInput, ReprieveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.ports import RepeatStore
    from reprieve.access.repeat import Answer
    from reprieve.clock import Millis
    from reprieve.organization import Organization


@dataclass(frozen=True, slots=True)
class Repeats:
    """The keys of an organization's requests and of the posts to its webhooks."""

    store: RepeatStore

    def proves(self, organization: Organization, nonce: str, content: bytes, *, until: Millis) -> bool:
        """Whether the nonce of a post proves its content: it has proved no other.

        Args:
            organization: whose webhook it is.
            nonce: of the post, with the kind of its provider.
            content: the bytes of the post; a repeat has the same.
            until: in milliseconds, when a post with this nonce is too old to be believed.
        """
        # no header can hold the first character, so no idempotency key is equal
        return self.store.spend(organization, f"\0{nonce}", hashlib.sha256(content).hexdigest(), until=until)

    def once(
        self, organization: Organization, key: str, fingerprint: str, work: Callable[[], Answer], *, now: Millis
    ) -> tuple[Answer, bool]:
        """Do the work once; when it has been done already, return the stored answer.

        Args:
            organization: whose key it is.
            key: the caller's.
            fingerprint: identifies the request's content; equal for equal requests.
            work: not repeated once it has answered; it must be safe to repeat after an interruption.
            now: in milliseconds.

        Returns:
            The answer, and whether it is a stored one.

        Raises:
            InvalidInput: the key belongs to another request.
            Conflict: the request is still under way.
        """
        kept = self.store.begin(organization, key, fingerprint, now=now)
        if kept is None:
            try:
                answer = work()
            except ReprieveError:
                self.store.forget(organization, key)
                raise
            self.store.finish(organization, key, answer, now=now)
            return answer, False
        if kept.fingerprint != fingerprint:
            raise InvalidInput("the key was used for another request", field="Idempotency-Key")
        if kept.answer is None:
            raise Conflict("the request with this idempotency key is still under way")
        return kept.answer, True
