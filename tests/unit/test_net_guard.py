"""The hosts that a user may choose. The vectors are addresses that got past real guards."""

from __future__ import annotations

import json
import socket
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprieve.net.errors import NetError, Trouble
from reprieve.net.guard import HostPolicy, Target, is_public, resolve

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ssrf.json").read_text(encoding="utf-8"))
OPEN = HostPolicy()
V4 = IPv4Address


class Resolver:
    """Answers each call with the next list of addresses, and the last list from then on."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(host)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (ip, port, 0, 0))
            if ":" in ip
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip in answer
        ]


@pytest.mark.parametrize("ip", VECTORS["deny"])
def test_what_is_not_public_is_refused(ip: str) -> None:
    assert not is_public(ip)
    with pytest.raises(NetError) as caught:
        resolve("mail.example.com", 587, getaddrinfo=Resolver([ip]), policy=OPEN)
    assert caught.value.trouble is Trouble.HOST_REFUSED


@pytest.mark.parametrize("ip", VECTORS["allow"])
def test_what_is_public_is_allowed(ip: str) -> None:
    assert is_public(ip)
    (address,) = resolve("mail.example.com", 587, getaddrinfo=Resolver([ip]), policy=OPEN)
    assert address.ip == ip


@pytest.mark.parametrize("host", VECTORS["hosts_that_resolve_to_loopback"])
def test_loopback_by_any_name_is_refused(host: str) -> None:
    with pytest.raises(NetError):
        resolve(host, 587, policy=OPEN)  # the system's own resolver


@pytest.mark.parametrize("ip", ["", "mail.example.com", "8.8.8", "0177.0.0.1", "08.8.8.8", "8.8.8.8 ", "1.1.1.1/32"])
def test_what_is_not_an_address_is_not_public(ip: str) -> None:
    assert not is_public(ip)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**32 - 1).map(V4))
def test_a_disguise_never_makes_an_address_public(v4: IPv4Address) -> None:
    number = int(v4)
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    assert is_public(f"::ffff:{v4}") == is_public(str(v4))
    assert is_public(f"64:ff9b::{high}:{low}") == is_public(str(v4))
    for refused in (f"2002:{high}:{low}::1", f"2001:0:{high}:{low}::1", f"::{high}:{low}", f"64:ff9b:1::{high}:{low}"):
        assert not is_public(refused)


@pytest.mark.parametrize(
    ("ip", "allowed", "verdict"),
    [
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("10.2.2.3", ("10.1.0.0/16",), False),
        ("::ffff:10.1.2.3", ("10.1.0.0/16",), True),
        ("fd12::1", ("fd12::/16",), True),
        ("127.0.0.1", ("::1/128", "127.0.0.0/8"), True),
        # not even by an allow-list that is far too wide
        ("169.254.169.254", ("0.0.0.0/0",), False),
        ("169.254.170.2", ("169.254.0.0/16",), False),
        ("::ffff:169.254.169.254", ("0.0.0.0/0", "::/0"), False),
        ("fd00:ec2::254", ("fc00::/7",), False),
        ("0.0.0.0", ("0.0.0.0/0",), False),
        ("::", ("::/0",), False),
        ("fe80::1%lo", ("::/0",), False),
        ("224.0.0.1", ("0.0.0.0/0",), False),
    ],
)
def test_private_networks_are_allowed_one_by_one(ip: str, allowed: tuple[str, ...], *, verdict: bool) -> None:
    assert is_public(ip, allowed) is verdict


@pytest.mark.parametrize("port", [465, 587, 2465, 2525, 2587])
def test_the_ports_of_submission_are_allowed(port: int) -> None:
    assert resolve("mail.example.com", port, getaddrinfo=Resolver(["8.8.8.8"]), policy=OPEN)[0].port == port


@pytest.mark.parametrize("port", [0, 22, 25, 80, 443, 3306, 9001, -1, 65536])
def test_another_port_is_refused_before_anything_is_asked(port: int) -> None:
    resolver = Resolver(["8.8.8.8"])
    with pytest.raises(NetError):
        resolve("mail.example.com", port, getaddrinfo=resolver, policy=OPEN)
    assert resolver.asked == []


def test_tls_begins_at_once_on_the_ports_of_rfc_8314_and_with_starttls_on_the_others() -> None:
    assert (OPEN.ports, OPEN.implicit_tls_ports) == ((465, 587, 2465, 2525, 2587), (465, 2465))


def test_a_deployment_may_name_its_own_ports() -> None:
    assert resolve("a.example", 1025, getaddrinfo=Resolver(["8.8.8.8"]), policy=HostPolicy(ports=(1025,)))


@pytest.mark.parametrize(
    "answer",
    [["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "::1"], ["2606:4700:4700::1111", "169.254.169.254"]],
)
def test_one_private_answer_among_public_ones_refuses_the_host(answer: list[str]) -> None:
    with pytest.raises(NetError) as caught:
        resolve("mail.example.com", 587, getaddrinfo=Resolver(answer), policy=OPEN)
    assert caught.value.trouble is Trouble.HOST_REFUSED


def test_a_resolver_that_changes_its_answer_is_asked_only_once() -> None:
    resolver = Resolver(["8.8.8.8"], ["169.254.169.254"])
    assert resolve("mail.example.com", 587, getaddrinfo=resolver, policy=OPEN) == (
        Target("8.8.8.8", 587, socket.AF_INET),
    )
    assert resolver.asked == ["mail.example.com"]
    with pytest.raises(NetError):  # the next conversation asks again, and checks again
        resolve("mail.example.com", 587, getaddrinfo=resolver, policy=OPEN)


def test_addresses_keep_their_order_and_are_not_repeated() -> None:
    resolver = Resolver(["2606:4700:4700::1111", "8.8.8.8", "2606:4700:4700::1111"])
    found = resolve("mail.example.com.", 587, getaddrinfo=resolver, policy=OPEN)
    assert found == (
        Target("2606:4700:4700::1111", 587, socket.AF_INET6),
        Target("8.8.8.8", 587, socket.AF_INET),
    )


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "..",
        "a..b",
        "-a.example",
        "a-.example",
        "mail.example.com\r\nEHLO x",
        "mail.example.com\0.evil.example",
        "mail.example.com\n",
        " mail.example.com",
        "mail.example.com/x",
        "user@mail.example.com",
        "mail.example.com:25",
        "[::1]",
        "bücher.example",
        "mail\u3002example\u3002com",
        "a" * 64 + ".example",
        "a." * 127 + "com",
        "8.8.8.8",  # public, but a server has a name
        "2606:4700:4700::1111",
        "8.8.8",
        "0x08080808",
        "0x8.example.0x8",
        "134744072",
        "08.08.08.08",
        "8.8.8.8.",
    ],
)
def test_what_is_not_a_name_is_not_looked_up(host: str) -> None:
    resolver = Resolver(["8.8.8.8"])
    with pytest.raises(NetError):
        resolve(host, 587, getaddrinfo=resolver, policy=OPEN)
    assert resolver.asked == []


@pytest.mark.parametrize(
    "host", ["smtp", "SMTP.Example.COM", "a_b.example", "xn--bcher-kva.example", "1.2.3.4.example"]
)
def test_a_name_is_looked_up(host: str) -> None:
    resolver = Resolver(["8.8.8.8"])
    assert resolve(host, 587, getaddrinfo=resolver, policy=OPEN) == (Target("8.8.8.8", 587, socket.AF_INET),)
    assert resolver.asked == [host]


def test_an_address_may_stand_for_a_host_where_its_network_is_allowed() -> None:
    policy = HostPolicy(private_networks=("127.0.0.0/8",))
    assert resolve("127.0.0.1", 587, policy=policy)[0].ip == "127.0.0.1"
    with pytest.raises(NetError):
        resolve("127.1", 587, policy=policy)


@pytest.mark.parametrize("error", [socket.gaierror(-2, "no such name"), UnicodeError("label too long"), OSError()])
def test_a_name_without_an_address_is_unreachable(error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise error

    for resolver in (fail, Resolver([])):
        with pytest.raises(NetError) as caught:
            resolve("mail.example.com", 587, getaddrinfo=resolver, policy=OPEN)
        assert caught.value.trouble is Trouble.UNREACHABLE
        assert caught.value.__context__ is None


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0.0/33", "internal", ""])
def test_a_policy_of_nonsense_is_refused_when_it_is_made(network: str) -> None:
    with pytest.raises(ValueError):
        HostPolicy(private_networks=(network,))
