"""DynamoDB without boto3: signed requests over kept connections. A process has one, and its threads share it.

What it does not know: proxies, endpoints of FIPS or dual stack, credentials from profiles. A deployment that needs them
chooses boto3.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from reprieve.store.connection import Answer, Connection, Endpoint
from reprieve.store.faults import Fault
from reprieve.store.signature import Credentials, authorization
from reprieve.store.transport import PASSING, SERVER_FAULT, SIDE_BY_SIDE

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE: Final = "dynamodb"
#: of the API, before an operation's name
TARGET: Final = "DynamoDB_20120810."
#: container credentials are fetched anew so many seconds before they expire, and only from this machine
RENEWED_BEFORE: Final = 600
CREDENTIALS_TIMEOUT: Final = 1.0
_CONTAINER: Final = re.compile(r"http://(127\.0\.0\.1|localhost):(\d{1,5})(/[\w./-]*)?", re.ASCII)


class Light:
    """`transport.Transport` by HTTP.

    Args:
        region: AWS's.
        endpoint: where DynamoDB is.
        connect_timeout: in seconds, for a connection, TLS included.
        read_timeout: in seconds, from the request's first byte to the answer's last.
    """

    def __init__(self, region: str, endpoint: Endpoint, *, connect_timeout: float, read_timeout: float) -> None:
        self._region = region
        self._endpoint = endpoint
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._credentials = CredentialSource()
        self._idle: list[Connection] = []

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `transport.Transport`."""
        body = _ENCODER.encode(arguments).encode()
        try:
            answer = self._exchange(self._request(operation, body))
        except OSError as error:
            raise Fault(type(error).__name__, passes=True) from error
        content = _content(answer)
        if answer.status == 200:  # noqa: PLR2004
            return content
        code = str(content.get("__type", "")).rpartition("#")[2] or f"HTTP {answer.status}"
        renewed = code in {"ExpiredTokenException", "ExpiredToken"} and self._credentials.renew()
        raise Fault(code, passes=renewed or code in PASSING or answer.status >= SERVER_FAULT, answer=content)

    def close(self) -> None:
        """Close the connections that are kept; the transport can still be used."""
        while self._idle:
            self._idle.pop().close()

    def _request(self, operation: str, body: bytes) -> bytes:
        credentials = self._credentials.current()
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "host": self._endpoint.authority,
            "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            **({"x-amz-security-token": credentials.token} if credentials.token else {}),
            "x-amz-target": TARGET + operation,
        }
        headers["authorization"] = authorization(credentials, self._region, SERVICE, headers, body)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\naccept-encoding: identity\r\n\r\n"
        return head.encode() + body

    def _exchange(self, request: bytes) -> Answer:
        connection = self._connection()
        try:
            answer = connection.exchange(request, self._read_timeout)
        except BaseException:
            connection.close()
            raise
        if connection.kept and len(self._idle) < SIDE_BY_SIDE:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _connection(self) -> Connection:
        """A kept connection, or a new one."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return Connection(self._endpoint, self._connect_timeout)
            if connection.is_usable():
                return connection
            connection.close()


class CredentialSource:
    """The credentials of the process, from where Lambda puts them.

    A function finds them in its environment; one that was restored from a snapshot fetches them from the address in
    AWS_CONTAINER_CREDENTIALS_FULL_URI, since those in a snapshot would have expired.
    """

    def __init__(self) -> None:
        self._fetched: tuple[Credentials, float] | None = None

    def current(self) -> Credentials:
        """The credentials to sign with now.

        Raises:
            Fault: there are none.
        """
        if key_id := os.environ.get("AWS_ACCESS_KEY_ID"):
            secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
            return Credentials(key_id, secret, os.environ.get("AWS_SESSION_TOKEN", ""))
        if self._fetched is None or self._fetched[1] - RENEWED_BEFORE < time.time():
            self._fetched = _fetched()
        return self._fetched[0]

    def renew(self) -> bool:
        """Forget credentials that have expired; whether there are others."""
        self._fetched = None
        return "AWS_ACCESS_KEY_ID" not in os.environ


def _fetched() -> tuple[Credentials, float]:
    """Container credentials, and when they expire, in seconds since 1970."""
    url = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    found = _CONTAINER.fullmatch(url)
    if found is None or not token.isprintable():
        raise Fault("NoCredentials", passes=False)
    try:
        given = _got(Endpoint(found[1], int(found[2]), encrypted=False), found[3] or "/", token)
        expires = datetime.fromisoformat(given["Expiration"]).timestamp()
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["Token"]), expires
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Fault("NoCredentials", passes=True) from error


def _got(endpoint: Endpoint, path: str, token: str) -> Any:  # noqa: ANN401  (JSON)
    connection = Connection(endpoint, CREDENTIALS_TIMEOUT)
    head = f"GET {path} HTTP/1.1\r\nhost: {endpoint.authority}\r\nauthorization: {token}\r\n\r\n"
    try:
        return json.loads(connection.exchange(head.encode(), CREDENTIALS_TIMEOUT).body)
    finally:
        connection.close()


def endpoint_of(region: str) -> Endpoint:
    """Where DynamoDB is: by AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL, as for boto3, or else in the region."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    given = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL")
    return Endpoint.of_url(given or f"https://dynamodb.{region}.{suffix}")


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
