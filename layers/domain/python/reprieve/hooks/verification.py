"""The proof that the endpoint of an event hook expects its posts: it returns the value of a header of a GET."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from reprieve.hooks import event_hook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.hooks.event_hook import EventHook
    from reprieve.hooks.ports import Answer, HookPoster


def new_challenge() -> str:
    """A value that no endpoint can guess."""
    return secrets.token_urlsafe(30)


def challenged(poster: HookPoster, url: str, hook: EventHook, opened: Sequence[str], challenge: str) -> Answer:
    """Ask an endpoint for its proof, with the headers of every request to the event hook.

    Args:
        poster: asks.
        url: of the endpoint.
        hook: the event hook.
        opened: its secret, unsealed; empty for none.
        challenge: what the endpoint must return.
    """
    headers = event_hook.request_headers(hook, opened)
    return poster.get(url, {**headers, event_hook.CHALLENGE_HEADER: challenge}, seconds=event_hook.SECONDS)


def proof_problem(answer: Answer, challenge: str) -> str:
    """Why an answer to the challenge proves nothing, as a sentence of ours; "" where it is the proof."""
    if answer.status != HTTPStatus.OK:
        return answer.problem or f"the server answered {answer.status}"
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("verification") != challenge:
        return 'the answer is not {"verification": the value of the header X-Okta-Verification-Challenge}'
    return ""
