"""Showing and changing the address whitelist."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.errors import Unavailable
from reprieve.suppressions.log_entries import whitelist_changed
from reprieve.suppressions.whitelist import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.suppressions.ports import WhitelistStore
    from reprieve.suppressions.whitelist import Whitelist
    from reprieve.system_log.ports import EventLog

#: how often a change is tried again because another one got in the way
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Whitelists:
    """The verbs for the address whitelist."""

    whitelists: WhitelistStore
    log: EventLog

    def find(self, organization: Organization) -> Whitelist:
        """The organization's whitelist; an empty one that is off when it was never set."""
        return self.whitelists.whitelist(organization)

    def change(
        self, context: Context, *, enabled: bool | None = None, entries: Sequence[str] | None = None
    ) -> Whitelist:
        """Change what is given. What is on the lists stays there; while it is covered it suppresses nothing.

        Args:
            context: who asks.
            enabled: whether the whitelist applies.
            entries: all addresses and domains that are to be on it; of two that mean the same the first one stays.
                An entry that stays keeps its count.

        Returns:
            The whitelist as it is now.

        Raises:
            InvalidInput: an entry is neither an address nor a domain, or there are too many; nothing was changed.
            Unavailable: other changes kept getting in the way; nothing was changed.
        """
        wanted = None if entries is None else checked(entries)
        for _ in range(ROUNDS):
            before = self.whitelists.whitelist(context.organization)
            after = _changed(before, enabled, wanted)
            if (before.enabled, before.entries) == (after.enabled, after.entries):
                return before
            if self.whitelists.replace_whitelist(context.organization, before, after):
                entry = whitelist_changed(_facts(before), _facts(after), context=context)
                self.log.append(context.organization, [entry])
                return after
        raise Unavailable("other changes of the address whitelist kept getting in the way")


def _changed(before: Whitelist, enabled: bool | None, entries: Mapping[str, str] | None) -> Whitelist:  # noqa: FBT001
    kept = before.entries if entries is None else entries
    return replace(
        before,
        enabled=before.enabled if enabled is None else enabled,
        entries=kept,
        hits={key: count for key, count in before.hits.items() if key in kept},
    )


def _facts(whitelist: Whitelist) -> dict[str, object]:
    return {"enabled": whitelist.enabled, "entries": list(whitelist.entries.values())}
