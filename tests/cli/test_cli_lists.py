"""`reprieve lists`: a list in and out as CSV, as often as one likes."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import comparison_key
from reprieve.dialects import list_csv
from reprieve.dialects.spreadsheet import guarded, unguarded
from reprieve.policies.term import Term
from reprieve.policies.verdict import Decision, Ground, Verdict
from reprieve.refused_row import RefusedRow
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.recorded import Recorded
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from reprieve_cli import operations
from tests.cli.running import NOW, Ran
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.organization import Organization
    from tests.cli.running import Clock

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")

STAYS = Term(Verdict(Decision.STAY, Ground.WISH))
IMPORT = ("lists", "import", "acme", "bounces", "-")
SINCE = 1_767_225_600


def listed(name: SuppressionList = SuppressionList.BOUNCES) -> list[Suppression]:
    return list(wiring.listing().each(operations.find_organization("acme"), name, Selection(), now=NOW))


def test_a_file_is_imported_and_again_changes_nothing(run: Run) -> None:
    text = f"email,created,reason,status\nAnn@x.io,{SINCE},550 no such user ,5.1.1\nb@x.io,2026-01-01T00:00:01Z,,\n"
    assert run(*IMPORT, stdin=text) == Ran(0, "2 imported, 0 unchanged, 0 refused\n", "2 of 2\n")
    assert listed() == [
        Suppression(
            SuppressionList.BOUNCES,
            "b@x.io",
            "b@x.io",
            (SINCE + 1) * 1000,
            permanence=Permanence.UNDETERMINED,
            provider="import",
        ),
        Suppression(
            SuppressionList.BOUNCES,
            "ann@x.io",
            "Ann@x.io",
            SINCE * 1000,
            "550 no such user ",
            "5.1.1",
            classification=Classification.INVALID_ADDRESS,
            provider="import",
        ),
    ]
    assert run(*IMPORT, stdin=text).out == "0 imported, 2 unchanged, 0 refused\n"
    assert len(listed()) == 2


def test_rows_that_cannot_be_used_are_told_by_line_and_the_others_are_imported(run: Run) -> None:
    text = (
        "created,email,permanence,classification\n"
        f"{SINCE},a@x.io,soft,content\n"
        f"{SINCE},junk,,\n"
        f"{SINCE},A@X.io,,\n"
        "soon,c@x.io,,\n"
        f"{NOW // 1000 + 100_000},d@x.io,,\n"
        ",e@x.io,,\n"
        f"{SINCE},,,\n"
        f"{SINCE},f@x.io,medium,\n"
    )
    ran = run(*IMPORT, "--json", stdin=text)
    assert ran.code == 1
    told = json.loads(ran.out)
    assert (told["imported"], [(one["line"], one["problem"].split(":")[0]) for one in told["refused"]]) == (
        1,
        [
            (3, "email"),
            (4, "the same address as on line 2"),
            (5, "created"),
            (6, "created"),
            (7, "created"),
            (8, "email"),
            (9, "permanence"),
        ],
    )
    (entry,) = listed()
    assert (entry.permanence, entry.classification) == (Permanence.SOFT, Classification.CONTENT)


def test_rows_without_a_time_take_the_one_given(run: Run) -> None:
    assert run(*IMPORT, "--created", "2026-01-01", stdin="email\na@x.io\n").code == 0
    assert [one.created for one in listed()] == [SINCE * 1000]


def test_the_time_given_for_rows_without_one_is_not_from_the_future_either(run: Run) -> None:
    ran = run(*IMPORT, "--created", "2999-01-01", stdin="email\na@x.io\n")
    assert ran.code == 1
    assert "line 2: created: must be between 1970 and now" in ran.err
    assert listed() == []


def test_what_was_lifted_since_then_does_not_come_back(run: Run) -> None:
    text = f"email,created\na@x.io,{SINCE}\n"
    run(*IMPORT, stdin=text)
    request = RemovalRequest("r", SuppressionList.BOUNCES, "a@x.io", "a@x.io", hide=True)
    owner = operations.find_organization("acme")
    wiring.suppressions().request_removals(context(owner, credential="c", request_id="r", now=NOW), [request])
    assert run(*IMPORT, stdin=text).out == "0 imported, 1 unchanged, 0 refused\n"
    assert listed() == []


def test_what_is_older_than_the_last_delete_all_is_refused(run: Run) -> None:
    wiring.access().clear("acme", SuppressionList.BOUNCES, until=SINCE)
    ran = run(*IMPORT, stdin=f"email,created\na@x.io,{SINCE}\nb@x.io,{SINCE + 1}\n")
    assert (ran.code, ran.out) == (1, "1 imported, 0 unchanged, 1 refused\n")
    assert [one.email for one in listed()] == ["b@x.io"]


def test_only_invalid_emails_takes_what_is_no_address(run: Run) -> None:
    text = f"email,created\nno address,{SINCE}\n"
    assert run("lists", "import", "acme", "invalid_emails", "-", stdin=text).code == 0
    assert [one.email for one in listed(SuppressionList.INVALID_EMAILS)] == ["no address"]


@pytest.mark.parametrize("text", ["", "address\na@x.io\n", "email,email\na,b\n", 'email\n"a'])
def test_a_file_that_is_none_changes_nothing(run: Run, text: str) -> None:
    assert run(*IMPORT, stdin=text).code == 1
    assert listed() == []


def test_what_is_exported_is_imported_as_it_was(run: Run) -> None:
    text = f"email,created,reason\n=1+1@x.io,{SINCE},'=cmd|x\n"
    run(*IMPORT, stdin=text)
    exported = run("lists", "export", "acme", "bounces").out
    assert exported == (
        "created,email,reason,status,ip,permanence,classification,source,until,why_until,until_is_advice\n"
        f"{SINCE},'=1+1@x.io,'=cmd|x,,,undetermined,Unclassified,import,{SINCE + 86_400},"
        "The rule 'passing failure' held it for a first failure; that time is over.,true\n"
    )
    run("organizations", "create", "other")
    assert run("lists", "import", "other", "bounces", "-", stdin=exported).code == 0
    again = run("lists", "export", "other", "bounces").out
    assert again == exported


def blocked(number: int, *, at: int, reason: str = "451 later") -> Suppression:
    return Suppression(
        SuppressionList.BLOCKS, "a@x.io", "A@x.io", at, reason, "4.5.1", Permanence.SOFT, provider="sendgrid",
        event_id=f"event-{number}",
    )  # fmt: skip


def count() -> int:
    (record,) = wiring.listing().records(operations.find_organization("acme"), "a@x.io", list(SuppressionList))
    assert record.suppression is not None
    return record.suppression.count


@pytest.mark.parametrize("milliseconds", [0, 789])
def test_importing_the_export_of_the_blocks_list_counts_no_event_again(run: Run, milliseconds: int) -> None:
    owner = operations.find_organization("acme")
    events = [blocked(number, at=NOW - number * 3_600_000 + milliseconds) for number in range(1, 5)]
    wiring.suppressions().record(owner, events)
    exported = run("lists", "export", "acme", "blocks").out
    for _ in range(2):
        ran = run("lists", "import", "acme", "blocks", "-", stdin=exported)
        assert (ran.code, ran.out) == (0, "0 imported, 1 unchanged, 0 refused\n")
    assert count() == 4
    assert run("lists", "export", "acme", "blocks").out == exported


@pytest.mark.parametrize("column", ["created", "reason", "status"])
def test_a_row_that_says_anything_else_is_another_event(run: Run, column: str) -> None:
    wiring.suppressions().record(operations.find_organization("acme"), [blocked(1, at=SINCE * 1000)])
    row = {"email": "a@x.io", "created": str(SINCE), "reason": "451 later", "status": "4.5.1"}
    row[column] = {"created": str(SINCE - 1), "reason": "452 full", "status": "4.2.2"}[column]
    text = f"{','.join(row)}\n{','.join(row.values())}\n"
    assert run("lists", "import", "acme", "blocks", "-", stdin=text).out == "1 imported, 0 unchanged, 0 refused\n"
    assert count() == 2


def test_events_with_ids_of_their_own_count_each_though_they_say_the_same(run: Run) -> None:
    wiring.suppressions().record(operations.find_organization("acme"), [blocked(2, at=NOW)])
    wiring.suppressions().record(operations.find_organization("acme"), [blocked(1, at=NOW)])
    assert count() == 2


@pytest.mark.parametrize("trailing", [",,", ", ,"])
def test_a_header_may_end_in_columns_without_a_name(run: Run, trailing: str) -> None:
    text = f"email,created{trailing}\na@x.io,{SINCE},,\nb@x.io,{SINCE}\n"
    assert run(*IMPORT, stdin=text).out == "2 imported, 0 unchanged, 0 refused\n"


@pytest.mark.parametrize("line", ["sep=;\n", "SEP=;\r\n", "\ufeffsep=;\r", "sep=;;;\n"])
def test_a_first_line_that_names_the_separator_is_skipped_and_counted(run: Run, line: str) -> None:
    # by the number of commas in the header it would be another one
    text = f"{line}email;a,b,c,d;created\na@x.io;;{SINCE}\njunk;;{SINCE}\n"
    assert run(*IMPORT, stdin=text) == Ran(
        1, "1 imported, 0 unchanged, 1 refused\n", "1 of 1\nline 4: email: this is not an email address by RFC 3696\n"
    )


def test_a_reason_as_long_as_the_webhook_takes_is_exported_and_imported_whole(run: Run) -> None:
    longest = MAX_TEXT_OCTETS - len("a@x.io" + "5.1.1")
    entry = Suppression(
        SuppressionList.BOUNCES, "a@x.io", "a@x.io", SINCE * 1000, ";=" * (longest // 2), "5.1.1", provider="sendgrid"
    )
    wiring.suppressions().record(operations.find_organization("acme"), [entry])
    exported = run("lists", "export", "acme", "bounces").out
    assert run(*IMPORT, stdin=exported).out == "0 imported, 1 unchanged, 0 refused\n"
    run("organizations", "create", "other")
    run("lists", "import", "other", "bounces", "-", stdin=exported)
    assert run("lists", "export", "other", "bounces").out == exported


def test_a_row_with_more_text_than_an_event_may_have_is_refused(run: Run) -> None:
    ran = run(*IMPORT, stdin=f"email,created,reason\na@x.io,{SINCE},{'x' * MAX_TEXT_OCTETS}\n")
    assert (ran.code, ran.out) == (1, "0 imported, 0 unchanged, 1 refused\n")
    assert "line 2: email, reason, status, ip together have more than 200000 octets\n" in ran.err


def test_an_address_that_no_event_may_have_is_refused_on_the_list_that_takes_any_text(run: Run) -> None:
    text = "email,created\n" + "".join(f"{'x' * length},{SINCE}\n" for length in (320, 321))
    ran = run("lists", "import", "acme", "invalid_emails", "-", stdin=text)
    assert ran == Ran(1, "1 imported, 0 unchanged, 1 refused\n", "1 of 1\nline 3: email: at most 320 octets\n")


SIGNS = "=+-@＝＋－＠"
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(f"'\t\r\n\",;{SIGNS}"), max_size=8)


@given(texts)
def test_no_cell_can_be_taken_for_a_formula_whatever_separates_cells(text: str) -> None:
    entry = Suppression(SuppressionList.BOUNCES, "a@x.io", "a@x.io", 0, reason=text)
    (line,) = list(list_csv.write([(entry, STAYS)]))[1:]
    (cells,) = csv.reader(io.StringIO(line, newline=""))
    assert not [piece for piece in re.split("[;\t\r\n]", cells[2]) if piece[:1] and piece[0] in SIGNS]
    assert cells[2][:1] not in {"\t", "\r", "\n"}


@given(texts)
def test_what_is_guarded_is_unguarded_to_what_it_was(text: str) -> None:
    assert unguarded(str(guarded(text))) == text


@pytest.mark.parametrize("guards", ["", "'", "''"])
@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", "x;", "x\t", "x\r", "x\n", ";", "x"])
def test_every_sign_is_guarded_wherever_a_cell_may_begin_and_guards_of_the_text_stay(
    before: str, sign: str, guards: str
) -> None:
    text = f"{before}{guards}{sign}1"
    safe = text if before == "x" else f"{before}'{guards}{sign}1"
    assert (guarded(text), unguarded(safe)) == (safe, text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("＝1+1", "'＝1+1"),
        (";=1+1", ";'=1+1"),
        ("550 no; -1", "550 no; -1"),
        ("550 no;-1", "550 no;'-1"),
        ("\t=1", "'\t'=1"),
        ("'=1", "''=1"),
        ("550-5.1.1 no\r\n550 5.1.1 x", "550-5.1.1 no\r\n550 5.1.1 x"),
        ("it's", "it's"),
    ],
)
def test_only_what_begins_like_a_formula_gets_an_apostrophe(text: str, safe: str) -> None:
    assert guarded(text) == safe


@given(st.lists(st.tuples(texts, st.integers(0, NOW // 1000)), max_size=5))
def test_every_text_survives_the_way_out_and_in(pairs: list[tuple[str, int]]) -> None:
    entries = [
        Suppression(
            SuppressionList.BOUNCES,
            f"=u{number}@x.io",
            f"=u{number}@x.io",
            created * 1000,
            reason,
            provider="sendgrid",
        )
        for number, (reason, created) in enumerate(pairs)
    ]
    text = "".join(list_csv.write((entry, STAYS) for entry in entries))
    rows, refused = list_csv.read(text, suppression_list=SuppressionList.BOUNCES, created=None, now=NOW)
    assert ([row.suppression for row in rows], refused) == (entries, [])


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, Suppression] = {}

    def record(self, _: Organization, suppressions: Sequence[Suppression], *, by: str) -> Recorded:
        assert by
        fresh = {one.key: one for one in suppressions if one.key not in self.kept}
        self.kept |= fresh
        return Recorded(frozenset((one.list, one.key) for one in fresh.values()), frozenset())


@pytest.mark.slow
def test_a_hundred_thousand_rows_come_with_progress_and_their_refusals(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, told = Memory(), []
    monkeypatch.setattr(wiring, "suppressions", lambda: memory)
    text = "email,created\n" + "".join(f"u{number}@x.io,{SINCE}\n" for number in range(100_000)) + f"junk,{SINCE}\n"
    report = operations.import_list(
        "acme", SuppressionList.BOUNCES, text, progress=lambda done, total: told.append((done, total))
    )
    assert (report.imported, len(memory.kept), told[-1]) == (100_000, 100_000, (100_000, 100_000))
    assert report.refused == [RefusedRow(100_002, report.refused[0].problem)]
    assert all(entry.key == comparison_key(entry.email) for entry in memory.kept.values())
