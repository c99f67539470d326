"""`reprieve recipients`: a file in, whole or row by row, as often as one likes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.address import Address
from reprieve.dialects.recipient_csv import derived_id
from reprieve.errors import Unavailable
from reprieve.recipients import imports
from reprieve.recipients.recipient import Field
from reprieve.recipients.users import Status, Users
from reprieve.refused_row import RefusedRow
from reprieve.runtime import wiring
from reprieve.store.recipients import Recipients
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from reprieve_cli import operations
from reprieve_cli.stack import connect
from tests.cli.running import NOW, Ran
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.organization import Organization
    from reprieve.recipients.recipient import Recipient
    from tests.cli.running import Clock

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")

IMPORT = ("recipients", "import", "acme", "-")
ANN, BOB = (derived_id("acme", f"{name}@acme.example") for name in ("ann", "bob"))


class Memory:
    """Recipients in memory, for the many rows of a large file."""

    def __init__(self) -> None:
        self.kept: dict[str, Recipient] = {}

    def change(
        self, _organization: Organization, _module: str, identifier: str, to: Callable[[Recipient], Recipient]
    ) -> Recipient | None:
        if identifier not in self.kept:
            return None
        self.kept[identifier] = to(self.kept[identifier])
        return self.kept[identifier]

    def put(self, _organization: Organization, recipient: Recipient) -> None:
        self.kept[recipient.id] = recipient


def members(*emails: str) -> set[str]:
    return wiring.recipients().members(operations.find_organization("acme"), emails)


def profile(identifier: str) -> dict[str, str]:
    found = wiring.recipients().get(operations.find_organization("acme"), "users", identifier)
    assert found is not None
    return dict(found.profile)


def test_a_file_is_imported_and_its_addresses_belong_to_the_organization(run: Run) -> None:
    text = "email,secondary_email,login,first_name\nann@acme.example,Ann@home.example,ann@login.example,Ann\n"
    assert run(*IMPORT, stdin=f"{text}bob@acme.example,,,Bob\n") == Ran(
        0, "2 created, 0 updated, 0 unchanged, 0 refused\n", "2 of 2\n"
    )
    assert members("ann@acme.example", "ann@home.example", "ann@login.example", "bob@acme.example") == {
        "ann@acme.example",
        "ann@home.example",
        "bob@acme.example",
    }
    assert profile(ANN) == {"login": "ann@login.example", "firstName": "Ann"}
    assert profile(BOB) == {"login": "bob@acme.example", "firstName": "Bob"}


def test_importing_again_changes_nothing(run: Run, clock: Clock) -> None:
    text = "email,first_name\nann@acme.example,Ann\nbob@acme.example,Bob\n"
    run(*IMPORT, stdin=text)
    clock.now += 1000
    before = wiring.client("dynamodb").scan(TableName=wiring.settings.table("RECIPIENTS"))["Items"]
    assert run(*IMPORT, stdin=text).out == "0 created, 0 updated, 2 unchanged, 0 refused\n"
    assert wiring.client("dynamodb").scan(TableName=wiring.settings.table("RECIPIENTS"))["Items"] == before


def test_a_row_replaces_what_was_there_and_keeps_when_it_was_created(run: Run, clock: Clock) -> None:
    run(*IMPORT, stdin="email,secondary_email,first_name\nann@acme.example,old@home.example,Ann\n")
    clock.now += 60_000
    ran = run(*IMPORT, stdin="email,secondary_email,last_name\nANN@acme.example,new@home.example,Smith\n")
    assert ran.out == "0 created, 1 updated, 0 unchanged, 0 refused\n"
    assert json.loads(run("recipients", "list", "acme", "--json").out) == [
        {
            "id": ANN,
            "module": "users",
            "email": "ANN@acme.example",
            "secondary_email": "new@home.example",
            "profile": {"login": "ANN@acme.example", "lastName": "Smith"},
            "created": "2026-03-01T12:00:00Z",
            "updated": "2026-03-01T12:01:00Z",
        }
    ]
    assert members("old@home.example", "new@home.example") == {"new@home.example"}


def test_a_file_from_a_spreadsheet_with_a_byte_order_mark_and_crlf_is_fine(run: Run) -> None:
    text = "\ufeffE-Mail;Email;First Name\r\nx;ann@acme.example;Ann\r\n\r\nx;bob@acme.example;Bob\r\n"
    assert run(*IMPORT, stdin=text.encode()) == Ran(
        0, "2 created, 0 updated, 0 unchanged, 0 refused\n", "2 of 2\nignored columns: E-Mail\n"
    )
    assert profile(ANN) == {"login": "ann@acme.example", "firstName": "Ann"}


def test_oktas_own_template_is_fine(run: Run) -> None:
    text = "login,firstName,lastName,email,secondEmail\nann@acme.example,Ann,Smith,ann@acme.example,a@home.example\n"
    assert run(*IMPORT, stdin=text).code == 0
    assert members("a@home.example") == {"a@home.example"}
    assert profile(ANN) == {"login": "ann@acme.example", "firstName": "Ann", "lastName": "Smith"}


def test_refused_rows_are_told_by_line_and_never_quoted_and_the_rest_is_imported(run: Run) -> None:
    lines = [
        "id,email,secondary_email,first_name,country_code",
        ",ann@acme.example,,Ann,",
        ",not-an-address,,,",
        ",,,Nobody,",
        ',"bob@acme.example",,"Bob\nthe builder",',
        ",ANN@acme.example,,,",
        ",cy@acme.example,nonsense,,",
        "a-b,dan@acme.example,,,",
        ",eve@acme.example,,,,surplus",
        ",fay@acme.example,,,Germany",
        "00u1,ann@acme.example,,,",
        "00u2,gus@acme.example,,,",
        "00u2,hal@acme.example,,,",
    ]
    assert run(*IMPORT, stdin="\n".join(lines)) == Ran(
        1,
        "3 created, 0 updated, 0 unchanged, 9 refused\n",
        "3 of 3\n"
        "line 3: email: this is not an email address by RFC 3696\n"
        "line 4: email: missing\n"
        "line 7: the same recipient as on line 2\n"
        "line 8: secondary_email: this is not an email address by RFC 3696\n"
        "line 9: id: up to 64 letters and digits\n"
        "line 10: more values than columns\n"
        "line 11: countryCode: at most 2 characters\n"
        "line 12: the same login as on line 2\n"
        "line 14: the same recipient as on line 13\n",
    )
    assert members("ann@acme.example", "bob@acme.example", "gus@acme.example", "cy@acme.example") == {
        "ann@acme.example",
        "bob@acme.example",
        "gus@acme.example",
    }


def test_json_tells_every_refused_row(run: Run) -> None:
    text = "email,color\n" + "bad,red\n" * 30
    ran = run(*IMPORT, "--json", stdin=text)
    assert (ran.code, ran.err) == (1, "")
    assert json.loads(ran.out) == {
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "refused": [
            {"line": line, "problem": "email: this is not an email address by RFC 3696"} for line in range(2, 32)
        ],
        "ignored_columns": ["color"],
    }
    assert run(*IMPORT, stdin=text).err.splitlines()[-1] == "and 10 more; --json has all of them"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file: empty; its first line must name the columns"),
        (b"\n\r\n", "the file: empty; its first line must name the columns"),
        (b"ann@acme.example\n", "line 1: the first line must name the columns, and one of them `email`"),
        (b"email,first_name,firstName\n", "line 1: two columns of one name"),
        (b"\xff\xfee\x00", "line 1: not valid UTF-8; save the file as CSV UTF-8"),
        (b"email,city\nann@acme.example,K\xf6ln\n", "line 2: not valid UTF-8; save the file as CSV UTF-8"),
        (b'email\nann@acme.example\n"bob@acme.example\n', "line 3: not valid CSV: unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_read_imports_nothing(run: Run, content: bytes, sentence: str) -> None:
    assert run(*IMPORT, stdin=content) == Ran(1, "", f"Error: {sentence}\n")
    assert run("recipients", "list", "acme", "--json") == Ran(0, "[]\n")


def test_a_file_that_is_not_there_is_a_usage_error(run: Run) -> None:
    assert run("recipients", "import", "acme", "nowhere.csv").code == 2


@pytest.mark.slow
def test_ten_thousand_rows_show_progress(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    monkeypatch.setattr(wiring, "recipients", lambda: memory)
    monkeypatch.setattr(imports, "WORKERS", 8)
    text = "email\n" + "".join(f"user{number}@acme.example\n" for number in range(10_000))
    told = "".join(f"{done} of 10000\n" for done in range(1000, 10_001, 1000))
    assert run(*IMPORT, stdin=text) == Ran(0, "10000 created, 0 updated, 0 unchanged, 0 refused\n", told)
    assert len(memory.kept) == 10_000
    assert run(*IMPORT, stdin=text) == Ran(0, "0 created, 0 updated, 10000 unchanged, 0 refused\n", told)


def test_a_store_that_fails_midway_says_that_importing_again_is_safe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()

    def put(organization: Organization, recipient: Recipient) -> None:
        if len(memory.kept) == 150:
            raise Unavailable("the store did not answer put_item")
        memory.kept[recipient.id] = recipient

    monkeypatch.setattr(memory, "put", put)
    monkeypatch.setattr(wiring, "recipients", lambda: memory)
    text = "email\n" + "".join(f"user{number}@acme.example\n" for number in range(300))
    assert run(*IMPORT, stdin=text) == Ran(
        1,
        "",
        "Error: the store did not answer put_item; what was imported stays, and importing the file again is safe\n",
    )
    monkeypatch.setattr(memory, "put", Memory.put.__get__(memory))
    assert run(*IMPORT, stdin=text).out == "150 created, 0 updated, 150 unchanged, 0 refused\n"


def test_a_user_of_the_api_is_met_again_by_login_and_stays_deactivated(run: Run) -> None:
    connect()
    organization = operations.find_organization("acme")

    def edit(blank: Recipient) -> Recipient:
        email = Address.parse("ann@acme.example")
        return type(blank)(blank.id, blank.module, email, None, NOW, NOW, {"login": "ann@acme.example"})

    users = Users(wiring.recipients(), wiring.event_log())
    made = users.create(context(organization, now=NOW), edit, status=Status.ACTIVE)
    users.deactivate(context(organization, now=NOW), made.id)
    ran = run(*IMPORT, stdin="email,first_name\nann@acme.example,Ann\n")
    assert (ran.code, ran.out) == (0, "0 created, 1 updated, 0 unchanged, 0 refused\n")
    assert profile(made.id) == {"login": "ann@acme.example", "firstName": "Ann", "status": "DEPROVISIONED"}


def test_a_user_who_is_deactivated_during_an_import_stays_deactivated(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*IMPORT, stdin="email\nann@acme.example\n")
    organization = operations.find_organization("acme")
    write = Recipients._write

    def overtaken(self: Recipients, *arguments: Any, **named: Any) -> bool:
        monkeypatch.setattr(Recipients, "_write", write)
        Users(self, wiring.event_log()).deactivate(context(organization, now=NOW), ANN)
        return write(self, *arguments, **named)

    monkeypatch.setattr(Recipients, "_write", overtaken)
    assert run(*IMPORT, stdin="email,first_name\nann@acme.example,Ann\n").code == 0
    assert profile(ANN) == {"login": "ann@acme.example", "firstName": "Ann", "status": "DEPROVISIONED"}


def test_a_login_that_another_id_has_is_refused(run: Run) -> None:
    run(*IMPORT, stdin="email\nann@acme.example\n")
    assert run(*IMPORT, stdin="id,email\n00u9,ann@acme.example\n") == Ran(
        1,
        "0 created, 0 updated, 0 unchanged, 1 refused\n",
        "1 of 1\nline 2: another recipient has this login\n",
    )


def test_a_module_of_the_crm_keeps_every_column_and_gives_digits_for_ids(run: Run) -> None:
    text = "Email,Secondary_Email,Last_Name\nann@acme.example,ann@home.example,Smith\n"
    assert run(*IMPORT, "--module", "Leads", stdin=text).code == 0
    (lead,) = json.loads(run("recipients", "list", "acme", "--module", "Leads", "--json").out)
    assert lead["id"] == derived_id("acme", "ann@acme.example", module="Leads")
    assert (len(lead["id"]), lead["id"].isdigit()) == (19, True)
    assert (lead["secondary_email"], lead["profile"]) == ("ann@home.example", {"Last_Name": "Smith"})
    assert run("recipients", "list", "acme", "--json") == Ran(0, "[]\n")


@pytest.mark.parametrize("module", ["", "a#b", "1st"])
def test_a_module_has_a_name_that_a_key_can_hold(run: Run, module: str) -> None:
    assert run(*IMPORT, "--module", module, stdin="email\n") == Ran(
        1, "", "Error: module: letters, digits and underscores, beginning with a letter\n"
    )


def test_derived_ids_are_stable_and_differ_between_organizations() -> None:
    assert derived_id("acme", "ann@acme.example") == "00uPeM9AO0whotDfcIbj"
    assert derived_id("other", "ann@acme.example") != ANN
    assert len(ANN) == 20


def test_the_list_goes_on_from_where_it_stopped(run: Run) -> None:
    run(*IMPORT, stdin="id,email\n00u1,ann@acme.example\n00u2,bob@acme.example\n00u3,cy@acme.example\n")
    assert run("recipients", "list", "acme", "--limit", "2") == Ran(
        0,
        "ID    EMAIL             SECONDARY EMAIL\n00u1  ann@acme.example  -\n00u2  bob@acme.example  -\n",
        "There are more: --after 00u2\n",
    )
    assert run("recipients", "list", "acme", "--limit", "2", "--after", "00u2") == Ran(
        0, "ID    EMAIL            SECONDARY EMAIL\n00u3  cy@acme.example  -\n"
    )
    assert run("recipients", "list", "acme", "--after", "00u3") == Ran(0, "No more recipients.\n")


def test_a_deleted_recipient_belongs_no_more(run: Run) -> None:
    run(*IMPORT, stdin="id,email\n00u1,ann@acme.example\n")
    assert run("recipients", "delete", "acme", "00u1") == Ran(0, "Deleted 00u1.\n")
    assert members("ann@acme.example") == set()
    assert run("recipients", "delete", "acme", "00u1") == Ran(1, "", "Error: no recipient '00u1'\n")
    assert run("recipients", "list", "acme") == Ran(0, "No recipients.\n")


@pytest.mark.parametrize("arguments", [["import", "nobody", "-"], ["list", "nobody"], ["delete", "nobody", "00u1"]])
def test_an_organization_that_is_not_there_is_named(run: Run, arguments: list[str]) -> None:
    ran = run("recipients", *arguments, stdin="email\n")
    assert (ran.code, ran.out, ran.err.replace("'", "")) == (1, "", "Error: no organization nobody\n")


def test_programs_import_text_without_a_shell() -> None:
    connect()
    told: list[tuple[int, int]] = []
    report = operations.import_recipients(
        "acme", "\ufeffemail,first_name\nann@acme.example,Ann\nbad,\n", progress=lambda *step: told.append(step)
    )
    assert report == imports.ImportReport(
        created=1,
        updated=0,
        unchanged=0,
        refused=[RefusedRow(3, "email: this is not an email address by RFC 3696")],
        ignored=[],
    )
    assert told == [(1, 1)]


def test_an_operator_resets_how_often_an_address_was_unblocked(run: Run) -> None:
    acme_organization = operations.find_organization("acme")
    one = Suppression(SuppressionList.BOUNCES, "ann@acme.example", "ann@acme.example", 1, permanence=Permanence.SOFT)
    wiring.suppressions().record(acme_organization, [one])
    run("recipients", "import", "acme", "-", stdin="email\nann@acme.example\n")

    def left() -> int:
        return service.suppressions.block_states(acme_organization, ["ann@acme.example"], now=NOW)[
            "ann@acme.example"
        ].remaining

    service = wiring.unblocks()
    (identifier,) = [derived_id("acme", "ann@acme.example")]
    service.request(context(acme_organization, now=NOW), "users", [identifier], [Field.EMAIL])
    assert left() == 4
    assert run("recipients", "reset-unblocks", "acme", "Ann@acme.example").out == (
        "It had been unblocked 1 times; it can be unblocked 5 more times.\n"
    )
    assert left() == 5
