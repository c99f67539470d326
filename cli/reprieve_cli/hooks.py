"""`reprieve hooks`: where an organization's own systems hear of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

from reprieve.dialects.list_csv import moment as moment_in
from reprieve.dialects.reprieve.hooks import delivery, hook, tested
from reprieve.hooks.event_bus import VERIFIED_BY_AWS
from reprieve.hooks.hook import KEEP_HOURS, MAX_KEEP_HOURS, Changes
from reprieve.hooks.notice import CHANGES, NoticeType
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, moment, printable, say, say_json, say_table
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.hooks.hook import Delivery, Hook

ONCE = "It is shown this once."

_organization = click.argument("organization", metavar="ORG")
_identifier = click.argument("identifier", metavar="ID")
_types = click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice([one.value for one in CHANGES]),
    help="Hear of this type alone; repeatable.",
)


@click.group()
def hooks() -> None:
    """Have an organization's own systems hear of every change.

    A hook is a URL that every change is posted to, by Standard Webhooks,
    or the stack's event bus.
    """


@hooks.command("list", epilog=examples("reprieve hooks list acme", "reprieve hooks list acme --json"))
@_organization
@json_option
def list_(organization: str, *, as_json: bool) -> None:
    """List the hooks, oldest first."""
    connect()
    found = wiring.hooks().all(_asking(organization).organization)
    if as_json:
        say_json([hook(one) for one in found])
        return
    headers = ("ID", "FORM", "URL", "STATE", "WAITING", "FAILING SINCE", "DESCRIPTION")
    say_table(headers, map(_cells, found), empty="No hooks.")


@hooks.command(
    epilog=examples(
        "reprieve hooks add acme https://hooks.acme.example/reprieve",
        "reprieve hooks add acme https://crm.acme.example/in --type address.suppressed --type address.lifted",
        "reprieve hooks add acme arn:aws:events:eu-west-1:123456789012:event-bus/mail",
    )
)
@_organization
@click.argument("url")
@_types
@click.option("--description", default="", help="Say what it is for, in at most 100 characters.")
@json_option
def add(organization: str, url: str, *, types: tuple[str, ...], description: str, as_json: bool) -> None:
    """Add a hook, and print its secret.

    It hears of what happens from now on. The URL may be the ARN of the
    stack's event bus, which needs no secret.
    """
    connect()
    wanted = Changes(url, description, frozenset(map(NoticeType, types)), enabled=True)
    _say_secret(*wiring.hooks().add(_asking(organization), wanted), as_json=as_json)


@hooks.command(
    epilog=examples(
        "reprieve hooks change acme hook-0123456789abcdef --disable",
        "reprieve hooks change acme hook-0123456789abcdef --all-types",
    )
)
@_organization
@_identifier
@click.option("--url", help="Post to another URL.")
@_types
@click.option("--all-types", is_flag=True, help="Hear of every type.")
@click.option("--description", help="Say what it is for, in at most 100 characters.")
@click.option("--enable/--disable", "enabled", default=None, help="Post to it, from where it stopped; or do not.")
def change(
    organization: str,
    identifier: str,
    *,
    url: str | None,
    types: tuple[str, ...],
    all_types: bool,
    description: str | None,
    enabled: bool | None,
) -> None:
    """Change what is given of a hook."""
    if types and all_types:
        raise click.UsageError("--type and --all-types exclude each other")
    connect()
    heard = frozenset(map(NoticeType, types)) if types or all_types else None
    wiring.hooks().change(_asking(organization), identifier, Changes(url, description, heard, enabled))
    say(printable(f"{identifier} is changed."))


@hooks.command(epilog=examples("reprieve hooks remove acme hook-0123456789abcdef"))
@_organization
@_identifier
def remove(organization: str, identifier: str) -> None:
    """Remove a hook with its secrets."""
    connect()
    wiring.hooks().remove(_asking(organization), identifier)
    say(printable(f"{identifier} is removed."))


@hooks.command(epilog=examples("reprieve hooks rotate acme hook-0123456789abcdef --keep-hours 48"))
@_organization
@_identifier
@click.option(
    "--keep-hours",
    type=click.IntRange(0, MAX_KEEP_HOURS),
    default=KEEP_HOURS,
    show_default=True,
    help="For how long the secret before the new one signs as well.",
)
@json_option
def rotate(organization: str, identifier: str, *, keep_hours: int, as_json: bool) -> None:
    """Give a hook a new secret, and print it."""
    connect()
    found = wiring.hooks().rotate(_asking(organization), identifier, keep_hours=keep_hours)
    _say_secret(*found, as_json=as_json)


@hooks.command(epilog=examples("reprieve hooks test acme hook-0123456789abcdef"))
@_organization
@_identifier
def test(organization: str, identifier: str) -> None:
    """Post a notice of no change from this machine.

    The exit code is 1 if it was not taken.
    """
    connect()
    found = tested(wiring.hooks().test(_asking(organization), identifier))
    if not found["delivered"]:
        _fail(f"not taken: {found['problem']}")
    say(f"taken, with the status {found['status']}")


@hooks.command(epilog=examples("reprieve hooks deliveries acme hook-0123456789abcdef --json"))
@_organization
@_identifier
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="Show at most N posts.")
@json_option
def deliveries(organization: str, identifier: str, *, limit: int, as_json: bool) -> None:
    """List the posts of 30 days, newest first."""
    connect()
    owner = _asking(organization).organization
    found, more = wiring.hooks().deliveries(owner, identifier, after=None, limit=limit)
    if as_json:
        say_json([delivery(one) for one in found])
    else:
        headers = ("AT", "RESULT", "ATTEMPT", "TYPE", "NOTICE", "PROBLEM")
        say_table(headers, map(_line, found), empty="Nothing was posted.")
    if more:
        say("There are more: --limit shows more of them", err=True)


@hooks.command(epilog=examples("reprieve hooks replay acme hook-0123456789abcdef --since 2026-11-27"))
@_organization
@_identifier
@click.option("--since", metavar="TIME", required=True, help="The beginning: Unix seconds or ISO 8601.")
@click.option("--until", metavar="TIME", help="The end, by default now.")
def replay(organization: str, identifier: str, *, since: str, until: str | None) -> None:
    """Have a hook hear again of a period.

    That is of what was logged in it, at most 90 days back.
    """
    connect()
    begins, ends = moment_in(since, field="since"), moment_in(until, field="until") if until else None
    wiring.hooks().replay(_asking(organization), identifier, since=begins, until=ends)
    say(printable(f"{identifier} hears of it again, within minutes."))


def _say_secret(made: Hook, secret: str | None, *, as_json: bool) -> None:
    if as_json:
        say_json({**hook(made), "secret": secret})
        return
    say(printable(f"hook    {made.id}"))
    if secret is None:
        say(f"{VERIFIED_BY_AWS[:1].upper()}{VERIFIED_BY_AWS[1:]}.", err=True)
        return
    say(f"secret  {secret}")
    say(ONCE, err=True)


def _cells(one: Hook) -> tuple[str, ...]:
    state = "enabled" if one.enabled else f"disabled: {one.disabled_reason}" if one.disabled_reason else "disabled"
    if one.enabled and not one.is_posted_to:
        state = "not verified"
    cells = (one.id, one.form.value, one.url, state, str(len(one.progress.waiting)), moment(one.progress.failing_since))
    return tuple(printable(cell or "") for cell in (*cells, one.description))


def _line(one: Delivery) -> tuple[str, ...]:
    cells = (moment(one.at), one.result.value, str(one.attempt), one.type and str(one.type), one.notice, one.problem)
    return tuple(printable(cell or "") for cell in cells)


def _fail(text: str) -> NoReturn:
    raise click.ClickException(printable(text))


def _asking(organization: str) -> Context:
    return operations.asking(operations.find_organization(organization))
