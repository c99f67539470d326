"""The SMTP client for servers that users chose: connect, authenticate, and perhaps send one fixed mail.

`smtplib` is not used: its timeout is per read, its memory is unbounded, it keeps plain text that came before TLS out of
sight, and its errors carry the server's words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from reprieve.net.connection import guarded, verified
from reprieve.net.errors import NetError
from reprieve.smtp.conversation import Conversation
from reprieve.smtp.errors import ConnectionFailed, SmtpError
from reprieve.smtp.mail import Mail, compose

if TYPE_CHECKING:
    from reprieve.net.deadline import Deadline
    from reprieve.net.guard import HostPolicy
    from reprieve.smtp.auth import Login

#: RFC 5321 section 4.1.2: a domain of two labels or more
_DOMAIN = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The place of a server on the network.

    Args:
        host: its name in ASCII; the certificate must be for this name.
        port: its TCP port.
        private_ca_pem: certificates of the only authority to trust for it, or None for the system's authorities.
    """

    host: str
    port: int
    private_ca_pem: str | None = None


def is_client_name(name: str) -> bool:
    """Whether `name` can introduce a client in EHLO: a fully qualified domain name in ASCII."""
    return _DOMAIN.fullmatch(name) is not None


def probe(server: Endpoint, login: Login, *, policy: HostPolicy, deadline: Deadline, client_name: str = "") -> None:
    """Connect, encrypt and authenticate, and do nothing else.

    Args:
        server: where.
        login: who logs in.
        policy: which hosts and ports are allowed.
        deadline: of everything: the lookup, the connection, TLS and every reply.
        client_name: the name in EHLO (`is_client_name`); "" for one that is derived from the login.

    Raises:
        ConnectionFailed: not allowed, not there, not encrypted, not SMTP, or not in time.
        AuthenticationFailed: the login was not accepted.
    """
    _hold(server, login, None, policy=policy, client_name=client_name, deadline=deadline)


def send_test(
    server: Endpoint,
    login: Login,
    *,
    sender: str,
    recipient: str,
    policy: HostPolicy,
    deadline: Deadline,
    client_name: str = "",
) -> None:
    """Send the one fixed test mail to one recipient. When this returns, the server has accepted the mail.

    Args:
        server: where.
        login: who logs in.
        sender: the address it comes from, already verified.
        recipient: the address it goes to, already verified.
        policy: which hosts and ports are allowed.
        deadline: of everything: the lookup, the connection, TLS and every reply.
        client_name: the name in EHLO (`is_client_name`); "" for one that is derived from the login.

    Raises:
        MalformedAddress: `sender` or `recipient` is not a single plain address; nothing was connected to.
        ConnectionFailed: not allowed, not there, not encrypted, not SMTP, or not in time.
        AuthenticationFailed: the login was not accepted.
        MessageRefused: the server did not accept the mail.
    """
    mail = compose(sender, recipient)
    _hold(server, login, mail, policy=policy, client_name=client_name, deadline=deadline)


def _hold(
    server: Endpoint, login: Login, mail: Mail | None, *, policy: HostPolicy, client_name: str, deadline: Deadline
) -> None:
    """Hold the conversation, and raise only errors of ours."""
    try:
        _converse(server, login, mail, policy=policy, client_name=client_name, deadline=deadline)
    except SmtpError as error:
        failure = error.alone()
    except NetError as error:
        failure = ConnectionFailed(error.trouble)
    else:
        return
    # raised out here, so that no error with the server's words, and no frame with the password, hangs on it
    raise failure


def _converse(
    server: Endpoint, login: Login, mail: Mail | None, *, policy: HostPolicy, client_name: str, deadline: Deadline
) -> None:
    context = verified(server.private_ca_pem)
    with guarded(policy)(server.host, server.port, deadline) as connection:
        name = client_name or _domain_of(login.username) or _literal(connection.own_ip)
        conversation = Conversation(connection, name)
        if server.port in policy.implicit_tls_ports:
            connection.start_tls(context, server.host)
            conversation.open()
        else:
            conversation.open()
            conversation.encrypt(context, server.host)
        conversation.log_in(login)
        if mail is not None:
            conversation.submit(mail)
        conversation.quit()


def _domain_of(username: str) -> str:
    """The domain of a username that is an address, or "".

    A function has no name of its own in DNS. Google's relay refuses a client that introduces itself as the loopback
    (421 4.7.0) and recommends the organization's own domain.
    """
    domain = username.rpartition("@")[2] if "@" in username else ""
    return domain if is_client_name(domain) else ""


def _literal(ip: str) -> str:
    """An address literal (RFC 5321 section 4.1.3): what a client without a name uses (section 4.1.4)."""
    return f"[IPv6:{ip}]" if ip_address(ip).version == 6 else f"[{ip}]"  # noqa: PLR2004 - the version's own number
