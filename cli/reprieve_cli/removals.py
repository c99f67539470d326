"""`reprieve removals`: removals that wait or have failed, and retrying one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reprieve.dialects.reprieve.removals import MAX_PAGE, PAGE, removal
from reprieve.removals.follow import ReportedState
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, moment, printable, say, say_json, say_table
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.removals.follow import RemovalReport


class ListByDefault(click.Group):
    """A group whose `list` can be left out: `removals acme` is `removals list acme`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See click."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["list", *args])


@click.group(cls=ListByDefault)
def removals() -> None:
    """Show removals, retry failed ones.

    `reprieve removals ORG` is short for `reprieve removals list ORG`.
    """


@removals.command(
    "list",
    epilog=examples(
        "reprieve removals list acme",
        "reprieve removals acme --failed",
        "reprieve removals acme --request 6b1f0d5c1d3b4c0f8a5e7c2d9b3a4f60",
    ),
)
@click.argument("organization", metavar="ORG")
@click.option("--failed", is_flag=True, help="Only those that have failed.")
@click.option("--request", metavar="ID", help="Only those of this request, however they ended.")
@click.option(
    "--limit", type=click.IntRange(1, MAX_PAGE), default=PAGE, show_default=True, help="Show at most N removals."
)
@json_option
def list_(organization: str, *, failed: bool, request: str | None, limit: int, as_json: bool) -> None:
    """List the removals that are pending or have failed.

    A removal is pending from its acknowledgement until the provider has lifted the address. One that has failed is
    given up until it is retried. What has ended otherwise is found by its request, or in `reprieve logs`.
    """
    if failed and request is not None:
        raise click.UsageError("--failed and --request exclude each other")
    connect()
    owner = operations.find_organization(organization)
    if request is not None:
        found, more = wiring.following().of_request(owner, request), False
    else:
        found, more = [], False
        for state in (RemovalState.FAILED,) if failed else (RemovalState.FAILED, RemovalState.PENDING):
            page, after = wiring.following().waiting(owner, state, limit=limit, after=None)
            found, more = found + page, more or after is not None
        found, more = found[:limit], more or len(found) > limit
    if as_json:
        say_json([removal(one) for one in found])
    else:
        say_removals(found)
    if more:
        say(f"There are more; --limit shows up to {MAX_PAGE}", err=True)


@removals.command(epilog=examples("reprieve removals retry acme 6b1f0d5c1d3b4c0f8a5e7c2d9b3a4f60-0"))
@click.argument("organization", metavar="ORG")
@click.argument("removal_id", metavar="ID")
@json_option
def retry(organization: str, removal_id: str, *, as_json: bool) -> None:
    """Have a failed removal tried again.

    ID is the one that `list` shows. The removal starts again with all its attempts, and forgives no newer bounce.
    """
    connect()
    report = wiring.following().retry(operations.asking(operations.find_organization(organization)), removal_id)
    if as_json:
        say_json(removal(report))
    else:
        say_removals([report])


def say_removals(found: Sequence[RemovalReport]) -> None:
    """Print removals as a table."""
    say_table(
        ("ID", "LIST", "EMAIL", "STATE", "REQUESTED", "TRIES", "NEXT TRY", "LAST ANSWER"),
        [_row(report) for report in found],
        empty="No removals.",
    )


def _row(report: RemovalReport) -> tuple[str, ...]:
    kept, followed = report.record, report.followed
    pending = kept is not None and report.state is ReportedState.PENDING
    return (
        followed.id,
        followed.list,
        printable(followed.email),
        report.state if report.replaced_by is None else f"{report.state} by {report.replaced_by}",
        moment(followed.requested_at) or "",
        str(kept.attempts) if kept else "",
        (moment(kept.due_at) or "") if kept and pending else "",
        printable(kept.last_answer) if kept else "",
    )
