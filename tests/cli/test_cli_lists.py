"""`reprieve lists`: a list in and out as CSV, as often as one likes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import comparison_key
from reprieve.organization import Organization
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from reprieve_cli import list_csv, lists, operations
from reprieve_cli.csv_file import Refusal
from tests.cli.running import NOW, Ran
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

IMPORT = ("lists", "import", "acme", "bounces", "-")
SINCE = 1_767_225_600


@pytest.fixture(autouse=True)
def acme(stack: dict[str, str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "WORKERS", 1)
    run("organizations", "create", "acme")


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
        "created,email,reason,status,ip,permanence,classification,source\n"
        f"{SINCE},'=1+1@x.io,'=cmd|x,,,undetermined,Unclassified,import\n"
    )
    run("organizations", "create", "other")
    assert run("lists", "import", "other", "bounces", "-", stdin=exported).code == 0
    again = run("lists", "export", "other", "bounces").out
    assert again == exported


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("'=+-@\t\r\n\",;"), max_size=8)


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
    text = "".join(list_csv.write(entries))
    rows, refused = list_csv.read(text, suppression_list=SuppressionList.BOUNCES, created=None, now=NOW)
    assert ([row.suppression for row in rows], refused) == (entries, [])


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, Suppression] = {}

    def record(self, _: Organization, suppressions: Sequence[Suppression]) -> int:
        fresh = {one.key: one for one in suppressions if one.key not in self.kept}
        self.kept |= fresh
        return len(fresh)


@pytest.mark.slow
def test_a_hundred_thousand_rows_come_with_progress_and_their_refusals(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, told = Memory(), []
    monkeypatch.setattr(wiring, "suppressions", lambda: memory)
    text = "email,created\n" + "".join(f"u{number}@x.io,{SINCE}\n" for number in range(100_000)) + f"junk,{SINCE}\n"
    owner = Organization("acme", "acme")
    report = lists.import_list(
        owner, SuppressionList.BOUNCES, text, created=None, tell=lambda done, total: told.append((done, total))
    )
    assert (report.imported, len(memory.kept), told[-1]) == (100_000, 100_000, (100_000, 100_000))
    assert report.refused == [Refusal(100_002, report.refused[0].problem)]
    assert all(entry.key == comparison_key(entry.email) for entry in memory.kept.values())
