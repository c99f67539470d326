"""SendGrid's suppression lists over HTTP, or whatever speaks the same API.

Sources: SendGrid's machine-readable description (twilio/sendgrid-oai, spec/yaml/tsg_suppressions_v3.yaml), the pages
"Errors" and "Rate limits" of its API reference, and what users observed (sendgrid/docs#6194: an absent address is a 404
on four lists and a 204 on the fifth; sendgrid/sendgrid-php#281: `emails` and `delete_all` exclude each other).

- Four of the lists have a bulk form that answers 204 whether or not the addresses were listed; that form is used, so
  that a response lost on the way does no harm. When the provider refuses a bulk, it is split in halves until the
  address at fault is alone: n addresses of which one is bad take at most 2 * log2(n) calls more.
- Unsubscribes, global ones and those of a group, have no bulk form and go one by one.
- The body of a bulk is written in one place, `selection`, which has no word for "all"; an empty selection has no call.
- `kind_of` says what a status means. Answers about the call rather than about an address (401, 403, a redirect, an
  unknown path) break the account and do not count as attempts.

- A bulk that meets a fault is split as well, so that an address that breaks the provider is alone in the end; after
  `PATIENCE` faults in a row the provider counts as broken, and addresses that were not asked for alone wait.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reprieve.address import comparison_key
from reprieve.clock import SECOND, Seconds, to_millis, to_seconds
from reprieve.errors import InvalidInput, Unavailable
from reprieve.providers import http
from reprieve.providers.addresses import segment, spellings
from reprieve.providers.answers import StatusKind, kind_of
from reprieve.providers.calls import LISTED, NOT_AN_ADDRESS, PAGE_CAP, UNKNOWN_API, Errand, content
from reprieve.providers.sendgrid.answers import is_envelope, parse_row, recipients, selection
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.suppression import HOLDS, GroupList, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import AnyList


#: the most addresses of one bulk and the most rows of one page: the latter is SendGrid's, the former not published
MAX_BATCH: Final = 500
#: passes over a second that holds more rows than a page, before the list counts as unstable
PASSES: Final = 5
#: pages of one such second: more than that is a list that ignores its offset
PAGES: Final = 1_000

_PATH: Final[Mapping[AnyList, str]] = {
    SuppressionList.BOUNCES: "/v3/suppression/bounces",
    SuppressionList.BLOCKS: "/v3/suppression/blocks",
    SuppressionList.INVALID_EMAILS: "/v3/suppression/invalid_emails",
    SuppressionList.SPAM_REPORTS: "/v3/suppression/spam_reports",
    SuppressionList.UNSUBSCRIBES: "/v3/suppression/unsubscribes",
}
#: the list is read under one path and lifted from under another
_UNSUBSCRIBED: Final = "/v3/asm/suppressions/global"

#: the lists of ours that are SendGrid's global unsubscribes
_GLOBAL: Final[tuple[AnyList, ...]] = (SuppressionList.UNSUBSCRIBES, HOLDS)
_NO_ADDITIONS: Final = LiftAnswer(LiftOutcome.LISTED, "the provider adds to this list only itself: kept here only")


def api_of(
    base_url: str,
    api_key: str,
    on_behalf_of: str,
    *,
    deadline: Millis = http.DEADLINE,
    stopwatch: Callable[[], float] = time.monotonic,
) -> http.AccountApi:
    """The HTTP side of one account; see `SendGrid` for the arguments.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """
    headers = {"Authorization": f"Bearer {http.check_header(api_key, 'api_key')}", "Accept": "application/json"}
    if on_behalf_of:
        headers["On-Behalf-Of"] = http.check_header(on_behalf_of, "on_behalf_of")
    return http.AccountApi(base_url, headers, deadline=deadline, stopwatch=stopwatch)


class SendGrid:
    """One account's suppression lists (`removals.ports.Provider`), for one thread at a time.

    Args:
        base_url: http or https, where the API is, without its version; a path prefix is kept and "/v3/..." appended.
        api_key: sent as a bearer token; never shown, neither by `repr` nor in any answer or error.
        on_behalf_of: the subuser to act for, or "account-id <id>"; "" for the key's own account.
        clock: our clock in milliseconds since the epoch; read to bound when to come back.
        batch: the most addresses of one bulk, 1 to `MAX_BATCH`.
        deadline: of one exchange, in milliseconds.
        stopwatch: seconds that only grow; for tests.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        clock: Callable[[], Millis],
        on_behalf_of: str = "",
        batch: int = MAX_BATCH,
        deadline: Millis = http.DEADLINE,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api_of(base_url, api_key, on_behalf_of, deadline=deadline, stopwatch=stopwatch)
        if not 1 <= batch <= MAX_BATCH:
            raise InvalidInput(f"must be 1 to {MAX_BATCH}", field="batch")
        self.batch = batch
        self._clock = clock

    def __repr__(self) -> str:
        return f"SendGrid({urlsplit(self._api.base_url).hostname})"

    def close(self) -> None:
        """Close the connection that is kept for the next call; the adapter can still be used."""
        self._api.client.close()

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Take addresses off one list (`removals.ports.Provider.lift`).

        Args:
            suppression_list: which list.
            emails: exact spellings; more than `batch` are sent in several bulks.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order:

            * LIFTED: a 2xx. The bulk form does not say whether the address was listed.
            * ABSENT: a 404 for this very address.
            * REFUSED: a 4xx for this very address, alone.
            * RETRY: 5xx, 408, no answer in time or a lost connection, for this very address.
            * WAIT: 429, with the provider's reset, or not tried: after a 429, after `PATIENCE` faults in a row, or
              because time is up.
            * ACCOUNT_BROKEN: 401, 403 (which can be a block that passes), a redirect, or no such API; the rest is not
              tried. What was lifted before that stays LIFTED.
        """
        errand = _Errand(self._api, clock=self._clock, budget=budget)
        single = _single_path(suppression_list)
        if single:
            for email in emails:
                errand.one(email, single, path_is_proved=False)
        else:
            for start in range(0, len(emails), self.batch):
                errand.many(emails[start : start + self.batch], _PATH[suppression_list])
        return [errand.answers[email] for email in emails]

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:
        """The global unsubscribes hold what is held by hand, too (`suppressions.ports.ProviderLists.kept_with`)."""
        return tuple(one for one in _GLOBAL if one != suppression_list) if suppression_list in _GLOBAL else ()

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Put addresses on the unsubscribes, global ones (holds, too) or a group's (`removals.ports.Provider.put`).

        Args:
            suppression_list: which list; SendGrid fills the others only itself.
            emails: exact spellings; more than `batch` are sent in several bulks.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order: as of `lift`, with LISTED for LIFTED and ABSENT.
        """
        path = _single_path(suppression_list)
        if not path:
            return [_NO_ADDITIONS] * len(emails)
        errand = _Errand(self._api, clock=self._clock, budget=budget)
        for start in range(0, len(emails), self.batch):
            errand.put(emails[start : start + self.batch], path)
        return [errand.answers[email] for email in emails]

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """Read the entries of the provider's list, oldest window of time first (`removals.ports.Provider.entries`).

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
            Unavailable: no answer, or one that is not a page of the list asked for.
        """
        windows = [(Seconds(max(0, -(-start // SECOND))), to_seconds(end))]
        while windows:
            first, last = windows.pop()
            if first > last:
                continue
            rows, full = self._page(suppression_list, first, last, offset=0)
            if not full:
                yield from rows
            elif first < last:
                middle = Seconds((first + last) // 2)
                windows += [(Seconds(middle + 1), last), (first, middle)]
            else:
                yield from self._crowded_second(suppression_list, first)

    def entry_of(self, suppression_list: SuppressionList, email: str, *, otherwise: Millis) -> Suppression | None:
        """Read the entry of one address (`removals.ports.Provider.entry_of`).

        Whether SendGrid looks at letter case is not documented, so up to three spellings are asked for. The global
        unsubscribes are searched, because what answers for one address there gives no time.

        Raises:
            Unavailable: no answer, or one that is not about the address.
        """
        for spelling in spellings(email):
            escaped = segment(spelling)
            if escaped is None:
                return None
            rows = self._rows_of(suppression_list, spelling, escaped)
            entries = [parse_row(suppression_list, row, otherwise=to_seconds(otherwise)) for row in rows]
            if found := [entry for entry in entries if entry and entry.key == comparison_key(email)]:
                return max(found, key=lambda entry: entry.created)
        return None

    def _rows_of(self, suppression_list: SuppressionList, email: str, escaped: str) -> list[object]:
        """The rows of a list that are about an address, or about one that begins like it."""
        path, query = f"{_PATH[suppression_list]}/{escaped}", None
        if suppression_list in _GLOBAL:
            path, query = _PATH[suppression_list], {"email": email, "limit": str(MAX_BATCH)}
        try:
            reply = self._api.exchange("GET", path, query=query, cap=PAGE_CAP)
        except http.NoAnswer as problem:
            raise Unavailable(f"SendGrid: {problem}") from None
        if kind_of(reply.status) in {StatusKind.MISSING, StatusKind.REFUSED} and is_envelope(reply.body):
            # said of the address, in SendGrid's own words
            return []
        rows = content(reply, "SendGrid")
        if not isinstance(rows, list):
            raise Unavailable("SendGrid: the answer is not a list")
        return rows

    def _crowded_second(self, suppression_list: SuppressionList, second: Seconds) -> list[Suppression]:
        """All rows of a second that do not fit one page.

        A second that has passed only loses rows, and a row is skipped only if others vanish meanwhile: a pass that
        finds nothing new has seen the rest.
        """
        found: dict[Suppression, None] = {}
        for _ in range(PASSES):
            before = len(found)
            for page in range(PAGES):
                rows, full = self._page(suppression_list, second, second, offset=page * MAX_BATCH)
                known = len(found)
                found |= dict.fromkeys(rows)
                if before == 0 and full and len(found) == known:
                    raise Unavailable("SendGrid: the list cannot be paged")
                if not full:
                    break
            if len(found) == before:
                return list(found)
        raise Unavailable("SendGrid: the list keeps changing")

    def _page(
        self, suppression_list: SuppressionList, first: Seconds, last: Seconds, *, offset: int
    ) -> tuple[list[Suppression], bool]:
        """One page of a window, both ends in seconds and included, and whether the page is full."""
        query = {"start_time": str(first), "end_time": str(last), "limit": str(MAX_BATCH), "offset": str(offset)}
        try:
            reply = self._api.exchange("GET", _PATH[suppression_list], query=query, cap=PAGE_CAP)
        except http.NoAnswer as problem:
            raise Unavailable(f"SendGrid: {problem}") from None
        rows = content(reply, "SendGrid")
        if not isinstance(rows, list):
            raise Unavailable("SendGrid: the answer is not a list")
        found = [entry for row in rows if (entry := parse_row(suppression_list, row, otherwise=last)) is not None]
        if not all(to_millis(first) <= entry.created <= to_millis(last) for entry in found):
            # halving such a list's windows would read all of it for every second
            raise Unavailable("SendGrid: the answer ignores the time range")
        return found, len(rows) >= MAX_BATCH


class _Errand(Errand):
    """One lift or addition under way, with the answers so far by address."""

    def __init__(self, api: http.AccountApi, *, clock: Callable[[], Millis], budget: Millis) -> None:
        super().__init__(api, clock=clock, budget=budget)
        self.answers: dict[str, LiftAnswer] = {}

    def many(self, emails: Sequence[str], path: str) -> None:
        """Answer for some addresses of a list that has a bulk form."""
        parts, refused = [emails], False
        while parts:
            part = parts.pop()
            if len(part) == 1 and refused:
                self.one(part[0], path, path_is_proved=True)
                continue
            kind, answer, _ = self.ask("DELETE", path, body=selection(part))
            if halves := _halves(part, kind):
                refused = refused or kind is StatusKind.REFUSED
                parts += halves
                continue
            if kind is StatusKind.REFUSED:
                self.one(part[0], path, path_is_proved=True)
                continue
            if kind is StatusKind.MISSING:
                # a bulk is 204 for addresses that are not listed: it is the path that is unknown
                answer = self.stop(UNKNOWN_API)
            self.answers |= dict.fromkeys(part, answer)

    def one(self, email: str, path: str, *, path_is_proved: bool) -> None:
        """Answer for one address by its own URL.

        Args:
            email: the address.
            path: of its list.
            path_is_proved: whether the provider has answered under it before. If not, a 404 is believed only in the
                provider's own words: a wrong base URL must not pass for an empty list.
        """
        escaped = segment(email)
        if escaped is None:
            self.answers[email] = NOT_AN_ADDRESS
            return
        kind, answer, body = self.ask("DELETE", f"{path}/{escaped}")
        if kind is StatusKind.MISSING and not (path_is_proved or is_envelope(body)):
            answer = self.stop(UNKNOWN_API)
        self.answers[email] = answer

    def put(self, emails: Sequence[str], path: str) -> None:
        """Answer for some addresses to be put on a list; a bulk that is refused or fails is split in halves."""
        parts = [emails]
        while parts:
            part = parts.pop()
            kind, answer, body = self.ask("POST", path, body=recipients(part))
            if halves := _halves(part, kind):
                parts += halves
                continue
            if kind is StatusKind.DONE:
                answer = LISTED
            elif kind is StatusKind.MISSING and is_envelope(body) and path != _UNSUBSCRIBED:
                answer = LiftAnswer(LiftOutcome.REFUSED, "404: the provider has no such group")
            elif kind is StatusKind.MISSING:
                answer = self.stop(UNKNOWN_API)
            self.answers |= dict.fromkeys(part, answer)


def _halves(part: Sequence[str], kind: StatusKind) -> list[Sequence[str]]:
    """What to ask for instead of a bulk that was refused or met a fault, the first half last."""
    half = len(part) // 2
    return [part[half:], part[:half]] if half and kind in {StatusKind.REFUSED, StatusKind.FAULT} else []


def _single_path(suppression_list: AnyList) -> str:
    """The path under which a list that has no bulk form gives up single addresses; "" for one that has a bulk form."""
    if isinstance(suppression_list, GroupList):
        return f"/v3/asm/groups/{suppression_list.group}/suppressions"
    return _UNSUBSCRIBED if suppression_list in _GLOBAL else ""
