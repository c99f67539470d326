"""The suppression list of an Amazon SES v2 account, or of one of its tenants.

Sources: the SES developer guide ("Using the account-level suppression list", "Managing tenant-level suppression",
"Service quotas") and botocore's model sesv2 2019-09-27. SES differs from SendGrid in ways that decide how an address is
lifted:

- There is one list per account and one per tenant, and an entry has a reason, BOUNCE or COMPLAINT. Ours are two. So
  an entry is read before it is deleted, at the price of a second call: to lift a bounce must not forgive a complaint.
- An entry answers to its exact letter case alone, though it suppresses the address in any case. "Not found" therefore
  means little for a spelling that was never stored: the spelling given is tried, then the lower-case one, then our
  comparison key. SES can be searched by nothing else, so an entry in yet another spelling is reported ABSENT; the
  reconciliation reads the list and records its spelling, and the next lift uses it.
- "Not found" is also said of a tenant. Before an absence in a tenant's list is believed, its list is read once.
- The quota of calls like these is one per second, and no header says how much of it is left. Calls are paced, and
  being throttled is normal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from reprieve.clock import SECOND, Millis
from reprieve.errors import Unavailable
from reprieve.providers.addresses import spellings
from reprieve.providers.answers import LIFTED, NOT_TRIED, OTHER_REASON
from reprieve.providers.rows import kept_together
from reprieve.providers.ses.answers import ANSWER, Problem, parse_row, problem_of
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.suppression import HOLDS, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprieve.suppressions.suppression import AnyList, Suppression

#: two calls per address and more for other spellings: what fits into one turn of the job
BATCH: Final = 8
#: seconds from the beginning of one call to that of the next
PACE: Final = 1.0
#: after this many faults in a row, SES is taken to be down
PATIENCE: Final = 3
#: rows of one page: the service's model gives no bound, so a modest number
PAGE: Final = 100
#: how often a page of the list is asked for before SES is taken to be unavailable, with a growing wait in between
PAGE_TRIES: Final = 5

_REASON: Final[Mapping[AnyList, str]] = {
    SuppressionList.BOUNCES: "BOUNCE",
    SuppressionList.SPAM_REPORTS: "COMPLAINT",
    HOLDS: "BOUNCE",
}


class SesClient(Protocol):
    """The part of boto3's `sesv2` client that is used.

    The client should be made with one attempt per call and short timeouts (`botocore.config.Config(retries={
    "total_max_attempts": 1}, connect_timeout=3, read_timeout=5)`): whether to try again is decided here and by the job.
    """

    @property
    def get_suppressed_destination(self) -> Callable[..., Mapping[str, Any]]:
        """Read one entry by its exact spelling."""
        ...

    @property
    def delete_suppressed_destination(self) -> Callable[..., Mapping[str, Any]]:
        """Delete one entry by its exact spelling."""
        ...

    @property
    def put_suppressed_destination(self) -> Callable[..., Mapping[str, Any]]:
        """Add one entry, or replace its reason and time."""
        ...

    @property
    def list_suppressed_destinations(self) -> Callable[..., Mapping[str, Any]]:
        """Read a page of entries."""
        ...


_LIFTED_VARIANT: Final = LiftAnswer(LiftOutcome.LIFTED, "lifted, under another letter case")
_NO_SUCH_LIST: Final = LiftAnswer(LiftOutcome.ABSENT, "SES keeps no such list")
_KEPT_HERE: Final = LiftAnswer(LiftOutcome.LISTED, "SES keeps no such list: kept here only")
_LISTED: Final = LiftAnswer(LiftOutcome.LISTED, "on the list")
_LISTED_ALREADY: Final = LiftAnswer(LiftOutcome.LISTED, "on the list already, and left as it is")
_NO_SUCH_TENANT: Final = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "SES has no list of the configured tenant")
_DOWN: Final = LiftAnswer(LiftOutcome.WAIT, "not tried: SES failed again and again")


class Ses:
    """One account's or tenant's suppression list (`removals.ports.Provider`), for one thread at a time.

    Args:
        client: boto3's `sesv2` client, or anything that behaves alike.
        tenant: the tenant whose list it is; "" for the account's own. Without it a call always means the account's.
        batch: the most addresses of one lift.
        pace: seconds from one call to the next.
        sleep: waits for seconds; for tests.
        stopwatch: seconds that only grow; for tests.
    """

    def __init__(
        self,
        *,
        client: SesClient,
        tenant: str = "",
        batch: int = BATCH,
        pace: float = PACE,
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self.batch = batch
        self._client = client
        self._whose = {"TenantName": tenant} if tenant else {}
        self._tenant_seen = not tenant
        self._pace = pace
        self._sleep = sleep
        self._stopwatch = stopwatch
        self._next_call = stopwatch()

    def __repr__(self) -> str:
        return f"Ses({self._whose.get('TenantName', '')})"

    def close(self) -> None:
        """Do nothing: the client is shared, and nothing else is kept."""

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Take addresses off one list, one by one (`removals.ports.Provider.lift`).

        Args:
            suppression_list: bounces or spam reports; SES keeps no other.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order:

            * LIFTED: it was listed for this list's reason, and was deleted.
            * ABSENT: no spelling that we know is there, or it is there for the other reason, or there is no such list
              (which takes no call).
            * REFUSED: SES does not accept it as an address.
            * RETRY: a fault.
            * WAIT: throttled, or not tried: after throttling, after `PATIENCE` faults in a row, or because time
              is up. SES never says when to come back.
            * ACCOUNT_BROKEN: credentials, permissions, the tenant, or a boto3 that cannot make the call; the rest is
              not tried.
        """
        reason = _REASON.get(suppression_list)
        if reason is None:
            return [_NO_SUCH_LIST] * len(emails)
        return self._each(emails, lambda email: self._lift_one(email, reason), budget)

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:
        """A hold is an entry for the reason BOUNCE, like a bounce's (`suppressions.ports.ProviderLists.kept_with`)."""
        return kept_together(_REASON, suppression_list)

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Put addresses on the list, one by one (`removals.ports.Provider.put`).

        What is there already, for whatever reason, stays as it is: SES would replace its reason and time.

        Args:
            suppression_list: the holds; SES fills its list for bounces and complaints itself, and keeps no other.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order: as of `lift`, with LISTED for LIFTED and ABSENT.
        """
        if suppression_list != HOLDS:
            return [_KEPT_HERE] * len(emails)
        return self._each(emails, self._put_one, budget)

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """Read the entries of the list (`removals.ports.Provider.entries`).

        Whether SES counts the ends of its own time range in is not documented: it is asked for a second more on each
        side, and the entries are filtered here. Pages are chained by SES's tokens, so nothing is skipped.

        Args:
            suppression_list: which list; one that SES does not keep is empty, without a call.
            start: the earliest time of the last update, in milliseconds, included.
            end: the latest, included.

        Yields:
            The entries under SES's own spelling. SES keeps no text or status.

        Raises:
            Unavailable: no answer, a refusal, or an answer that is not a page; also after being throttled
                `PAGE_TRIES` times.
        """
        reason = _REASON.get(suppression_list)
        if reason is None or start > end:
            return
        asked: dict[str, Any] = {
            "Reasons": [reason],
            "StartDate": _date(Millis(max(0, start - SECOND))),
            "EndDate": _date(Millis(end + SECOND)),
            "PageSize": PAGE,
        }
        tokens: set[str] = set()
        while True:
            page = self._page(asked)
            for row in page.get("SuppressedDestinationSummaries") or ():
                entry = parse_row(suppression_list, row, otherwise=end)
                if entry is not None and start <= entry.created <= end:
                    yield entry
            token = page.get("NextToken")
            if not token:
                return
            if token in tokens:
                raise Unavailable("SES: the list's pages form a circle")
            tokens.add(token)
            asked["NextToken"] = token

    def entry_of(self, suppression_list: SuppressionList, email: str, *, otherwise: Millis) -> Suppression | None:
        """Read the entry of one address (`removals.ports.Provider.entry_of`), under one of its spellings.

        Raises:
            Unavailable: no answer, or a refusal.
        """
        reason = _REASON.get(suppression_list)
        if reason is None:
            return None
        try:
            if found := self._find(email):
                _, row = found
                return parse_row(suppression_list, row, otherwise=otherwise) if row.get("Reason") == reason else None
            if self._has_tenant():
                return None
            problem = _NO_SUCH_TENANT
        except (ClientError, BotoCoreError) as error:
            problem = ANSWER[problem_of(error)]
            if problem.outcome is LiftOutcome.REFUSED:
                return None
        raise Unavailable(f"SES: {problem.detail}")

    def _each(self, emails: Sequence[str], one: Callable[[str], LiftAnswer], budget: Millis) -> list[LiftAnswer]:
        """The answers of a call for one address after the other, until the rest would fare no better."""
        ends = self._stopwatch() + budget / SECOND
        answers: list[LiftAnswer] = []
        faults = 0
        for email in emails:
            # the pace is part of the cost: a call that could only wait is not begun
            answer = one(email) if max(self._next_call, self._stopwatch()) < ends else NOT_TRIED
            answers.append(answer)
            faults = faults + 1 if answer is ANSWER[Problem.FAULT] else 0
            hopeless = answer in (ANSWER[Problem.THROTTLED], NOT_TRIED)
            if hopeless or answer.outcome is LiftOutcome.ACCOUNT_BROKEN or faults >= PATIENCE:
                break
        rest = [_DOWN] if faults >= PATIENCE else answers[-1:]
        return answers + rest * (len(emails) - len(answers))

    def _put_one(self, email: str) -> LiftAnswer:
        """Put one address on the list, unless it is there under one of its spellings."""
        try:
            if self._find(email):
                return _LISTED_ALREADY
            if not self._has_tenant():
                return _NO_SUCH_TENANT
            self._call(self._client.put_suppressed_destination, EmailAddress=email, Reason=_REASON[HOLDS])
        except (ClientError, BotoCoreError) as error:
            return ANSWER[problem_of(error)]
        return _LISTED

    def _lift_one(self, email: str, reason: str) -> LiftAnswer:
        """Find the entry under one of its spellings, and delete it if it is there for this reason."""
        try:
            if found := self._find(email):
                spelling, row = found
                if row.get("Reason") != reason:
                    return OTHER_REASON
                self._call(self._client.delete_suppressed_destination, EmailAddress=spelling)
                return LIFTED if spelling == email else _LIFTED_VARIANT
            if not self._has_tenant():
                return _NO_SUCH_TENANT
        except (ClientError, BotoCoreError) as error:
            # gone between the two calls: another caller lifted it
            return ANSWER[problem_of(error)]
        return ANSWER[Problem.NOT_FOUND]

    def _find(self, email: str) -> tuple[str, Mapping[str, Any]] | None:
        """The first spelling of an address that is on the list, and its row; None when none is."""
        for spelling in spellings(email):
            try:
                answer = self._call(self._client.get_suppressed_destination, EmailAddress=spelling)
            except ClientError as error:
                if problem_of(error) is not Problem.NOT_FOUND:
                    raise
            else:
                self._tenant_seen = True
                return spelling, answer.get("SuppressedDestination", {})
        return None

    def _has_tenant(self) -> bool:
        """Whether the list exists at all: SES says the same of a missing tenant as of a missing address."""
        if not self._tenant_seen:
            try:
                self._call(self._client.list_suppressed_destinations, PageSize=1)
            except ClientError as error:
                if problem_of(error) is not Problem.NOT_FOUND:
                    raise
            else:
                self._tenant_seen = True
        return self._tenant_seen

    def _page(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """One page of the list, patiently.

        Raises:
            Unavailable: see `entries`.
        """
        for attempt in range(1, PAGE_TRIES + 1):
            try:
                page = self._call(self._client.list_suppressed_destinations, **asked)
            except (ClientError, BotoCoreError) as error:
                problem = problem_of(error)
            else:
                if isinstance(page, Mapping):
                    return page
                problem = Problem.FAULT
            if problem is not Problem.THROTTLED:
                break
            self._next_call += self._pace * attempt
        # NOT_FOUND is about the tenant here, REFUSED about the token: none of the sentences for an address fits
        fits = {Problem.THROTTLED, Problem.BROKEN, Problem.UNSENT}
        detail = ANSWER[problem].detail if problem in fits else "it gave no page"
        raise Unavailable(f"SES: {detail}") from None

    def _call(self, operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Mapping[str, Any]:  # noqa: ANN401
        """Call SES, no sooner than the pace allows."""
        wait = self._next_call - self._stopwatch()
        if wait > 0:
            self._sleep(wait)
        self._next_call = self._stopwatch() + self._pace
        return operation(**self._whose, **parameters)


def _date(moment: Millis) -> datetime:
    return datetime.fromtimestamp(moment / SECOND, UTC)
