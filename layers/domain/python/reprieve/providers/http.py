"""The HTTP side of an account at a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError, Trouble
from reprieve.net.exchange import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SENTENCES: Final[Mapping[Trouble, str]] = {
    Trouble.TIMED_OUT: "no answer in time",
    Trouble.OVERSIZED: "the answer was too large",
}


class NoAnswer(Exception):
    """There is no usable answer; `str(error)` is a sentence of ours."""


class Upstream:
    """One account's API: one exchange at a time, bounded in time and size.

    Args:
        base_url: what each path is appended to.
        headers: of every request.
        seconds: the most that one exchange may take.
        stopwatch: seconds that only grow, for the caller's own budgets.
    """

    def __init__(
        self, base_url: str, headers: Mapping[str, str], *, seconds: float, stopwatch: Callable[[], float]
    ) -> None:
        self.base_url = base_url
        self.client = Client(headers)
        self.stopwatch = stopwatch
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
    ) -> Answer:
        """Send one request and read its answer, whole or not at all.

        Args:
            method: in upper case.
            path: below the base URL, escaped.
            cap: the maximum size of the answer, headers included, in bytes.
            within: seconds, if fewer than an exchange may take are left.
            query: parameters, not encoded yet.
            body: JSON.

        Raises:
            NoAnswer: not in time, not complete, too large, or the connection failed.
        """
        try:
            return self.client.exchange(
                method,
                self.base_url + path,
                deadline=Deadline(self._seconds if within is None else min(self._seconds, within)),
                cap=cap,
                query=query,
                headers={"Content-Type": "application/json"} if body else None,
                body=body,
            )
        except NetError as error:
            raise NoAnswer(_SENTENCES.get(error.trouble, "the connection failed")) from None
