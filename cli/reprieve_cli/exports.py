"""`reprieve export` and `reprieve import`: an organization out of a stack as files, and into one."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reprieve.access.label import checked_label
from reprieve.access.organizations import Organizations
from reprieve.dialects import export_lines
from reprieve.dialects.export_directory import ExportReader, ExportWriter
from reprieve.errors import InvalidInput, Unavailable
from reprieve.exports.imports import base_url_left_out, name_of, needs_key
from reprieve.exports.kinds import Kind, key_of
from reprieve.providers.registry import PROVIDERS, RULES
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import (
    account_option,
    confirm,
    examples,
    json_option,
    printable,
    say,
    say_json,
    say_table,
    watched,
)
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprieve.exports.imports import ImportReport
    from reprieve.exports.kinds import Row
    from reprieve.organization import Organization

#: the end of the names of tables that were restored beside those of the stack; template.yaml allows the command to read
#: them
RESTORED: Final = "-restored"
#: rows that were left out and are printed one by one; JSON has them all
MAX_LEFT_OUT: Final = 20


@click.command(
    short_help="Write everything of an organization into a directory.",
    epilog=examples(
        "reprieve export acme acme-2026-11-27",
        "reprieve export acme backup/acme --no-log",
        "reprieve export acme acme-before --restored",
    ),
)
@click.argument("organization", metavar="ORG")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--no-log", is_flag=True, help="Leave out the system log, which is most of a busy organization's data.")
@click.option(
    "--restored", is_flag=True, help=f"Read the tables whose names end in {RESTORED}, restored to an earlier moment."
)
@json_option
def export(organization: str, directory: Path, *, no_log: bool, restored: bool, as_json: bool) -> None:
    """Write everything of an organization into DIR, a new or empty directory, for `reprieve import`.

    There is a file of JSON lines for each kind: settings, provider account, digests of credentials, recipients, lists
    with watermarks, removals and counts, email servers, system log; and a manifest with counts and SHA-256. The API key
    of the provider account and the secrets of email servers are left out: they are sealed under this stack's key. So
    are OAuth clients, outside issuers, sign-ins and claims on senders, which are of this stack. The files hold
    addresses, so only their owner may read them.

    The organization stays in use meanwhile. Each row is as it was at one moment of the export, and what was
    acknowledged before the export began is in it.
    """
    connect()
    suffix = RESTORED if restored else ""
    context = operations.asking(Organizations(wiring.access(suffix), wiring.event_log()).find(organization))
    writer = ExportWriter(directory, organization, now=context.now)
    with _progress("exported") as progress:
        write = partial(writer.write, progress=progress)
        wiring.exports(suffix).run(context, write, with_system_log=not no_log)
    manifest = writer.finish()
    reader = ExportReader(directory)
    missing = [_secret(kind, name) for kind, name in _secrets_of(reader)]
    if as_json:
        counts = {file.kind.value: file.rows for file in manifest.files}
        say_json({"organization": organization, "rows": counts, "secrets_left_out": missing})
        return
    say_table(("KIND", "ROWS"), [(file.kind, str(file.rows)) for file in manifest.files], empty="")
    for secret in missing:
        say(f"left out: {secret}")


@click.command(
    "import",
    short_help="Add an organization from the directory of an export.",
    epilog=examples(
        "reprieve --stack other import acme-2026-11-27",
        "reprieve import acme-2026-11-27 --check",
        "reprieve import acme-2026-11-27 --as acme-test --name 'Acme, test'",
        "reprieve import acme-2026-11-27 --overwrite",
    ),
)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--as", "organization_id", metavar="ID", help="Another id; its credentials have to be issued anew then.")
@click.option("--name", help="Another name for people.")
@click.option("--parent", help="Another parent organization; empty for none.")
@click.option("--overwrite", is_flag=True, help="Replace what the organization has now by what is in DIR.")
@click.option("--check", is_flag=True, help="Only check the files, and print what would have to be set afterwards.")
@click.option("--yes", is_flag=True, help="Do not ask before an organization is overwritten.")
@json_option
def import_(
    directory: Path,
    *,
    organization_id: str | None,
    name: str | None,
    parent: str | None,
    overwrite: bool,
    check: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Add an organization from DIR, which `reprieve export` wrote, on this stack or another one.

    Every line of every file is checked before anything is written; what is wrong is reported by file and line. The
    organization exists for its callers, its provider's webhook and the removal job only when all else is stored. After
    an interruption, run the command again: it adds what is missing.

    Secrets are not in an export. A provider account that needs a key is paused until `reprieve providers set` gets one,
    and email servers are disabled until their secrets are set. An account's base URL that is not the provider's own is
    printed, for you to set if the key may be sent there. Tokens stay valid under the same id.

    With --overwrite the organization is out of reach until the import is done: its callers are refused, and SendGrid
    sends its events again later. What is not in DIR is deleted, except for entries of the system log; credentials and
    the secrets of an unchanged provider account or email server stay as they are.
    """
    reader = ExportReader(directory)
    with _progress("checked") as progress:
        problems = reader.problems(progress=progress)
    if problems:
        for problem in problems:
            say(printable(problem), err=True)
        raise InvalidInput("the export cannot be used; nothing was changed")
    settings = _settings(reader, name=name, parent=parent)
    organization = export_lines.organization_of(organization_id or reader.manifest.organization, settings)
    if check:
        _say_what_is_left(reader, organization, None, as_json=as_json)
        return
    connect()
    if overwrite and not yes and wiring.access().organization(organization.id) is not None:
        confirm(f"replaces what {organization.id} has")
    rows = {file.kind: partial(reader.rows, file.kind) for file in reader.manifest.files}
    rows[Kind.ORGANIZATION] = partial(iter, [settings])
    source = reader.manifest.organization
    try:
        with _progress("imported") as progress:
            report = wiring.imports().run(
                operations.asking(organization), rows, source=source, overwrite=overwrite, progress=progress
            )
    except Unavailable as fault:
        raise Unavailable(f"{fault}; what was imported stays, and running the command again continues") from None
    _say_what_is_left(reader, organization, report, as_json=as_json)
    if report.left_out:
        click.get_current_context().exit(1)


def _settings(reader: ExportReader, *, name: str | None, parent: str | None) -> Row:
    """The organization's settings, with those that the options change."""
    settings = dict(next(reader.rows(Kind.ORGANIZATION)))
    if name is not None:
        settings["name"] = checked_label(name)
    if parent is not None:
        settings.pop("parent", None)
        if parent:
            settings["parent"] = parent
    return settings


def _secrets_of(reader: ExportReader) -> list[tuple[Kind, str]]:
    """What in an export is of no use without a secret; each with the words for an account, or its id."""
    accounts = [row for row in reader.rows(Kind.PROVIDER_ACCOUNT) if needs_key(row["provider"], RULES)]
    return [
        *((Kind.PROVIDER_ACCOUNT, _account(row)) for row in accounts),
        *((Kind.EMAIL_SERVERS, row["id"]) for row in reader.rows(Kind.EMAIL_SERVERS)),
    ]


def _account(row: Row) -> str:
    """The words for one account: its kind of provider, and its name if it is not the default one."""
    return ", ".join(filter(None, (row["provider"], row.get("name"))))


def _secret(kind: Kind, name: str) -> str:
    """The words for one secret."""
    return (
        f"the API key of the provider account ({name})"
        if kind is Kind.PROVIDER_ACCOUNT
        else f"the secret of the email server {name}"
    )


def _left_to_do(reader: ExportReader, organization: Organization, report: ImportReport | None) -> list[str]:
    """What remains to be done after an import, a sentence each; None for an import that is only checked."""
    secrets = _secrets_of(reader) if report is None else report.secrets
    tasks = []
    for account in reader.rows(Kind.PROVIDER_ACCOUNT):
        name = name_of(account)
        base_url = base_url_left_out(account, RULES, {}) if report is None else report.base_urls.get(name, "")
        lacks_key = (Kind.PROVIDER_ACCOUNT, _account(account) if report is None else name) in secrets
        tasks += _account_tasks(account, organization, base_url, lacks_key=lacks_key)
    servers = [name for kind, name in secrets if kind is Kind.EMAIL_SERVERS]
    tasks += [f"set {_secret(Kind.EMAIL_SERVERS, name)} by Okta's API, and enable it there" for name in servers]
    count = reader.manifest.rows(Kind.CREDENTIALS)
    if count and reader.manifest.organization != organization.id:
        tasks.append(f"issue new credentials: the tokens of {count} name {reader.manifest.organization}")
    return tasks


def _account_tasks(account: Row, organization: Organization, base_url: str, *, lacks_key: bool) -> list[str]:
    """What remains to be done for a provider account; `base_url` is where it was, if that was not adopted."""
    kind = account["provider"]
    command = f"reprieve providers set {organization.id} --kind {kind}{account_option(name_of(account))}"
    if base_url:
        command += f" --base-url {shlex.quote(base_url)}"
    match lacks_key, bool(base_url):
        case True, True:
            key = _secret(Kind.PROVIDER_ACCOUNT, _account(account))
            return [f"set {key}, and its base URL if the key may be sent there: {command}"]
        case True, False:
            return [f"set {_secret(Kind.PROVIDER_ACCOUNT, _account(account))}: {command}"]
        case False, True:
            return [f"set the base URL of the provider account if its API key may be sent there: {command}"]
    if kind in PROVIDERS and PROVIDERS[kind].notifications:
        return [
            f"claim the senders, unless they are claimed: reprieve senders claim {organization.id} SENDER --kind {kind}"
        ]
    return []


def _say_what_is_left(
    reader: ExportReader, organization: Organization, report: ImportReport | None, *, as_json: bool
) -> None:
    """Print what was imported, if it was, and what remains to be done."""
    tasks = _left_to_do(reader, organization, report)
    left_out = [] if report is None else [f"{kind} {key_of(kind, row)}" for kind, row in report.left_out]
    kinds = [file.kind for file in reader.manifest.files]
    if as_json:
        say_json(
            {
                "organization": organization.id,
                "rows": {kind.value: _counts(reader, kind, report) for kind in kinds},
                "left_out": left_out,
                "left_to_do": tasks,
            }
        )
        return
    columns = [list(_counts(reader, kind, report).items()) for kind in kinds]
    headers = ("KIND", *(name.upper() for name, _ in columns[0]))
    say_table(headers, [(kind, *(str(n) for _, n in row)) for kind, row in zip(kinds, columns, strict=True)], empty="")
    for one in left_out[:MAX_LEFT_OUT]:
        say(printable(f"left out, because its key or its login is taken: {one}"), err=True)
    if len(left_out) > MAX_LEFT_OUT:
        say(f"and {len(left_out) - MAX_LEFT_OUT} more; --json has all of them", err=True)
    for task in tasks:
        say(printable(f"left to do: {task}"))


def _counts(reader: ExportReader, kind: Kind, report: ImportReport | None) -> Mapping[str, int]:
    if report is None:
        return {"rows": reader.manifest.rows(kind)}
    return {"added": report.added[kind], "unchanged": report.unchanged[kind], "removed": report.removed[kind]}


@contextmanager
def _progress(done: str) -> Iterator[Callable[[Kind, int], None]]:
    """Print to stderr how far it is, in place, where a person is watching; the line is gone when the block ends."""

    def show(text: str) -> None:
        if watched():
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)

    try:
        yield lambda kind, count: show(f"{kind}: {count} {done}")
    finally:
        show("")
