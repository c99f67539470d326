"""The suppression store and its queue of removals, with short methods for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprieve.clock import SECOND, Millis, Seconds
from reprieve.organization import Organization
from reprieve.removals.queue import Claim, Due, Part, Settlement
from reprieve.removals.removal import LEASE, Removal, RemovalRequest, RemovalState, watermark
from reprieve.store.suppression_item import record_key
from reprieve.suppressions.listing import Since
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.entries import entry_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.store.language import Item
    from reprieve.store.removal_queue import RemovalQueue
    from reprieve.store.suppressions import Suppressions
    from reprieve.store.table import Table

NOW = Millis(1_800_000_000_000)
ORG = Organization("acme", "Acme", shards=2)
BOUNCES = SuppressionList.BOUNCES
KEY = "a@x.org"
DONE, PENDING, FAILED, SUPERSEDED = (
    RemovalState.DONE,
    RemovalState.PENDING,
    RemovalState.FAILED,
    RemovalState.SUPERSEDED,
)


@dataclass
class Bench:
    """The store, with short methods for the tests."""

    table: Table
    store: Suppressions
    queue: RemovalQueue

    def bounce(self, at: int, event_id: str = "e", key: str = KEY, reason: str = "") -> int:
        one = Suppression(BOUNCES, key, key.upper(), Millis(at), reason=reason, event_id=event_id)
        return len(self.store.record(ORG, [one]).changed)

    def ask(self, name: str = "r", now: int = NOW, key: str = KEY) -> None:
        request = RemovalRequest(f"{name}-0", BOUNCES, key, key)
        self.store.request_removals(context(ORG, credential="c", request_id=name, now=Millis(now)), [request])

    def ask_many(self, *keys: str, name: str = "r", now: int = NOW) -> None:
        requests = [RemovalRequest(f"{name}-{number}", BOUNCES, key, key) for number, key in enumerate(keys)]
        self.store.request_removals(context(ORG, credential="c", request_id=name, now=Millis(now)), requests)

    def ask_listed(self, *keys: str, since: int = 0, hidden: bool = False) -> list[bool]:
        requests = [RemovalRequest(f"r-{number}", BOUNCES, key, key, hide=True) for number, key in enumerate(keys)]
        return self.store.request_listed(
            context(ORG, now=NOW),
            requests,
            since=Since(hard=Seconds(since), soft=Seconds(since)),
            hidden=hidden,
            forgiven_until=watermark(NOW),
        )

    def ask_entry(self, at: int, key: str = KEY) -> list[bool]:
        return self.store.request_entries(context(ORG, now=NOW), [Suppression(BOUNCES, key, key.upper(), Millis(at))])

    def ask_hidden(self, *keys: str) -> list[bool]:
        return self.ask_listed(*keys, since=NOW // SECOND, hidden=True)

    def due(self, now: int = NOW, limit: int = 9) -> list[Due]:
        return self.queue.due(ORG, now=Millis(now), limit=limit)

    def claim(self, due: list[Due], now: int = NOW) -> list[Claim]:
        return [claim for claim in self.queue.claim(ORG, due, now=Millis(now), lease=LEASE) if claim]

    def take(self, now: int = NOW) -> Removal:
        ((row,),) = (claim.removals for claim in self.claim(self.due(now), now))
        return row

    def take_part(self, now: int = NOW) -> tuple[list[Removal], Part]:
        (claim,) = self.claim(self.due(now), now)
        assert claim.part is not None
        return list(claim.removals), claim.part

    def settle(self, row: Removal, state: RemovalState, now: int = NOW, **more: Any) -> bool:
        return self.queue.settle(ORG, [Settlement(row, state, more.pop("attempts", 0), **more)], now=Millis(now))[0]

    def note(self, row: Removal, state: RemovalState, **more: Any) -> bool:
        return self.queue.note_ends(ORG, [Settlement(row, state, more.pop("attempts", 0), **more)])[0]

    def release(self, part: Part, unsettled: Sequence[Removal] = ()) -> None:
        self.queue.release([Claim(tuple(unsettled), part)], set(), now=NOW)

    def listed(self) -> int | None:
        found = entry_on(self.table, ORG, BOUNCES, KEY)
        return found.created if found else None


def record(bench: Bench) -> Item:
    item = bench.table.get(record_key(ORG, BOUNCES, KEY), consistent=True)
    assert item
    return item
