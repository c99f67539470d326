"""Where the light transport has its credentials from, and when it has new ones."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.light_transport import SECRET, Patient, answering, call, fault, heads, over, refused, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.smtp.servers import Server
    from tests.support.light_transport import Script


@contextmanager
def container(monkeypatch: pytest.MonkeyPatch, *answers: Script) -> Iterator[Server]:
    """The address that a restored function fetches its credentials from."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with answering(*answers) as server:
        monkeypatch.setenv(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.port}/2021-04-23/credentials"
        )
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "allow")
        yield server


def issued(name: str, *, minutes: int = 60) -> bytes:
    expires = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return said({"AccessKeyId": name, "SecretAccessKey": SECRET, "Token": "t", "Expiration": expires})


def signers(server: Server) -> list[str]:
    return [head["authorization"].split("=")[1].split("/")[0] for head in heads(server)]


def test_a_restored_function_fetches_its_credentials_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with container(monkeypatch, issued("ONE")) as source, answering(said({}), said({})) as server:
        transport = over(server)
        call(transport)
        call(transport)
    assert (source.heard[0], heads(source)[0]["authorization"]) == (
        b"GET /2021-04-23/credentials HTTP/1.1",
        "allow",
    )
    assert signers(server) == ["ONE", "ONE"]


def test_credentials_are_fetched_anew_ten_minutes_before_they_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        container(monkeypatch, issued("ONE", minutes=9), issued("TWO", minutes=11)),
        answering(said({}), said({}), said({})) as server,
    ):
        transport = over(server)
        for _ in range(3):
            call(transport)
    assert signers(server) == ["ONE", "TWO", "TWO"]


def test_credentials_that_expired_early_are_fetched_anew_and_the_call_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        container(monkeypatch, issued("ONE"), issued("TWO")),
        answering(refused("ExpiredTokenException"), said({})) as server,
    ):
        assert call(Patient(over(server))) == {}
    assert signers(server) == ["ONE", "TWO"]


@pytest.mark.parametrize("answer", [said({}), said([]), said(b"x"), said({}, 500), lambda talk: talk.hang_up()])
def test_no_credentials_are_a_fault_that_passes_where_they_are_fetched(
    monkeypatch: pytest.MonkeyPatch, answer: Script
) -> None:
    with container(monkeypatch, answer), answering() as server:
        assert fault(over(server)) == ("NoCredentials", True)


@pytest.mark.parametrize(
    ("url", "token"),
    [("", ""), ("https://127.0.0.1/x", ""), ("http://169.254.170.2:80/x", ""), ("http://127.0.0.1:1/x", "a\r\nb: c")],
)
def test_credentials_are_fetched_only_from_this_machine(monkeypatch: pytest.MonkeyPatch, url: str, token: str) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", token)
    with answering() as server:
        assert fault(over(server)) == ("NoCredentials", False)
