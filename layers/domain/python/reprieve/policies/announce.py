"""What a policy has an organization's own systems hear of without a lift: that a hold ends soon, or what a rule says.

Each is heard of once: its log entry has an id and a moment that follow from the failure, so that a later look at the
same entry of a list makes the same log entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, Millis, days
from reprieve.policies.log_entries import expiring, matched
from reprieve.policies.progress import LATE
from reprieve.policies.verdict import Decision

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.policies.verdict import Verdict
    from reprieve.suppressions.suppression import Suppression
    from reprieve.system_log.entry import LogEntry

#: how long before its end a hold is announced
SOON: Final = DAY
#: a failure that is older is not news when a walk finds it
NEWS: Final = Millis(LATE + days(1))


def is_announced(entry: Suppression, verdict: Verdict, *, now: Millis, since: Millis | None) -> bool:
    """Whether what a verdict says about an entry is to be heard of at a moment in milliseconds.

    Args:
        entry: on its list.
        verdict: about it.
        now: in milliseconds.
        since: the moment up to which the ends of holds have been announced; None where they are not announced.
    """
    if verdict.decision is Decision.NOTIFY:
        return entry.created > now - NEWS
    if since is None or verdict.decision is not Decision.HOLD or verdict.until is None:
        return False
    return since <= verdict.until - SOON <= now


def announcement(entry: Suppression, verdict: Verdict, *, context: Context) -> LogEntry:
    """The log entry of what is announced."""
    if verdict.decision is Decision.NOTIFY or verdict.until is None:
        return matched(entry, verdict, context=context)
    return expiring(entry, verdict, published=Millis(verdict.until - SOON), until=verdict.until, context=context)
