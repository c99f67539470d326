"""Injection: no text becomes a command, header or field by accident, and no bytes break the parser."""

from __future__ import annotations

import email
import email.policy
from base64 import b64decode
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprieve.errors import InvalidInput, MalformedAddress
from reprieve.net.errors import NetError, Trouble
from reprieve.net.guard import HostPolicy, resolve
from reprieve.smtp.auth import Bearer, Password, authenticate
from reprieve.smtp.conversation import Conversation
from reprieve.smtp.errors import ConnectionFailed
from reprieve.smtp.mail import compose
from reprieve.smtp.reply import MAX_REPLY, Reply, ReplyReader

if TYPE_CHECKING:
    from reprieve.net.connection import Connection

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]

#: what ends a line, a field, a path or an address for some parser
SHARP = st.sampled_from(
    [
        *'\r\n\0\u2028\u2029\x85\x0b\x0c\x01\t <>,;:@"\\()[].aü\uff20\ud800',
        *("\r\n", "\r\n.\r\n", "\r\nBcc: x@b.example", "\nRCPT TO:<x@b.example>", "> SIZE=1"),
        *("=?utf-8?q?=0d=0a?=", "%0d%0a", "\u010d\u010a", "a.b"),
    ]
)
TEXT = st.lists(SHARP | st.text(max_size=5), max_size=8).map("".join)
#: an address that something sharp was put into
SPOILED = st.builds(
    lambda whole, cut, sharp: whole[:cut] + sharp + whole[cut:],
    st.sampled_from(["a@b.example", '"a b"@b.example', '"a,b"@b.example', "first.last+tag@mail.b.example"]),
    st.integers(0, 30),
    SHARP,
)


class Recorder:
    """A stand-in for a connection that keeps sent bytes and answers from a list."""

    encrypted = True

    def __init__(self, *answers: bytes) -> None:
        self.sent: list[bytes] = []
        self.answers = list(answers)

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def receive(self, most: int) -> bytes:
        if not self.answers:
            return b""
        answer = self.answers.pop(0)
        if len(answer) > most:
            self.answers.insert(0, answer[most:])
        return answer[:most]


def connection(*answers: bytes) -> tuple[Connection, Recorder]:
    recorder = Recorder(*answers)
    return cast("Connection", recorder), recorder


@settings(deadline=None)
@given(TEXT | SPOILED, TEXT | SPOILED)
def test_an_address_is_one_address_or_refused(sender: str, recipient: str) -> None:
    try:
        mail = compose(sender, recipient)
    except MalformedAddress:
        return
    link, recorder = connection(b"250 x\r\n", b"250 x\r\n", b"354 x\r\n", b"250 x\r\n")
    Conversation(link, "client.example").submit(mail)
    assert recorder.sent[:3] == [
        b"MAIL FROM:<" + sender.encode("ascii") + b">\r\n",
        b"RCPT TO:<" + recipient.encode("ascii") + b">\r\n",
        b"DATA\r\n",
    ]
    for path in recorder.sent[:2]:
        assert len(path.splitlines()) == 1
        assert path.count(b"<") == path.count(b">") == 1
        assert path.count(b" ") == 1
    data = recorder.sent[3]
    assert data.endswith(b"\r\n.\r\n")
    assert data.count(b"\r\n.") == 1
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    parsed = email.message_from_bytes(data[:-3], policy=email.policy.default)
    assert list(parsed) == HEADERS
    for header, address in (("From", sender), ("To", recipient)):
        assert [each.addr_spec for each in cast("Any", parsed[header]).addresses] == [address]


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example",
        "first.last+tag@mail.b.example",
        "o'neil/x=y@b.example",
        '"a,b"@b.example',
        '"a@b"@b.example',
        r'"a\"b\\c"@b.example',
        "a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 53 + ".example",
    ],
)
def test_a_plain_address_is_accepted(address: str) -> None:
    mail = compose(address, address)
    parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert [each.addr_spec for each in cast("Any", parsed["To"]).addresses] == [address]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.example",
        "a@",
        "a@b.example,c@d.example",
        "a@b.example c@d.example",
        "Some One <a@b.example>",
        "<a@b.example>",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\n",
        "a@b.example>\r\nRCPT TO:<c@d.example",
        "a@b.example> NOTIFY=NEVER",
        '"a>\r\nRCPT TO:<c"@d.example',
        '"a> b"@d.example',
        "a@b.example\u2028Bcc: c@d.example",
        "a@b.example\0",
        "ü@b.example",
        "a@bücher.example",
        "=?utf-8?q?a=0d=0a?=@b.example(comment)",
        # an address for the pattern; the header's parser takes it for an encoded word
        "=?utf-8?q?a?=@b.example",
        '"=?utf-8?b?YQ==?="@b.example',
        "a@[127.0.0.1]",
        "@relay.example:a@b.example",
        "undisclosed-recipients:;",
        "a" * 65 + "@b.example",
        "a@" + "b" * 260,
    ],
)
def test_what_is_not_a_plain_address_is_refused(address: str) -> None:
    for sender, recipient in ((address, "a@b.example"), ("a@b.example", address)):
        with pytest.raises(MalformedAddress) as caught:
            compose(sender, recipient)
        assert caught.value.field == ("sender" if sender == address else "recipient")
        assert caught.value.__context__ is None


@settings(deadline=None)
@given(TEXT, TEXT)
def test_a_name_and_a_password_stay_what_they_are(username: str, password: str) -> None:
    try:
        login = Password(username, password)
    except InvalidInput:
        return
    for offered in ("PLAIN", "LOGIN"):
        sent: list[str] = []

        def command(line: str, sent: list[str] = sent) -> Reply:
            sent.append(line)
            return Reply(235 if line.startswith("AUTH PLAIN") or len(sent) == 3 else 334, (b"",))

        authenticate(command, frozenset({offered}), login)
        assert all(line.isascii() and line.isprintable() for line in sent)
        if offered == "PLAIN":
            (line,) = sent
            assert b64decode(line.split(" ")[2]).decode().split("\0") == ["", username, password]
        else:
            assert [b64decode(line).decode() for line in sent[1:]] == [username, password]


@settings(deadline=None)
@given(TEXT, TEXT)
def test_a_name_and_a_token_stay_what_they_are(username: str, token: str) -> None:
    try:
        login = Bearer(username, token)
    except InvalidInput:
        return
    sent: list[str] = []

    def command(line: str) -> Reply:
        sent.append(line)
        return Reply(235, (b"",))

    authenticate(command, frozenset({"XOAUTH2"}), login)
    (line,) = sent
    fields = b64decode(line.split(" ")[2]).decode().split("\x01")
    assert fields == [f"user={username}", f"auth=Bearer {token}", "", ""]


@pytest.mark.parametrize(
    ("username", "secret"), [("mine\0b", "hidden"), ("mine\x01auth=Bearer y", "hidden"), ("mine", "hidden\0y")]
)
def test_what_would_forge_a_field_is_refused_without_being_quoted(username: str, secret: str) -> None:
    for kind in (Password, Bearer):
        with pytest.raises(InvalidInput) as caught:
            kind(username, secret)
        assert "mine" not in repr(caught.value)
        assert "hidden" not in repr(caught.value)


@pytest.mark.parametrize(
    ("kind", "username", "secret", "problem"),
    [
        (Password, "a\n", "b", "username: it holds a character that cannot be sent"),
        (Bearer, "a\n", "b", "username: it holds a character that cannot be sent"),
        (Password, "a", "b\0", "password: it holds a character that cannot be sent"),
        (Bearer, "a", "b c", "the access token holds a character that cannot be sent"),
    ],
)
def test_what_cannot_be_sent_is_named(kind: type[Password | Bearer], username: str, secret: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        kind(username, secret)
    assert str(caught.value) == problem


def test_a_login_does_not_show_its_secret() -> None:
    assert "hidden" not in repr(Password("a", "hidden")) + repr(Bearer("a", "hidden"))


@settings(deadline=None)
@given(TEXT)
def test_a_host_of_any_text_is_a_name_or_refused(host: str) -> None:
    def getaddrinfo(name: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        assert name.isascii()
        assert name.isprintable()
        assert not set(name) & set(" /@:\\<>[]")
        return []

    with pytest.raises(NetError):
        resolve(host, 587, getaddrinfo=getaddrinfo, policy=HostPolicy())


@pytest.mark.parametrize("line", ["NOOP\r\nRSET", "NOOP\n", "NOOP\r", "NOOP\0", "NOOP ü", "NOOP \u2028"])
def test_the_last_lock_holds_for_every_command(line: str) -> None:
    link, recorder = connection(b"250 x\r\n")
    with pytest.raises(ValueError):
        Conversation(link, "client.example")._command(line)
    assert recorder.sent == []


def test_nothing_is_said_about_a_login_without_tls() -> None:
    link, recorder = connection(b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n")
    recorder.encrypted = False
    conversation = Conversation(link, "client.example")
    conversation.open()
    with pytest.raises(ConnectionFailed):
        conversation.log_in(Password("a", "b"))
    assert recorder.sent == [b"EHLO client.example\r\n"]


LINES = st.sampled_from([b"220 ", b"220-", b"250 5.7.8 x", b"\r\n", b"\n", b"\r", b"\0", b"999 x\r\n", b"x" * 3000])


@settings(deadline=None)
@given(st.lists(LINES | st.binary(max_size=20), max_size=30))
def test_any_bytes_are_a_reply_or_an_error_of_ours(chunks: list[bytes]) -> None:
    link, _ = connection(*(chunk for chunk in chunks if chunk))
    reader = ReplyReader(link)
    with suppress(NetError):
        while True:  # until nothing more comes, at the latest
            reply = reader.next()
            assert 200 <= reply.code < 600
            assert reply.enhanced is None or reply.enhanced.replace(".", "").isdigit()
            assert sum(map(len, reply.lines)) < MAX_REPLY


@settings(deadline=None)
@given(st.integers(1, 40))
def test_a_reply_is_the_same_however_it_is_cut(size: int) -> None:
    whole = b"250-mail.example.com\r\n250-AUTH PLAIN\n250 5.7.8 end\r\n"
    link, _ = connection(*(whole[at : at + size] for at in range(0, len(whole), size)))
    assert ReplyReader(link).next() == Reply(250, (b"mail.example.com", b"AUTH PLAIN", b"5.7.8 end"))


@pytest.mark.parametrize(("length", "accepted"), [(2048, True), (2049, False)])
@pytest.mark.parametrize("cut", [1, 2000, 2047, 2048])
def test_a_line_may_have_2048_bytes(length: int, cut: int, *, accepted: bool) -> None:
    line = b"220 " + b"x" * (length - 6) + b"\r\n"
    link, _ = connection(line[:cut], *filter(None, [line[cut:]]))
    if accepted:
        assert ReplyReader(link).next().code == 220
        return
    with pytest.raises(NetError) as caught:
        ReplyReader(link).next()
    assert caught.value.trouble is Trouble.OVERSIZED


@pytest.mark.parametrize(("lines", "accepted"), [(64, True), (65, False)])
def test_a_reply_may_have_65536_bytes(lines: int, *, accepted: bool) -> None:
    whole = (b"220-" + b"x" * 1018 + b"\r\n") * (lines - 1) + b"220 " + b"x" * 1018 + b"\r\n"
    link, _ = connection(*(whole[at : at + 1024] for at in range(0, len(whole), 1024)))
    assert len(whole) == lines * 1024
    if accepted:
        assert ReplyReader(link).next().code == 220
        return
    with pytest.raises(NetError) as caught:
        ReplyReader(link).next()
    assert caught.value.trouble is Trouble.OVERSIZED
