"""Importing a suppression list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from reprieve.clock import to_seconds
from reprieve.refused_row import RefusedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.context import Context
    from reprieve.suppressions.ports import WhitelistStore
    from reprieve.suppressions.suppression import AnyList, Suppression
    from reprieve.suppressions.take_over import TakeOver

#: how many rows there are between two progress reports, and how many such groups are written side by side
GROUP: Final = 250
WORKERS: Final = 4
#: the source that is named in the system log, and for a row without a source
SOURCE: Final = "import"


@dataclass(frozen=True, slots=True)
class Row:
    """A usable row, and the line that it begins on."""

    line: int
    suppression: Suppression


@dataclass(frozen=True, slots=True)
class ListReport:
    """The outcome of an import.

    Attributes:
        imported: rows that changed the list.
        unchanged: rows that changed nothing: the entry was there, a newer one was, or the address was lifted since.
        refused: rows that were left out, by line.
    """

    imported: int
    unchanged: int
    refused: Sequence[RefusedRow]


@dataclass(frozen=True, slots=True)
class ListImports:
    """Importing suppression lists, on behalf of a caller."""

    entries: TakeOver
    whitelists: WhitelistStore

    def run(
        self,
        context: Context,
        suppression_list: AnyList,
        rows: Sequence[Row],
        refused: Sequence[RefusedRow] = (),
        *,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> ListReport:
        """Put rows on a list; importing them again changes nothing.

        Args:
            context: who asks, for which organization.
            suppression_list: the list to which all rows belong.
            rows: no two of the same address.
            refused: rows that were refused before; the report includes them.
            progress: called with the number of rows done and the number of all rows.

        Raises:
            Unavailable: the store or the log did not answer; what is stored stays, and importing again is safe.
        """
        cleared = context.organization.cleared.get(suppression_list, -1)
        whitelist = self.whitelists.whitelist(context.organization)
        kept, left_out = [], list(refused)
        for row in rows:
            if to_seconds(row.suppression.created) <= cleared:
                left_out.append(RefusedRow(row.line, "created: the list up to then has been deleted since"))
            elif whitelist.spares(suppression_list, row.suppression.key):
                left_out.append(RefusedRow(row.line, "email: the address whitelist covers it"))
            else:
                kept.append(row.suppression)
        starts = range(0, len(kept), GROUP)
        put = partial(self._put, context, kept)
        imported = 0
        with ThreadPoolExecutor(WORKERS) as pool:
            for start, changed in zip(starts, pool.map(put, starts), strict=True):
                imported += changed
                progress(min(start + GROUP, len(kept)), len(kept))
        return ListReport(imported, len(kept) - imported, sorted(left_out, key=lambda refusal: refusal.line))

    def _put(self, context: Context, kept: Sequence[Suppression], start: int) -> int:
        """Put one group on the list; return how many of its rows changed the list."""
        return self.entries.record(context, kept[start : start + GROUP], source=SOURCE, first=start)
