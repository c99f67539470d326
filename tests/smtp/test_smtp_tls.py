"""No password without TLS, whatever an attacker in the middle does: plain text, downgrades, bad certificates."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from reprieve.net.errors import Trouble
from reprieve.smtp.errors import AuthenticationFailed, ConnectionFailed, Reason, SmtpError
from tests.smtp.servers import REPLIES, Server, Talk, spoiled

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


@pytest.mark.parametrize(
    "said",
    [
        b"220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n",
        b"220 go ahead\r\n235 welcome\r\n",
        b"220 go ahead\r\n\r\n",
        b"220 go ahead\n\0",
    ],
)
def test_plain_text_after_starttls_is_refused(
    attempt: Callable[..., SmtpError], tls: ssl.SSLContext, said: bytes
) -> None:
    with Server(spoiled("starttls", said), tls) as server:
        error = attempt(server)
    assert type(error) is ConnectionFailed
    assert error.reason is Reason.INJECTED
    assert server.heard == [b"EHLO example.com", b"STARTTLS"]


def test_plain_text_in_place_of_tls_is_refused(attempt: Callable[..., SmtpError], tls: ssl.SSLContext) -> None:
    def inject(talk: Talk) -> None:
        talk.send(REPLIES["starttls"])
        time.sleep(0.1)  # so that it comes by itself, after the client has looked
        talk.send(REPLIES["ehlo again"])
        talk.line()
        talk.stay_silent()

    with Server(spoiled("starttls", inject), tls) as server:
        error = attempt(server)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.ENCRYPTION
    assert not [line for line in server.heard if line.startswith(b"AUTH")]


@pytest.mark.parametrize(
    ("step", "said", "kind", "reason"),
    [
        ("ehlo", b"250-x\r\n250 AUTH PLAIN\r\n", ConnectionFailed, Reason.NO_STARTTLS),
        ("ehlo", b"250-x\r\n250 XSTARTTLS\r\n", ConnectionFailed, Reason.NO_STARTTLS),
        ("ehlo", b"250 STARTTLS\r\n", ConnectionFailed, Reason.NO_STARTTLS),  # that is the greeting's line
        ("starttls", b"454 4.7.0 no TLS today\r\n", ConnectionFailed, Trouble.ENCRYPTION),
        ("starttls", b"250 fine\r\n", ConnectionFailed, Trouble.ENCRYPTION),
        ("ehlo again", b"250 no AUTH under TLS\r\n", AuthenticationFailed, Reason.NO_MECHANISM),
        ("ehlo again", b"250-x\r\n250 AUTH\r\n", AuthenticationFailed, Reason.NO_MECHANISM),
        ("ehlo again", b"250-x\r\n250 AUTH CRAM-MD5 NTLM XOAUTH2\r\n", AuthenticationFailed, Reason.NO_MECHANISM),
    ],
)
def test_a_downgrade_gets_no_password(
    attempt: Callable[..., SmtpError],
    tls: ssl.SSLContext,
    *,
    step: str,
    said: bytes,
    kind: type[SmtpError],
    reason: Reason,
) -> None:
    with Server(spoiled(step, said), tls) as server:
        error = attempt(server)
    assert type(error) is kind
    assert error.reason is reason
    assert not [line for line in server.heard if b"AUTH" in line]


def test_what_was_offered_before_tls_is_forgotten(attempt: Callable[..., SmtpError], tls: ssl.SSLContext) -> None:
    def script(talk: Talk) -> None:
        talk.send(REPLIES["greeting"])
        talk.line()
        talk.send(b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n")
        talk.line()
        talk.send(REPLIES["starttls"])
        talk.start_tls()
        talk.line()
        talk.send(b"250 x\r\n")
        talk.line()

    with Server(script, tls) as server:
        error = attempt(server)
    assert type(error) is AuthenticationFailed
    assert error.reason is Reason.NO_MECHANISM


@pytest.mark.parametrize("name", ["another host's", "the address's", "expired", "not yet valid", "a stranger's"])
@pytest.mark.parametrize("implicit", [False, True])
def test_a_bad_certificate_is_refused(
    attempt: Callable[..., SmtpError], bad_tls: dict[str, ssl.SSLContext], name: str, *, implicit: bool
) -> None:
    def at_once(talk: Talk) -> None:
        talk.start_tls()
        spoiled()(talk)

    with Server(at_once if implicit else spoiled(), bad_tls[name]) as server:
        error = attempt(server, implicit=implicit)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.CERTIFICATE
    assert not [line for line in server.heard if b"AUTH" in line]


def test_plain_text_on_a_port_of_tls_is_refused(attempt: Callable[..., SmtpError]) -> None:
    def speak_first(talk: Talk) -> None:
        talk.send(REPLIES["greeting"])
        talk.stay_silent()

    with Server(speak_first) as server:
        error = attempt(server, implicit=True)
    assert type(error) is ConnectionFailed
    assert error.reason is Trouble.ENCRYPTION
