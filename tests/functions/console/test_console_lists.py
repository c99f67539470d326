"""The page of the lists: every filter of the API, pages by form, and nothing of an address in a URL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.address import comparison_key
from reprieve.clock import DAY, HOUR, MINUTE, Millis
from reprieve.dialects.console import lists, words
from reprieve.dialects.console.site import READ_ADDRESSES, READ_LISTS
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.store import listing
from reprieve.suppressions.group import GroupChanges
from reprieve.suppressions.suppression import Classification, GroupList, Permanence, Suppression, SuppressionList
from tests.support.console import signed_in, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
EMAIL = "ann@x.io"
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
#: the form with its filters, as text
FORM = (
    "Which addresses are not mailed? Lists bounce list block list list of invalid addresses list of spam reports list "
    "of unsubscribes None of them means all of them. More filters Domain What follows the @, such as example.com. "
    "Permanence Any hard soft undetermined Reason Any Content Frequency or Volume Too High Invalid Address Mailbox "
    "Unavailable Reputation Technical Failure Unclassified Status An enhanced status code, or how it begins: 5.1.1, or "
    "5. for all of the class. The server's words contain From The day in UTC. To This day is among them. Count all "
    "that match Show Put addresses on a list "
)


def put(email: str = EMAIL, name: Any = SuppressionList.BOUNCES, **more: Any) -> None:
    given = {
        "created": Millis(wiring.now() - HOUR),
        "reason": "550 5.1.1 no such user",
        "status": "5.1.1",
        "classification": Classification.INVALID_ADDRESS,
        "provider": "sendgrid",
    }
    wiring.suppressions().record(DEMO, [Suppression(name, comparison_key(email), email, **(given | more))])


def shown(browser: Browser) -> list[str]:
    """The addresses of a page, in its order."""
    return re.findall(r'<th scope="row" class="address">(?:<button[^>]*>)?([^<]*)<', browser.page)


def hidden(browser: Browser, button: str) -> dict[str, str]:
    """What the form with a button carries, but for its proof."""
    (form,) = [one for one in re.findall(r"<form.*?</form>", browser.page, re.DOTALL) if f">{button}</button>" in one]
    return {name: value for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form) if name != "proof"}


def test_the_page_has_every_entry_newest_first_with_its_list_its_reason_and_its_end(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    put()
    put("ben@x.io", SuppressionList.SPAM_REPORTS, created=clock.now, reason="")
    browser = signed_in(call)
    assert browser.get("/lists").status == 200
    assert text_of(browser.page) == (
        f"{FORM}2 entries, newest first Address Why Since Until "
        "ben@x.io On the list of spam reports. The recipient, or their mail program, marked one of our messages as "
        "spam. Since 1 Jan 2026, 00:00 UTC Until lifted by hand "
        "ann@x.io On the bounce list. The receiving server says that there is no such mailbox. 550 5.1.1 no such user "
        "Since 31 Dec 2025, 23:00 UTC Until 7 Jan 2026, 23:00 UTC as advice Export as CSV"
    )
    # the session, the five lists, their evidence, and the groups
    assert (calls, calls.verifying) == ({"GetItem": 2, "Query": 5, "BatchGetItem": 1}, 1)


def test_lists_without_entries_say_what_will_be_there(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    browser.get("/lists")
    assert text_of(browser.page).removeprefix(FORM) == (
        "0 entries, newest first No address is on a list. Bounces, complaints and unsubscribes are shown here as soon "
        "as a provider reports them."
    )
    assert calls == {"GetItem": 2, "Query": 5}
    browser.post("/lists", domain="", list="")
    assert text_of(browser.page).endswith("as soon as a provider reports them.")
    browser.post("/lists", domain="y.io")
    assert text_of(browser.page).endswith("No entry matches. Take a filter away, or choose other days.")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"list": "blocks"}, ["b@y.io"]),
        ({"reason": " MAILBOX full "}, ["b@y.io"]),
        ({"status": "4."}, ["b@y.io"]),
        ({"domain": "Y.io"}, ["b@y.io"]),
        ({"permanence": "soft"}, ["b@y.io"]),
        ({"classification": "Mailbox Unavailable"}, ["b@y.io"]),
        ({"from": "2026-01-01"}, ["c@x.io"]),
        ({"to": "2025-12-30"}, ["b@y.io"]),
        ({"from": "2025-12-30", "to": "2025-12-31"}, [EMAIL, "b@y.io"]),
        ({"from": "1901-01-01", "to": ""}, ["c@x.io", EMAIL, "b@y.io"]),
        ({"domain": "x.io", "status": "5"}, [EMAIL]),
        ({"domain": "", "list": ""}, ["c@x.io", EMAIL, "b@y.io"]),
    ],
)
def test_each_filter_leaves_what_it_names(
    call: Gateway, clock: Clock, fields: dict[str, str], expected: list[str]
) -> None:
    put()
    put(
        "b@y.io",
        SuppressionList.BLOCKS,
        created=clock.now - DAY - HOUR,
        reason="452 mailbox full",
        status="4.2.2",
        classification=Classification.MAILBOX_UNAVAILABLE,
        permanence=Permanence.SOFT,
    )
    put("c@x.io", SuppressionList.UNSUBSCRIBES, created=clock.now, reason="", status="")
    browser = signed_in(call)
    assert browser.post("/lists", **fields).status == 200
    assert shown(browser) == expected
    # the form is still filled in
    assert all(
        f'value="{text.strip()}"' in browser.page or f" selected>{text}" in browser.page for text in fields.values()
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"list": "nothing"}, "Must be one of: bounces, blocks,"),
        ({"domain": "not a domain"}, "Must be the domain of an email address."),
        ({"permanence": "firm"}, "Must be one of: hard, soft, undetermined."),
        ({"from": "yesterday"}, "Must be a day, such as 2026-01-31."),
        ({"to": "2026-02-30"}, "Must be a day, such as 2026-01-31."),
        ({"cursor": "made-up"}, ""),
        ({"reason": "r" * 1001}, "At most 1,000 characters."),
    ],
)
def test_a_filter_that_cannot_be_used_is_refused_in_words(
    call: Gateway, calls: Calls, fields: dict[str, str], says: str
) -> None:
    browser = signed_in(call)
    answer = browser.post("/lists", **fields)
    assert (answer.status, says in text_of(browser.page), calls) == (400, True, {"GetItem": 1})


def test_pages_follow_each_other_by_forms_and_carry_filters_and_the_count(
    call: Gateway, calls: Calls, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    for number in range(5):
        put(f"n{number}@x.io", created=clock.now - number * MINUTE)
    put("other@y.io")
    browser = signed_in(call)
    browser.post("/lists", domain="x.io", total="true")
    assert "5 entries, newest first" in text_of(browser.page)
    # the page, and the count
    assert calls == {"GetItem": 2, "Query": 10, "BatchGetItem": 1}
    seen = shown(browser)
    assert "First page" not in browser.page
    while "Next page" in browser.page:
        browser.post("/lists", **hidden(browser, "Next page"))
        assert calls == {"GetItem": 2, "Query": 5, "BatchGetItem": 1}
        assert "5 entries, newest first" in text_of(browser.page)
        seen += shown(browser)
    assert seen == [f"n{number}@x.io" for number in range(5)]
    browser.post("/lists", **hidden(browser, "First page"))
    assert shown(browser) == seen[:2]


def test_a_cursor_of_another_search_is_refused(call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 1)
    for number in range(2):
        put(f"n{number}@x.io", created=clock.now - number * MINUTE)
    browser = signed_in(call)
    browser.get("/lists")
    assert browser.post("/lists", **{**hidden(browser, "Next page"), "domain": "x.io"}).status == 400


def test_a_page_has_fifty_entries_and_no_address_in_any_link(call: Gateway) -> None:
    for number in range(51):
        put(f"n{number:02}@x.io")
    browser = signed_in(call)
    browser.get("/lists")
    assert len(shown(browser)) == 50
    assert [one for one in re.findall(r'(?:href|action)="([^"]*)"', browser.page) if "x.io" in one] == []


def test_a_row_leads_to_its_address_by_a_form(call: Gateway) -> None:
    put()
    browser = signed_in(call)
    browser.get("/lists")
    assert f'<button class="link" name="email" value="{EMAIL}">' in browser.page
    assert '<form method="post" action="/console/address">' in browser.page
    lacking = signed_in(call, scopes={*READ_ADDRESSES, *READ_LISTS} - set(READ_ADDRESSES), credential="other")
    lacking.get("/lists")
    assert (shown(lacking), '<button class="link"' in lacking.page) == ([EMAIL], False)


def test_a_link_names_a_list_and_nothing_else(call: Gateway, clock: Clock) -> None:
    group = wiring.unsubscribe_groups().create(
        context(DEMO, request_id="g", now=clock.now), GroupChanges(name="News <b>", description="d", is_default=False)
    )
    put()
    put("left@x.io", GroupList.of(group.id))
    browser = signed_in(call)
    browser.get("/lists", query={"list": group.list})
    assert shown(browser) == ["left@x.io"]
    assert f'<option value="{group.list}" selected>News &lt;b&gt;</option>' in browser.page
    assert "On the list of those who left “News <b>”." in text_of(browser.page)
    assert browser.get("/lists", query={"reason": EMAIL}).status == 400


def test_what_a_stranger_wrote_is_text_in_every_field(call: Gateway) -> None:
    odd = f'"{SCRIPT[:20]}"@x.io'
    for name in SuppressionList:
        put(odd, name, reason=SCRIPT, status=SCRIPT, provider=SCRIPT, ip=SCRIPT)
    browser = signed_in(call, organization=replace(DEMO, name=SCRIPT))
    browser.post("/lists", reason=SCRIPT, status=SCRIPT)
    assert (SCRIPT in browser.page, odd in browser.page, len(shown(browser))) == (False, False, 5)
    assert text_of(browser.page).count(SCRIPT) == 5
    browser.post("/lists", list=SCRIPT, domain=SCRIPT)
    assert SCRIPT not in browser.page


def test_a_long_text_of_a_mail_server_is_cut_in_its_row(call: Gateway) -> None:
    put(reason="r" * 5_000)
    browser = signed_in(call)
    browser.get("/lists")
    assert f"<q>{'r' * 300}…</q>" in browser.page


@pytest.mark.parametrize("name", SuppressionList)
def test_every_list_has_its_name_in_the_row_and_in_the_form(call: Gateway, name: SuppressionList) -> None:
    put(name=name)
    browser = signed_in(call)
    browser.get("/lists")
    assert text_of(browser.page).count(words.LISTS[name].name) == 2


def test_a_search_that_would_read_too_much_says_how_to_ask_for_less(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(listing._Reader.__init__.__kwdefaults__, "most", 2)
    for number in range(3):
        put(f"n{number}@x.io")
    browser = signed_in(call)
    answer = browser.post("/lists", domain="y.io")
    assert (answer.status, "choose a shorter time by From and To." in text_of(browser.page)) == (400, True)


@pytest.mark.parametrize("role", Role)
def test_the_help_desk_reads_no_lists_and_is_not_shown_a_link_to_them(call: Gateway, role: Role) -> None:
    browser = signed_in(call, role)
    may = role is not Role.HELP_DESK
    assert ('href="/console/lists"' in browser.page) is may
    assert browser.get("/lists").status == (200 if may else 403)
    assert browser.post("/lists").status == (200 if may else 403)


def test_lists_are_not_linked_without_their_scope(call: Gateway) -> None:
    browser = signed_in(call, scopes=READ_ADDRESSES)
    assert "/console/lists" not in browser.page
    assert (browser.get("/lists").status, browser.post("/lists").status) == (403, 403)
