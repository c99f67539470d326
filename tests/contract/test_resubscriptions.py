"""Group unsubscribes and resubscriptions: whatever the order in which their news arrive, the end is the same."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprieve.clock import SECOND, Millis, days, to_seconds
from reprieve.organization import Organization
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import LEASE, TOMBSTONE, RemovalRequest, RemovalState
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppression_item import record_key
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from reprieve.suppressions.suppression import GroupList, Resubscription, Suppression
from tests.support import dynoxide, transports
from tests.support.contexts import context
from tests.support.dynamodb import Database
from tests.support.entries import entry_on
from tests.support.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOW = Millis(1_800_000_000_000)
ORG = Organization("acme", "Acme", shards=2)
GROUP = GroupList.of(103)
KEY = "a@x.org"
LEFT, BACK = "unsubscribe", "resubscribe"
#: what happened, and the second after NOW at which it did
News = tuple[str, int]


@pytest.fixture(params=["in process", "dynoxide"])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    if request.param == "in process":
        yield Table(Database().client(), "Suppressions")  # type: ignore[arg-type]
        return
    with dynoxide.running() as client, transports.over(client, "light") as transport:
        create_table(client, "Suppressions")
        yield Table(transport, "Suppressions")


def tell(table: Table, *news: News) -> None:
    """Take in one batch."""
    store = Suppressions(table)
    left = [Suppression(GROUP, KEY, KEY, moment(at), event_id=f"{at}") for kind, at in news if kind == LEFT]
    back = [Resubscription(GROUP, KEY, KEY, moment(at)) for kind, at in news if kind == BACK]
    store.record(ORG, left)
    store.resubscribe(ORG, back, now=NOW)


def moment(second: int) -> Millis:
    return Millis(NOW + second * SECOND)


def listed(table: Table) -> Millis | None:
    found = entry_on(table, ORG, GROUP, KEY)
    return found.created if found else None


def model(news: Sequence[News]) -> Millis | None:
    """Since when the address is on the list: its last unsubscribe, unless it resubscribed later than that."""
    left = max((at for kind, at in news if kind == LEFT), default=None)
    back = max((at for kind, at in news if kind == BACK), default=None)
    return None if left is None or (back is not None and back > left) else moment(left)


def item(table: Table) -> dict[str, Any]:
    return table.get(record_key(ORG, GROUP, KEY), consistent=True) or {}


def test_a_resubscription_takes_off_what_is_older_and_leaves_what_is_newer(table: Table) -> None:
    tell(table, (LEFT, 10))
    tell(table, (BACK, 5))
    assert listed(table) == moment(10)
    tell(table, (BACK, 20))
    assert listed(table) is None
    tell(table, (LEFT, 10), (LEFT, 19))
    assert listed(table) is None
    tell(table, (LEFT, 21))
    assert listed(table) == moment(21)


def test_in_the_same_second_the_address_stays_unsubscribed(table: Table) -> None:
    for order in permutations([(LEFT, 10), (BACK, 10)]):
        for news in order:
            tell(table, news)
        assert listed(table) == moment(10)


def test_a_resubscription_of_an_address_never_heard_of_is_remembered_for_a_week(table: Table) -> None:
    tell(table, (BACK, 20))
    assert item(table)["expires_at"] == to_seconds(Millis(NOW + TOMBSTONE))
    tell(table, (LEFT, 10))
    assert listed(table) is None


def test_a_resubscription_of_what_is_newer_does_not_let_the_record_expire(table: Table) -> None:
    tell(table, (LEFT, 10))
    tell(table, (BACK, 5))
    assert "expires_at" not in item(table)


def test_a_removal_under_way_is_not_forgotten_when_its_recipient_resubscribes(table: Table) -> None:
    tell(table, (LEFT, -days(1) // SECOND))
    store, queue = Suppressions(table), RemovalQueue(table)
    store.request_removals(
        context(ORG, credential="c", request_id="r", now=NOW), [RemovalRequest("r-0", GROUP, KEY, KEY)]
    )
    tell(table, (BACK, 10))
    assert listed(table) is None
    assert "expires_at" not in item(table)
    (claim,) = queue.claim(ORG, queue.due(ORG, now=NOW, limit=9), now=NOW, lease=LEASE)
    assert claim is not None
    (row,) = claim.removals
    assert queue.settle(ORG, [Settlement(row, RemovalState.DONE, 0)], now=NOW) == [True]
    assert "expires_at" in item(table)


def test_an_addition_that_waits_is_not_carried_to_the_provider_when_its_recipient_resubscribes_later(
    table: Table,
) -> None:
    tell(table, (LEFT, -60))
    store, queue = Suppressions(table), RemovalQueue(table)
    asked = context(ORG, credential="c", request_id="r", now=NOW)
    assert store.request_additions(asked, [Suppression(GROUP, KEY, KEY, moment(-60))]) == [True]
    tell(table, (BACK, -60))
    assert len(queue.due(ORG, now=NOW, limit=9)) == 1
    tell(table, (BACK, 1))
    assert (listed(table), queue.due(ORG, now=NOW, limit=9)) == (None, [])
    assert (item(table)["removal_state"], "expires_at" in item(table)) == (RemovalState.SUPERSEDED, True)


def test_another_list_is_not_touched(table: Table) -> None:
    other = GroupList.of(104)
    Suppressions(table).record(ORG, [Suppression(other, KEY, KEY, moment(10))])
    tell(table, (LEFT, 10))
    tell(table, (BACK, 20))
    assert entry_on(table, ORG, other, KEY) is not None


batches = st.lists(
    st.lists(st.tuples(st.sampled_from([LEFT, BACK]), st.integers(1, 4)), max_size=3), min_size=1, max_size=4
)


@given(batches=batches, data=st.data())
@settings(deadline=None)
def test_in_any_order_and_however_often_the_end_is_that_of_the_model(batches: list[list[News]], data: Any) -> None:
    table = Table(Database().client(), "Suppressions")  # type: ignore[arg-type]
    news = [one for batch in batches for one in batch]
    for batch in batches:
        tell(table, *batch)
    assert listed(table) == model(news)
    for one in data.draw(st.permutations(news)):
        tell(table, one)
        assert listed(table) == model(news)
    fresh = Table(Database().client(), "Suppressions")  # type: ignore[arg-type]
    for one in data.draw(st.permutations(news)):
        tell(fresh, one)
    assert listed(fresh) == model(news)
