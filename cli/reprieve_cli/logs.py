"""`reprieve logs`: what happened, now and from now on."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click

from reprieve.clock import Millis
from reprieve.errors import InvalidInput
from reprieve.runtime import wiring
from reprieve.system_log.entry import EventType, Result, Severity
from reprieve.system_log.filter.parser import parse
from reprieve.system_log.filter.tree import And, Comparison, InvalidFilter, Operator, UnsupportedCombination
from reprieve.system_log.keywords import parse_keywords
from reprieve.system_log.query import Query
from reprieve_cli import operations
from reprieve_cli.output import examples, say
from reprieve_cli.params import Duration
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.organization import Organization
    from reprieve.system_log.filter.tree import Expression

SECONDS_BETWEEN_POLLS: Final = 2
#: entries in one page while following
PAGE: Final = 500

COLOURS: Final = {
    Severity.DEBUG: "bright_black",
    Severity.INFO: "green",
    Severity.WARN: "yellow",
    Severity.ERROR: "red",
}


@click.command(
    epilog=examples(
        "reprieve logs acme --email user@domain.com",
        "reprieve logs acme --event system.email.delivery --result FAILURE --since 7d",
        "reprieve logs acme --follow",
        """reprieve logs acme --filter 'target.displayName ew "@domain.com"' -q 'mailbox full'""",
        "reprieve logs acme --since 30d --limit 100000 --json | jq -r .outcome.reason | sort | uniq -c",
    )
)
@click.argument("organization", metavar="ORG")
@click.option("--follow", "-f", is_flag=True, help="Go on with what arrives, until Ctrl-C.")
@click.option("--since", type=Duration(), default="1d", show_default=True, help="How far back to begin: 30m, 12h, 90d.")
@click.option("--limit", "-n", type=click.IntRange(1), default=100, show_default=True, help="The latest so many.")
@click.option("--email", metavar="ADDRESS", help="Only what happened to this address; fast in a log of any size.")
@click.option("--event", metavar="TYPE", help=f"Only this type, such as {EventType.EMAIL_DELIVERY}.")
@click.option("--result", type=click.Choice(list(Result), case_sensitive=False), help="Only what ended so.")
@click.option("--filter", "expression", metavar="EXPRESSION", help="As in Okta's System Log API.")
@click.option("-q", "keywords", metavar="WORDS", default="", help="Only what mentions all of these words.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an entry a line, on a terminal too.")
def logs(  # noqa: PLR0917  (click calls it by name)
    organization: str,
    follow: bool,  # noqa: FBT001
    since: int,
    limit: int,
    email: str | None,
    event: str | None,
    result: str | None,
    expression: str | None,
    keywords: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Show the system log, now or as it grows.

    It tells of deliveries, bounces, removals and changes, the oldest first.

    On a terminal an entry is a line of text; elsewhere it is a line of JSON, in the form of Okta's LogEvent.

    With --follow it begins --since and goes on as entries arrive, each about ten seconds after it did: only then is it
    certain that nothing before it is still to come.
    """
    wanted = _conjunction(email=email, event=event, result=result, expression=expression)
    words = parse_keywords(keywords)
    connect()
    owner = operations.find_organization(organization)
    show = _as_json if as_json or not sys.stdout.isatty() else _as_text
    now = wiring.now()
    begin = Millis(now - since)
    if follow:
        entries = _following(owner, Query(begin, None, filter=wanted, keywords=words, limit=PAGE))
    else:
        query = Query(begin, Millis(now + 1), newest_first=True, filter=wanted, keywords=words, limit=min(limit, PAGE))
        entries = reversed(list(_latest(owner, query, limit)))
    try:
        for entry in entries:
            say(show(entry))
    except KeyboardInterrupt:
        return


def _conjunction(
    *, email: str | None, event: str | None, result: str | None, expression: str | None
) -> Expression | None:
    """The filter that all of the options make together."""
    said = (("target.id", email), ("eventType", event), ("outcome.result", result))
    terms: list[Expression] = [Comparison(field, Operator.EQ, value) for field, value in said if value]
    if expression:
        try:
            terms.append(parse(expression))
        except (InvalidFilter, UnsupportedCombination) as refusal:
            # the summary quotes the filter, and only who wrote it may read it
            raise InvalidInput(refusal.summary, field="--filter") from None
    return And(tuple(terms)) if len(terms) > 1 else next(iter(terms), None)


def _latest(organization: Organization, query: Query, limit: int) -> Iterator[Mapping[str, Any]]:
    after: str | None = None
    while True:
        page = wiring.system_log().page(organization, query, after=after, now=wiring.now())
        yield from page.events[:limit]
        limit -= len(page.events)
        after = page.after
        if after is None or limit <= 0:
            return


def _following(organization: Organization, query: Query) -> Iterator[Mapping[str, Any]]:
    after: str | None = None
    while True:
        page = wiring.system_log().page(organization, query, after=after, now=wiring.now())
        yield from page.events
        after = page.after
        if not page.events:
            time.sleep(SECONDS_BETWEEN_POLLS)


def _as_json(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":"))


def _as_text(entry: Mapping[str, Any]) -> str:
    """Time, severity, type, outcome, whom it is about, and what the other side said."""
    outcome, target = entry["outcome"], entry["target"][0]
    ended = " ".join(filter(None, (outcome["result"], outcome["reason"])))
    severity = click.style(f"{entry['severity']:<5}", fg=COLOURS[Severity(entry["severity"])])
    event_type = click.style(entry["eventType"], bold=True)
    words = (target["displayName"], entry["debugContext"]["debugData"].get("providerMessage", ""))
    # a mail server chose some of these words: nothing in them may speak to the terminal
    rest = "  ".join(_printable(word) for word in words if word)
    return f"{entry['published']}  {severity}  {event_type}  {_printable(ended)}  {rest}"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
