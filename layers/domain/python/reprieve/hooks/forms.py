"""What a hook is posted, by its form, and when it is posted again."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from reprieve.clock import Millis, to_seconds
from reprieve.errors import InvalidInput
from reprieve.hooks import event_hook, schedule, signature
from reprieve.hooks.notice import notice_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.hooks.hook import Hook, Waiting
    from reprieve.hooks.ports import Answer, HookPoster


@dataclass(frozen=True, slots=True)
class Message:
    """What a hook is posted about one log entry.

    Attributes:
        id: of the entry.
        type: what the hook is asked whether it hears of it: the type of the notice, or of the entry for an event hook.
        body: the same bytes each time.
    """

    id: str
    type: str
    body: bytes


def check_url(poster: HookPoster, url: str, *, field: str = "url") -> None:
    """Refuse a URL that is not posted to.

    Raises:
        InvalidInput: of `field`.
    """
    if not poster.may_post(url):
        raise InvalidInput("must be a plain https URL", field=field)


def message_of(hook: Hook, event: Mapping[str, Any]) -> Message | None:
    """The message about a log entry, as a LogEvent; None for an entry that hooks of this form do not hear of."""
    if hook.event_hook:
        return Message(event["uuid"], event["eventType"], event_hook.envelope(hook.event_hook.source, event))
    notice = notice_of(event)
    return Message(notice.id, notice.type, notice.body) if notice else None


def posted(poster: HookPoster, hook: Hook, message: Message, opened: Sequence[str], *, now: Millis) -> Answer:
    """Post a message to a hook, with the proof that its form has of who posts.

    Args:
        poster: posts.
        hook: to which.
        message: what.
        opened: the hook's secrets, unsealed.
        now: in milliseconds.
    """
    sent = {"Content-Type": "application/json"}
    if hook.event_hook:
        headers = {**sent, **event_hook.request_headers(hook.event_hook, opened)}
        return poster.post(hook.url, headers, message.body, seconds=event_hook.SECONDS)
    signed = signature.headers(opened, identifier=message.id, at=to_seconds(now), body=message.body)
    return poster.post(hook.url, {**sent, **signed}, message.body)


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
