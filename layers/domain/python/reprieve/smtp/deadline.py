"""One limit of time for everything that a conversation does."""

from __future__ import annotations

import time
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Deadline:
    """A moment by which all must be over, however the time is spent.

    A socket's own timeout begins again with every byte, so that a server that drips never runs into it. Here each step
    is given what is left of the whole.

    Args:
        seconds: how long from now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """The seconds that are left, always more than 0.

        Raises:
            TimeoutError: none are left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def bounding(self, blocking: Callable[P, T]) -> Callable[P, T]:
        """Give a function that cannot be interrupted the time that is left.

        `getaddrinfo` has no timeout, and whoever owns the name decides how slowly it is answered.

        Args:
            blocking: the function. If it is late it is left behind in a daemon thread, and its result is dropped.

        Returns:
            A function with the same arguments, result and errors, which raises TimeoutError when the time is over.
        """

        def bounded(*args: P.args, **kwargs: P.kwargs) -> T:
            future: Future[T] = Future()

            def run() -> None:
                try:
                    future.set_result(blocking(*args, **kwargs))
                except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
                    future.set_exception(error)

            Thread(target=run, daemon=True).start()
            return future.result(timeout=self.remaining())

        return bounded
