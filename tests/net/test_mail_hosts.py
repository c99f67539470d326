"""Where domains take mail, asked of a name server on loopback that speaks the real protocol."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import dns.message
import dns.rcode
import dns.rrset
import pytest

from reprieve.addresses.mail_domain import Mail
from reprieve.net import mail_hosts
from reprieve.net.mail_hosts import MailHosts

if TYPE_CHECKING:
    from collections.abc import Iterator

#: domain -> kind -> what the name server has
ZONES = {
    "mx.example.com.": {"MX": ["10 mail.mx.example.com.", "20 spare.mx.example.com."]},
    "null.example.com.": {"MX": ["0 ."]},
    # not by the RFC, which wants a null MX alone: the other one takes mail
    "both.example.com.": {"MX": ["0 .", "10 mail.mx.example.com."]},
    "host.example.com.": {"A": ["8.8.4.4"]},
    "host6.example.com.": {"AAAA": ["2606:4700::1111"]},
    # a resolver in a private network may have such ones
    "inside.example.com.": {"A": ["10.0.0.5"], "AAAA": ["fd00::5"]},
    "half.example.com.": {"A": ["10.0.0.5", "8.8.4.4"]},
    "bare.example.com.": {"TXT": ['"no mail"']},
}


class NameServer:
    """A name server: it answers what it has, NXDOMAIN for other names, a fault or nothing where the name says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            wire, caller = self._socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            (question,) = query.question
            name, kind = question.name.to_text(), question.rdtype.name
            self.asked.append((name, kind))
            if name.startswith("silent"):
                continue
            answer = dns.message.make_response(query)
            if name == "broken.example.com.":
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif name not in ZONES:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif kind in ZONES[name]:
                answer.answer.append(dns.rrset.from_text(name, 300, "IN", kind, *ZONES[name][kind]))
            self._socket.sendto(answer.to_wire(), caller)

    def close(self) -> None:
        """Stop, and end the thread."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopping:
            stopping.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def server() -> Iterator[NameServer]:
    made = NameServer()
    yield made
    made.close()


@pytest.fixture
def hosts(server: NameServer) -> MailHosts:
    return MailHosts(["127.0.0.1"], server.port)


@pytest.mark.parametrize(
    ("domain", "mail"),
    [
        ("mx.example.com", Mail.MX),
        ("null.example.com", Mail.NULL_MX),
        ("both.example.com", Mail.MX),
        ("host.example.com", Mail.ADDRESS_ONLY),
        ("host6.example.com", Mail.ADDRESS_ONLY),
        ("bare.example.com", Mail.NO_HOST),
        ("inside.example.com", Mail.NO_HOST),
        ("half.example.com", Mail.ADDRESS_ONLY),
        ("gone.example.com", Mail.MISSING),
        ("broken.example.com", Mail.UNKNOWN),
        # as long as no name may be
        (f"{'a' * 64}.example.com", Mail.UNKNOWN),
        (f"{'a.' * 130}example.com", Mail.UNKNOWN),
    ],
)
def test_a_domain_takes_mail_where_the_dns_says(hosts: MailHosts, domain: str, mail: Mail) -> None:
    assert hosts.mail_of(domain) is mail


def test_an_answer_is_kept_and_so_is_that_there_is_none(hosts: MailHosts, server: NameServer) -> None:
    assert [hosts.mail_of(name) for name in ("mx.example.com", "mx.example.com")] == [Mail.MX, Mail.MX]
    assert server.asked == [("mx.example.com.", "MX")]


@pytest.mark.parametrize(
    "domain",
    ["db.internal", "ip-10-0-0-5.eu-west-1.compute.internal", "printer.local", "localhost", "x.home.arpa", "x.corp"],
)
def test_a_name_that_is_not_public_is_never_asked_for(hosts: MailHosts, server: NameServer, domain: str) -> None:
    assert hosts.mail_of(domain) is Mail.UNKNOWN
    assert server.asked == []


def test_a_domain_that_had_no_answer_is_not_asked_about_for_a_minute_and_others_are(
    hosts: MailHosts, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, answered = "silent.example.com", "mx.example.com"
    monkeypatch.setattr(mail_hosts, "SECONDS", 0.05)
    assert hosts.mail_of(silent) is Mail.UNKNOWN
    asked = len(server.asked)
    assert hosts.mail_of(silent) is Mail.UNKNOWN
    assert len(server.asked) == asked
    monkeypatch.setattr(mail_hosts, "SECONDS", 5.0)
    assert hosts.mail_of(answered) is Mail.MX
    monkeypatch.setattr(mail_hosts.time, "monotonic", lambda: hosts._silent_until[silent])
    monkeypatch.setattr(mail_hosts, "SECONDS", 0.05)
    asked = len(server.asked)
    assert hosts.mail_of(silent) is Mail.UNKNOWN
    assert len(server.asked) > asked


def test_after_three_domains_in_a_row_without_an_answer_none_is_asked_about_for_a_minute(
    hosts: MailHosts, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*numbers: int) -> None:
        monkeypatch.setattr(mail_hosts, "SECONDS", 0.05)
        assert {hosts.mail_of(f"silent{number}.example.com") for number in numbers} == {Mail.UNKNOWN}
        monkeypatch.setattr(mail_hosts, "SECONDS", 5.0)

    ask(1, 2)
    # an answer, though it is that there is no such domain
    assert hosts.mail_of("gone.example.com") is Mail.MISSING
    ask(3, 4)
    assert hosts.mail_of("mx.example.com") is Mail.MX
    ask(5, 6)
    # an answer that was kept says nothing of the network
    assert hosts.mail_of("mx.example.com") is Mail.MX
    ask(7)
    asked = len(server.asked)
    assert hosts.mail_of("host.example.com") is Mail.UNKNOWN
    assert len(server.asked) == asked
    monkeypatch.setattr(mail_hosts.time, "monotonic", lambda: hosts._quiet_until)
    assert hosts.mail_of("host.example.com") is Mail.ADDRESS_ONLY


def test_a_fault_of_one_domain_does_not_keep_others_from_being_asked_for(hosts: MailHosts) -> None:
    assert hosts.mail_of("broken.example.com") is Mail.UNKNOWN
    assert hosts.mail_of("mx.example.com") is Mail.MX


def test_a_network_that_refuses_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_hosts, "SECONDS", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert MailHosts(["127.0.0.1"], port).mail_of("mx.example.com") is Mail.UNKNOWN
