"""One time limit for everything that an exchange does."""

from __future__ import annotations

import time
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from reprieve.net.errors import NetError, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Deadline:
    """The moment by which an exchange must be over, however its time is spent.

    A socket's own timeout starts again with every byte, so a server that drips never runs into it. Here each step gets
    what is left of the whole.

    Args:
        seconds: how long from now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """The seconds that are left, always more than 0.

        Raises:
            NetError: none are left (TIMED_OUT).
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise NetError(Trouble.TIMED_OUT)
        return left

    def bounding(self, blocking: Callable[P, T]) -> Callable[P, T]:
        """Limit a function that cannot be interrupted to the time that is left.

        `getaddrinfo` has no timeout, and the owner of the name decides how slowly it is answered.

        Args:
            blocking: the function. If it is late, it is left behind in a daemon thread and its result is dropped.

        Returns:
            A function with the same arguments, result and errors, which raises NetError (TIMED_OUT) when the time is
            over.
        """

        def bounded(*args: P.args, **kwargs: P.kwargs) -> T:
            future: Future[T] = Future()

            def run() -> None:
                try:
                    future.set_result(blocking(*args, **kwargs))
                except Exception as error:  # noqa: BLE001 - it is raised again in the thread that waits for it
                    future.set_exception(error)

            Thread(target=run, daemon=True).start()
            try:
                return future.result(timeout=self.remaining())
            except TimeoutError:
                raise NetError(Trouble.TIMED_OUT) from None

        return bounded
