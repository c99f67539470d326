"""A hook: a URL at which an organization hears of its changes, and how far it has heard of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.access.label import checked_label
from reprieve.clock import EPOCH, Millis, days
from reprieve.errors import InvalidInput
from reprieve.hooks.notice import CHANGES, NoticeType

if TYPE_CHECKING:
    from reprieve.hooks.event_hook import EventHook

#: of an organization: those that are added by Reprieve's own API, and Okta's event hooks
MAX_HOOKS: Final = 5
MAX_EVENT_HOOKS: Final = 25
#: notices of one hook that wait for another attempt; while there are as many, it hears of nothing new
MAX_WAITING: Final = 100
#: how long the log of a hook's deliveries is kept, in milliseconds
DELIVERIES_KEPT: Final = days(30)
#: how long a secret that was replaced still signs, in hours
KEEP_HOURS: Final = 24
MAX_KEEP_HOURS: Final = 168


class Form(StrEnum):
    """How a hook hears of a change."""

    STANDARD = "standard"
    """A notice is posted, signed by Standard Webhooks."""
    OKTA = "okta"
    """The entry of the system log is posted as an event hook of Okta's: in Okta's envelope, with a header as secret."""
    BUS = "bus"
    """A notice is put onto the deployment's event bus (Amazon EventBridge). There is no secret."""


def form_of(url: str) -> Form:
    """The form of a hook of ours with this URL: an ARN is an event bus."""
    return Form.BUS if url.startswith("arn:") else Form.STANDARD


#: the places of an organization's hooks, so that there are no more of a form
PLACES: Final = {
    Form.STANDARD: range(MAX_HOOKS),
    Form.BUS: range(MAX_HOOKS),
    Form.OKTA: range(MAX_HOOKS, MAX_HOOKS + MAX_EVENT_HOOKS),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that was not taken, and is posted again.

    Attributes:
        position: of its entry in the system log, by arrival.
        attempts: how often it was posted.
        first: when for the first time, in milliseconds.
        due: when again.
    """

    position: str
    attempts: int
    first: Millis
    due: Millis


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the system log: after one position, and before another."""

    after: str
    before: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a hook has heard: every notice up to `after` was taken, waits, or was given up in sight of everyone.

    Attributes:
        after: the position in the system log, by arrival, up to which it was read.
        waiting: the notices that are posted again, oldest first.
        replay: what is left of a replay; None for none.
        failures: how many posts in a row have failed, without those of notices that were refused before.
        failing_since: since when; None where the last one was taken, in milliseconds.
        due: until when the hook is left alone.
    """

    after: str
    waiting: tuple[Waiting, ...] = ()
    replay: Stretch | None = None
    failures: int = 0
    failing_since: Millis | None = None
    due: Millis = EPOCH

    @property
    def is_full(self) -> bool:
        """Whether no more notices may wait."""
        return len(self.waiting) >= MAX_WAITING

    @property
    def oldest(self) -> Millis | None:
        """Since when the notice that waits longest has waited; None where none does."""
        since = [one.first for one in self.waiting]
        return min(since, default=self.failing_since)

    def past(self, position: str) -> Progress:
        """The same, having read the log up to one more entry."""
        return replace(self, after=position)

    def past_in_replay(self, position: str) -> Progress:
        """The same, having read the replay up to one more entry."""
        return replace(self, replay=self.replay and replace(self.replay, after=position))

    def without(self, position: str) -> Progress:
        """The same without the notice at a position among those that wait."""
        return replace(self, waiting=tuple(one for one in self.waiting if one.position != position))

    def begun_anew(self, now: Millis) -> Progress:
        """The same, as if nothing had been posted yet of what waits."""
        return replace(self, waiting=tuple(replace(one, attempts=0, first=now, due=now) for one in self.waiting))


@dataclass(frozen=True, slots=True)
class Secret:
    """A sealed secret, and until when it signs; None for until it is replaced."""

    sealed: bytes = field(repr=False)
    until: Millis | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook.

    Attributes:
        organization_id: whose.
        id: distinguishes the organization's hooks.
        place: its number among them; see `PLACES`.
        url: what is posted to; of an event bus its ARN.
        description: "" for none.
        types: what it hears of; empty for every type. An event hook has its own.
        enabled: whether it is posted to.
        disabled_reason: why it was disabled, where no person did.
        secrets: those that sign, the newest first: one, or two after a rotation. Of an event hook the value of the
            header that is its secret, if it has one; none of an event bus.
        created: in milliseconds.
        updated: when its settings were last changed.
        progress: how far it has heard.
        version: counts the changes of its settings.
        turn: counts the changes of its progress.
        event_hook: what only an event hook of Okta's form has; None for any other.
    """

    organization_id: str
    id: str
    place: int
    url: str
    description: str
    types: frozenset[NoticeType]
    enabled: bool
    disabled_reason: str
    secrets: tuple[Secret, ...]
    created: Millis
    updated: Millis
    progress: Progress
    version: int = 0
    turn: int = 0
    event_hook: EventHook | None = None

    @property
    def form(self) -> Form:
        """How it hears of a change."""
        return Form.OKTA if self.event_hook else form_of(self.url)

    @property
    def is_posted_to(self) -> bool:
        """Whether it hears of anything: it is enabled, and an event hook is verified as well."""
        return self.enabled and (self.event_hook is None or self.event_hook.verified)

    def hears_of(self, kind: str) -> bool:
        """Whether it hears of a type: of notices, or of log entries for an event hook."""
        if self.event_hook:
            return kind in self.event_hook.events
        return not self.types or kind in self.types

    def switched(self, *, enabled: bool) -> Hook:
        """The same, enabled or disabled."""
        return replace(self, enabled=enabled, disabled_reason="" if enabled else self.disabled_reason)

    def signing(self, now: Millis) -> tuple[Secret, ...]:
        """The secrets that sign at a moment."""
        return tuple(one for one in self.secrets if one.until is None or one.until > now)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a request sets; None leaves an attribute as it is, or as a new hook has it."""

    url: str | None = None
    description: str | None = None
    types: frozenset[NoticeType] | None = None
    enabled: bool | None = None

    def check(self) -> None:
        """Refuse what no hook can have.

        Raises:
            InvalidInput: the description is too long, or a type is none that can be asked for.
        """
        if self.description:
            checked_label(self.description, field="description")
        if self.types and not self.types <= set(CHANGES):
            raise InvalidInput(f"of {', '.join(CHANGES)}", field="types")


class Result(StrEnum):
    """What became of one post of a notice."""

    DELIVERED = "delivered"
    """It was taken."""
    WAITING = "waiting"
    """It was not, and is posted again."""
    GIVEN_UP = "given_up"
    """It was not, for the last time; a replay posts it again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the log of deliveries: one post of one notice, or that it cannot be posted again.

    Attributes:
        at: when, in milliseconds.
        notice: the id of the notice.
        type: of the notice, or of the log entry for an event hook; None where the system log has it no longer.
        attempt: 1 for the first.
        result: what became of it.
        status: of the answer; 0 for none.
        problem: why it was not taken, as a sentence of ours; "" where it was.
    """

    at: Millis
    notice: str
    type: str | None
    attempt: int
    result: Result
    status: int = 0
    problem: str = ""
