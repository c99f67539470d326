"""What a hook is posted, by its form, to where, and when it is posted again."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from reprieve.clock import Millis, from_timestamp, to_seconds
from reprieve.errors import InvalidInput
from reprieve.hooks import event_bus, event_hook, schedule, signature
from reprieve.hooks.hook import Form, form_of
from reprieve.hooks.notice import notice_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.hooks.hook import Hook, Waiting
    from reprieve.hooks.notice import Notice
    from reprieve.hooks.ports import Answer, EventBus, HookPoster


@dataclass(frozen=True, slots=True)
class Posters:
    """What posts to hooks.

    Attributes:
        web: to the URLs that users chose.
        bus: the deployment's event bus.
    """

    web: HookPoster
    bus: EventBus


@dataclass(frozen=True, slots=True)
class Message:
    """What a hook is posted about one log entry.

    Attributes:
        id: of the entry.
        type: what the hook is asked whether it hears of it: the type of the notice, or of the entry for an event hook.
        at: when the change happened, in milliseconds.
        body: the same bytes each time.
    """

    id: str
    type: str
    at: Millis
    body: bytes


def check_url(posters: Posters, url: str) -> None:
    """Refuse a URL that a hook of ours cannot have.

    Raises:
        InvalidInput: of `url`: it is neither plain https nor the deployment's event bus.
    """
    if form_of(url) is not Form.BUS:
        check_web_url(posters.web, url, field="url")
    elif problem := event_bus.problem_of(url, posters.bus.arn):
        raise InvalidInput(problem, field="url")


def check_web_url(web: HookPoster, url: str, *, field: str) -> None:
    """Refuse a URL that is not posted to over HTTP.

    Raises:
        InvalidInput: of `field`.
    """
    if not web.may_post(url):
        raise InvalidInput("must be a plain https URL", field=field)


def message_of(hook: Hook, event: Mapping[str, Any]) -> Message | None:
    """The message about a log entry, as a LogEvent; None for an entry that hooks of this form do not hear of."""
    if hook.event_hook:
        body = event_hook.envelope(hook.event_hook.source, event)
        return Message(event["uuid"], event["eventType"], from_timestamp(event["published"]), body)
    notice = notice_of(event)
    return notice_message(notice) if notice else None


def notice_message(notice: Notice) -> Message:
    """The message that is a notice."""
    return Message(notice.id, notice.type, from_timestamp(notice.timestamp), notice.body)


def posted(posters: Posters, hook: Hook, message: Message, opened: Sequence[str], *, now: Millis) -> Answer:
    """Post a message to a hook, with the proof that its form has of who posts.

    Args:
        posters: post.
        hook: to which.
        message: what.
        opened: the hook's secrets, unsealed.
        now: in milliseconds.
    """
    if hook.form is Form.BUS:
        return _put(posters.bus, hook, message)
    sent = {"Content-Type": "application/json"}
    if hook.event_hook:
        headers = {**sent, **event_hook.request_headers(hook.event_hook, opened)}
        return posters.web.post(hook.url, headers, message.body, seconds=event_hook.SECONDS)
    signed = signature.headers(opened, identifier=message.id, at=to_seconds(now), body=message.body)
    return posters.web.post(hook.url, {**sent, **signed}, message.body)


def next_attempt(hook: Hook, waiting: Waiting, answer: Answer, *, now: Millis, chance: float) -> Millis | None:
    """When a message that was not taken is posted again; None for never: it is given up.

    Args:
        hook: which did not take it.
        waiting: how it waits, the attempt that just failed included.
        answer: what the hook answered.
        now: in milliseconds.
        chance: from 0 up to 1.
    """
    if hook.event_hook:
        repeats = waiting.attempts == 1 and is_worth_repeating(answer)
        return Millis(now + schedule.WAITS[0]) if repeats else None
    return schedule.next_attempt(waiting.attempts, first=waiting.first, now=now, chance=chance)


def is_worth_repeating(answer: Answer) -> bool:
    """Whether a request is repeated once: there was no answer in time, or the server failed. A 4xx is final."""
    return answer.status == 0 or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _put(bus: EventBus, hook: Hook, message: Message) -> Answer:
    """Put a message onto the deployment's bus, unless the hook has another one, which it had before."""
    if problem := event_bus.problem_of(hook.url, bus.arn):
        return event_bus.Put(0, problem=problem)
    return bus.put(event_bus.Event(hook.organization_id, message.type, message.at, message.body.decode()))
