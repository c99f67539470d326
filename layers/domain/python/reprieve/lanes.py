"""Working through a queue in several lanes at a time, so that a slow item holds up its lane and no other.

    todo = deque(organizations)

    def lane() -> None:
        while todo and time_is_left():
            ...todo.popleft()...

    lanes(lane)

A lane finds again what it puts back into the queue, because it ends only when the queue is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

#: calls a function once per lane, and returns when every call has returned
Lanes = Callable[[Callable[[], None]], None]


def threads(count: int) -> Lanes:
    """Lanes that are threads.

    Args:
        count: how many.

    Returns:
        The lanes. When the function raises in one of them, the others finish first and the exception is raised then.
    """

    def run(lane: Callable[[], None]) -> None:
        with ThreadPoolExecutor(count) as pool:
            for future in [pool.submit(lane) for _ in range(count)]:
                future.result()

    return run


def single(lane: Callable[[], None]) -> None:
    """One lane: the caller's own thread."""
    lane()
