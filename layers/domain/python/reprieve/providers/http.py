"""The HTTP side of an account at a provider."""

from __future__ import annotations

import ipaddress
import re
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reprieve.clock import SECOND, seconds
from reprieve.errors import InvalidInput
from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError, Trouble
from reprieve.net.exchange import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.clock import Millis

#: one exchange, from the name's resolution to the body's last byte, in milliseconds
DEADLINE: Final = seconds(10)

_SENTENCES: Final[Mapping[Trouble, str]] = {
    Trouble.TIMED_OUT: "no answer in time",
    Trouble.OVERSIZED: "the answer was too large",
}


class NoAnswer(Exception):
    """There is no usable answer; `str(error)` is a sentence of ours."""


class TooLarge(NoAnswer):
    """The answer is larger than the caller takes; a narrower question may have a smaller one."""


class AccountApi:
    """One account's API: one exchange at a time, bounded in time and size.

    Args:
        base_url: http or https; a path prefix is kept, and each path appended.
        headers: of every request.
        deadline: the most that one exchange may take, in milliseconds.
        pace: seconds from one exchange to the next.
        sleep: waits for seconds; for tests.
        stopwatch: seconds that only grow, for the caller's own budgets.

    Raises:
        InvalidInput: the base URL cannot be used; it is never quoted.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        deadline: Millis = DEADLINE,
        pace: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        _check_base_url(base_url)
        self.base_url = base_url.rstrip("/")
        self.client = Client(headers)
        self.stopwatch = stopwatch
        self._seconds = deadline / SECOND
        self._pace = pace
        self._sleep = sleep
        self._next = stopwatch()

    def ready_at(self) -> float:
        """The moment of the next exchange, by the stopwatch: now, or later because of the pace."""
        return max(self._next, self.stopwatch())

    def rest(self, seconds: float) -> None:
        """Begin the next exchange no sooner than in so many seconds."""
        self._next = max(self._next, self.stopwatch() + seconds)

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
            TooLarge: it is larger than `cap`.
            NoAnswer: not in time, not complete, or the connection failed.
        """
        if (wait := self._next - self.stopwatch()) > 0:
            self._sleep(wait)
        self._next = self.stopwatch() + self._pace
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
            kind = TooLarge if error.trouble is Trouble.OVERSIZED else NoAnswer
            raise kind(_SENTENCES.get(error.trouble, "the connection failed")) from None


def check_header(value: str, name: str) -> str:
    """Refuse a value that a header cannot hold: `requests` would, too, but with the value in its error.

    Raises:
        InvalidInput: it has other characters than printable ASCII, or spaces around it.
    """
    if not re.fullmatch("[!-~](?:[ -~]*[!-~])?", value):
        raise InvalidInput("must be printable ASCII without spaces around it", field=name)
    return value


def check_account(base_url: str, api_key: str, *, version: str = "") -> None:
    """Refuse a key that cannot be sent, and a base URL that it must not be sent to.

    Args:
        base_url: of an account.
        api_key: a new one; "" for the one that the account has.
        version: the last segment that the adapter adds itself, as "/v3", and the base URL must not have; "" for none.

    Raises:
        InvalidInput: see above; neither is quoted.
    """
    if api_key:
        check_header(api_key, "api_key")
    _check_base_url(base_url)
    parts = urlsplit(base_url)
    if version and parts.path.endswith(version):
        raise InvalidInput(f"without its version: {version} is added to it", field="base_url")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise InvalidInput("https, or the key would travel in the clear; http only on this machine", field="base_url")


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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
