"""HTTP/1.1 with AWS over connections that are kept: only what its APIs in JSON use, bounded in time and in size.

`http.client` would do the same, but loads the whole of `email`, which costs more instructions than all else that a cold
start needs to reach DynamoDB, and parses each answer's head with it.
"""

from __future__ import annotations

import os
import re
import select
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

#: an answer's head and body at most, in bytes. BatchGetItem returns 16 MB of items, which JSON makes larger
MAX_HEAD: Final = 16 * 1024
MAX_BODY: Final = 64 * 1024 * 1024
#: how much is received at a time, in bytes
PIECE: Final = 256 * 1024
#: the authorities that sign AWS's certificates, by their names in certifi's list: loading all of the list takes as many
#: instructions as all the rest of a cold start
AMAZON: Final = re.compile(r'"(?:Amazon Root CA \d+|Starfield Services Root Certificate Authority - G2)"\n')
#: what precedes that name in the list, and what a certificate begins and ends with
LABEL: Final = "\n# Label: "
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----\n"

_STATUS: Final = re.compile(r"HTTP/1\.1 ([2-5]\d\d)(?: .*)?")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*", re.ASCII)
_LENGTH: Final = re.compile(r"\d{1,9}", re.ASCII)


class Garbled(OSError):
    """What was received is not an answer in HTTP/1.1 with a length, or is too large."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an API is."""

    host: str
    port: int
    encrypted: bool

    @classmethod
    def of_url(cls, url: str) -> Endpoint:
        """The endpoint of a URL without a path, such as `https://dynamodb.eu-west-1.amazonaws.com`.

        Raises:
            ValueError: it is not one.
        """
        found = re.fullmatch(r"(https?)://(\[[\da-fA-F:]+\]|[\w.-]+)(?::(\d{1,5}))?/?", url, re.ASCII)
        if found is None:
            raise ValueError("an endpoint is http or https, a host, and perhaps a port")
        encrypted = found[1] == "https"
        return cls(found[2].strip("[]"), int(found[3] or (443 if encrypted else 80)), encrypted)

    @property
    def ascii_host(self) -> bytes:
        """The host as `socket` and `ssl` take it without loading the codec for names in other letters."""
        return self.host.encode("ascii")

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.encrypted else 80) else f"{host}:{self.port}"


class Connection:
    """A connection that is kept from one exchange to the next. For one thread at a time."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        """Connect, within `timeout` seconds, TLS included.

        Raises:
            OSError: not reached, not in time, or a certificate that no authority vouches for.
        """
        self._socket = _connected(endpoint, time.monotonic() + timeout)
        #: whether the other side keeps it open after the last answer
        self.kept = True

    def is_usable(self) -> bool:
        """Whether another exchange can begin: it was kept open, and nothing was received that was not asked for."""
        polled = select.poll()
        polled.register(self._socket, select.POLLIN)
        return self.kept and not polled.poll(0)

    def exchange(self, request: bytes, timeout: float) -> Answer:
        """Send one request and receive its answer, whole or not at all.

        Args:
            request: head and body.
            timeout: in seconds, for everything.

        Raises:
            OSError: the connection broke, or not in time; Garbled: what came is not an answer.
        """
        ends = time.monotonic() + timeout
        self._socket.settimeout(timeout)
        self._socket.sendall(request)
        received = bytearray()
        while (head := received.find(b"\r\n\r\n")) < 0:
            if len(received) > MAX_HEAD:
                raise Garbled("the head of an answer is too large")
            received += self._receive(ends)
        status, headers = _head(received[:head].decode("latin-1"))
        body = received[head + 4 :]
        length = headers.get("content-length", "")
        if "transfer-encoding" in headers or not _LENGTH.fullmatch(length) or not len(body) <= int(length) <= MAX_BODY:
            raise Garbled("an answer without its length, or too large")
        while len(body) < int(length):
            body += self._receive(ends)
        if len(body) > int(length):
            raise Garbled("more than an answer")
        self.kept = headers.get("connection", "").lower() != "close"
        return Answer(status, headers, bytes(body))

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):
            self._socket.close()

    def _receive(self, ends: float) -> bytes:
        self._socket.settimeout(_left(ends))
        received = self._socket.recv(PIECE)
        if not received:
            raise ConnectionResetError
        return received


def _head(text: str) -> tuple[int, dict[str, str]]:
    status, *lines = text.split("\r\n")
    found = _STATUS.fullmatch(status)
    fields = [_HEADER.fullmatch(line) for line in lines]
    headers = {one[1].lower(): one[2] for one in fields if one}
    if found is None or len(headers) != len(lines):
        raise Garbled("the head of an answer cannot be read, or names a header twice")
    return int(found[1]), headers


def _connected(endpoint: Endpoint, ends: float) -> socket.socket:
    if not endpoint.encrypted:
        return _dialled(endpoint, ends)
    import ssl  # noqa: PLC0415  (costs two thirds of `import json`, and local stacks have no TLS)

    try:
        return _encrypted(endpoint, ends, authorities())
    except ssl.SSLCertVerificationError:
        return _encrypted(endpoint, ends, all_authorities())


def _encrypted(endpoint: Endpoint, ends: float, context: ssl.SSLContext) -> socket.socket:
    plain = _dialled(endpoint, ends)
    try:
        plain.settimeout(_left(ends))
        return context.wrap_socket(plain, server_hostname=endpoint.ascii_host)
    except OSError:
        plain.close()
        raise


def _dialled(endpoint: Endpoint, ends: float) -> socket.socket:
    # typeshed knows of no bytes here
    plain = socket.create_connection((endpoint.ascii_host, endpoint.port), _left(ends))  # type: ignore[arg-type]
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@cache
def authorities() -> ssl.SSLContext:
    """The TLS context that trusts Amazon's authorities, or those of AWS_CA_BUNDLE, as boto3 does."""
    if os.environ.get("AWS_CA_BUNDLE"):
        return all_authorities()
    with open(_public_list(), encoding="utf-8") as file:  # noqa: PTH123  (pathlib is not loaded for it)
        return _context(cadata="".join(of_amazon(file.read())))


def of_amazon(listed: str) -> list[str]:
    """Amazon's certificates in the text of a list like certifi's."""
    found = [one for one in listed.split(LABEL) if AMAZON.match(one)]
    return [one[one.index(BEGIN) : one.index(END) + len(END)] for one in found]


@cache
def all_authorities() -> ssl.SSLContext:
    """The TLS context that trusts all of certifi's authorities, or those of AWS_CA_BUNDLE."""
    return _context(cafile=os.environ.get("AWS_CA_BUNDLE") or _public_list())


def _context(cafile: str | None = None, cadata: str | None = None) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415

    context = ssl.create_default_context(cafile=cafile, cadata=cadata)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _public_list() -> str:
    """The path of certifi's list, without loading certifi."""
    from importlib.util import find_spec  # noqa: PLC0415

    found = find_spec("certifi")
    if found is None or not found.submodule_search_locations:
        raise OSError("certifi is not installed")
    return os.path.join(found.submodule_search_locations[0], "cacert.pem")  # noqa: PTH118
