"""A connection to a checked address: TLS with a verified certificate, bounded in time."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Self

from reprieve.smtp.errors import Reason

if TYPE_CHECKING:
    from reprieve.smtp.deadline import Deadline
    from reprieve.smtp.guard import CheckedAddress

#: whoever owns a name decides how many addresses it has; these many are tried
_MOST_ADDRESSES = 4


def verified(private_ca_pem: str | None) -> ssl.SSLContext:
    """Make a TLS context that checks the certificate's chain, its dates and its name.

    Args:
        private_ca_pem: the only authority to trust, or None for the system's.

    Returns:
        A context for TLS 1.2 and above.

    Raises:
        ssl.SSLError: `private_ca_pem` holds no certificate.
    """
    if private_ca_pem is None:
        context = ssl.create_default_context()
    elif "-----BEGIN CERTIFICATE-----" in private_ca_pem and private_ca_pem.isascii():
        context = ssl.create_default_context(cadata=private_ca_pem)
    else:  # without anything in it the system's authorities would be trusted instead
        raise ssl.SSLError
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Connection:
    """A connected socket, every use of which gets what is left of the deadline. Closes itself at the end of a `with`.

    Args:
        sock: the connected socket.
        deadline: when all must be over.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def encrypted(self) -> bool:
        """Whether what is sent is under TLS, with a certificate that was verified."""
        return isinstance(self._socket, ssl.SSLSocket)

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt from here on.

        Args:
            context: from `verified`.
            host: the name that is asked for (SNI) and that the certificate must be for.

        Raises:
            OSError: no agreement; ssl.SSLCertVerificationError for a certificate that is not good.
            TimeoutError: the deadline has passed; a handshake that drips does not prolong it.
        """
        self._socket.settimeout(self._deadline.remaining())
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    def receive(self, most: int) -> bytes:
        """Wait for bytes.

        Args:
            most: how many to take at once.

        Returns:
            Between 1 and `most` bytes, or none at all if the server has hung up.

        Raises:
            OSError: the connection is broken; TimeoutError if the deadline has passed.
        """
        self._socket.settimeout(self._deadline.remaining())
        return self._socket.recv(most)

    def send(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            OSError: the connection is broken; TimeoutError if the deadline has passed.
        """
        unsent = memoryview(data)
        while unsent:  # and not `sendall`, whose timeout begins again for each record of TLS
            self._socket.settimeout(self._deadline.remaining())
            unsent = unsent[self._socket.send(unsent) :]


def dial(addresses: tuple[CheckedAddress, ...], deadline: Deadline) -> Connection:
    """Connect to the first address that answers.

    Args:
        addresses: one or more, from `guard.resolve`. Each gets its share of the time, so that a dead one does not eat
            it all.
        deadline: when the conversation must be over.

    Raises:
        OSError: none answered; this is the last one's error. TimeoutError if the deadline has passed.
    """
    *others, last = addresses[:_MOST_ADDRESSES]
    for place, address in enumerate(others):
        try:
            return _connected(address, deadline, shares=len(others) + 1 - place)
        except OSError:
            continue
    return _connected(last, deadline, shares=1)


def reason_for(error: OSError) -> Reason:
    """Name what went wrong with a socket, without its words: TLS errors quote the server's certificate."""
    if isinstance(error, TimeoutError):
        return Reason.TIMED_OUT
    if isinstance(error, ssl.SSLCertVerificationError):
        return Reason.CERTIFICATE
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Reason.ENCRYPTION
    return Reason.UNREACHABLE


def _connected(address: CheckedAddress, deadline: Deadline, *, shares: int) -> Connection:
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.settimeout(deadline.remaining() / shares)
        sock.connect((address.ip, address.port))
    except OSError:
        sock.close()
        raise
    return Connection(sock, deadline)
