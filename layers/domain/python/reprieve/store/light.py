"""DynamoDB without boto3: its API in JSON over signed posts. A process has one, and its threads share it."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from reprieve.store.faults import Fault
from reprieve.store.signed import Sender
from reprieve.store.transport import PASSING, SERVER_FAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.store.connection import Answer, Endpoint

SERVICE: Final = "dynamodb"
#: of the API, before an operation's name
TARGET: Final = "DynamoDB_20120810."


class Light:
    """`transport.Transport` by HTTP; see `signed.Sender` for the arguments."""

    def __init__(self, region: str, endpoint: Endpoint, *, connect_timeout: float, read_timeout: float) -> None:
        self._sender = Sender(SERVICE, region, endpoint, connect_timeout=connect_timeout, read_timeout=read_timeout)

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `transport.Transport`."""
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": TARGET + operation}
        answer = self._sender.post(headers, _ENCODER.encode(arguments).encode())
        content = _content(answer)
        if answer.status == 200:  # noqa: PLR2004
            return content
        code = str(content.get("__type", "")).rpartition("#")[2] or f"HTTP {answer.status}"
        renewed = code in {"ExpiredTokenException", "ExpiredToken"} and self._sender.credentials.renew()
        raise Fault(code, passes=renewed or code in PASSING or answer.status >= SERVER_FAULT, answer=content)

    def close(self) -> None:
        """Close the connections that are kept; the transport can still be used."""
        self._sender.close()


def _content(answer: Answer) -> Mapping[str, Any]:
    """The JSON object of an answer's body, checked against the sum that AWS sends with it."""
    if answer.headers.get("x-amz-crc32", given := str(zlib.crc32(answer.body))) != given:
        raise Fault("ChecksumError", passes=True)
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content
    if answer.status >= SERVER_FAULT:  # of a load balancer, which does not speak JSON
        return {}
    raise Fault("Garbled", passes=True)


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"no JSON for {type(value).__name__}")


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_base64)
