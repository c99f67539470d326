"""The lists of a provider whose API changes one address with each call: Resend's, Mailgun's, Postmark's."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final

from reprieve.address import comparison_key
from reprieve.clock import seconds
from reprieve.errors import Unavailable
from reprieve.providers import calls, http
from reprieve.providers.calls import Errand
from reprieve.providers.rows import kept_together
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.suppression import HOLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import AnyList, Suppression, SuppressionList

#: how long it may take to read one address
ASKING: Final = seconds(10)


class OneByOne(ABC):
    """One account's lists (`removals.ports.Provider`), for one thread at a time.

    Args:
        base_url: http or https, where the API is.
        credentials: the headers that every request proves itself with; never shown.
        clock: our clock in milliseconds since the epoch; read to bound when to come back.
        sleep: waits for seconds; for tests.
        stopwatch: seconds that only grow; for tests.

    Attributes:
        batch: the most addresses of one lift: what fits into one turn of the job.
        pace: seconds from the beginning of one call to that of the next.
        words: the provider's word for each list of ours that it keeps; addresses are put only on the one that has our
            holds, because it fills the others itself.

    Raises:
        InvalidInput: an argument cannot be used; it is named, never quoted.
    """

    batch: int
    pace: ClassVar[float]
    words: ClassVar[Mapping[AnyList, str]]

    def __init__(
        self,
        base_url: str,
        credentials: Mapping[str, str],
        *,
        clock: Callable[[], Millis],
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        headers = {**credentials, "Accept": "application/json"}
        self._api = http.AccountApi(base_url, headers, pace=self.pace, sleep=sleep, stopwatch=stopwatch)
        self._clock = clock

    def close(self) -> None:
        """Close the connection that is kept for the next call; the adapter can still be used."""
        self._api.client.close()

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Take addresses off one list, one by one (`removals.ports.Provider.lift`).

        Args:
            suppression_list: one of `words`; the provider keeps no other.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order. ABSENT also for an address that is suppressed for another reason,
            and on a list that the provider does not keep.
        """
        word = self.words.get(suppression_list)
        if word is None:
            return [calls.NO_SUCH_LIST] * len(emails)
        errand = Errand(self._api, clock=self._clock, budget=budget)
        return errand.each(emails, lambda email: self._lift_one(errand, email, word))

    def kept_with(self, suppression_list: AnyList) -> tuple[AnyList, ...]:
        """Lists of one word are one list there (`suppressions.ports.ProviderLists.kept_with`)."""
        return kept_together(self.words, suppression_list)

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: Millis) -> list[LiftAnswer]:
        """Put addresses on the list, one by one (`removals.ports.Provider.put`).

        Args:
            suppression_list: unsubscribes or holds; what is put on another is kept here only.
            emails: exact spellings.
            budget: milliseconds that this may take.

        Returns:
            One answer per address, in the same order: as of `lift`, with LISTED for LIFTED and ABSENT.
        """
        if self.words.get(suppression_list) != self.words[HOLDS]:
            return [calls.KEPT_HERE] * len(emails)
        errand = Errand(self._api, clock=self._clock, budget=budget)
        return errand.each(emails, lambda email: self._put_one(errand, email))

    def entries(self, suppression_list: SuppressionList, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """Read the entries of the list (`removals.ports.Provider.entries`).

        Args:
            suppression_list: which list; one that the provider does not keep is empty, without a call.
            start: the earliest time of creation, in milliseconds, included.
            end: the latest, included; also the time of an entry that has none that can be read.

        Raises:
            Unavailable: no answer, a refusal, or an answer that is not a page.
        """
        word = self.words.get(suppression_list)
        if word is None or start > end:
            return
        for row in self._rows(word, start, end):
            entry = self._entry(suppression_list, row, otherwise=end)
            if entry is not None and start <= entry.created <= end:
                yield entry

    def entry_of(self, suppression_list: SuppressionList, email: str, *, otherwise: Millis) -> Suppression | None:
        """Read the entry of one address (`removals.ports.Provider.entry_of`).

        Raises:
            Unavailable: no answer, a refusal of the account, or an answer that is not an entry.
        """
        word = self.words.get(suppression_list)
        if word is None:
            return None
        errand = Errand(self._api, clock=self._clock, budget=ASKING)
        found = self._find(errand, email, word)
        if not isinstance(found, LiftAnswer):
            entry = self._entry(suppression_list, found, otherwise=otherwise)
            return entry if entry and entry.key == comparison_key(email) else None
        if found.outcome in {LiftOutcome.ABSENT, LiftOutcome.REFUSED}:
            return None
        raise Unavailable(f"{type(self).__name__}: {found.detail}")

    @abstractmethod
    def _find(self, errand: Errand, email: str, word: str) -> Mapping[str, Any] | LiftAnswer:
        """The row of an address on the list of this word, or why there is none."""

    @abstractmethod
    def _lift_one(self, errand: Errand, email: str, word: str) -> LiftAnswer:
        """Take one address off the list of this word."""

    @abstractmethod
    def _put_one(self, errand: Errand, email: str) -> LiftAnswer:
        """Put one address on the list that has our holds."""

    @abstractmethod
    def _rows(self, word: str, start: Millis, end: Millis) -> Iterator[object]:
        """The rows of the list of this word: at least those that were created from `start` to `end`.

        Raises:
            Unavailable: see `entries`.
        """

    @abstractmethod
    def _entry(self, suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
        """A row as an entry of a list of ours; None for one that has none."""
