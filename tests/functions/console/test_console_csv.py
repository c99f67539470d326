"""Lists out and in as CSV: in parts that fit, without formulas, and with a result for each row."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from reprieve import answer_size
from reprieve.address import comparison_key
from reprieve.clock import DAY, HOUR, MINUTE, Millis
from reprieve.dialects.console import export, imports
from reprieve.dialects.console.session import MAX_FIELDS
from reprieve.dialects.console.site import IMPORT, READ_ADDRESSES, READ_LISTS
from reprieve.dialects.list_csv import COLUMNS, LIST, TERM
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.group import GroupChanges
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Suppression, SuppressionList
from reprieve.system_log.entry import EventType
from tests.support.console import logged, signed_in, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Answer, Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
BOUNCES = SuppressionList.BOUNCES


def put(email: str, name: Any = BOUNCES, *, age: int = HOUR, **more: Any) -> None:
    one = Suppression(name, comparison_key(email), email, Millis(wiring.now() - age), provider="sendgrid", **more)
    wiring.suppressions().record(DEMO, [one])


def hidden(browser: Browser, button: str) -> dict[str, str]:
    """What the form with a button carries, but for its proof."""
    (form,) = [one for one in re.findall(r"<form.*?</form>", browser.page, re.DOTALL) if f">{button}</button>" in one]
    found = re.findall(r'name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found if name != "proof"}


def exported(browser: Browser) -> Answer:
    """The file of the first part of everything."""
    browser.post("/lists/export")
    return browser.post("/lists/file", **hidden(browser, "Download as CSV"))


def rows(answer: Answer) -> list[dict[str, str]]:
    assert answer.status == 200
    return list(csv.DictReader(io.StringIO(answer.body, newline="")))


def on_list(name: Any = BOUNCES) -> dict[str, Suppression]:
    return {one.email: one for one in wiring.listing().each(DEMO, name, Selection(), now=wiring.now())}


# ---------------------------------------------------------------- out


def test_an_export_says_what_is_in_it_and_its_file_has_that(call: Gateway, calls: Calls, clock: Clock) -> None:
    put("a@x.io", reason="550 no such user", status="5.1.1")
    put("b@x.io", SuppressionList.BLOCKS, age=MINUTE)
    put("c@y.io")
    browser = signed_in(call)
    browser.post("/lists", domain="x.io")
    assert browser.post("/lists/export", **hidden(browser, "Export as CSV")).status == 200
    assert calls == {"GetItem": 1, "Query": 5}
    assert text_of(browser.page) == (
        "Export Entries 1 to 2 They were put on their lists from 31 Dec 2025, 23:00 UTC to 31 Dec 2025, 23:59 UTC . "
        "This is all of it. Download as CSV Back to the lists The file is in UTF-8. Where a spreadsheet would see the "
        "beginning of a formula, there is an apostrophe, which an import takes away again."
    )
    answer = browser.post("/lists/file", **hidden(browser, "Download as CSV"))
    assert calls == {"GetItem": 1, "Query": 5, "BatchGetItem": 1}
    assert answer.headers["content-type"] == ["text/csv; charset=utf-8"]
    assert answer.headers["content-disposition"] == ['attachment; filename="suppressions-2026-01-01-from-1.csv"']
    found = rows(answer)
    assert tuple(found[0]) == (*COLUMNS, *TERM, LIST)
    assert [(one["email"], one["list"], one["created"]) for one in found] == [
        ("b@x.io", "blocks", str(clock.now // 1000 - 60)),
        ("a@x.io", "bounces", str(clock.now // 1000 - 3600)),
    ]
    assert (found[1]["reason"], found[1]["status"], found[1]["source"]) == ("550 no such user", "5.1.1", "sendgrid")


def test_no_cell_of_a_file_is_a_formula(call: Gateway) -> None:
    put("a@x.io", reason='=HYPERLINK("http://x.example")', status="+1", ip="@x")
    browser = signed_in(call)
    (found,) = rows(exported(browser))
    assert (found["reason"], found["status"], found["ip"]) == ('\'=HYPERLINK("http://x.example")', "'+1", "'@x")


def test_parts_follow_each_other_without_a_gap_and_are_numbered(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS", 2)
    for number in range(5):
        put(f"n{number}@x.io", age=number * MINUTE)
    browser = signed_in(call)
    browser.post("/lists/export", total="true", domain="x.io")
    said, seen, names = [], [], []
    while True:
        said.append(text_of(browser.page))
        page = browser.page
        answer = browser.post("/lists/file", **hidden(browser, "Download as CSV"))
        seen += [one["email"] for one in rows(answer)]
        names += answer.headers["content-disposition"]
        browser.page = page
        if "Next part" not in page:
            break
        browser.post("/lists/export", **hidden(browser, "Next part"))
    assert seen == [f"n{number}@x.io" for number in range(5)]
    assert [re.findall(r"Entries (\d to \d)", one)[0] for one in said] == ["1 to 2", "3 to 4", "5 to 5"]
    assert ["go on to the next." in one for one in said] == [True, True, False]
    assert "This is the last part." in said[-1]
    assert [one[-8:] for one in names] == ['m-1.csv"', 'm-3.csv"', 'm-5.csv"']


def test_what_comes_onto_a_list_between_a_page_and_its_file_pushes_nothing_out_of_all_files(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS", 2)
    for number in range(4):
        put(f"n{number}@x.io", age=number * MINUTE)
    browser = signed_in(call)
    browser.post("/lists/export")
    seen = []
    for age, meanwhile in ((-MINUTE, "newer@x.io"), (2 * MINUTE + 1000, "between@x.io")):
        put(meanwhile, age=age)
        page = browser.page
        seen.append([one["email"] for one in rows(browser.post("/lists/file", **hidden(browser, "Download as CSV")))])
        browser.page = page
        if "Next part" in page:
            browser.post("/lists/export", **hidden(browser, "Next part"))
    # a part ends with its last entry, and begins with its first or behind the part before
    assert seen == [["n0@x.io", "n1@x.io"], ["n2@x.io", "between@x.io", "n3@x.io"]]


def test_a_file_leaves_out_what_left_its_list_and_takes_nothing_of_the_next_part_instead(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS", 2)
    for number in range(4):
        put(f"n{number}@x.io")
    browser = signed_in(call)
    browser.post("/lists/export")
    file = hidden(browser, "Download as CSV")
    assert browser.post("/lifts", email="n0@x.io", list="bounces").status == 303
    assert [one["email"] for one in rows(browser.post("/lists/file", **file))] == ["n1@x.io"]


def test_a_part_that_has_grown_too_much_is_refused_and_not_cut(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS", 2)
    monkeypatch.setattr(export, "ARRIVED", 1)
    put("a@x.io", age=MINUTE)
    put("d@x.io", age=HOUR)
    put("e@x.io", age=DAY)
    browser = signed_in(call)
    browser.post("/lists/export")
    file = hidden(browser, "Download as CSV")
    put("b@x.io", age=2 * MINUTE)
    assert [one["email"] for one in rows(browser.post("/lists/file", **file))] == ["a@x.io", "b@x.io", "d@x.io"]
    put("c@x.io", age=3 * MINUTE)
    answer = browser.post("/lists/file", **file)
    says = "Too much has come onto the lists since this part was made; export again."
    assert (answer.status, says in text_of(browser.page)) == (409, True)
    monkeypatch.setattr(export, "ARRIVED", 9)
    monkeypatch.setattr(answer_size, "MAX_BODY", 3 * export.ROOM)
    assert browser.post("/lists/file", **file).status == 409


def test_a_part_ends_where_an_answer_would_be_too_large(call: Gateway) -> None:
    # what takes most in an answer: each sign as four bytes, and twice in CSV
    for number in range(700):
        put(f"n{number}@x.io", age=number * MINUTE, reason='"' * 1_500)
    browser = signed_in(call)
    browser.post("/lists/export")
    assert "go on to the next." in text_of(browser.page)
    answer = browser.post("/lists/file", **hidden(browser, "Download as CSV"))
    assert 500 < len(rows(answer)) < 700
    assert answer_size.of_body(answer.body) < answer_size.MAX_BODY


def test_what_is_alone_too_large_is_still_a_part() -> None:
    one = Suppression(BOUNCES, "a@x.io", "a@x.io", Millis(1), "r" * 6_000)
    assert list(export.fitting([one] * 2)) == [one] * 2
    assert len(export.fitting([one] * 5_000)) < 1_000


def test_an_export_of_nothing_is_refused_in_words(call: Gateway) -> None:
    browser = signed_in(call)
    answer = browser.post("/lists/export", domain="y.io")
    assert (answer.status, "No entry matches, so there is nothing to export." in text_of(browser.page)) == (400, True)
    assert browser.post("/lists/export", first="0").status == 400


@pytest.mark.parametrize("role", Role)
def test_a_role_exports_what_it_reads_and_imports_where_it_changes(call: Gateway, role: Role) -> None:
    put("a@x.io")
    browser = signed_in(call, role)
    reads, changes = role is not Role.HELP_DESK, role is Role.ADMIN
    browser.get("/lists")
    assert ("Export as CSV" in browser.page, "/console/lists/import" in browser.page) == (reads, changes)
    assert browser.post("/lists/export").status == (200 if reads else 403)
    # a file is of a part
    assert browser.post("/lists/file").status == (400 if reads else 403)
    assert browser.get("/lists/import").status == (200 if changes else 403)
    assert browser.upload("/lists/import", b"email\nb@x.io\n", list="bounces").status == (200 if changes else 403)


# ---------------------------------------------------------------- in


def test_the_form_of_an_import_has_every_list(call: Gateway, calls: Calls, clock: Clock) -> None:
    wiring.unsubscribe_groups().create(
        context(DEMO, request_id="g", now=clock.now), GroupChanges(name="News <b>", description="d", is_default=False)
    )
    browser = signed_in(call)
    browser.get("/lists/import")
    assert text_of(browser.page) == (
        "Put addresses on a list Onto the bounce list block list list of invalid addresses list of spam reports list "
        "of unsubscribes list of those who left “News <b>” CSV file At most 1,000 rows. The first line names the "
        "columns: created, email, reason, status, ip, permanence, classification, source. Only email must be there. On "
        "the list since For rows without a time of their own, the day in UTC. Without one: from now on. No mail goes "
        "to these addresses from then on. What is there already, or was lifted since, changes nothing, so a file can "
        "be imported again. The provider's lists are not changed. Import Back to the lists"
    )
    assert calls == {"GetItem": 2}


def test_an_import_says_what_became_of_each_row_and_is_logged_with_the_viewer(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    put("old@x.io")
    browser = signed_in(call)
    file = (
        "email;created;reason\r\na@x.io;2025-12-30;550 5.1.1 é\r\nb@x.io;;\r\nold@x.io;2025-12-31T23:00:00Z;\r\n"
        f"{SCRIPT};;\r\nA@X.io;;\r\n"
    )
    assert browser.upload("/lists/import", file.encode(), list="bounces").status == 200
    # the session, the groups and the whitelist; the new rows and the log; the one that is known
    assert calls == {"GetItem": 3, "BatchExecuteStatement": 2, "BatchGetItem": 1}
    said = text_of(browser.page)
    assert said.startswith(
        "Put addresses on a list Imported onto the bounce list 2 rows changed the list. 1 changed nothing; 2 were left "
        "out. Left out Line 5: "
    )
    assert "Line 6: the same address as on line 2" in said
    assert SCRIPT not in browser.page
    found = on_list()
    assert sorted(found) == ["a@x.io", "b@x.io", "old@x.io"]
    assert (found["a@x.io"].reason, found["a@x.io"].provider) == ("550 5.1.1 é", "import")
    assert found["b@x.io"].created == clock.now
    (entry,) = logged(EventType.SUPPRESSION_ADD)
    assert (entry["actor"]["id"], entry["target"][0]["displayName"]) == ("desk-1", "a@x.io, b@x.io")
    assert browser.upload("/lists/import", file.encode(), list="bounces").status == 200
    assert "0 rows changed the list. 3 changed nothing; 2 were left out." in text_of(browser.page)


def test_rows_without_a_time_count_from_the_day_of_the_form(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call)
    assert browser.upload("/lists/import", b"email\na@x.io\n", list="blocks", created="2025-12-24").status == 200
    assert "1 row changed the list. 0 changed nothing; 0 were left out." in text_of(browser.page)
    assert on_list(SuppressionList.BLOCKS)["a@x.io"].created == clock.now - 8 * DAY


def test_what_was_exported_is_imported_as_it_was(call: Gateway) -> None:
    put("a@x.io", reason="=1+1", status="5.1.1")
    before = on_list()
    browser = signed_in(call)
    file = exported(browser).body
    assert browser.upload("/lists/import", file.encode(), list="unsubscribes").status == 200
    after = on_list(SuppressionList.UNSUBSCRIBES)
    assert [(one.reason, one.created) for one in after.values()] == [
        (one.reason, one.created) for one in before.values()
    ]


def test_as_many_rows_as_may_be_take_a_known_number_of_calls(call: Gateway, calls: Calls) -> None:
    file = "email\n" + "".join(f"n{number}@x.io\n" for number in range(imports.MAX_ROWS))
    browser = signed_in(call)
    assert browser.upload("/lists/import", file.encode(), list="bounces").status == 200
    assert "1,000 rows changed the list." in text_of(browser.page)
    # 25 rows per call, and the entries of four groups of 250
    assert calls == {"GetItem": 3, "BatchExecuteStatement": 40 + 4}


@pytest.mark.parametrize(
    ("file", "fields", "says"),
    [
        (b"email\na@x.io\n", {"list": "holds"}, "There is no such list."),
        (b"email\na@x.io\n", {}, "Fill this in."),
        (b"email\na@x.io\n", {"list": "bounces", "created": "soon"}, "Must be a day, such as 2026-01-31."),
        (b"email\na@x.io\n", {"list": "group-7"}, "List: There is no group 7."),
        (b"", {"list": "bounces"}, "Choose a file that is not empty."),
        (
            b"name\nAnn\n",
            {"list": "bounces"},
            "The first line: must name the columns, each once, and one of them `email`.",
        ),
        (b"email\n", {"list": "bounces"}, "There is no row below the first line."),
        (b"email\na@x.io\n\xff@x.io\n", {"list": "bounces"}, "Line 3: not valid UTF-8; save the file as CSV UTF-8."),
        (b"email\n" + b"a@x.io\n" * 1_001, {"list": "bounces"}, "At most 1,000 rows at a time."),
        # what comes behind one row too many is not looked at
        (b"email\n" + b"a\n" * 1_001 + b'"never closed', {"list": "bounces"}, "At most 1,000 rows at a time."),
        (b"email\n" + b"a" * 2_000_000, {"list": "bounces"}, "The form has more than 2,000,000 bytes."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words_and_nothing_is_imported(
    call: Gateway, file: bytes, fields: dict[str, str], says: str
) -> None:
    browser = signed_in(call)
    answer = browser.upload("/lists/import", file, **fields)
    assert (answer.status in {400, 404}, says in text_of(browser.page), on_list()) == (True, True, {})


def test_an_import_needs_its_proof_and_its_scope(call: Gateway) -> None:
    browser = signed_in(call)
    browser.proof = "1"
    answer = browser.upload("/lists/import", b"email\na@x.io\n", list="bounces")
    assert (answer.status, "this form is of another session" in text_of(browser.page)) == (403, True)
    reader = signed_in(call, scopes={*READ_ADDRESSES, *READ_LISTS}, credential="reader")
    reader.get("/lists")
    assert IMPORT[0] not in reader.page
    assert "/console/lists/import" not in reader.page
    assert reader.upload("/lists/import", b"email\na@x.io\n", list="bounces").status == 403
    assert on_list() == {}


def test_a_form_in_parts_that_cannot_be_read_is_refused(call: Gateway) -> None:
    browser = signed_in(call)
    many = {f"field{number}": "1" for number in range(MAX_FIELDS)}
    assert browser.upload("/lists/import", b"email\na@x.io\n", list="bounces", **many).status == 400
    assert browser.upload("/address", b"", email="a@x.io").status == 200
