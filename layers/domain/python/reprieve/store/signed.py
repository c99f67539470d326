"""Signed posts to AWS over kept connections, without boto3. A process has one sender per service, which threads share.

What it does not know: proxies, endpoints of FIPS or dual stack, credentials from profiles. A deployment that needs them
chooses boto3.
"""

from __future__ import annotations

import json
import os
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from reprieve.store.connection import Answer, Connection, Endpoint
from reprieve.store.faults import Fault
from reprieve.store.signature import Credentials, authorization
from reprieve.store.transport import SIDE_BY_SIDE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: container credentials are fetched anew so many seconds before they expire, and only from this machine
RENEWED_BEFORE: Final = 600
CREDENTIALS_TIMEOUT: Final = 1.0
_CONTAINER: Final = re.compile(r"http://(127\.0\.0\.1|localhost):(\d{1,5})(/[\w./-]*)?", re.ASCII)


class Sender:
    """Posts to one service of AWS, each sent once.

    Args:
        service: as signatures name it, for example `dynamodb`.
        region: AWS's.
        endpoint: where the service is.
        connect_timeout: in seconds, for a connection, TLS included.
        read_timeout: in seconds, from the request's first byte to the answer's last.
    """

    def __init__(
        self, service: str, region: str, endpoint: Endpoint, *, connect_timeout: float, read_timeout: float
    ) -> None:
        self._service = service
        self._region = region
        self._endpoint = endpoint
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self.credentials = CredentialSource()
        self._idle: list[Connection] = []

    def post(self, headers: Mapping[str, str], body: bytes, *, path: str = "/", query: str = "") -> Answer:
        """Sign a request, send it and receive its answer.

        Args:
            headers: besides those of every request, by name in lower case.
            body: as it is sent.
            path: of characters that URLs do not encode.
            query: one parameter at most, encoded.

        Raises:
            Fault: it got no answer, or there are no credentials.
        """
        try:
            return self._exchange(self._request(headers, body, path, query))
        except OSError as error:
            raise Fault(type(error).__name__, passes=True) from error

    def close(self) -> None:
        """Close the connections that are kept; the sender can still be used."""
        while self._idle:
            self._idle.pop().close()

    def _request(self, more: Mapping[str, str], body: bytes, path: str, query: str) -> bytes:
        credentials = self.credentials.current()
        given = {
            **more,
            "host": self._endpoint.authority,
            "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            **({"x-amz-security-token": credentials.token} if credentials.token else {}),
        }
        headers = {name: given[name] for name in sorted(given)}
        headers["authorization"] = authorization(
            credentials, self._region, self._service, headers, body, path=path, query=query
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        target = f"{path}?{query}" if query else path
        head = f"POST {target} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\naccept-encoding: identity\r\n\r\n"
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


def endpoint_of(service: str, region: str) -> Endpoint:
    """Where a service is: by AWS_ENDPOINT_URL_{SERVICE} or AWS_ENDPOINT_URL, as for boto3, or else in the region."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    given = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
    return Endpoint.of_url(given or f"https://{service}.{region}.{suffix}")
