"""`reprieve why`: why an address is not mailed, in words."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from reprieve.access.provider_account import DEFAULT
from reprieve.addresses.outlook import Next
from reprieve.dialects.reprieve import prospects
from reprieve.dialects.reprieve.suppressions import render_explanation
from reprieve.dialects.reprieve.terms import why_until
from reprieve.removals.block import UNBLOCKS, BlockKind
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import GroupList
from reprieve_cli import operations, scopes
from reprieve_cli.output import examples, json_option, moment, printable, say, say_json
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.addresses.explain import Explanation, OnList
    from reprieve.addresses.outlook import Outlook
    from reprieve.removals.removal import Removal

#: what happens next; `at` is when
SENTENCES: Final = {
    Next.STAYS: "It stays suppressed until it is lifted.",
    Next.EXPIRES: "It stays suppressed until {at}, when the bounce purge takes it off.",
    Next.POLICY: "It stays suppressed until the organization's policy lifts it.",
    Next.KEPT: "It has bounced too rarely to be blocked; mail to it is tried.",
    Next.LIFTS: "The removal job lifts it at the provider, at {at} at the earliest, and then takes it off this list.",
    Next.ADDS: "It stays suppressed; the removal job puts it on the provider's list, too, at {at} at the earliest.",
    Next.UNADDED: "It stays suppressed here; the provider refused to add it, and is called again only after a retry.",
    Next.WAITS: "Its removal failed, and is tried again only after a retry.",
    Next.SPARED: "It stays on the list; mail to it is tried as long as the address whitelist covers it.",
    Next.SWEEPS: "The list does not show it any more; the upkeep asks for its removal at the provider.",
}


@click.command(epilog=examples("reprieve why acme ann@acme.example", "reprieve why acme ann@acme.example --json"))
@click.argument("organization", metavar="ORG")
@click.argument("email", metavar="EMAIL")
@json_option
def why(organization: str, email: str, *, as_json: bool) -> None:
    """Say why an address is not mailed.

    For each list: why it is there and since when, until when, what happens next, what is to be expected of a lift, and
    how to lift it; and whether the domain takes mail, by the DNS of this machine. With --json it is the answer of
    `GET /reprieve/addresses/{email}` to a credential with every scope.
    """
    connect()
    # the operator can issue any credential, so every way to lift is open
    context = replace(operations.asking(operations.find_organization(organization)), scopes=scopes.ALL)
    answer = wiring.addresses().explain(context, email)
    if as_json:
        say_json(render_explanation(answer).body)
        return
    for line in _lines(organization, answer):
        say(printable(line))


def _lines(organization: str, answer: Explanation) -> Iterator[str]:
    if answer.belongs is None:
        yield f"{answer.email} is not an email address by RFC 3696."
    yield f"{answer.email} is {'' if answer.mailed else 'not '}mailed."
    if answer.withheld:
        yield f"The provider dropped the last mail to it, at {moment(answer.withheld.at)}: it must be on the provider's"
        yield f"{answer.withheld.list} list, though not on ours. To record that: reprieve reconcile {organization}"
    if known := prospects.known_of(answer.domain):
        yield known
    for hold in answer.holds:
        held = hold.domain or hold.entry.email
        end = f"until {moment(hold.entry.until)}" if hold.entry.until else "until it is lifted"
        since = moment(hold.entry.created)
        yield f"{held} has been held by {hold.entry.author} since {since}, {end}: {hold.entry.reason}"
        yield f"  At the provider: {hold.at_provider.value.replace('_', ' ')}"
        yield f"  To lift it: reprieve holds lift {organization} {shlex.quote(held)}"
    if answer.whitelisted_by:
        yield f"The address whitelist covers it by {answer.whitelisted_by}: only a spam report suppresses it."
    for one in answer.lists:
        if one.shown or one.next:
            yield ""
            yield from _on_list(organization, answer, one)
    yield ""
    if answer.block.unblocked or answer.block.kind is BlockKind.TEMPORARY:
        yield f"It has been unblocked {answer.block.unblocked} of {UNBLOCKS} times."
    if answer.belongs is False and any(one.shown for one in answer.lists):
        yield f"It is outside the membership rule of {organization}: Okta's and Zoho's clients may not lift it."
    yield f"What happened to it: reprieve logs {organization} --email {shlex.quote(answer.email)} --since 90d"


def _on_list(organization: str, answer: Explanation, one: OnList) -> Iterator[str]:
    name, entry, removal = one.record.list, one.record.suppression, one.record.removal
    shown = f"group {answer.groups.get(name.group).name!r} ({name})" if isinstance(name, GroupList) else name
    if entry and one.shown:
        said = [
            entry.status,
            entry.permanence,
            entry.classification,
            f"from {entry.provider}" if entry.provider else "",
            f"reported by {' and '.join(entry.reporters)}" if entry.reporters not in ([], [DEFAULT]) else "",
        ]
        yield f"{shown} since {moment(entry.created)}: {entry.reason or 'no reason given'}"
        yield f"  {', '.join(filter(None, said))}; {entry.count} {'event' if entry.count == 1 else 'events'}"
    else:
        yield f"{shown}: it is not on this list any more"
    if removal and one.next and one.next.next in {Next.LIFTS, Next.WAITS, Next.ADDS, Next.UNADDED}:
        yield f"  {_asked(removal)}"
    if one.next:
        yield f"  {_sentence(one.next)}"
    if one.shown and one.term and (one.term.is_advice or one.term.is_lifted_by_policy):
        until = f", until {moment(one.term.until)}" if one.term.until else ""
        yield f"  {'Advice of' if one.term.is_advice else 'By'} the policy{until}: {why_until(one.term)}"
    if one.shown and entry and one.prospect:
        lifts, again = one.record.lifts, one.prospect.bounced_again
        past = f" (lifted {_times(lifts)} before, failed again {_times(again)})" if lifts else ""
        yield f"  Once lifted{past}: {prospects.of_prospect(one.prospect)}"
        yield f"  To say to its owner: {prospects.tell(entry)}"
    if one.next and one.next.next in {Next.WAITS, Next.UNADDED} and removal:
        yield f"  To retry it: reprieve removals retry {organization} {removal.id}"
    elif one.shown and not (one.next and one.next.next is Next.LIFTS):
        yield f"  To lift it: reprieve lift {organization} {shlex.quote(answer.email)} --list {name}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _asked(removal: Removal) -> str:
    tries = "try" if removal.attempts == 1 else "tries"
    said = f", last answer: {removal.last_answer}" if removal.last_answer else ""
    what = "Addition" if removal.adds else "Removal"
    done = f", carried out at {' and '.join(removal.carried_out_at)}" if removal.carried else ""
    since = moment(removal.requested_at)
    return f"{what} {removal.id} was asked for at {since}; {removal.attempts} {tries}{done}{said}."


def _sentence(outlook: Outlook) -> str:
    return SENTENCES[outlook.next].format(at=moment(outlook.at))
