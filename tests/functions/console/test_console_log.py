"""The page of the system log: a search that explains its grammar, pages by cursor, and what is newer."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, HOUR, MINUTE, SECOND, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import log
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.system_log.filter.parser import parse
from reprieve.system_log.filter.tree import InvalidFilter, UnsupportedCombination
from reprieve.system_log.span import SETTLING
from tests.support.console import signed_in, text_of
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
ONE_ADDRESS = 'target.id eq "ann@x.io"'


def hold(clock: Clock, email: str, reason: str = "asked by phone") -> None:
    """One log entry, of a millisecond ago."""
    context = Context(DEMO, OPERATOR, f"r-{email}", clock.now)
    wiring.holds().add(context, email, reason=reason, until=Millis(clock.now + DAY))
    clock.now += 1


def search(browser: Browser, **fields: str) -> str:
    assert browser.post("/log", **fields).status == 200
    return entries(browser)


def entries(browser: Browser) -> str:
    """What the answer says."""
    return text_of(browser.page).partition("goes back 7 days. ")[2]


def cursor(browser: Browser) -> str:
    """The position that the last page goes on from."""
    return unescape(re.findall(r'name="after" value="([^"]*)"', browser.page)[-1])


def addresses(browser: Browser) -> list[str]:
    return re.findall(r'<span class="address">([^<]*)</span>', browser.page)


def test_the_log_begins_with_the_latest_entries_and_explains_its_filter(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    hold(clock, "ann@x.io")
    browser = signed_in(call)
    answer = browser.get("/log")
    assert (answer.status, calls) == (200, {"GetItem": 1, "Query": DEMO.shards})
    said = text_of(browser.page)
    assert said.startswith(
        'What happened Filter A field, an operator and a value in double quotes, as in outcome.result eq "FAILURE" ; '
        "join several by and , or and not ( ) . Empty finds everything. Words From (UTC) Until (UTC) Search Examples"
    )
    for says, filter_text in log.EXAMPLES:
        assert f"{says} {filter_text}" in said
    assert "Entries Newer With JavaScript, what is newer appears here by itself every 10 seconds" in said
    assert "Put on hold ann@x.io 1 Jan 2026, 00:00 UTC" in said


@pytest.mark.parametrize(("says", "filter_text"), log.EXAMPLES)
def test_every_example_is_a_filter_and_fills_the_box_and_searches(call: Gateway, says: str, filter_text: str) -> None:
    browser = signed_in(call)
    search(browser, filter=filter_text)
    box = re.search(r"<textarea[^>]*>([^<]*)</textarea>", browser.page)
    assert box
    assert unescape(box[1]) == filter_text
    assert f">{says}</button>" in browser.page


def test_a_filter_words_and_a_period_each_leave_entries_out(call: Gateway, clock: Clock) -> None:
    hold(clock, "ann@x.io")
    clock.now += HOUR
    hold(clock, "bob@x.io", "bounced twice")
    clock.now += MINUTE
    browser = signed_in(call, name="Grace")
    holds = 'eventType eq "reprieve.hold.create"'
    for fields, found in (
        ({"filter": holds}, ["bob@x.io", "ann@x.io"]),
        ({"filter": ONE_ADDRESS}, ["ann@x.io"]),
        ({"words": "twice bounced"}, ["bob@x.io"]),
        ({"filter": holds, "until": "2026-01-01T01:00"}, ["ann@x.io"]),
        ({"filter": holds, "since": "2026-01-01T00:30", "until": ""}, ["bob@x.io"]),
        ({"filter": ONE_ADDRESS, "words": "twice"}, []),
    ):
        said = search(browser, **fields)
        assert addresses(browser) == found
        assert ("No entry of this period matches." in said) is (found == [])
    clock.now += 8 * DAY
    browser = signed_in(call, name="Grace")
    assert "No entry of this period matches." in search(browser, filter=holds)
    search(browser, filter=holds, since="2026-01-01T00:00:00")
    assert addresses(browser) == ["bob@x.io", "ann@x.io"]


def test_a_filter_that_names_one_address_reads_the_entries_of_that_alone(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    hold(clock, "ann@x.io")
    browser = signed_in(call)
    search(browser, filter=ONE_ADDRESS)
    assert calls == {"GetItem": 1, "Query": 1}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"filter": 'evenType eq "x"'},
            'Field is not valid: evenType, at character 1. Did you mean eventType ? evenType eq "x"',
        ),
        (
            {"filter": 'target.id is "x"'},
            "Unrecognized attribute operator 'is'. Expected: eq,co,sw,pr,gt,ge,lt,le, at character 11. target.id is",
        ),
        (
            {"filter": "target.id eq ann@x.io"},
            "Expected a string in double quotes, a number, true, false or null, at character 14. target.id eq ann@x.io",
        ),
        ({"filter": 'target.id eq "x" and'}, "Expected an attribute name, 'not' or '(', at the end. "),
        ({"filter": 'target.id eq "x'}, "Unterminated string, at character 14. "),
        (
            {"filter": 'target eq "x"'},
            "The supplied combination of operator and field is not currently supported. Operator: eq, Field: target",
        ),
        ({"filter": "a" * 4001}, "The field “Filter”: at most 4000 characters."),
        ({"filter": "target.id pr or " * 240 + "target.id pr"}, "More than 200 comparisons, at character 3201. "),
        ({"words": "a" * 41}, "The field “Words”: Freeform search cannot contain items longer than 40 characters."),
        ({"words": "a " * 11}, "The field “Words”: Freeform search cannot contain more than 10 items."),
        ({"words": "a" * 501}, "The field “Words”: at most 500 characters."),
        ({"since": "yesterday"}, "The field “From”: write a moment in UTC as 2026-01-31T09:30."),
        ({"until": "2026-02-30T00:00"}, "The field “Until”: write a moment in UTC as 2026-01-31T09:30."),
        ({"since": "2026-01-02T00:00"}, "The field “Until”: the period ends before it begins."),
        ({"after": "x"}, "This page of the search is no longer known. Search again."),
    ],
)
def test_what_cannot_be_understood_is_said_with_its_place_and_stays_in_the_box(
    call: Gateway, calls: Calls, fields: dict[str, str], says: str
) -> None:
    browser = signed_in(call)
    answer = browser.post("/log", **fields)
    assert (answer.status, calls) == (400, {"GetItem": 1})
    assert f"The search cannot be understood {says}" in text_of(browser.page)
    assert all(value.strip() in unescape(browser.page) for name, value in fields.items() if name != "after")


def test_the_word_that_is_wrong_is_marked(call: Gateway) -> None:
    browser = signed_in(call)
    browser.post("/log", filter='target.id eq "x" und target.id pr')
    assert "<code>target.id eq &#34;x&#34; <mark>und</mark> target.id pr</code>" in browser.page
    browser.post("/log", filter="target.id eq ")
    assert "<code>target.id eq<mark>…</mark></code>" in browser.page


def place_of(text: str) -> log.Fault | None:
    """What is wrong with a filter; None where nothing is."""
    try:
        parse(text)
    except (InvalidFilter, UnsupportedCombination) as refusal:
        return log.fault_of(refusal, text)
    return None


@given(st.text(alphabet='targe.id eqcor()"\\x0 ', max_size=40))
def test_a_filter_is_understood_or_has_one_place_within_it_that_is_wrong(text: str) -> None:
    fault = place_of(text)
    if fault:
        assert fault.marked
        assert fault.before + fault.at + fault.rest == text
        assert "position" not in fault.says


def test_an_entry_unfolds_to_its_members_each_of_which_finds_its_like(call: Gateway, clock: Clock) -> None:
    hold(clock, "ann@x.io", 'she said "no"')
    hold(clock, "bob@x.io")
    browser = signed_in(call)
    search(browser, filter=ONE_ADDRESS)
    buttons = re.findall(
        r'<button form="search" class="link" name="filter" value="([^"]*)"[^>]*>([^<]*)<', browser.page
    )
    members = {name: unescape(written) for written, name in buttons}
    assert members["eventType"] == 'eventType eq "reprieve.hold.create"'
    assert members["debugContext.debugData.reason"] == 'debugContext.debugData.reason eq "she said \\"no\\""'
    assert members["target.id"] == ONE_ADDRESS
    # no filter asks for a moment, which the period is for
    assert "published" not in members
    assert "<dt>published</dt><dd>2026-01-01T00:00:00.000Z</dd>" in browser.page
    for name in ("debugContext.debugData.reason", "uuid"):
        search(browser, filter=members[name])
        assert addresses(browser) == ["ann@x.io"]


def test_pages_are_followed_by_cursor_and_each_entry_is_shown_once(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAGE", 2)
    for number in range(5):
        hold(clock, f"n{number}@x.io")
        clock.now += SECOND
    browser = signed_in(call)
    asked = {"filter": 'eventType eq "reprieve.hold.create"'}
    search(browser, **asked)
    seen = addresses(browser)
    while "Older</button>" in browser.page:
        more = cursor(browser)
        clock.now += MINUTE
        search(browser, **asked, after=more)
        assert "Older entries" in text_of(browser.page)
        assert "Newer</button>" not in browser.page
        seen += addresses(browser)
    assert seen == [f"n{number}@x.io" for number in (4, 3, 2, 1, 0)]
    # a position is good for its own search
    assert browser.post("/log", filter=ONE_ADDRESS, after=more).status == 400
    other = signed_in(call, organization=replace(DEMO, id="other"), credential="o")
    assert other.post("/log", **asked, after=more).status == 400


def test_what_is_newer_comes_once_when_it_has_settled_and_its_page_asks_by_itself_for_a_while(
    call: Gateway, calls: Calls, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "TURNS", 3)
    hold(clock, "old@x.io")
    clock.now += SECOND
    browser = signed_in(call)
    asked = {"filter": 'eventType eq "reprieve.hold.create"'}
    search(browser, **asked)
    assert 'hx-trigger="every 10s, submit"' in browser.page
    clock.now += SECOND
    hold(clock, "new@x.io")
    hold(clock, "newer@x.io")
    seen = []
    for _ in range(3):
        assert browser.post("/log/newer", **asked, after=cursor(browser)).status == 200
        # until something can have settled since, nothing is read
        assert calls == {"GetItem": 1, **({"Query": DEMO.shards} if seen else {})}
        seen.append(addresses(browser))
        clock.now += SETTLING
    assert seen == [[], ["newer@x.io", "new@x.io"], []]
    # its turns are used up: it waits for a click
    assert 'hx-trigger="submit"' in browser.page
    assert "Nothing is looked for by itself any more." in text_of(browser.page)
    assert browser.post("/log/newer", **asked, after=cursor(browser), again="1").status == 200
    assert 'hx-trigger="every 10s, submit"' in browser.page
    assert browser.post("/log/newer", after=cursor(browser)).status == 400


def test_a_search_with_an_end_has_nothing_newer(call: Gateway) -> None:
    browser = signed_in(call)
    search(browser, until="2026-01-01T00:00")
    assert "/log/newer" not in browser.page


def test_what_a_stranger_wrote_is_text_in_the_log_and_in_the_box(call: Gateway, clock: Clock) -> None:
    hold(clock, "ann@x.io", SCRIPT)
    browser = signed_in(call, name=SCRIPT)
    browser.get("/log")
    assert (SCRIPT in browser.page, "<img" in browser.page, SCRIPT in text_of(browser.page)) == (False, False, True)
    for fields in ({"filter": SCRIPT}, {"words": SCRIPT}, {"since": SCRIPT}, {"until": SCRIPT}):
        browser.post("/log", **fields)
        assert (SCRIPT in browser.page, "<img" in browser.page) == (False, False)


def test_the_log_is_for_roles_that_read_and_tokens_with_its_scope(call: Gateway) -> None:
    desk = signed_in(call, Role.HELP_DESK)
    assert "/console/log" not in desk.page
    assert (desk.get("/log").status, desk.post("/log").status, desk.post("/log/newer").status) == (403, 403, 403)
    viewer = signed_in(call, Role.VIEWER, credential="v")
    assert "/console/log" in viewer.page
    assert (viewer.get("/log").status, viewer.post("/log").status) == (200, 200)
    narrow = signed_in(call, scopes={"reprieve.addresses.read"}, credential="n")
    assert ("/console/log" in narrow.page, narrow.get("/log").status) == (False, 403)
