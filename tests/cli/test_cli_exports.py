"""`reprieve export` and `reprieve import`: an organization out of a stack and into one, as files."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.errors import Unavailable
from reprieve.exports.kinds import Kind
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.store.organization_rows import OrganizationRows
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import exports, operations, output
from tests.cli.running import NOW, Ran
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.running import Clock

    Run = Callable[..., Ran]

KEY_LEFT_OUT = "the API key of the provider account (sendgrid)"
FILES = [*(f"{kind}.jsonl" for kind in Kind), "manifest.json"]


@pytest.fixture(autouse=True)
def acme(stack: dict[str, str], run: Run, ids: None, clock: Clock) -> None:
    run("organizations", "create", "acme", "--name", "Acme Inc.", "--shards", "2")
    run("credentials", "issue", "acme", "--name", "admin", "--dialect", "okta")
    run("providers", "set", "acme", "--kind", "sendgrid", "--key-stdin", stdin="SG.key")
    run("recipients", "import", "acme", "-", stdin="email,login\nann@x.io,ann@x.io\nbob@x.io,bob@x.io\n")
    run("lists", "import", "acme", "bounces", "-", stdin="email,created\nann@x.io,1767225600\ncem@x.io,1767225601\n")
    requests = [RemovalRequest("q1-0", SuppressionList.BOUNCES, "ann@x.io", "ann@x.io", hide=True)]
    owner = operations.find_organization("acme")
    wiring.suppressions().request_removals(context(owner, now=NOW, request_id="q1"), requests)


@pytest.fixture
def exported(run: Run, tmp_path: Path) -> Path:
    assert run("export", "acme", str(tmp_path / "acme")).code == 0
    return tmp_path / "acme"


def forget(run: Run, organization: str = "acme") -> None:
    """Delete everything of an organization, as if it were on another stack."""
    owner = operations.find_organization(organization)
    stored = wiring.organization_rows()
    for kind in Kind:
        stored.remove(owner, kind, list(stored.rows(owner, kind, now=NOW)))


def logged(run: Run) -> list[str]:
    return [json.loads(line)["eventType"] for line in run("logs", "acme", "--json").out.splitlines()]


def table(added: dict[str, int], unchanged: dict[str, int] | None = None) -> str:
    rows = [f"{kind:16}  {added.get(kind, 0)!s:5}  {(unchanged or {}).get(kind, 0)!s:9}  0".rstrip() for kind in Kind]
    return "\n".join(["KIND              ADDED  UNCHANGED  REMOVED", *rows, ""])


WHOLE = {
    "requests": 1,
    "suppressions": 2,
    "recipients": 2,
    "system_log": 7,
    "provider_account": 1,
    "credentials": 1,
    "organization": 1,
}


def test_an_export_is_a_file_a_kind_that_only_its_owner_may_read(run: Run, tmp_path: Path) -> None:
    done = run("export", "acme", str(tmp_path / "deep" / "acme"))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "KIND              ROWS",
        *(f"{kind:16}  {WHOLE.get(kind, 0)}" for kind in Kind),
        f"left out: {KEY_LEFT_OUT}",
    ]
    files = sorted((tmp_path / "deep" / "acme").iterdir())
    assert [file.name for file in files] == sorted(FILES)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (tmp_path / "deep" / "acme").stat().st_mode & 0o777 == 0o700
    assert all(b"SG.key" not in file.read_bytes() for file in files)
    assert json.loads((tmp_path / "deep" / "acme" / "organization.jsonl").read_bytes()) == {
        "name": "Acme Inc.",
        "membership": "recipients",
        "shards": 2,
        "created": NOW,
        "soft_bounce_threshold": 5,
        "help_desk_lifts": 50,
        "purge_enabled": False,
        "provider_name": "Sendgrid",
    }


def test_on_a_terminal_progress_is_shown_in_place_and_gone_at_the_end(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "watched", lambda: True)
    # what stands in for a terminal here drops the sequences that clear a line
    done = run("export", "acme", str(tmp_path / "acme"))
    assert done.err == "".join(f"\r{kind}: {WHOLE.get(kind, 0)} exported" for kind in Kind) + "\r"
    (tmp_path / "acme" / "whitelist.jsonl").unlink()
    done = run("import", str(tmp_path / "acme"))
    assert done.err == (
        "\rwhitelist.jsonl: No such file or directory\nError: the export cannot be used; nothing was changed\n"
    )


def test_an_export_is_logged_before_anything_is_read(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise Unavailable("the store did not answer query")

    monkeypatch.setattr(OrganizationRows, "rows", refuse)
    done = run("export", "acme", str(tmp_path / "acme"))
    assert done == Ran(1, "", "Error: the store did not answer query\n")
    assert "reprieve.organization.export" in logged(run)
    assert run("import", str(tmp_path / "acme")).err == (
        f"Error: {tmp_path / 'acme' / 'manifest.json'}: not there, so this is not an export, "
        "or one that was cut short\n"
    )


def test_an_import_on_an_empty_stack_brings_everything_back(run: Run, exported: Path, tmp_path: Path) -> None:
    forget(run)
    done = run("import", str(exported))
    assert done == Ran(
        0, table(WHOLE) + f"left to do: set {KEY_LEFT_OUT}: reprieve providers set acme --kind sendgrid\n", ""
    )
    assert run("providers", "set", "acme", "--key-stdin", stdin="SG.new").code == 0
    assert "is paused" not in run("status", "acme").out
    again = tmp_path / "again"
    run("export", "acme", str(again))
    for name in set(FILES) - {"manifest.json", "system_log.jsonl"}:
        assert (again / name).read_bytes() == (exported / name).read_bytes()
    before, after = ((place / "system_log.jsonl").read_bytes().splitlines() for place in (exported, again))
    assert set(before) <= set(after)
    assert len(after) == len(before) + 3


def test_an_import_under_another_id_has_a_name_of_its_own_and_no_credentials(run: Run, exported: Path) -> None:
    done = run("import", str(exported), "--as", "acme2", "--name", "Second", "--json")
    assert json.loads(done.out) == {
        "organization": "acme2",
        "rows": {
            kind: {"added": 0 if kind == "credentials" else WHOLE.get(kind, 0), "unchanged": 0, "removed": 0}
            for kind in Kind
        },
        "left_out": [],
        "left_to_do": [
            f"set {KEY_LEFT_OUT}: reprieve providers set acme2 --kind sendgrid",
            "issue new credentials: the tokens of 1 name acme",
        ],
    }
    assert operations.find_organization("acme2").name == "Second"
    assert (
        run("lists", "show", "acme2", "bounces", "--json").out == run("lists", "show", "acme", "bounces", "--json").out
    )
    assert run("removals", "acme2").out == run("removals", "acme").out


def test_an_import_of_an_organization_that_exists_is_refused_and_changes_nothing(
    run: Run, exported: Path, tmp_path: Path
) -> None:
    assert run("import", str(exported)) == Ran(1, "", "Error: the organization acme exists already\n")
    assert run("import", str(exported), "--overwrite") == Ran(
        2,
        "",
        "Usage: reprieve import [OPTIONS] DIR\nTry 'reprieve import -h' for help.\n\n"
        "Error: this replaces what acme has: confirm it with --yes\n",
    )


def test_at_a_terminal_an_organization_is_overwritten_only_after_a_yes(
    run: Run, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "interactive", lambda: True)
    monkeypatch.setattr(wiring, "wait", lambda _: None)
    ran = run("import", str(exported), "--overwrite", stdin="n\n")
    assert ran.code == 1
    assert ran.err.startswith("This replaces what acme has. Go on? [y/N]:")
    assert "reprieve.organization.replace" not in logged(run)
    assert run("import", str(exported), "--overwrite", stdin="y\n").code == 0
    assert "reprieve.organization.replace" in logged(run)


def test_overwriting_puts_the_organization_out_of_reach_until_no_request_is_under_way(
    run: Run, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(wiring, "wait", lambda duration: seen.append((duration, wiring.access().organization("acme"))))
    run("lists", "import", "acme", "blocks", "-", stdin="email,created\ndee@x.io,1767225600\n")
    done = run("import", str(exported), "--overwrite", "--yes", "--json")
    assert seen == [(30_000, None)]
    counts = json.loads(done.out)["rows"]
    assert counts["suppressions"] == {"added": 0, "unchanged": 2, "removed": 1}
    assert counts["organization"] == {"added": 1, "unchanged": 0, "removed": 0}
    assert json.loads(done.out)["left_to_do"] == []
    assert run("lists", "show", "acme", "blocks").out == "The list is empty.\n"
    assert {*logged(run)} >= {f"reprieve.organization.{word}" for word in ("export", "replace", "import")}


def test_a_check_says_what_would_remain_to_be_done_and_connects_to_nothing(
    run: Run, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRIEVE_STACK", "nowhere")
    assert run("import", str(exported), "--check").out.splitlines() == [
        "KIND              ROWS",
        *(f"{kind:16}  {WHOLE.get(kind, 0)}" for kind in Kind),
        f"left to do: set {KEY_LEFT_OUT}: reprieve providers set acme --kind sendgrid",
    ]


def test_the_host_of_another_base_url_is_named_before_a_key_goes_there(run: Run, tmp_path: Path) -> None:
    elsewhere = ("--base-url", "https://elsewhere.example")
    run("providers", "set", "acme", *elsewhere, "--key-stdin", stdin="SG.key")
    run("export", "acme", str(tmp_path / "acme"))
    task = (
        f"set {KEY_LEFT_OUT}, and its base URL if the key may be sent there: "
        "reprieve providers set acme --kind sendgrid --base-url https://elsewhere.example"
    )
    checked = run("import", str(tmp_path / "acme"), "--check", "--json")
    assert json.loads(checked.out)["left_to_do"] == [task]
    forget(run)
    assert json.loads(run("import", str(tmp_path / "acme"), "--json").out)["left_to_do"] == [task]
    assert run("providers", "set", "acme", "--key-stdin", stdin="SG.new").code == 0
    (account,) = wiring.access().provider_accounts("acme")
    assert account.base_url == "https://api.sendgrid.com"


def test_overwriting_names_the_host_of_the_export_where_the_account_stays_at_the_providers_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "wait", lambda _: None)
    run("providers", "set", "acme", "--base-url", "https://x.example/a'b", "--key-stdin", stdin="SG.key")
    run("export", "acme", str(tmp_path / "acme"))
    run("providers", "set", "acme", "--base-url", "https://api.sendgrid.com", "--key-stdin", stdin="SG.key")
    done = run("import", str(tmp_path / "acme"), "--overwrite", "--yes")
    assert done.out.splitlines()[-1] == (
        "left to do: set the base URL of the provider account if its API key may be sent there: "
        """reprieve providers set acme --kind sendgrid --base-url 'https://x.example/a'"'"'b'"""
    )


def test_an_import_says_that_the_senders_of_amazon_ses_have_to_be_claimed(run: Run, tmp_path: Path) -> None:
    run("providers", "set", "acme", "--kind", "ses", "--yes")
    run("export", "acme", str(tmp_path / "acme"))
    task = "left to do: claim the senders, unless they are claimed: reprieve senders claim acme SENDER --kind ses"
    assert run("import", str(tmp_path / "acme"), "--check").out.splitlines()[-1] == task
    forget(run)
    assert run("import", str(tmp_path / "acme")).out.splitlines()[-1] == task


def test_no_log_leaves_the_system_log_out(run: Run, tmp_path: Path) -> None:
    run("export", "acme", str(tmp_path / "acme"), "--no-log")
    assert not (tmp_path / "acme" / "system_log.jsonl").exists()
    forget(run)
    assert "system_log" not in run("import", str(tmp_path / "acme")).out
    assert logged(run) == ["reprieve.organization.import"]


def test_what_is_wrong_is_named_by_file_and_line_before_anything_is_written(run: Run, exported: Path) -> None:
    forget(run)
    records = exported / "suppressions.jsonl"
    one, other = records.read_text(encoding="utf-8").splitlines()
    records.write_text(f'{other}\n{one}\n{{"list":"bounces"}}\nno JSON\n{other}', encoding="utf-8")
    (exported / "requests.jsonl").unlink()
    log = exported / "system_log.jsonl"
    log.write_text(log.read_text(encoding="utf-8").replace("Create API token", "Create APIs token"), encoding="utf-8")
    (exported / "organization.jsonl").write_text("")
    assert run("import", str(exported)) == Ran(
        1,
        "",
        "requests.jsonl: No such file or directory\n"
        "suppressions.jsonl line 2: the key of the line does not come after that of the line before\n"
        "suppressions.jsonl line 3: address: Field required\n"
        "suppressions.jsonl line 4: the line is not JSON\n"
        "suppressions.jsonl line 5: the line has no end, so the file was cut short\n"
        "suppressions.jsonl: 5 lines, but 2 by the manifest\n"
        "system_log.jsonl: its SHA-256 is not the manifest's, so it was changed after the export\n"
        "organization.jsonl: 0 lines, but 1 by the manifest\n"
        "organization.jsonl: one line is needed\n"
        "Error: the export cannot be used; nothing was changed\n",
    )
    assert wiring.access().organization("acme") is None


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (Kind.WHITELIST, '{"enabled":true,"entries":[]}'),
        (Kind.GROUPS, '{"deleted":[],"groups":[],"last_id":0}'),
    ],
)
def test_a_second_line_where_there_is_at_most_one_is_refused(run: Run, exported: Path, kind: Kind, line: str) -> None:
    (exported / f"{kind}.jsonl").write_text(f"{line}\n{line}\n", encoding="utf-8")
    done = run("import", str(exported), "--check")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        f"{kind}.jsonl: 2 lines, but {WHOLE.get(kind, 0)} by the manifest",
        f"{kind}.jsonl: one line at most",
        "Error: the export cannot be used; nothing was changed",
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"format": "other"}, "not the manifest of an organization's export"),
        ({"version": 2}, "version 2 of the format; this command reads 1"),
        ({"organization": "NO"}, "not a manifest that this version can read"),
        ({"files": []}, "not a manifest that this version can read"),
        ({"files": None}, "not a manifest that this version can read"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(
    run: Run, exported: Path, change: dict[str, Any], problem: str
) -> None:
    manifest = exported / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | change))
    assert run("import", str(exported)) == Ran(1, "", f"Error: {manifest}: {problem}\n")


def test_an_export_writes_into_no_directory_that_has_files(run: Run, exported: Path) -> None:
    assert run("export", "acme", str(exported)).err == f"Error: {exported}: not empty; name a new directory\n"


def test_an_attribute_that_the_format_does_not_have_stops_the_export(run: Run, tmp_path: Path) -> None:
    wiring.client("dynamodb").put_item(
        TableName="Suppressions",
        Item={"partition": {"S": "acme#bounces#0"}, "address": {"S": "x"}, "shoe_size": {"N": "47"}},
    )
    done = run("export", "acme", str(tmp_path / "acme"))
    assert done.err == "Error: suppressions: an item cannot be exported: shoe_size: Extra inputs are not permitted\n"


def test_an_organization_comes_back_from_tables_that_were_restored_beside_those_of_the_stack(
    run: Run, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = wiring.client("dynamodb").database.tables
    tables |= {f"{name}-restored": copy.deepcopy(table) for name, table in tables.items()}
    forget(run)
    run("organizations", "create", "acme", "--shards", "2")
    run("lists", "import", "acme", "blocks", "-", stdin="email,created\ndee@x.io,1767225600\n")
    assert run("export", "acme", str(tmp_path / "restored"), "--restored").code == 0
    for name in set(FILES) - {"manifest.json"}:
        assert (tmp_path / "restored" / name).read_bytes() == (exported / name).read_bytes()
    assert "reprieve.organization.export" in logged(run)
    monkeypatch.setattr(wiring, "wait", lambda _: None)
    assert run("import", str(tmp_path / "restored"), "--overwrite", "--yes").code == 0
    assert run("lists", "show", "acme", "blocks").out == "The list is empty.\n"
    assert [one["id"] for one in json.loads(run("removals", "acme", "--json").out)] == ["q1-0"]


def test_what_was_imported_stays_when_the_store_fails_and_running_it_again_continues(
    run: Run, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(run)
    add = OrganizationRows.add

    def failing(self: OrganizationRows, organization: Any, kind: Kind, rows: Any, *, now: Any) -> Any:
        if kind is Kind.SYSTEM_LOG:
            raise Unavailable("the store did not answer batch_execute_statement")
        return add(self, organization, kind, rows, now=now)

    with monkeypatch.context() as patched:
        patched.setattr(OrganizationRows, "add", failing)
        assert run("import", str(exported)) == Ran(
            1,
            "",
            "Error: the store did not answer batch_execute_statement; what was imported stays, and running the command "
            "again continues\n",
        )
    assert run("lists", "show", "acme", "bounces").err == "Error: no organization acme\n"
    done = run("import", str(exported))
    before = {"requests": 1, "suppressions": 2, "recipients": 2}
    assert done.out.startswith(table({kind: n for kind, n in WHOLE.items() if kind not in before}, before))


def test_the_calls_of_an_export_and_an_import(run: Run, exported: Path, tmp_path: Path) -> None:
    # answers and notes in 16 partitions each, 5 lists and the holds in 2 shards, 10 modules, servers, log in 2 shards,
    # credentials, accounts
    queries = 16 + 16 + 6 * 2 + 10 + 1 + 2 + 1 + 1
    calls = Counter[str]()
    wiring.client("dynamodb").observe = lambda operation, _: calls.update([operation])
    run("export", "acme", str(tmp_path / "again"))
    assert calls == {"GetItem": 5, "Query": queries, "BatchExecuteStatement": 1}
    forget(run)
    calls.clear()
    run("import", str(exported))
    assert calls == {
        # the organization; four single rows, compared twice
        "GetItem": 1 + 4 * 2,
        # the system log is not compared; its accounts are read, and accounts and servers asked for their secrets
        "Query": queries * 2 - 2 + 1 + 3,
        # notes, records of the lists, system log; and the entry of the import
        "BatchExecuteStatement": 3 + 1,
        "TransactWriteItems": 2,
        "PutItem": 3,
    }
