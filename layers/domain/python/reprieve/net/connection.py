"""A TCP connection that is bounded in time, and TLS with a verified certificate over it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError, Trouble
from reprieve.net.guard import HostPolicy, Target, lookup, resolve

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

#: how many of a name's addresses are tried; the owner of the name decides how many it has
MAX_ADDRESSES = 4
#: one attempt to reach one address, in seconds
CONNECT_S = 3.0


class Connection:
    """A connected socket, every use of which gets what is left of the deadline. Closes itself at the end of a `with`.

    Args:
        sock: the connected socket.
        deadline: when the exchange must be over. A connection that is kept for another exchange is given a new one.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self.deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def encrypted(self) -> bool:
        """Whether it is under TLS, with a certificate that was verified."""
        return isinstance(self._socket, ssl.SSLSocket)

    @property
    def own_ip(self) -> str:
        """The IP address of this end."""
        return str(self._socket.getsockname()[0])

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt from here on.

        Args:
            context: from `verified`.
            host: the name that is asked for (SNI) and that the certificate must be for; a final dot is left out.

        Raises:
            NetError: no agreement, a certificate that is not valid for `host`, or the deadline has passed; a handshake
                that drips does not prolong it.
        """
        with _without_words():
            self._socket.settimeout(self.deadline.remaining())
            self._socket = context.wrap_socket(self._socket, server_hostname=host.removesuffix("."))

    def receive(self, limit: int) -> bytes:
        """Wait for bytes.

        Args:
            limit: how many to take at once.

        Returns:
            Between 1 and `limit` bytes, or none if the other side has hung up.

        Raises:
            NetError: the connection is broken, or the deadline has passed.
        """
        with _without_words():
            self._socket.settimeout(self.deadline.remaining())
            return self._socket.recv(limit)

    def send(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            NetError: the connection is broken, or the deadline has passed.
        """
        unsent = memoryview(data)
        with _without_words():
            while unsent:  # `sendall` would not do: its timeout starts again for each record of TLS
                self._socket.settimeout(self.deadline.remaining())
                unsent = unsent[self._socket.send(unsent) :]

    def hold(self) -> io.RawIOBase:
        """Keep the socket open beyond `close`, until what this returns is closed as well."""
        return self._socket.makefile("rb", buffering=0)

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


#: opens a connection to a host (a DNS name or an IP address) and port before a deadline; raises NetError
Connect = Callable[[str, int, Deadline], Connection]


def unguarded(host: str, port: int, deadline: Deadline) -> Connection:
    """Connect to a host that the operator chose (`Connect`)."""
    return dial(lookup(host, port, getaddrinfo=deadline.bounding(socket.getaddrinfo)), deadline)


def guarded(policy: HostPolicy) -> Connect:
    """Make a `Connect` for hosts that users chose.

    Args:
        policy: what is allowed; `guard.resolve` judges each host by it.
    """

    def connect(host: str, port: int, deadline: Deadline) -> Connection:
        return dial(resolve(host, port, getaddrinfo=deadline.bounding(socket.getaddrinfo), policy=policy), deadline)

    return connect


def dial(targets: tuple[Target, ...], deadline: Deadline) -> Connection:
    """Connect to the first address that answers.

    Args:
        targets: one or more; the first `MAX_ADDRESSES` are tried. Each gets its share of the time and `CONNECT_S` at
            most, so that a dead one does not use it up.
        deadline: when the exchange must be over.

    Raises:
        NetError: none answered (the last one's trouble), or the deadline has passed.
    """
    *others, last = targets[:MAX_ADDRESSES]
    for place, target in enumerate(others):
        try:
            return _connected(target, deadline, shares=len(others) + 1 - place)
        except NetError:
            continue
    return _connected(last, deadline, shares=1)


def verified(private_ca_pem: str | None) -> ssl.SSLContext:
    """Make a TLS context that checks the certificate's chain, its dates and its name.

    Args:
        private_ca_pem: the only authority to trust, or None for the system's.

    Returns:
        A context for TLS 1.2 and above.

    Raises:
        NetError: `private_ca_pem` holds no certificate (ENCRYPTION).
    """
    with _without_words():
        if private_ca_pem is None:
            context = ssl.create_default_context()
        elif "-----BEGIN CERTIFICATE-----" in private_ca_pem and private_ca_pem.isascii():
            context = ssl.create_default_context(cadata=private_ca_pem)
        else:  # with an empty text the system's authorities would be trusted instead
            raise NetError(Trouble.ENCRYPTION)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _connected(target: Target, deadline: Deadline, *, shares: int) -> Connection:
    sock = socket.socket(target.family, socket.SOCK_STREAM)
    try:
        with _without_words():
            sock.settimeout(min(CONNECT_S, deadline.remaining() / shares))
            sock.connect((target.ip, target.port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except NetError:
        sock.close()
        raise
    return Connection(sock, deadline)


@contextmanager
def _without_words() -> Iterator[None]:
    """Turn the errors of sockets and of TLS into NetError: those of TLS quote the server's certificate."""
    try:
        yield
    except OSError as error:
        raise NetError(_trouble(error)) from None


def _trouble(error: OSError) -> Trouble:
    if isinstance(error, TimeoutError):
        return Trouble.TIMED_OUT
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble.CERTIFICATE
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Trouble.ENCRYPTION
    return Trouble.UNREACHABLE
