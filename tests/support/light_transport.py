"""The light transport over a server on loopback that gives scripted answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from reprieve.store.connection import Endpoint
from reprieve.store.faults import Fault
from reprieve.store.light import Light
from reprieve.store.transport import Retrying
from tests.smtp.servers import LONG_S, Server, Talk

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

SECRET = "canary-secret"
PREFIX = "com.amazonaws.dynamodb.v20120810#"
#: the transports of a test, which `tests/contract/light_transport/conftest.py` closes
MADE: list[Light] = []
Script: TypeAlias = "bytes | Callable[[Talk], None]"


def said(content: Any, status: int = 200, *more: str) -> bytes:
    """An answer of DynamoDB."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = "\r\n".join([f"HTTP/1.1 {status} Any", f"Content-Length: {len(body)}", *more])
    return f"{head}\r\n\r\n".encode() + body


def refused(code: str, status: int = 400, **more: Any) -> bytes:
    return said({"__type": PREFIX + code, "message": SECRET, **more}, status)


def heads(server: Server) -> list[dict[str, str]]:
    """The headers of each request, in order."""
    found: list[dict[str, str]] = []
    for line in server.heard:
        name, colon, value = line.decode().partition(": ")
        if line.startswith((b"POST", b"GET")):
            found.append({})
        elif colon:
            found[-1][name] = value
    return found


def answering(*answers: Script, tls: ssl.SSLContext | None = None) -> Server:
    """A server that gives the next answer to each request, over however many connections, and then hangs up."""
    left = list(answers)

    def script(talk: Talk) -> None:
        if tls:
            talk.start_tls()
        while left:
            length = 0
            while line := talk.line():
                name, _, value = line.partition(b": ")
                length = int(value) if name == b"content-length" else length
            while len(talk.buffer) < length:
                talk.buffer += talk.sock.recv(65_536)
            talk.buffer = talk.buffer[length:]
            answer = left.pop(0)
            if callable(answer):
                answer(talk)
            else:
                talk.send(answer)

    return Server(script, tls)


def over(server: Server, *, read_timeout: float = LONG_S, host: str = "127.0.0.1", encrypted: bool = False) -> Light:
    endpoint = Endpoint(host, server.port, encrypted)
    MADE.append(Light("eu-west-1", endpoint, connect_timeout=LONG_S, read_timeout=read_timeout))
    return MADE[-1]


def call(transport: Any) -> Any:
    return transport.call("GetItem", {"TableName": "T", "Key": {"a": {"S": "é"}}})


def fault(transport: Any) -> tuple[str, bool]:
    with pytest.raises(Fault) as raised:
        call(transport)
    assert SECRET not in str(raised.value)
    return raised.value.code, raised.value.passes


class Patient(Retrying):
    """Notes its pauses instead of waiting."""

    def __init__(self, transport: Light) -> None:
        super().__init__(transport)
        self.pauses: list[float] = []

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
