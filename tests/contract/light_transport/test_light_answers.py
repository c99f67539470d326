"""What the light transport asks of DynamoDB, and what it makes of any answer."""

from __future__ import annotations

import zlib
from datetime import datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reprieve.store import connection, light
from reprieve.store.faults import Fault
from tests.smtp.servers import LONG_S
from tests.support.light_transport import answering, call, fault, heads, over, refused, said


def test_a_call_is_one_signed_post_and_its_answer() -> None:
    with answering(said({"Item": {"a": {"S": "1"}}})) as server:
        assert call(over(server)) == {"Item": {"a": {"S": "1"}}}
    (head,) = heads(server)
    assert server.heard[0] == b"POST / HTTP/1.1"
    signature = head.pop("authorization")
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKIA/")
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target," in signature
    datetime.strptime(head.pop("x-amz-date"), "%Y%m%dT%H%M%SZ")  # noqa: DTZ007
    assert head == {
        "content-type": "application/x-amz-json-1.0",
        "host": f"127.0.0.1:{server.port}",
        "x-amz-security-token": "session",
        "x-amz-target": "DynamoDB_20120810.GetItem",
        "content-length": "44",
        "accept-encoding": "identity",
    }


def test_credentials_without_a_session_sign_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    with answering(said({})) as server:
        call(over(server))
    assert "x-amz-security-token" not in heads(server)[0]


def test_a_refusal_has_dynamodbs_code_and_what_it_says_besides() -> None:
    item = {"a": {"S": "1"}}
    with (
        answering(refused("ConditionalCheckFailedException", Item=item)) as server,
        pytest.raises(Fault) as raised,
    ):
        call(over(server))
    assert (raised.value.code, raised.value.passes) == ("ConditionalCheckFailedException", False)
    assert raised.value.answer["Item"] == item


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refused("ThrottlingException"), ("ThrottlingException", True)),
        (refused("ProvisionedThroughputExceededException"), ("ProvisionedThroughputExceededException", True)),
        (refused("RequestLimitExceeded"), ("RequestLimitExceeded", True)),
        (refused("TransactionInProgressException"), ("TransactionInProgressException", True)),
        (refused("InternalServerError", 500), ("InternalServerError", True)),
        (refused("ValidationException"), ("ValidationException", False)),
        (refused("AccessDeniedException"), ("AccessDeniedException", False)),
        (refused("ExpiredTokenException"), ("ExpiredTokenException", False)),
        (said(b"<html>busy</html>", 503), ("HTTP 503", True)),
        (said({}, 413), ("HTTP 413", False)),
        (said({}, 301, "Location: https://elsewhere.example/"), ("HTTP 301", False)),
    ],
)
def test_only_a_fault_that_passes_says_so(answer: bytes, expected: tuple[str, bool]) -> None:
    with answering(answer) as server:
        assert fault(over(server)) == expected


@pytest.mark.parametrize(
    "answer",
    [
        said(b"[]"),
        said(b"nothing"),
        said(b"{" * 100_000),
        said(b"\xff"),
        said({}) + b"more",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"220 mail.example.com\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n{}",
        b"\r\n\r\n",
    ],
)
def test_what_is_not_an_answer_is_a_fault_that_passes(answer: bytes) -> None:
    with answering(answer) as server:
        assert fault(over(server)) == ("Garbled", True)


def test_an_endless_head_and_an_endless_body_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_BODY", 1_000)
    with answering(lambda talk: talk.flood(b"X-Header: 1\r\n" * 100)) as server:
        assert fault(over(server)) == ("Garbled", True)
    with answering(said(b" " * 1_001)) as server:
        assert fault(over(server)) == ("Garbled", True)
    with answering(said(b" " * 998 + b"{}")) as server:
        assert call(over(server)) == {}


def test_an_answer_that_aws_sums_up_otherwise_is_a_fault_that_passes() -> None:
    good = zlib.crc32(b"{}")
    with answering(said(b"{}", 200, f"x-amz-crc32: {good}"), said(b"{}", 200, f"x-amz-crc32: {good + 1}")) as server:
        transport = over(server)
        assert call(transport) == {}
        assert fault(transport) == ("ChecksumError", True)


class Received:
    """A socket that gives its text in pieces."""

    def __init__(self, text: bytes, size: int) -> None:
        self.text, self.size = text, size

    def settimeout(self, _: float) -> None: ...

    def sendall(self, _: bytes) -> None: ...

    def recv(self, _: int) -> bytes:
        piece, self.text = self.text[: self.size], self.text[self.size :]
        return piece


HEADS = st.lists(
    st.sampled_from([b"HTTP/1.1 200 OK", b"Content-Length: 2", b"Connection: close", b"X: ", b":", b"\xff", b"a b: c"])
    | st.binary(max_size=20),
    max_size=6,
).map(b"\r\n".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.builds(lambda head, body: head + b"\r\n\r\n" + body, HEADS, st.binary(max_size=5)), st.integers(1, 40))
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n123", 1)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n12", 40)
def test_whatever_is_received_is_an_answer_of_its_length_or_an_error_of_the_connection(text: bytes, size: int) -> None:
    kept = connection.Connection.__new__(connection.Connection)
    kept._socket, kept.kept = Received(text, size), True  # type: ignore[assignment]
    try:
        answer = kept.exchange(b"", LONG_S)
    except OSError:
        return
    # a byte beyond it that comes in a piece of its own is the next answer's, and makes that one unreadable
    assert text.partition(b"\r\n\r\n")[2].startswith(answer.body)
    assert answer.headers["content-length"] == str(len(answer.body))


def test_a_value_that_json_does_not_have_is_the_callers_error() -> None:
    with pytest.raises(TypeError):
        light._base64(object())
    assert light._base64(b"\x00") == "AA=="
