"""The page about one address: why it is not mailed, since when, until when, what happens next, and its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reprieve.access.provider_account import DEFAULT
from reprieve.addresses.outlook import Next
from reprieve.addresses.prospect import Expected
from reprieve.clock import from_timestamp
from reprieve.dialects.console import page, session, words
from reprieve.dialects.console.site import READ_ADDRESSES
from reprieve.dialects.reprieve import prospects
from reprieve.dialects.reprieve.suppressions import SENTENCE
from reprieve.dialects.reprieve.terms import why_until
from reprieve.errors import Forbidden, InvalidInput, NotFound
from reprieve.organization import Membership
from reprieve.removals.allowance import may_lift_from
from reprieve.removals.removal import RemovalState
from reprieve.role import Permission
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.suppression import GroupList, SuppressionList, asked_list
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.addresses.explain import Explanation, OnList
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.dialects.exchange import Request, Response
    from reprieve.policies.term import Term
    from reprieve.removals.removal import Removal
    from reprieve.suppressions.suppression import AnyList, Suppression

#: an address has at most 254 characters; what a provider takes for one may have more
MAX_ADDRESS: Final = 1_000
#: the tones of a headline, by which the page is coloured; each also has words
GOOD, BAD, WAITING = "good", "bad", "waiting"
#: of what is to be expected of a lift
TONES: Final = {Expected.BOUNCES: BAD, Expected.MAY_WORK: GOOD, Expected.UNKNOWN: WAITING}


@dataclass(frozen=True, slots=True)
class Reason:
    """One list that the address is on.

    Attributes:
        name: the list's, after "the".
        meaning: the term in one sentence.
        entry: the entry.
        cause: what is said about it.
        term: until when it stays there.
        why_until: why until then.
        next: what happens next, as a sentence; "" when nothing is known.
        tell: what the viewer can say to the owner of the address.
        expected: what is to be expected of a lift, as a sentence.
        tone: of that sentence.
        lifts: how often it was lifted before.
        bounced_again: how often it failed again after a lift.
        liftable: whether the viewer may lift it now.
    """

    name: str
    meaning: str
    entry: Suppression
    cause: words.Cause
    term: Term
    why_until: str
    next: str
    tell: str
    expected: str
    tone: str
    lifts: int
    bounced_again: int
    liftable: bool

    @property
    def reported_by(self) -> str:
        """Who reported it, in words."""
        source = words.SOURCES.get(self.entry.provider, self.entry.provider)
        accounts = [one for one in self.entry.reporters if one != DEFAULT]
        return f"{source} ({', '.join(accounts)})" if accounts else source


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer in one sentence, and whether it is a good one."""

    tone: str
    says: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the history."""

    at: Millis
    says: str
    detail: str
    by: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form wants lifted."""

    email: str
    list: AnyList


def parse_look_up(request: Request) -> str:
    """The address that a form asks about.

    Raises:
        InvalidInput: there is none, or it is longer than any address.
    """
    return session.field(request, "email", most=MAX_ADDRESS)


def parse_lift(request: Request) -> Wanted:
    """The address and the list of a form that lifts.

    Raises:
        InvalidInput: one of them is missing or cannot be one.
    """
    name = session.field(request, "list", most=50)
    try:
        return Wanted(session.field(request, "email", most=MAX_ADDRESS), asked_list(name))
    except ValueError:
        raise InvalidInput("there is no such list", field="list") from None


def by_owner(context: Context, suppression_list: AnyList) -> bool:
    """How the viewer lifts from a list: as its owner, a member or not, or under the membership rule.

    Returns:
        Whether as its owner; the membership rule is of the bounce list alone.

    Raises:
        Forbidden: in neither way.
    """
    is_group = isinstance(suppression_list, GroupList)
    own = "asm.groups.suppressions.delete" if is_group else f"suppression.{suppression_list}.delete"
    if context.may(own, "suppression.delete"):
        return True
    if suppression_list is SuppressionList.BOUNCES and context.may("okta.orgs.manage"):
        return False
    raise Forbidden(own)


def render_start(request: Request) -> Response:
    """The page with the one box, or an answer that leads to the first page that the viewer may open.

    Raises:
        Forbidden: there is none.
    """
    if page.may(request, READ_ADDRESSES, Permission.LOOK_UP):
        return page.render("start", request)
    for _, path in page.pages(request):
        return page.redirect(path)
    raise Forbidden(READ_ADDRESSES[0])


def render_answer(answer: Explanation, request: Request) -> Response:
    """The page about an address."""
    reasons = [_reason(one, answer, request.context) for one in answer.lists if one.shown]
    return page.render(
        "address",
        request,
        email=answer.email,
        headline=_headline(answer, request.context),
        reasons=reasons,
        holds=answer.holds,
        removals=[
            {"removal": one.record.removal, "list": _name(one, answer)}
            for one in answer.lists
            if _is_news(one.record.removal)
        ],
        whitelisted_by=answer.whitelisted_by or "",
        domain=prospects.wrong_with(answer.domain),
        history=_history(answer),
        permanence=words.PERMANENCE,
        tell=words.TELL,
    )


def render_dry_run(answer: Explanation, wanted: Wanted, request: Request) -> Response:
    """The page that says what a lift would do, before it is asked for; of other lists to those who may look it up.

    Raises:
        NotFound: the address is not on that list.
    """
    found = next((one for one in answer.lists if one.shown and one.record.list == wanted.list), None)
    if found is None:
        raise NotFound("address", f"on the {words.list_name(wanted.list)}")
    looks_up = page.may(request, READ_ADDRESSES, Permission.LOOK_UP)
    return page.render(
        "dry_run",
        request,
        email=answer.email,
        reason=_reason(found, answer, request.context),
        others=[_name(one, answer) for one in answer.lists if one.suppresses and one is not found] if looks_up else [],
        domain=prospects.known_of(answer.domain),
        not_sent=words.NOT_SENT,
    )


def _headline(answer: Explanation, context: Context) -> Headline:
    """The answer in one sentence: the first of these that is so."""
    removals = [one.record.removal for one in answer.lists if one.record.removal]
    states = {one.state for one in removals if not one.adds}
    shown = [one for one in answer.lists if one.shown]
    stopped = any(one.suppresses and not _is_going(one) for one in answer.lists)
    withheld = words.list_name(answer.withheld.list) if answer.withheld else ""
    is_strange = answer.belongs is False and context.organization.membership is Membership.RECIPIENTS
    found = {
        Headline(BAD, "No mail goes to this address: it is on hold."): bool(answer.holds),
        Headline(BAD, "No mail goes to this address."): stopped,
        Headline(BAD, "This address could not be lifted at the provider.", "A person has to retry it."): (
            RemovalState.FAILED in states
        ),
        Headline(WAITING, "A lift is under way.", "Mail is sent again as soon as the provider has carried it out."): (
            RemovalState.PENDING in states
        ),
        Headline(
            BAD,
            "The provider holds back mail to this address.",
            f"It seems to be on the provider's {withheld}, although it is not on ours.",
        ): bool(withheld),
        Headline(GOOD, "This address gets mail, except of the kinds below."): any(
            isinstance(one.record.list, GroupList) for one in shown
        ),
        Headline(GOOD, "Mail to this address is tried.", "It has had trouble, which is listed below."): bool(shown),
        Headline(GOOD, "Nothing stops mail to this address.", "It belongs to none of your recipients, though."): (
            is_strange
        ),
        Headline(GOOD, "Nothing stops mail to this address."): True,
    }
    return next(headline for headline, is_so in found.items() if is_so)


def _reason(one: OnList, answer: Explanation, context: Context) -> Reason:
    entry, term = one.record.suppression, one.term
    assert entry is not None  # noqa: S101  (only what is on a list is shown)
    assert term is not None  # noqa: S101  (as above)
    assert one.prospect is not None  # noqa: S101  (as above)
    is_group = isinstance(entry.list, GroupList)
    return Reason(
        name=_name(one, answer),
        meaning=words.GROUP if is_group else words.LISTS[entry.list].meaning,  # type: ignore[index]
        entry=entry,
        cause=words.cause(entry),
        term=term,
        why_until=why_until(term),
        next=SENTENCE[one.next.next] if one.next and one.next.next is not Next.STAYS else "",
        tell=prospects.tell(entry),
        expected=prospects.of_prospect(one.prospect),
        tone=TONES[one.prospect.expected],
        lifts=one.record.lifts,
        bounced_again=one.prospect.bounced_again,
        liftable=bool(one.lifted_by)
        and not _is_going(one)
        and context.role.has(Permission.LIFT)
        and may_lift_from(context.role, entry.list),
    )


def _is_going(one: OnList) -> bool:
    """Whether a lift of it is under way."""
    removal = one.record.removal
    return removal is not None and not removal.adds and removal.state is RemovalState.PENDING


def _is_news(removal: Removal | None) -> bool:
    """Whether a removal is shown apart from the history: it is under way, or waits for a person."""
    return removal is not None and removal.state in {RemovalState.PENDING, RemovalState.FAILED}


def _name(one: OnList, answer: Explanation) -> str:
    name = one.record.list
    group = answer.groups.find(name.group) if isinstance(name, GroupList) else None
    return words.list_name(name, group.name if group else "")


def _history(answer: Explanation) -> list[Moment]:
    """What happened, newest first: the log entries about the address, and what its records know besides."""
    found = [moment_of(event) for event in answer.events]
    known = {one.at for one in found}
    for one in answer.lists:
        name, entry, removal = _name(one, answer), one.record.suppression, one.record.removal
        if entry and one.shown and entry.created not in known:
            found.append(Moment(entry.created, f"Put on the {name}", "", "", failed=True))
        if removal and not removal.adds:
            # the entry of a request is about all the addresses that were in it
            found.append(Moment(removal.requested_at, f"Lift from the {name} asked for", "", "", failed=False))
    return sorted(found, key=lambda one: -one.at)


def moment_of(event: Mapping[str, Any]) -> Moment:
    """An entry of the system log as a line of a history."""
    debug: Mapping[str, str] = event["debugContext"]["debugData"]
    outcome, kind = event["outcome"], event["eventType"]
    if kind == EventType.EMAIL_DELIVERY:
        said = outcome["reason"]
        says = words.DELIVERY[DeliveryKind(said)] if said in set(DeliveryKind) else event["displayMessage"]
        detail = debug.get("providerMessage", "")
    else:
        says = words.EVENTS.get(kind, event["displayMessage"])
        detail = debug.get("reason", "") or outcome["reason"] or ""
    actor = event["actor"]
    by = actor["alternateId"] if actor["type"] == "User" else ""
    return Moment(from_timestamp(event["published"]), says, detail, by, failed=outcome["result"] == "FAILURE")
