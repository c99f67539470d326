"""A day of events from five providers, as each writes them, out of order, repeated, and between lifts.

Beside it is a brute-force model of the lists that they leave.

The model knows nothing of stores or conditions: it keeps of each address on each list the newest event that no lift has
forgiven. No two events of an address are of the same moment, so that "newest" is never in doubt.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from reprieve.access.provider_account import ProviderAccount
from reprieve.providers.none import NoProvider
from reprieve.providers.registry import PROVIDERS
from reprieve.removals.job import RemovalJob
from reprieve.removals.removal import RemovalRequest, watermark
from reprieve.runtime import wiring
from reprieve.suppressions.ingest import Batch, Ingest, Post
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprieve.organization import Organization
    from reprieve.suppressions.delivery import DeliveryEvent

BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS
SPAM, OUT = SuppressionList.SPAM_REPORTS, SuppressionList.UNSUBSCRIBES
BEGIN = 1_780_000_000
DAY, TWO_HOURS = 86_400, 7_200
#: what can happen to a mail, how often of a hundred, and the list on which that puts its recipient
HAPPENS: dict[str, tuple[int, SuppressionList | None]] = {
    "delivered": (40, None),
    "deferred": (8, None),
    "hard": (20, BOUNCES),
    "soft": (12, BLOCKS),
    "spam": (6, SPAM),
    "out": (5, OUT),
    "echo": (6, None),
    "candidates": (3, None),
}
USER_UNKNOWN = "550 5.1.1 user unknown"
TRY_LATER = "451 4.3.0 try again later"
#: how much older than it is an event counts that only repeats the bounce behind it
YIELDS = 60_000
#: of a thousand arrivals, so many are followed by lifts
LIFTS = 30
#: how many arrivals back most of them go: what is lifted may come again, and later than what is older
RECENT = 200
Place = tuple[SuppressionList, str]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event.

    Attributes:
        provider: the kind of the provider that reports it.
        what: a key of HAPPENS.
        email: the recipient, in one of its spellings.
        at: in whole seconds.
        number: of this event; no other has it.
        echo: whether it repeats a bounce, as an addition to the provider's own list.
    """

    provider: str
    what: str
    email: str
    at: int
    number: int
    echo: bool = False

    @property
    def place(self) -> Place | None:
        """The list and the address that it concerns."""
        found = HAPPENS[self.what][1]
        return (found, self.email.lower()) if found else None

    @property
    def counts_from(self) -> int:
        """The moment in milliseconds as of which it is on its list."""
        return self.at * 1000 + 500 - YIELDS if self.echo else self.at * 1000


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sendgrid(one: Occurrence) -> Any:
    kinds = {"hard": "bounce", "soft": "bounce", "spam": "spamreport", "out": "unsubscribe", "echo": "dropped"}
    said = {"hard": USER_UNKNOWN, "soft": TRY_LATER, "echo": "Bounced Address"}.get(one.what, "")
    about = {"type": "blocked" if one.what == "soft" else "bounce", "reason": said, "sg_message_id": f"m-{one.number}"}
    name = kinds.get(one.what, "delivered" if one.what == "candidates" else one.what)
    return [{"email": one.email, "event": name, "timestamp": one.at, **about}]


def ses(one: Occurrence) -> Any:
    mail = {"messageId": f"m-{one.number}", "destination": [one.email]}
    about: dict[str, Any] = {"timestamp": stamp(one.at), "feedbackId": f"f-{one.number}"}
    row = {"emailAddress": one.email}
    # event publishing and identity feedback differ in the name of one member
    kind = "eventType" if one.number % 2 else "notificationType"
    match one.what:
        case "delivered":
            return {kind: "Delivery", "mail": mail, "delivery": about | {"recipients": [one.email]}}
        case "deferred":
            return {kind: "DeliveryDelay", "mail": mail, "deliveryDelay": about | {"delayedRecipients": [row]}}
        case "spam" | "candidates":
            rows = [row] if one.what == "spam" else [row, {"emailAddress": "other@example.net"}]
            abuse = {"complaintFeedbackType": "abuse", "complaintSubType": None, "complainedRecipients": rows}
            return {kind: "Complaint", "mail": mail, "complaint": about | abuse}
    types = {
        "hard": ("Permanent", "General", USER_UNKNOWN),
        "soft": ("Transient", "General", TRY_LATER),
        "out": ("Permanent", "UnsubscribedRecipient", ""),
        "echo": ("Permanent", "OnAccountSuppressionList", ""),
    }
    bounce_type, subtype, said = types[one.what]
    bounced = {"bounceType": bounce_type, "bounceSubType": subtype}
    recipients = {"bouncedRecipients": [row | {"diagnosticCode": said}]}
    return {kind: "Bounce", "mail": mail, "bounce": about | bounced | recipients}


def resend(one: Occurrence) -> Any:
    if one.echo:
        origin = "bounce" if one.what == "hard" else "complaint"
        about = {"id": f"s-{one.number}", "email": one.email, "origin": origin, "created_at": stamp(one.at + 0.5)}
        return {"type": "suppression.added", "created_at": stamp(one.at + 0.5), "data": about}
    names = {"hard": "bounced", "soft": "bounced", "spam": "complained", "echo": "suppressed", "candidates": "bounced"}
    permanence, said = ("Transient", TRY_LATER) if one.what == "soft" else ("Permanent", USER_UNKNOWN)
    bounce = {"type": permanence, "subType": "General", "diagnosticCode": [f"smtp; {said}"]}
    to = [one.email] if one.what != "candidates" else [one.email, "other@example.net"]
    data = {"email_id": f"m-{one.number}", "to": to, "bounce": bounce, "suppressed": {"reason": "previous_bounce"}}
    name = names.get(one.what, "delivery_delayed" if one.what == "deferred" else "delivered")
    return {"type": f"email.{name}", "created_at": stamp(one.at), "data": data}


def mailgun(one: Occurrence) -> Any:
    names = {"spam": "complained", "out": "unsubscribed", "delivered": "delivered", "candidates": "opened"}
    reason = {"hard": "bounce", "soft": "generic", "echo": "suppress-bounce"}.get(one.what, "generic")
    said = {"hard": USER_UNKNOWN, "soft": TRY_LATER}.get(one.what, "")
    data = {
        "event": names.get(one.what, "failed"),
        "severity": "temporary" if one.what == "deferred" else "permanent",
        "reason": reason,
        "id": f"e-{one.number}",
        "timestamp": float(one.at),
        "recipient": one.email,
        "message": {"headers": {"message-id": f"m-{one.number}"}},
        "delivery-status": {"code": int(said[:3] or 605), "message": said[4:]},
    }
    return {"signature": {}, "event-data": data}


def postmark(one: Occurrence) -> Any:
    if one.echo:
        reason = "HardBounce" if one.what == "hard" else "SpamComplaint"
        about = {"SuppressSending": True, "SuppressionReason": reason, "Origin": "Recipient"}
        return {"RecordType": "SubscriptionChange", "Recipient": one.email, "ChangedAt": stamp(one.at + 0.5), **about}
    match one.what:
        case "delivered":
            about = {"MessageID": f"m-{one.number}", "DeliveredAt": stamp(one.at)}
            return {"RecordType": "Delivery", "Recipient": one.email, **about}
        case "out":
            about = {"SuppressSending": True, "SuppressionReason": "ManualSuppression", "Origin": "Recipient"}
            return {"RecordType": "SubscriptionChange", "Recipient": one.email, "ChangedAt": stamp(one.at), **about}
        case "deferred" | "candidates":
            return {"RecordType": "Open", "Recipient": one.email, "ReceivedAt": stamp(one.at)}
    types = {"hard": "HardBounce", "soft": "SoftBounce", "spam": "SpamComplaint", "echo": "SMTPApiError"}
    said = {"hard": f"smtp;{USER_UNKNOWN}", "soft": f"smtp;{TRY_LATER}"}.get(one.what, "")
    about = {"ID": one.number, "Email": one.email, "BouncedAt": stamp(one.at), "Details": said}
    return {"RecordType": "Bounce", "Type": types[one.what], "Inactive": one.what == "hard", **about}


WRITERS: dict[str, Callable[[Occurrence], Any]] = {
    "sendgrid": sendgrid,
    "ses": ses,
    "resend": resend,
    "mailgun": mailgun,
    "postmark": postmark,
}
#: what the providers say of the address, as it is on the list
SAID = {"hard": USER_UNKNOWN, "soft": TRY_LATER}


@dataclass
class Model:
    """The lists, by brute force.

    Attributes:
        newest: of each address on each list, the newest event that is not forgiven.
        forgiven: up to when events of it are.
    """

    newest: dict[Place, Occurrence] = field(default_factory=dict)
    forgiven: dict[Place, int] = field(default_factory=dict)

    def arrive(self, one: Occurrence) -> None:
        place = one.place
        if place is None or one.counts_from <= self.forgiven.get(place, -1):
            return
        known = self.newest.get(place)
        if known is None or known.counts_from < one.counts_from:
            self.newest[place] = one

    def lift(self, place: Place, now: int) -> None:
        """A lift forgives what was seen, and what happened before the clocks' difference."""
        seen = self.newest.pop(place, None)
        moments = (self.forgiven.get(place, -1), watermark(now), seen.counts_from if seen else -1)  # type: ignore[arg-type]
        self.forgiven[place] = max(moments)

    def lists(self) -> dict[Place, tuple[int, str, str]]:
        """The moment and the provider of each entry, and what was said of a bounce or a block."""
        return {
            place: (one.counts_from, one.provider, "" if one.echo else SAID.get(one.what, ""))
            for place, one in self.newest.items()
        }


def occurrences(count: int, random: Random) -> list[Occurrence]:
    """So many events of a day; each address is in about twenty of them, all within two hours.

    So what is lifted has others under way, some of which are newer than what was seen, and forgiven all the same.
    """
    weights = [weight for weight, _ in HAPPENS.values()]
    taken: set[tuple[int, int]] = set()
    found: list[Occurrence] = []
    while len(found) < count:
        address = random.randrange(max(count // 20, 1))
        # a prime spreads the addresses over the day
        at = BEGIN + (address * 7_919 + random.randrange(TWO_HOURS)) % DAY
        if (address, at) in taken:
            continue
        taken.add((address, at))
        provider, what = random.choice(list(WRITERS)), random.choices(list(HAPPENS), weights)[0]
        if provider == "resend" and what == "out":
            what = "spam"
        email = f"{'N' if random.random() < 0.2 else 'n'}{address}@example.org"
        one = Occurrence(provider, what, email, at, len(found))
        found.append(one)
        if provider in {"resend", "postmark"} and what in {"hard", "spam"} and random.random() < 0.5:
            found.append(Occurrence(provider, what, email, at, len(found), echo=True))
    return found[:count]


def arrivals(found: Sequence[Occurrence], random: Random) -> list[tuple[float, int, Occurrence]]:
    """When each event arrives, mostly within minutes, and some again: in the order of arrival."""
    every = [
        (one.at + 2 + random.expovariate(1 / random.choice((5, 300, 7_200))), number, one)
        for number, one in enumerate(found)
        for _ in range(1 + (random.random() < 0.15) * random.randrange(1, 3))
    ]
    return sorted(every, key=lambda one: one[:2])


class NoLog:
    """A system log that keeps nothing: a day's entries would not fit into memory."""

    def append(self, _organization: Organization, _entries: Sequence[object]) -> frozenset[str]:
        """Forget them."""
        return frozenset()


@dataclass
class Day:
    """The product under a day of events.

    Attributes:
        organization: whose.
        together: how many events of one provider are taken in at a time.
    """

    organization: Organization
    together: int
    clock: int = BEGIN * 1000
    model: Model = field(default_factory=Model)
    counts: Counter[str] = field(default_factory=Counter)
    waiting: dict[str, list[DeliveryEvent]] = field(default_factory=dict)
    recent: deque[Occurrence] = field(default_factory=lambda: deque(maxlen=RECENT))

    def __post_init__(self) -> None:
        log: Any = NoLog()
        letters: Any = None
        stores = (wiring.suppressions(), wiring.unsubscribe_groups(), wiring.whitelist_store())
        self.ingest = Ingest(*stores, log, letters, wiring.inquiry_store(), wiring.rate_store())
        self.readers = {
            kind: PROVIDERS[kind].webhook().read if PROVIDERS[kind].webhook else PROVIDERS[kind].notifications().read  # type: ignore[misc]
            for kind in WRITERS
        }
        self.job = RemovalJob(
            access=wiring.access(),
            queue=wiring.removal_queue(),
            log=log,
            groups=wiring.group_store(),
            provider_for=lambda *_: NoProvider(),
            clock=lambda: self.clock,  # type: ignore[arg-type,return-value]
            remaining=lambda: 110_000,  # type: ignore[arg-type,return-value]
            spread=lambda: 0.5,
            lanes=lambda lane: lane(),
        )

    def run(self, count: int, seed: int) -> None:
        """Have the day happen, and everything that waits at its end carried out."""
        random = Random(seed)
        found = occurrences(count, random)
        for arrives, _, one in arrivals(found, random):
            self.clock = max(self.clock, int(arrives * 1000))
            self.arrive(one)
            if random.randrange(1000) < LIFTS:
                self.lift(random, found)
        for kind in list(self.waiting):
            self.take(kind)
        for _ in range(10):
            self.clock += 120_000
            self.job.run()

    def arrive(self, one: Occurrence) -> None:
        """Take in one event as its provider writes it."""
        post = Post({}, json.dumps(WRITERS[one.provider](one)).encode(), self.clock)  # type: ignore[arg-type]
        batch: Batch = self.readers[one.provider](post)
        assert not batch.unreadable, (one, batch)
        self.counts["arrived"] += 1
        self.recent.append(one)
        self.model.arrive(one)
        self.waiting.setdefault(one.provider, []).extend(batch.events)
        if len(self.waiting[one.provider]) >= self.together:
            self.take(one.provider)

    def take(self, kind: str) -> None:
        events = self.waiting.pop(kind, [])
        if events:
            report = self.ingest.accept(self.organization, Batch(events), provider_name=kind, now=self.clock)  # type: ignore[arg-type]
            self.counts["listed"] += report.listed

    def lift(self, random: Random, found: Sequence[Occurrence]) -> None:
        """Ask for some removals, of addresses that were heard of and of others, and sometimes let the job run."""
        for kind in list(self.waiting):
            self.take(kind)
        heard = [one for _ in range(random.randrange(1, 6)) if (one := random.choice(self.recent)).place]
        wanted = [*heard, random.choice(found)]
        places = {place for one in wanted if (place := one.place)}
        for name in {name for name, _ in places}:
            keys = sorted(key for list_, key in places if list_ is name)
            self.counts["lifts"] += len(keys)
            request_id, hide = f"r{self.counts['lifts']}", random.random() < 0.5
            requests = [RemovalRequest(f"{request_id}-{at}", name, key, key, hide=hide) for at, key in enumerate(keys)]
            asked = context(self.organization, now=self.clock, request_id=request_id)  # type: ignore[arg-type]
            wiring.suppressions().request_removals(asked, requests)
            for key in keys:
                self.model.lift((name, key), self.clock)
        if random.random() < 0.3:
            self.job.run()

    def lists(self) -> dict[Place, tuple[int, str, str]]:
        """The lists as they are shown, in the form of the model's."""

        def entries() -> Iterator[tuple[Place, tuple[int, str, str]]]:
            for name in SuppressionList:
                for entry in wiring.listing().each(self.organization, name, Selection(), now=self.clock):  # type: ignore[arg-type]
                    said = entry.reason if name in {BOUNCES, BLOCKS} else ""
                    yield (name, entry.key), (entry.created, entry.provider, said)

        return dict(entries())


def begin(organization: Organization, *, together: int) -> Day:
    """The morning of a day: an organization with one account."""
    wiring.access().create_organization(organization)
    account = ProviderAccount("none")
    assert wiring.access().set_provider_account(organization.id, account, provider_name="", before=None)
    return Day(organization, together)
