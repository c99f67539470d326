"""Token endpoints, and grants for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reprieve.email_servers.email_server import TokenAuth
from reprieve.smtp.token import ClientCredentials
from tests.smtp.servers import HOST, SECRET, Talk

if TYPE_CHECKING:
    from collections.abc import Callable


GOOD = json.dumps({"access_token": "the.token-1", "token_type": "Bearer", "expires_in": 3600}).encode()


def answer(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), headers, body)


def saying(how: bytes | Callable[[Talk], None]) -> Callable[[Talk], None]:
    """The script of an endpoint that reads a request and then answers."""

    def script(talk: Talk) -> None:
        talk.start_tls()
        length = 0
        while line := talk.line():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(talk.buffer) < length:
            talk.buffer += talk.sock.recv(4096)
        talk.server.heard.append(talk.buffer)
        if isinstance(how, bytes):
            talk.send(how)
        else:
            how(talk)

    return script


def credentials(port: int, host: str = HOST, **changes: Any) -> ClientCredentials:
    return ClientCredentials(
        **{
            "endpoint": f"https://{host}:{port}/oauth2/token?tenant=1",
            "client_id": "client:1",
            "client_secret": SECRET,
            "authentication": TokenAuth.BASIC,
            "scopes": ("mail.send", "openid"),
            **changes,
        }
    )
