"""The SMTP client for servers that users chose: connect, authenticate, and perhaps send one fixed mail.

`smtplib` is not used: its timeout is per read, its memory has no bound, it keeps plain text that came before TLS out of
sight, and its errors carry the server's words.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.smtp.connection import dial, reason_for, verified
from reprieve.smtp.conversation import Conversation
from reprieve.smtp.deadline import Deadline
from reprieve.smtp.errors import ConnectionFailed, SmtpError
from reprieve.smtp.guard import HostPolicy, resolve
from reprieve.smtp.mail import Mail, compose

if TYPE_CHECKING:
    from reprieve.smtp.auth import Login

DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is.

    Args:
        host: its name in ASCII; the certificate must be for this name.
        port: its TCP port.
        private_ca_pem: certificates of the only authority to trust for it, or None for the system's authorities.
    """

    host: str
    port: int
    private_ca_pem: str | None = None


def probe(server: Endpoint, login: Login, *, policy: HostPolicy, deadline_s: float = DEADLINE_S) -> None:
    """Connect, encrypt and authenticate, and do nothing else.

    Args:
        server: where.
        login: who we are.
        policy: which hosts and ports are allowed.
        deadline_s: seconds for everything: the lookup, the connection, TLS and every reply.

    Raises:
        ConnectionFailed: not allowed, not there, not encrypted, not SMTP, or not in time.
        AuthenticationFailed: the login was not accepted.
    """
    _hold(server, login, None, policy, Deadline(deadline_s))


def send_test(
    server: Endpoint,
    login: Login,
    *,
    sender: str,
    recipient: str,
    policy: HostPolicy,
    deadline_s: float = DEADLINE_S,
) -> None:
    """Send the one fixed test mail to one recipient. When this returns, the server has taken it on.

    Args:
        server: where.
        login: who we are.
        sender: the address it comes from, already verified.
        recipient: the address it goes to, already verified.
        policy: which hosts and ports are allowed.
        deadline_s: seconds for everything: the lookup, the connection, TLS and every reply.

    Raises:
        MalformedAddress: `sender` or `recipient` is not a single plain address; nothing was connected to.
        ConnectionFailed: not allowed, not there, not encrypted, not SMTP, or not in time.
        AuthenticationFailed: the login was not accepted.
        MessageRefused: the server did not accept the mail.
    """
    _hold(server, login, compose(sender, recipient), policy, Deadline(deadline_s))


def _hold(server: Endpoint, login: Login, mail: Mail | None, policy: HostPolicy, deadline: Deadline) -> None:
    """Hold the conversation, and let nothing of it out but an error of ours."""
    try:
        _converse(server, login, mail, policy, deadline)
    except SmtpError as error:
        failure = error.alone()
    except OSError as error:
        failure = ConnectionFailed(reason_for(error))
    else:
        return
    # raised out here, so that no error of a socket with the server's words, and no frame with the password, hangs on it
    raise failure


def _converse(server: Endpoint, login: Login, mail: Mail | None, policy: HostPolicy, deadline: Deadline) -> None:
    addresses = resolve(server.host, server.port, getaddrinfo=deadline.bounding(socket.getaddrinfo), policy=policy)
    host = addresses[0].host
    context = verified(server.private_ca_pem)
    with dial(addresses, deadline) as connection:
        conversation = Conversation(connection)
        if server.port in policy.implicit_tls_ports:
            connection.start_tls(context, host)
            conversation.open()
        else:
            conversation.open()
            conversation.encrypt(context, host)
        conversation.log_in(login)
        if mail is not None:
            conversation.submit(mail)
        conversation.quit()
