"""Prompt runs of the removal job: those that a function asks for, so that what it queued does not wait for a tick.

Only what is durable is prompted for, so a run that begins later finds it. One process asks for runs that begin to look
at least `APART` from each other. What comes in between gets one run that waits for its time first; what comes while
that run waits needs no other. So each removal is followed by a run within `APART`, and a single one by a run at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH, Millis, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.removals.ports import JobRuns

#: how far apart the runs look at the least that one process asks for
APART: Final = seconds(5)


class Prompts:
    """What one process has asked for."""

    def __init__(self, runs: JobRuns) -> None:
        self._runs = runs
        self._looks_at = EPOCH

    def ask(self, *, now: Millis) -> None:
        """Have the job look at the queue soon after `now`; the caller has queued something durably.

        Raises:
            Unavailable: it was not asked. It looks by its schedule all the same.
        """
        if now < self._looks_at:
            return
        # set before the call, so that one that fails is not repeated with every request
        self._looks_at = Millis(max(now, self._looks_at + APART))
        self._runs.start(after=Millis(self._looks_at - now))


def waiting_time(event: Mapping[str, object]) -> Millis:
    """How long a run waits before it looks, in milliseconds, by the event that it was started with."""
    after = event.get("after")
    return Millis(min(max(after, 0), APART)) if isinstance(after, int) else EPOCH
