"""Which entries the suppression store has changed, as it reports of what it recorded."""

from __future__ import annotations

from reprieve.clock import SECOND, Millis
from reprieve.removals.removal import RemovalRequest
from reprieve.suppressions.suppression import Suppression
from tests.support.contexts import context
from tests.support.suppression_store import BOUNCES, KEY, NOW, ORG, Bench


def changed(bench: Bench, *entries: Suppression, by: str = "") -> set[str]:
    """The addresses whose entries were changed by what was recorded, all on one list."""
    found = bench.store.record(ORG, entries, by=by).changed
    assert {name for name, _ in found} <= {BOUNCES}
    return {key for _, key in found}


def row(key: str, at: int) -> Suppression:
    """A row of a file, which no event reported."""
    return Suppression(BOUNCES, key, key, Millis(at))


def test_the_entries_that_are_new_or_newer_have_changed_and_no_others(bench: Bench) -> None:
    changed(bench, row("same@x.org", NOW), row("older@x.org", NOW))
    bench.ask(now=NOW, key="forgiven@x.org")
    rows = [
        row("same@x.org", NOW),
        row("older@x.org", NOW + SECOND),
        row("forgiven@x.org", NOW - 60_000),
        row("new@x.org", NOW),
    ]
    assert changed(bench, *rows) == {"older@x.org", "new@x.org"}
    assert changed(bench, *rows) == set()


def test_what_a_request_has_written_is_found_as_changed_when_it_asks_again_and_by_no_other(bench: Bench) -> None:
    changed(bench, row("over@x.org", NOW), by="before")
    rows = [row("new@x.org", NOW), row("over@x.org", NOW + SECOND)]
    assert changed(bench, *rows, by="import") == {"new@x.org", "over@x.org"}
    assert changed(bench, *rows, by="import") == {"new@x.org", "over@x.org"}
    assert changed(bench, *rows, by="another") == set()
    assert changed(bench, *rows) == set()


def test_what_a_request_has_written_and_a_lift_has_taken_off_again_is_not_found_as_changed(bench: Bench) -> None:
    changed(bench, row(KEY, NOW - 60_000), by="import")
    hidden = RemovalRequest("r-0", BOUNCES, KEY, KEY, hide=True)
    bench.store.request_removals(context(ORG, credential="c", request_id="r", now=NOW), [hidden])
    assert changed(bench, row(KEY, NOW - 60_000), by="import") == set()
