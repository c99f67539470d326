"""Every parameter of a list against a brute-force search, with any shards and page size."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import comparison_key, fold
from reprieve.errors import LimitExceeded
from reprieve.organization import BouncePurge, Organization
from reprieve.store import keys, listing
from reprieve.store.listing import Listing
from reprieve.store.table import Table
from reprieve.suppressions.listing import ANY_ADDRESS, Filter, Pattern, Position, Selection, shown_since
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support.dynamodb import Database

if TYPE_CHECKING:
    from reprieve.store.language import Item

NOW = 100 * 86_400_000
DAY = 86_400

emails = st.builds(
    "{}@{}".format,
    st.text("aAbB%.+ßü=", min_size=1, max_size=4),
    st.sampled_from(["market.io", "Tree.io", "a.b", "bücher.de"]),
)
moments = st.one_of(st.integers(0, 3), st.integers(88, 92).map(lambda day: day * DAY), st.integers(0, 99 * DAY)).map(
    lambda second: second * 1000 + second % 7
)
entries = st.builds(
    lambda email, **rest: Suppression(key=comparison_key(email), email=email, **rest),
    list=st.sampled_from([SuppressionList.BOUNCES, SuppressionList.BLOCKS, SuppressionList.UNSUBSCRIBES]),
    email=emails,
    created=moments,
    reason=st.sampled_from(["550 No such user", "552 mailbox full", ""]),
    status=st.sampled_from(["5.1.1", "5.2.2", ""]),
    permanence=st.sampled_from(Permanence),
    classification=st.sampled_from(Classification),
)
stored = st.lists(entries, max_size=25, unique_by=lambda entry: (entry.list, entry.key))
organizations = st.builds(
    Organization,
    id=st.just("demo"),
    name=st.just("Demo"),
    shards=st.sampled_from([1, 4]),
    purge=st.builds(BouncePurge, st.booleans(), st.sampled_from([None, 10, 100]), st.sampled_from([None, 10, 11, 100])),
    cleared=st.dictionaries(st.sampled_from(SuppressionList), st.sampled_from([0, 2, 89 * DAY, 91 * DAY])),
)
texts = st.text("aAbB%.ü@mk", max_size=5)
seconds = st.none() | moments.map(lambda moment: moment // 1000) | st.integers(-5, 10**18)
selections = st.builds(Selection, seconds, seconds, texts.map(Pattern.parse))
sizes = st.sampled_from([1, 2, 3, 100])


def table_of(organization: Organization, suppressions: list[Suppression], page: int) -> Table:
    def item(one: Suppression) -> Item:
        return {
            "partition": keys.suppressions(organization, one.list, keys.shard_of(organization, one.key)),
            "address": one.key,
            "email": one.email,
            "bounced_at": one.created,
            "by_time": keys.by_time(one.created, one.key),
            "reason": one.reason,
            "status": one.status,
            "permanence": one.permanence.value,
            "classification": one.classification.value,
        }

    lifted = {name: value for name, value in item(_LIFTED).items() if name != "by_time"}
    database = Database()
    stored = database.tables["Suppressions"]
    stored.page = page
    for one in [*(item(one) for one in suppressions), lifted]:
        stored.set(stored.key_of(one), one)
    return Table(database.client(), "Suppressions")  # type: ignore[arg-type]


_LIFTED = Suppression(SuppressionList.BOUNCES, "ab@lifted.io", "ab@lifted.io", 1_000)


def expected(organization: Organization, suppressions: list[Suppression], wanted: Selection) -> list[Suppression]:
    """The expected bounces, by the documentation's words alone."""
    purge, second = organization.purge, NOW // 1000

    def shown(one: Suppression) -> bool:
        days = purge.hard_days if one.permanence is Permanence.HARD else purge.soft_days
        expired = purge.enabled and days is not None and one.created // 1000 <= second - days * DAY
        return not expired and one.created // 1000 > organization.cleared.get(one.list, -1)

    pattern = wanted.pattern
    words = ".*".join(re.escape(piece) for piece in (pattern.prefix, *pattern.pieces))
    found = [
        one
        for one in suppressions
        if one.list is SuppressionList.BOUNCES
        and shown(one)
        and (wanted.start is None or one.created // 1000 >= wanted.start)
        and (wanted.end is None or one.created // 1000 <= wanted.end)
        and any(re.match(words, text, re.DOTALL) for text in (one.key, fold(one.email)))
    ]
    return sorted(found, key=lambda one: (-(one.created // 1000), one.key.encode()))


def names(suppressions: list[Suppression]) -> list[tuple[str, str]]:
    return [(one.list, one.key) for one in suppressions]


@given(organizations, stored, selections, st.integers(0, 30), st.integers(1, 30), sizes)
def test_a_page_is_the_slice_of_the_whole_order(
    organization: Organization, suppressions: list[Suppression], wanted: Selection, offset: int, limit: int, page: int
) -> None:
    store = Listing(table_of(organization, suppressions, page))
    whole = expected(organization, suppressions, wanted)
    found, more = store.page(organization, SuppressionList.BOUNCES, wanted, offset=offset, limit=limit, now=NOW)
    assert names(found) == names(whole[offset : offset + limit])
    assert more == (len(whole) > offset + limit)
    assert store.count(organization, SuppressionList.BOUNCES, wanted, now=NOW) == len(whole)


@given(organizations, stored, selections, st.integers(1, 5), sizes)
def test_pages_never_repeat_or_skip_an_entry(
    organization: Organization, suppressions: list[Suppression], wanted: Selection, limit: int, page: int
) -> None:
    store = Listing(table_of(organization, suppressions, page))
    seen: list[Suppression] = []
    more = True
    while more:
        found, more = store.page(organization, SuppressionList.BOUNCES, wanted, offset=len(seen), limit=limit, now=NOW)
        seen += found
    assert names(seen) == names(expected(organization, suppressions, wanted))


@given(organizations, stored)
def test_what_is_hidden_is_just_what_is_stored_and_not_shown(
    organization: Organization, suppressions: list[Suppression]
) -> None:
    store = Listing(table_of(organization, suppressions, 2))
    shown = expected(organization, suppressions, Selection())
    hidden = list(store.hidden(organization, SuppressionList.BOUNCES, now=NOW))
    bounces = [one for one in suppressions if one.list is SuppressionList.BOUNCES]
    assert sorted(names(shown + hidden)) == sorted(names(bounces))
    for one in bounces:
        got = store.get(organization, SuppressionList.BOUNCES, one.key, now=NOW)
        assert (got is not None) == (one.key in {other.key for other in shown})


filters = st.builds(
    Filter,
    lists=st.lists(st.sampled_from(SuppressionList), min_size=1, unique=True).map(
        lambda lists: tuple(name for name in SuppressionList if name in lists)
    ),
    start=st.none() | st.integers(0, 99 * DAY),
    end=st.none() | st.integers(0, 99 * DAY),
    reason=st.sampled_from(["", "", "MAILBOX", "550"]),
    status=st.sampled_from(["", "", "5.", "5.1.1"]),
    domain=st.sampled_from(["", "", "tree.io", "xn--bcher-kva.de"]),
    permanence=st.none() | st.sampled_from(Permanence),
    classification=st.none() | st.sampled_from(Classification),
)


@given(organizations, stored, filters, st.integers(1, 5), sizes)
def test_the_cursor_leads_through_all_lists_once_and_the_total_is_how_many(
    organization: Organization, suppressions: list[Suppression], wanted: Filter, limit: int, page: int
) -> None:
    store = Listing(table_of(organization, suppressions, page))
    whole = [
        one
        for one in suppressions
        if one.list in wanted.lists
        and shown_since(organization, one.list, now=NOW).shows(one)
        and (wanted.start is None or one.created // 1000 >= wanted.start)
        and (wanted.end is None or one.created // 1000 <= wanted.end)
        and wanted.reason.casefold() in one.reason.casefold()
        and one.status.startswith(wanted.status)
        and (not wanted.domain or one.key.endswith("@" + wanted.domain))
        and wanted.permanence in (None, one.permanence)
        and wanted.classification in (None, one.classification)
    ]
    whole.sort(key=lambda one: (-(one.created // 1000), one.key.encode(), one.list))
    seen: list[Suppression] = []
    after, more = None, True
    while more:
        found, more = store.search(organization, wanted, after=after, limit=limit, now=NOW)
        seen += found
        after = Position.of(found[-1]) if found else None
    assert names(seen) == names(whole)
    assert store.total(organization, wanted, now=NOW) == (len(whole), True)


def domain(index: int) -> str:
    return hashlib.sha256(str(index).encode()).hexdigest()[:8]


def many(number: int, shards: int) -> tuple[Organization, Table]:
    organization = Organization("demo", "Demo", shards=shards)
    suppressions = [
        Suppression(SuppressionList.BOUNCES, f"user{index:05d}@{domain(index)}.example.com", "", index * 1000)
        for index in range(number)
    ]
    return organization, table_of(organization, suppressions, 1_000_000)


def observed(table: Table) -> list[str]:
    """The operations on a table from now on."""
    asked: list[str] = []
    table._transport.observe = lambda operation, _: asked.append(operation)  # type: ignore[attr-defined]
    return asked


@pytest.mark.parametrize("shards", [1, 4, 16])
def test_the_first_page_asks_each_shard_once_and_reads_little_more_than_it_shows(shards: int) -> None:
    organization, table = many(3_000, shards)
    asked = observed(table)
    store = Listing(table)
    store.page(organization, SuppressionList.BOUNCES, Selection(), offset=0, limit=500, now=NOW)
    assert len(asked) <= shards + 1
    assert table._transport.read <= 501 * (1.0 if shards == 1 else 1.75)


@pytest.mark.parametrize("shards", [1, 4])
def test_a_narrow_prefix_is_one_request_per_shard(shards: int) -> None:
    organization, table = many(3_000, shards)
    asked = observed(table)
    wanted = Selection(pattern=Pattern.parse("USER0012"))
    found, _ = Listing(table).page(organization, SuppressionList.BOUNCES, wanted, offset=0, limit=500, now=NOW)
    assert len(found) == 10
    assert (len(asked), table._transport.read) == (shards, 10)


def test_no_request_reads_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_READ", 100)
    organization, table = many(300, 1)
    reader = listing._Reader(table, organization, (SuppressionList.BOUNCES,), Selection(), 0, most=100)
    table._transport.database.tables["Suppressions"].page = 50
    with pytest.raises(LimitExceeded) as refusal:
        list(reader.behind(250, 10))
    assert refusal.value.field == "offset"


@pytest.mark.parametrize("text", ["sales", "SALES", "%sales", "a%b%c", "", "%", "ü%"])
def test_a_pattern_does_not_depend_on_letter_case(text: str) -> None:
    assert Pattern.parse(text.upper()) == Pattern.parse(text.lower())


def test_no_pattern_matches_every_address() -> None:
    assert {Pattern.parse(""), Pattern.parse("%"), Pattern.parse("%%%")} == {ANY_ADDRESS}


@pytest.mark.parametrize(
    ("text", "narrow"),
    [("sales", True), ("sales%", True), ("", False), ("%a", False), ('"a', False), ("ü", False), ("a" * 255, False)],
)
def test_only_a_prefix_that_keys_spell_alike_is_looked_up_by_key(text: str, narrow: object) -> None:
    assert Pattern.parse(text).narrow is narrow
