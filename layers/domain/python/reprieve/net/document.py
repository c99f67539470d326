"""One JSON document from a URL that a user chose: https only, from a host that the policy allows, within limits."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Final

from reprieve.errors import Unavailable
from reprieve.https_url import is_plain_https
from reprieve.net.connection import guarded, verified
from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError
from reprieve.net.exchange import Client

if TYPE_CHECKING:
    from reprieve.net.guard import HostPolicy

#: for the whole exchange
SECONDS: Final = 5.0
#: the largest answer that is read, with its headers, in bytes
MAX_ANSWER: Final = 262_144
OK: Final = 200


def fetch(url: str, *, policy: HostPolicy, private_ca: str = "", seconds: float = SECONDS) -> object:
    """A JSON document.

    Args:
        url: a plain https URL (`https_url`); a redirect is not followed.
        policy: which hosts and ports may be connected to.
        private_ca: the only authority to trust, in PEM; "" for the system's.
        seconds: for everything.

    Raises:
        Unavailable: it could not be read, or is not JSON. It says which, and nothing that the server said.
    """
    if not is_plain_https(url):
        raise Unavailable("not a plain https URL")
    headers = {"Accept": "application/json", "Connection": "close"}
    try:
        with closing(
            Client(headers, connect=guarded(policy), authorities=lambda: verified(private_ca or None))
        ) as client:
            answer = client.exchange("GET", url, deadline=Deadline(seconds), cap=MAX_ANSWER)
    except NetError as error:
        raise Unavailable(str(error)) from None
    if answer.status != OK:
        raise Unavailable(f"the server answered {answer.status}")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Unavailable("the server's answer is not JSON") from None
