"""Calls to a provider's HTTP API for some addresses: what an answer means, and when no further call is worth making."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import EPOCH, SECOND
from reprieve.errors import Unavailable
from reprieve.providers import http
from reprieve.providers.answers import NO_SUCH_API, NOT_TRIED, OUTCOME, StatusKind, comeback, decoded, kind_of, sentence
from reprieve.removals.lift import LiftAnswer, LiftOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.net.exchange import Answer

#: the largest answer about a few addresses, and the largest page of a list, in bytes
ANSWER_CAP: Final = 64 * 1024
PAGE_CAP: Final = 4 * 1024 * 1024
#: how often a page of a list is asked for before a provider that throttles counts as unavailable, and the longest wait
#: in between, in seconds: the account's limit is shared with the mail that it sends
PAGE_TRIES: Final = 5
LONGEST_WAIT: Final = 5.0
#: after this many exchanges in a row without a proper answer, the provider is taken to be down
PATIENCE: Final = 3

NOT_AN_ADDRESS: Final = LiftAnswer(LiftOutcome.REFUSED, "not tried: this cannot be an address")
LISTED: Final = LiftAnswer(LiftOutcome.LISTED, "on the provider's list")
LISTED_ALREADY: Final = LiftAnswer(LiftOutcome.LISTED, "on the provider's list already, and left as it is")
NOT_LISTED: Final = LiftAnswer(LiftOutcome.ABSENT, "the address is not on the provider's list")
NO_SUCH_LIST: Final = LiftAnswer(LiftOutcome.ABSENT, "the provider keeps no such list")
KEPT_HERE: Final = LiftAnswer(LiftOutcome.LISTED, "the provider keeps no such list: kept here only")
UNKNOWN_API: Final = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, f"404: {NO_SUCH_API}")


class Errand:
    """One lift or addition under way: whether to continue, and within what time.

    Args:
        api: the account's API.
        clock: our clock, which bounds when to come back.
        budget: milliseconds that all of it may take.

    Attributes:
        stopped: the answer for all that is not tried any more, None while the provider is worth a call.
    """

    def __init__(self, api: http.AccountApi, *, clock: Callable[[], Millis], budget: Millis) -> None:
        self.stopped: LiftAnswer | None = None
        self._api = api
        self._clock = clock
        self._ends = api.stopwatch() + budget / SECOND
        self._faults = 0

    def ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[StatusKind, LiftAnswer, bytes]:
        """Send one request, unless no call is worth making any more.

        Returns:
            The status's kind, what it means for each address in the request, and the answer's body.
        """
        seconds = self._ends - self._api.ready_at()
        if self.stopped is None and seconds <= 0:
            self.stop(NOT_TRIED)
        if self.stopped is not None:
            return StatusKind.FAULT, self.stopped, b""
        try:
            reply = self._api.exchange(method, path, query=query, body=body, cap=ANSWER_CAP, within=seconds)
        except http.NoAnswer as problem:
            return StatusKind.FAULT, self._counted(StatusKind.FAULT, LiftAnswer(LiftOutcome.RETRY, str(problem))), b""
        kind = kind_of(reply.status)
        outcome = OUTCOME[kind]
        retry_at = None
        if outcome in {LiftOutcome.RETRY, LiftOutcome.WAIT}:
            retry_at = comeback(reply.status, reply.headers, now=self._clock())
        return kind, self._counted(kind, LiftAnswer(outcome, sentence(reply.status), retry_at)), reply.body

    def each(self, emails: Sequence[str], one: Callable[[str], LiftAnswer]) -> list[LiftAnswer]:
        """The answers for addresses that are asked for one after the other, in order."""
        return [one(email) if self.stopped is None else self.stopped for email in emails]

    def stop(self, answer: LiftAnswer) -> LiftAnswer:
        """Make no further call: this is the answer for what remains."""
        self.stopped = answer
        return answer

    def _counted(self, kind: StatusKind, answer: LiftAnswer) -> LiftAnswer:
        """Stop when every further call would fail alike."""
        self._faults = self._faults + 1 if kind is StatusKind.FAULT else 0
        if kind in {StatusKind.THROTTLED, StatusKind.BROKEN}:
            return self.stop(answer)
        if self._faults >= PATIENCE:
            self.stop(LiftAnswer(LiftOutcome.WAIT, "not tried: the provider failed again and again", answer.retry_at))
        return answer


def content(reply: Answer, provider: str) -> Any:  # noqa: ANN401  (JSON)
    """What the answer to a question about a list says, decoded; None when it is not JSON.

    Args:
        reply: of whatever status.
        provider: its name, for the error.

    Raises:
        Unavailable: the status is another than 200; a 404 is about the path.
    """
    if reply.status == HTTPStatus.NOT_FOUND:
        raise Unavailable(f"{provider}: 404: {NO_SUCH_API}")
    if reply.status != HTTPStatus.OK:
        raise Unavailable(f"{provider}: {sentence(reply.status)}")
    return decoded(reply.body)


def page(
    api: http.AccountApi, path: str, query: Mapping[str, str], *, provider: str, rows: str, narrows: bool = False
) -> dict[str, Any]:
    """One page of a list, a JSON object; a provider that throttles is asked again, `PAGE_TRIES` times in all.

    Args:
        api: the account's API.
        path: of the list.
        query: which page.
        provider: its name, for the error.
        rows: the member that has the page's rows; it is an array in what is returned.
        narrows: whether the caller can ask for less.

    Raises:
        TooLarge: it has more than `PAGE_CAP` bytes, and `narrows`.
        Unavailable: no answer, or one that is not a page.
    """
    for tries in range(PAGE_TRIES, 0, -1):
        try:
            reply = api.exchange("GET", path, query=query, cap=PAGE_CAP)
        except http.NoAnswer as problem:
            if narrows and isinstance(problem, http.TooLarge):
                raise
            raise Unavailable(f"{provider}: {problem}") from None
        if kind_of(reply.status) is not StatusKind.THROTTLED or tries == 1:
            break
        asked = comeback(reply.status, reply.headers, now=EPOCH)
        api.rest(min(LONGEST_WAIT, (asked or SECOND) / SECOND))
    found = content(reply, provider)
    if not isinstance(found, dict) or not isinstance(found.get(rows), list):
        raise Unavailable(f"{provider}: the answer is not a page of the list")
    return found
