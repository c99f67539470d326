"""JSON documents from URLs that users chose: by https, from a host that the policy allows, within limits."""

from __future__ import annotations

import json
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.errors import Unavailable
from reprieve.net.connection import guarded, verified
from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError
from reprieve.net.exchange import Client
from reprieve.net.guard import may_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.net.exchange import Answer
    from reprieve.net.guard import HostPolicy

#: for the whole exchange
SECONDS: Final = 5.0
#: the largest answer that is read, with its headers, in bytes
MAX_ANSWER: Final = 262_144


def fetch(url: str, *, policy: HostPolicy, private_ca: str = "", seconds: float = SECONDS) -> object:
    """A JSON document.

    Args:
        url: one that the policy lets be called (`guard.may_call`); a redirect is not followed.
        policy: which hosts and ports may be connected to.
        private_ca: the only authority to trust, in PEM; "" for the system's.
        seconds: for everything.

    Raises:
        Unavailable: it could not be read, or is not JSON. It says which, and nothing that the server said.
    """
    answer = asked("GET", url, policy=policy, private_ca=private_ca, seconds=seconds)
    if answer.status != HTTPStatus.OK:
        raise Unavailable(f"the server answered {answer.status}")
    return parsed(answer)


def asked(
    method: str,
    url: str,
    *,
    policy: HostPolicy,
    private_ca: str = "",
    seconds: float = SECONDS,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """The whole answer to one request for JSON; see `fetch`, and `exchange.Client.exchange` for the rest.

    Raises:
        Unavailable: there is none.
    """
    if not may_call(url, policy):
        raise Unavailable("not a plain https URL")
    sent = {"Accept": "application/json", "Connection": "close", **(headers or {})}
    try:
        with closing(Client(sent, connect=guarded(policy), authorities=lambda: verified(private_ca or None))) as client:
            return client.exchange(method, url, deadline=Deadline(seconds), cap=MAX_ANSWER, body=body)
    except NetError as error:
        raise Unavailable(str(error)) from None


def parsed(answer: Answer) -> object:
    """An answer's JSON.

    Raises:
        Unavailable: it is not JSON.
    """
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Unavailable("the server's answer is not JSON") from None
