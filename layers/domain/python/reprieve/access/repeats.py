"""Requests with an idempotency key: the same key gets the same answer, for a day."""

from __future__ import annotations

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
    """The keys of an organization's requests."""

    store: RepeatStore

    def once(
        self, organization: Organization, key: str, fingerprint: str, work: Callable[[], Answer], *, now: Millis
    ) -> tuple[Answer, bool]:
        """Do the work, or give the answer that it had when it was done.

        Args:
            organization: whose key it is.
            key: the caller's.
            fingerprint: what the request is; the same for the same request.
            work: is not done again after it has answered; it must be safe to do again after it was cut short.
            now: in milliseconds.

        Returns:
            The answer, and whether it is an earlier one.

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
