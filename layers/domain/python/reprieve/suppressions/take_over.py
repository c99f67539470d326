"""Taking over entries that no delivery event reported here: the rows of a file, or of a provider's list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.errors import Unavailable
from reprieve.suppressions.log_entries import addresses_listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.context import Context
    from reprieve.suppressions.ports import SuppressionStore
    from reprieve.suppressions.suppression import AnyList, Suppression
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class TakeOver:
    """The verb."""

    suppressions: SuppressionStore
    log: EventLog

    def record(self, context: Context, entries: Sequence[Suppression], *, source: str, first: int = 0) -> int:
        """Put entries on their lists, and log those that changed one.

        After a fault they are recorded once more, which finds what was stored the first time. If that fails, too, all
        of them are logged: some may be stored, and the next import or comparison would find those unchanged.

        Args:
            context: who asks.
            entries: no two of the same list and address.
            source: where they come from, for the system log.
            first: how many entries of the same request and source came before these.

        Returns:
            How many changed a list.

        Raises:
            Unavailable: the store or the log did not answer; what is stored stays, and another time is safe.
        """
        changed = None
        try:
            changed = self._changed(context, entries, by=f"{context.request_id}:{source}:{first}")
        finally:
            logged = [one for one in entries if changed is None or (one.list, one.key) in changed]
            for name in dict.fromkeys(one.list for one in logged):
                emails = [one.email for one in logged if one.list == name]
                listed = addresses_listed(emails, name, source, context=context, first=first)
                self.log.append(context.organization, listed)
        return len(changed)

    def _changed(self, context: Context, entries: Sequence[Suppression], *, by: str) -> frozenset[tuple[AnyList, str]]:
        try:
            return self.suppressions.record(context.organization, entries, by=by).changed
        except Unavailable:
            return self.suppressions.record(context.organization, entries, by=by).changed
