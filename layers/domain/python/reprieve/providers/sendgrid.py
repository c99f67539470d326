"""SendGrid's suppression lists over HTTP, or whatever speaks the same API.

Sources: SendGrid's machine-readable description (twilio/sendgrid-oai, spec/yaml/tsg_suppressions_v3.yaml), the pages
"Errors" and "Rate limits" of its API reference, and what users observed (sendgrid/docs#6194: an absent address is a 404
on four lists and a 204 on the fifth; sendgrid/sendgrid-php#281: `emails` and `delete_all` exclude each other).

- Four of the lists have a bulk form that answers 204 whether or not the addresses stood there; it is what is used, so
  that a response lost on the way does no harm. When the provider refuses a bulk, it is split in halves until the
  address at fault stands alone: n addresses of which one is bad take at most 2 * log2(n) calls more.
- Unsubscribes have no bulk form and go one by one.
- The body of a bulk is written in one place, `selection`, which has no word for "all"; an empty selection has no call.
- What a status means is said in `judge`. Answers about the call rather than about an address (401, 403, a redirect, an
  unknown path) break the account and burn no attempt of an address.

Every exchange has one deadline for all of it, and a size cap. A timeout of `requests` begins again with every byte, so
`_Watchdog` ends the socket when the time is over. The one thing that it cannot end is the resolver of the system, which
has limits of its own.

The session that is made here ignores the environment: a proxy or a .netrc of the host must not decide where an API key
goes, and certificates are checked against certifi's list, the same wherever it runs. Functions in AWS reach the
internet directly; whoever needs a proxy passes a session.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from reprieve.address import comparison_key
from reprieve.errors import InvalidInput, Unavailable
from reprieve.removal import LONGEST_BACKOFF, SECOND, LiftAnswer, LiftOutcome
from reprieve.suppression import Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

#: the most addresses of one bulk and the most rows of one page: the latter is SendGrid's, the former not published
MOST: Final = 500
#: one exchange, from the name's resolution to the body's last byte, in milliseconds
DEADLINE: Final = 10 * SECOND
#: one `lift` with all of its exchanges, in milliseconds: no longer than the time that the job keeps in reserve
BUDGET: Final = 20 * SECOND
#: one attempt to reach one of a name's addresses, in seconds
CONNECT_SECONDS: Final = 3.0
#: what an answer to a removal may weigh, and what a page of a list may, in bytes
ANSWER_CAP: Final = 64 * 1024
PAGE_CAP: Final = 4 * 1024 * 1024
#: after so many exchanges in a row without a proper answer, the provider is taken to be down
PATIENCE: Final = 3
#: passes over a second that holds more rows than a page, before giving up on its standing still
PASSES: Final = 5
#: pages of one such second: more than that is a list that ignores its offset
PAGES: Final = 1_000

_PATH: Final[Mapping[SuppressionList, str]] = {
    SuppressionList.BOUNCES: "/v3/suppression/bounces",
    SuppressionList.BLOCKS: "/v3/suppression/blocks",
    SuppressionList.INVALID_EMAILS: "/v3/suppression/invalid_emails",
    SuppressionList.SPAM_REPORTS: "/v3/suppression/spam_reports",
    SuppressionList.UNSUBSCRIBES: "/v3/suppression/unsubscribes",
}
#: the list is read under one path and lifted from under another
_UNSUBSCRIBED: Final = "/v3/asm/suppressions/global"

#: fixed words, so that nothing of what a provider writes reaches an operator's screen or a log
_SENTENCE: Final[Mapping[int, str]] = {
    400: "the provider refused the address",
    401: "the API key was not accepted",
    403: "the API key lacks the permission, or the provider blocks the account for a while",
    404: "the address is not on the provider's list",
    413: "the provider found the request too large",
    429: "too many requests",
    451: "the account belongs to another region",
}
_NO_SUCH_API: Final = "there is no such API at the configured base URL"
_NOT_TRIED: Final = LiftAnswer(LiftOutcome.RETRY, "not tried: no time was left")

# an address can stand in the path of a URL, and urllib3 logs URLs, some of them as warnings
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class Verdict(Enum):
    """What a status says, before it is known whether the call was about one address or many."""

    DONE = auto()
    """The selected addresses are off the list."""
    MISSING = auto()
    """404: the address is not listed, or the path does not exist."""
    REFUSED = auto()
    """Something selected is not acceptable."""
    THROTTLED = auto()
    """The account must wait."""
    FAULT = auto()
    """The provider is not well."""
    BROKEN = auto()
    """The account or its configuration is at fault, and every address would fare alike."""


def judge(status: int) -> Verdict:
    """Read a status (the page "Errors" of the API reference).

    Args:
        status: of the final response; redirects are not followed and have their own meaning here.

    Returns:
        The verdict. A redirect, 405 and 406 mean that the base URL leads somewhere else, 451 that the account's data
        live in another region: no address is to blame.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict.DONE
    if status == HTTPStatus.NOT_FOUND:
        return Verdict.MISSING
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict.THROTTLED
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST or status in {401, 403, 405, 406, 451}:
        return Verdict.BROKEN
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in {408, 425}:
        return Verdict.REFUSED
    return Verdict.FAULT


_OUTCOME: Final[Mapping[Verdict, LiftOutcome]] = {
    Verdict.DONE: LiftOutcome.LIFTED,
    Verdict.MISSING: LiftOutcome.ABSENT,
    Verdict.REFUSED: LiftOutcome.REFUSED,
    Verdict.THROTTLED: LiftOutcome.RETRY,
    Verdict.FAULT: LiftOutcome.RETRY,
    Verdict.BROKEN: LiftOutcome.ACCOUNT_BROKEN,
}


def sentence(status: int) -> str:
    """Tell an operator about a status: the number and a sentence of ours, nothing of the provider's text."""
    if told := _SENTENCE.get(status):
        return f"{status}: {told}"
    match judge(status):
        case Verdict.DONE:
            return f"{status}: lifted"
        case Verdict.REFUSED:
            return f"{status}: the provider refused the address"
        case Verdict.BROKEN:
            return f"{status}: {_NO_SUCH_API}"
        case _:
            return f"{status}: the provider failed"


def comeback(status: int, headers: Mapping[str, str], *, now: int) -> int | None:
    """Read when the provider asks us to come back.

    Every answer carries X-RateLimit-Reset (the page "Rate limits"), so it counts only when the limit was hit. It is a
    Unix second by that page and seconds left by one other; a number too small to be a date is the latter. Retry-After
    is not documented, but what stands before an API may send it.

    Args:
        status: of the response.
        headers: of the response, by any letter case.
        now: our clock, in milliseconds.

    Returns:
        Milliseconds since the epoch, from one second to `LONGEST_BACKOFF` ahead whatever was sent; None when nothing
        readable was.
    """
    asked: int | None = None
    if judge(status) is Verdict.THROTTLED:
        asked = _moment(headers.get("X-RateLimit-Reset"), now)
    if asked is None:
        asked = _moment(headers.get("Retry-After"), now)
    return None if asked is None else min(max(asked, now + SECOND), now + LONGEST_BACKOFF)


def _moment(text: str | None, now: int) -> int | None:
    """The moment that a header means, in milliseconds: a Unix second, a number of seconds, or an HTTP date."""
    text = (text or "").strip()
    if re.fullmatch("[0-9]{1,12}", text):
        number = int(text) * SECOND
        # a year's worth of seconds is no sensible wait, and no date since 1971
        return number if number > 366 * 24 * 3600 * SECOND else now + number
    with suppress(ValueError, OverflowError):
        return int(parsedate_to_datetime(text).timestamp() * SECOND)
    return None


def selection(emails: Sequence[str]) -> bytes:
    """Write the body of a bulk removal: the only place where one is made.

    Args:
        emails: at least one address.

    Returns:
        A JSON object with the one key `emails`. The other key that SendGrid knows would empty the list; the mere
        presence of both is refused there (sendgrid/sendgrid-php#281).

    Raises:
        ValueError: nothing was selected.
    """
    if not emails:
        raise ValueError("an empty selection has no body")
    return json.dumps({"emails": list(emails)}).encode()


def segment(email: str) -> str | None:
    """Escape an address as one segment of a path.

    Args:
        email: any text.

    Returns:
        The text with everything but unreserved characters percent-encoded, in UTF-8; None for what cannot be a
        segment: an empty one or one of dots would name another resource, the list itself among them.
    """
    return None if email.strip(".") == "" else quote(email, safe="", errors="surrogatepass")


class _NoAnswer(Exception):
    """There is no answer to go by; `str()` is a sentence of ours."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class _Upstream:
    """The HTTP side of an account: one exchange at a time, bounded in time and size."""

    def __init__(
        self,
        base_url: str,
        headers: dict[str, str],
        session: requests.Session,
        *,
        seconds: float,
        stopwatch: Callable[[], float],
    ) -> None:
        self.base_url = base_url
        self.session = session
        self.stopwatch = stopwatch
        self._headers = headers
        self._seconds = seconds

    def exchange(
        self,
        method: str,
        path: str,
        *,
        cap: int,
        within: float | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> _Reply:
        """One request and its answer, whole or not at all.

        Args:
            method: GET or DELETE.
            path: from "/v3" on, escaped.
            cap: the most bytes that the answer's body may have.
            within: seconds, if less than an exchange may take anyhow are left.
            query: parameters, not yet encoded.
            body: JSON.

        Raises:
            _NoAnswer: not in time, not complete, too large, or the connection failed.
        """
        seconds = self._seconds if within is None else min(self._seconds, within)
        ends = self.stopwatch() + seconds
        with _Watchdog(seconds) as watchdog:
            try:
                with closing(
                    self.session.request(
                        method,
                        self.base_url + path,
                        params=query,
                        data=body,
                        headers=self._headers | ({"Content-Type": "application/json"} if body else {}),
                        timeout=(min(CONNECT_SECONDS, seconds), seconds),
                        allow_redirects=False,
                        stream=True,
                    )
                ) as response:
                    read = self._read(response, cap=cap, ends=ends)
            except (requests.RequestException, HTTPError, OSError, ValueError):
                # their texts hold URLs, and with them addresses
                late = watchdog.bit or self.stopwatch() >= ends
                raise _NoAnswer("no answer in time" if late else "the connection failed") from None
        # a body without a length ends where the connection does, even when it was the watchdog that ended it
        if watchdog.bit:
            raise _NoAnswer("no answer in time")
        return _Reply(response.status_code, response.headers, read)

    def _read(self, response: requests.Response, *, cap: int, ends: float) -> bytes:
        """The body as it came over the wire, never unpacked.

        Raises:
            _NoAnswer: it is larger than `cap` bytes, or `ends` has passed.
        """
        read = bytearray()
        while piece := response.raw.read1(ANSWER_CAP, decode_content=False):
            read += piece
            if len(read) > cap:
                raise _NoAnswer("the answer was too large")
            if self.stopwatch() >= ends:
                raise _NoAnswer("no answer in time")
        return bytes(read)


class SendGrid:
    """One account's suppression lists (`ports.Provider`), for one thread at a time.

    Args:
        base_url: http or https, where the API is, without its version; a path prefix is kept and "/v3/..." appended.
        api_key: sent as a bearer token; never shown, neither by `repr` nor in any answer or error.
        on_behalf_of: the subuser to act for, or "account-id <id>"; "" for the key's own account.
        clock: our clock in milliseconds since the epoch; read to bound when to come back.
        session: carries the requests instead of a session of our own; its proxies see what they see, and with it only
            the timeouts per read hold, not the watchdog, and no cap on the body of a redirect.
        batch: the most addresses of one bulk, 1 to `MOST`.
        deadline: of one exchange, in milliseconds.
        budget: of one `lift`, in milliseconds; what it does not reach is answered RETRY.
        stopwatch: seconds that only grow; for tests.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        clock: Callable[[], int],
        on_behalf_of: str = "",
        session: requests.Session | None = None,
        batch: int = MOST,
        deadline: int = DEADLINE,
        budget: int = BUDGET,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        _check_base_url(base_url)
        _check_header(api_key, "api_key")
        if on_behalf_of:
            _check_header(on_behalf_of, "on_behalf_of")
        if not 1 <= batch <= MOST:
            raise InvalidInput(f"must be 1 to {MOST}", field="batch")
        headers = {
            "Authorization": f"Bearer {api_key}",
            "Accept": "application/json",
            # a compressed body could be small on the wire and huge in memory
            "Accept-Encoding": "identity",
            "User-Agent": "reprieve",
        } | ({"On-Behalf-Of": on_behalf_of} if on_behalf_of else {})
        self.batch = batch
        self._upstream = _Upstream(
            base_url.rstrip("/"),
            headers,
            session if session is not None else _session(),
            seconds=deadline / SECOND,
            stopwatch=stopwatch,
        )
        self._clock = clock
        self._budget = budget / SECOND

    def __repr__(self) -> str:
        return f"SendGrid({urlsplit(self._upstream.base_url).hostname})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept for the next call; the adapter can still be used."""
        self._upstream.session.close()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str]) -> list[LiftAnswer]:
        """Take addresses off one list (`ports.Provider.lift`).

        Args:
            suppression_list: which list.
            emails: exact spellings; more than `batch` are sent in several bulks.

        Returns:
            One answer an address, in the same order:

            * LIFTED: a 2xx. The bulk form does not tell whether the address was listed.
            * ABSENT: a 404 for this very address.
            * REFUSED: a 4xx for this very address, alone.
            * RETRY: 429 (with the provider's reset, and the rest of the call is not tried), 5xx, 408, no answer in
              time, a lost connection; after `PATIENCE` of the latter in a row the rest is not tried.
            * ACCOUNT_BROKEN: 401, 403 (which can be a block that passes), a redirect, or no such API; the rest is not
              tried. What was lifted before that stays LIFTED.
        """
        errand = _Errand(self._upstream, clock=self._clock, seconds=self._budget)
        if suppression_list is SuppressionList.UNSUBSCRIBES:
            for email in emails:
                errand.one(email, _UNSUBSCRIBED, path_is_proved=False)
        else:
            for start in range(0, len(emails), self.batch):
                errand.many(emails[start : start + self.batch], _PATH[suppression_list])
        return [errand.answers[email] for email in emails]

    def entries(self, suppression_list: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        """Read what the provider's list holds, oldest window of time first (`ports.Provider.entries`).

        Offset paging skips rows of a list that shrinks between two pages, so a window of time is read in
        one page: when a page is full, its window is cut in two. Only a single second with a page full of rows is paged
        by offset, over and over until a pass finds nothing new.

        Args:
            suppression_list: which list.
            start: the earliest time of creation, in milliseconds, included.
            end: the latest, included. SendGrid stamps whole seconds.

        Yields:
            The list's rows. The same address can come twice with different reasons. A row without an address is left
            out; one without a readable time gets the end of its window, so that it errs towards staying suppressed.

        Raises:
            Unavailable: no answer, or one that is no page of the list asked for.
        """
        windows = [(max(0, -(-start // SECOND)), end // SECOND)]
        while windows:
            first, last = windows.pop()
            if first > last:
                continue
            rows, full = self._page(suppression_list, first, last, offset=0)
            if not full:
                yield from rows
            elif first < last:
                middle = (first + last) // 2
                windows += [(middle + 1, last), (first, middle)]
            else:
                yield from self._crowded_second(suppression_list, first)

    def _crowded_second(self, suppression_list: SuppressionList, second: int) -> list[Suppression]:
        """All rows of a second that do not fit one page.

        A second that has passed only loses rows, and a row is skipped only if others vanish meanwhile: a pass that
        finds nothing new has seen the rest.
        """
        found: dict[Suppression, None] = {}
        for _ in range(PASSES):
            before = len(found)
            for page in range(PAGES):
                rows, full = self._page(suppression_list, second, second, offset=page * MOST)
                known = len(found)
                found |= dict.fromkeys(rows)
                if before == 0 and full and len(found) == known:
                    raise Unavailable("SendGrid: the list cannot be paged")
                if not full:
                    break
            if len(found) == before:
                return list(found)
        raise Unavailable("SendGrid: the list does not stand still")

    def _page(
        self, suppression_list: SuppressionList, first: int, last: int, *, offset: int
    ) -> tuple[list[Suppression], bool]:
        """One page of a window, both ends in seconds and included, and whether the page is full."""
        query = {"start_time": str(first), "end_time": str(last), "limit": str(MOST), "offset": str(offset)}
        try:
            reply = self._upstream.exchange("GET", _PATH[suppression_list], query=query, cap=PAGE_CAP)
        except _NoAnswer as problem:
            raise Unavailable(f"SendGrid: {problem}") from None
        if reply.status == HTTPStatus.NOT_FOUND:
            raise Unavailable(f"SendGrid: 404: {_NO_SUCH_API}")
        if reply.status != HTTPStatus.OK:
            raise Unavailable(f"SendGrid: {sentence(reply.status)}")
        rows = _json(reply.body)
        if not isinstance(rows, list):
            raise Unavailable("SendGrid: the answer is not a list")
        found = [entry for row in rows if (entry := parse_row(suppression_list, row, otherwise=last)) is not None]
        if not all(first * SECOND <= entry.created <= last * SECOND for entry in found):
            # halving such a list's windows would read all of it for every second
            raise Unavailable("SendGrid: the answer ignores the time range")
        return found, len(rows) >= MOST


class _Errand:
    """One lift under way: the answers so far, and whether it is still worth asking.

    Attributes:
        answers: by address.
        stopped: the answer for all that is not tried any more, None while the provider is worth a call.
    """

    def __init__(self, upstream: _Upstream, *, clock: Callable[[], int], seconds: float) -> None:
        self.answers: dict[str, LiftAnswer] = {}
        self.stopped: LiftAnswer | None = None
        self._upstream = upstream
        self._clock = clock
        self._ends = upstream.stopwatch() + seconds
        self._faults = 0

    def many(self, emails: Sequence[str], path: str) -> None:
        """Answer for some addresses of a list that has a bulk form."""
        parts, refused = [emails], False
        while parts:
            part = parts.pop()
            if len(part) == 1 and refused:
                self.one(part[0], path, path_is_proved=True)
                continue
            verdict, answer, _ = self._ask(path, body=selection(part))
            if verdict is Verdict.REFUSED:
                refused = True
                half = len(part) // 2
                parts += [part[half:], part[:half]] if half else [part]
                continue
            if verdict is Verdict.MISSING:
                # a bulk is 204 for addresses that are not listed: it is the path that is unknown
                answer = self._stop(LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, f"404: {_NO_SUCH_API}"))
            self.answers |= dict.fromkeys(part, answer)

    def one(self, email: str, path: str, *, path_is_proved: bool) -> None:
        """Answer for one address by its own URL.

        Args:
            email: the address.
            path: of its list.
            path_is_proved: whether the provider has answered under it before. If not, a 404 is believed only in the
                provider's own words: a wrong base URL must not pass for a list on which nobody stands.
        """
        escaped = segment(email)
        if escaped is None:
            self.answers[email] = LiftAnswer(LiftOutcome.REFUSED, "not tried: this cannot be an address")
            return
        verdict, answer, body = self._ask(f"{path}/{escaped}")
        if verdict is Verdict.MISSING and not (path_is_proved or _is_envelope(body)):
            answer = self._stop(LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, f"404: {_NO_SUCH_API}"))
        self.answers[email] = answer

    def _ask(self, path: str, *, body: bytes | None = None) -> tuple[Verdict, LiftAnswer, bytes]:
        """Send one DELETE: the verdict, what it means for each address in it, and the response's body."""
        seconds = self._ends - self._upstream.stopwatch()
        if self.stopped is None and seconds <= 0:
            self._stop(_NOT_TRIED)
        if self.stopped is not None:
            return Verdict.FAULT, self.stopped, b""
        try:
            reply = self._upstream.exchange("DELETE", path, body=body, cap=ANSWER_CAP, within=seconds)
        except _NoAnswer as problem:
            return Verdict.FAULT, self._count(Verdict.FAULT, LiftAnswer(LiftOutcome.RETRY, str(problem))), b""
        verdict = judge(reply.status)
        outcome = _OUTCOME[verdict]
        retry_at = None
        if outcome is LiftOutcome.RETRY:
            retry_at = comeback(reply.status, reply.headers, now=self._clock())
        return verdict, self._count(verdict, LiftAnswer(outcome, sentence(reply.status), retry_at)), reply.body

    def _count(self, verdict: Verdict, answer: LiftAnswer) -> LiftAnswer:
        """Stop when every further call would fare alike."""
        self._faults = self._faults + 1 if verdict is Verdict.FAULT else 0
        if verdict in {Verdict.THROTTLED, Verdict.BROKEN} or self._faults >= PATIENCE:
            return self._stop(answer)
        return answer

    def _stop(self, answer: LiftAnswer) -> LiftAnswer:
        self.stopped = answer
        return answer


def parse_row(suppression_list: SuppressionList, row: object, *, otherwise: int) -> Suppression | None:
    """Read one record of a list; the description promises no field of a bounce.

    Args:
        suppression_list: the list it came from.
        row: the decoded JSON.
        otherwise: the second to assume when the record has no readable time of creation.

    Returns:
        The entry, its texts verbatim; None when there is no address in it.
    """
    if not isinstance(row, Mapping) or not isinstance(row.get("email"), str) or not row["email"]:
        return None
    created = _second(row.get("created"))
    return Suppression(
        list=suppression_list,
        key=comparison_key(row["email"]),
        email=row["email"],
        created=(otherwise if created is None else created) * SECOND,
        reason=_text(row.get("reason")),
        status=_text(row.get("status")),
        permanence=Permanence.SOFT if suppression_list is SuppressionList.BLOCKS else Permanence.HARD,
        provider="sendgrid",
        ip=_text(row.get("ip")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _second(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    with suppress(ValueError, OverflowError):
        return int(value)
    return None


def _json(body: bytes) -> Any:  # noqa: ANN401 - that is what JSON is
    """Decode a body; None for what is no JSON, however it is broken."""
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    return None


def _is_envelope(body: bytes) -> bool:
    """Whether a body is SendGrid's error envelope (`ErrorResponse` of the description)."""
    decoded = _json(body)
    return isinstance(decoded, Mapping) and isinstance(decoded.get("errors"), list)


def _check_base_url(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or "@" in parts.netloc or not re.fullmatch("[!-~]+", base_url):
        raise InvalidInput(
            "must be an http or https URL without credentials, query and fragment", field="base_url"
        ) from None


def _check_header(value: str, name: str) -> None:
    """Refuse what cannot stand in a header: `requests` would, too, but with the value in its error."""
    if not re.fullmatch("[!-~](?:[ -~]*[!-~])?", value):
        raise InvalidInput("must be printable ASCII without spaces around it", field=name)


class _Watchdog:
    """Ends a connection when its time is over, however busily its other end is sending.

    Shutting a socket down from another thread wakes whoever reads from it; closing it would not.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._bite)
        self._timer.daemon = True
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self.bit = False

    def __enter__(self) -> Self:
        self._token = _ON_DUTY.set(self)
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _ON_DUTY.reset(self._token)
        with self._lock:
            # the connection may serve the next exchange, which has a watchdog of its own
            self._socket = None

    def watch(self, connected: socket.socket | None) -> None:
        """Take charge of a socket; raises TimeoutError when the time is over already."""
        with self._lock:
            if self.bit:
                raise TimeoutError
            self._socket = connected

    def remaining(self) -> float:
        """The seconds that are left; raises TimeoutError when none are."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _bite(self) -> None:
        with self._lock:
            self.bit = True
            if self._socket is not None:
                with suppress(OSError):
                    # the plain socket's method: TLS must not say goodbye in the middle of another thread's read
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


#: the watchdog of the exchange that this thread is in
_ON_DUTY: ContextVar[_Watchdog] = ContextVar("_ON_DUTY")


class _Line(HTTPConnection):
    """A connection that hands its socket to the watchdog."""

    def _new_conn(self) -> socket.socket:
        """Connect to the first of the name's addresses that answers.

        In urllib3 each address has the whole timeout; here all of them share what is left.
        """
        watchdog = _ON_DUTY.get()
        problem: OSError = TimeoutError()
        for family, kind, protocol, _, where in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            reached = socket.socket(family, kind, protocol)
            try:
                reached.settimeout(min(CONNECT_SECONDS, watchdog.remaining()))
                reached.connect(where)
                reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                reached.close()
                problem = error
            else:
                return reached
        raise problem

    def connect(self) -> None:
        super().connect()
        _ON_DUTY.get().watch(self.sock)

    def request(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        if self.sock is not None:
            _ON_DUTY.get().watch(self.sock)
        super().request(*arguments, **options)


class _TlsLine(_Line, HTTPSConnection):
    """The same under TLS; its handshake is bounded by the timeout of the socket."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Line


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsLine


class _Adapter(HTTPAdapter):
    """Makes connections that can be ended, and never asks twice: whether to try again is the job's decision."""

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002 - the signature is theirs
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Session(requests.Session):
    """A session that knows no redirects.

    Told not to follow one, `requests` still prepares the next request for whoever may want it, and for that reads the
    whole body of the redirect, whatever its size.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the signature is theirs
        return None


def _session() -> requests.Session:
    """Make a session that keeps connections and nothing else, and takes nothing from the environment."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=1, pool_maxsize=1)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
