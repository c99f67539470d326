"""The address that the client connects to, and the time limit."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.net.deadline import Deadline
from reprieve.net.errors import Trouble
from reprieve.net.guard import HostPolicy
from reprieve.smtp.client import Endpoint, probe
from reprieve.smtp.errors import ConnectionFailed
from tests.smtp.servers import GRACE_S, HOST, LOGIN, LONG_S, SHORT_S, Server, Talk, spoiled, stopwatch

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Policy = Callable[..., HostPolicy]
    Search = Callable[[BaseException], None]


def test_a_closed_port_is_unreachable(ca_pem: str, policy: Policy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionFailed) as caught:
        probe(Endpoint(HOST, port, ca_pem), LOGIN, policy=policy(port), deadline=Deadline(LONG_S))
    assert caught.value.reason is Trouble.UNREACHABLE


def test_without_an_allow_list_the_loopback_is_not_even_connected_to(ca_pem: str) -> None:
    with Server(spoiled()) as server:
        for host in (HOST, "localhost", "127.0.0.1"):
            with pytest.raises(ConnectionFailed) as caught:
                probe(
                    Endpoint(host, server.port, ca_pem),
                    LOGIN,
                    policy=HostPolicy(ports=(server.port,)),
                    deadline=Deadline(LONG_S),
                )
            assert caught.value.reason is Trouble.HOST_REFUSED
    assert server.connections == 0


def _answer(*ips: str) -> Callable[..., Any]:
    def getaddrinfo(_host: str, port: int, **_: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    return getaddrinfo


def test_a_name_that_changes_its_meaning_is_connected_to_as_it_was_checked(
    ca_pem: str, tls: ssl.SSLContext, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.2", "127.0.0.1", "127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: _answer(next(answers))(host, port))
    with Server(spoiled(), tls) as server:  # it listens on 127.0.0.1, and nothing listens on 127.0.0.2
        with pytest.raises(ConnectionFailed):
            probe(Endpoint(HOST, server.port, ca_pem), LOGIN, policy=policy(server.port), deadline=Deadline(LONG_S))
        assert server.connections == 0
        probe(Endpoint(HOST, server.port, ca_pem), LOGIN, policy=policy(server.port), deadline=Deadline(LONG_S))
        assert server.connections == 1
    assert next(answers) == "127.0.0.1"  # each conversation has asked once


def test_a_final_dot_is_not_part_of_the_name_in_the_certificate(
    ca_pem: str, tls: ssl.SSLContext, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answer("127.0.0.1"))
    with Server(spoiled("mail", Talk.hang_up), tls) as server:
        probe(Endpoint(f"{HOST}.", server.port, ca_pem), LOGIN, policy=policy(server.port), deadline=Deadline(LONG_S))
    assert server.heard[-1] == b"QUIT"


def test_a_dead_address_leaves_time_for_the_next(
    ca_pem: str, tls: ssl.SSLContext, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answer("127.0.0.2", "127.0.0.1"))
    with socket.socket() as full, Server(spoiled(), tls) as server:
        # a listener whose queue is full drops what knocks, as a dead address would
        full.bind(("127.0.0.2", server.port))
        full.listen(0)
        knocks = [socket.socket() for _ in range(4)]
        for knock in knocks:
            knock.setblocking(False)
            knock.connect_ex(("127.0.0.2", server.port))
        with stopwatch() as watch:
            probe(Endpoint(HOST, server.port, ca_pem), LOGIN, policy=policy(server.port), deadline=Deadline(2))
        for knock in knocks:
            knock.close()
    assert 0.5 < watch.seconds < 2


def test_a_resolver_that_takes_its_time_is_left_behind(
    ca_pem: str, policy: Policy, monkeypatch: pytest.MonkeyPatch, unseen: Search
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: time.sleep(SHORT_S + GRACE_S))
    with stopwatch() as watch, pytest.raises(ConnectionFailed) as caught:
        probe(Endpoint(HOST, 587, ca_pem), LOGIN, policy=policy(587), deadline=Deadline(SHORT_S))
    assert caught.value.reason is Trouble.TIMED_OUT
    assert watch.seconds < SHORT_S + GRACE_S - 0.1
    unseen(caught.value)
