"""HTTP with the identity providers of organizations, by the rules for every address that a user chose."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus, urlencode

from reprieve.errors import Unauthenticated, Unavailable
from reprieve.net import document
from reprieve.net.guard import may_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.net.exchange import Answer
    from reprieve.net.guard import HostPolicy

FORM: Final = "application/x-www-form-urlencoded"
#: a code of an error, as token endpoints have them (RFC 6749 section 5.2)
ERROR: Final = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class IdentityProviders:
    """`access.ports.IdentityProviders` over HTTP.

    Attributes:
        policy: which hosts and ports may be connected to. Plain http is for addresses in its private networks.
    """

    policy: HostPolicy

    def may_call(self, url: str) -> bool:
        """See the port."""
        return may_call(url, self.policy)

    def document(self, url: str, private_ca: str) -> object:
        """See the port."""
        return document.fetch(url, policy=self.policy, private_ca=private_ca)

    def redeem(self, url: str, form: Mapping[str, str], client: tuple[str, str], private_ca: str) -> object:
        """See the port."""
        headers, (client_id, secret) = {"Content-Type": FORM}, client
        if secret:
            # RFC 6749 section 2.3.1: both are encoded as in a form before they are joined
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form = {**form, "client_id": client_id}
        body = urlencode(form).encode()
        answer = document.asked("POST", url, policy=self.policy, private_ca=private_ca, headers=headers, body=body)
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
            raise Unauthenticated(f"the token endpoint refused: {_error(answer)}")
        if answer.status != HTTPStatus.OK:
            raise Unavailable(f"the token endpoint answered {answer.status}")
        return document.parsed(answer)


def _error(answer: Answer) -> str:
    """The code of an error, and no other word of the server's."""
    try:
        said = document.parsed(answer)
    except Unavailable:
        return f"status {answer.status}"
    code = said.get("error") if isinstance(said, dict) else None
    return code if isinstance(code, str) and ERROR.fullmatch(code) else f"status {answer.status}"
