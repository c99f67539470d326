"""The light transport against a server that does anything at all, and the repetition of calls over it."""

from __future__ import annotations

import json
import ssl
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprieve.store import connection, light
from reprieve.store.connection import Endpoint
from reprieve.store.faults import Fault
from reprieve.store.light import Light, endpoint_of
from reprieve.store.transport import ATTEMPTS, FIRST_PAUSE, Retrying
from tests.smtp.servers import GRACE_S, LONG_S, SHORT_S, Server, Talk, stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "canary-secret"
PREFIX = "com.amazonaws.dynamodb.v20120810#"
#: the transports of a test
MADE: list[Light] = []
Script = "bytes | Callable[[Talk], None]"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials of a function; afterwards, no connection and no TLS context is left."""
    for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("ACCESS_KEY_ID", "AKIA"), ("SECRET_ACCESS_KEY", SECRET), ("SESSION_TOKEN", "session")):
        monkeypatch.setenv(f"AWS_{name}", value)
    yield
    while MADE:
        MADE.pop().close()
    connection.authorities.cache_clear()
    connection.all_authorities.cache_clear()


def said(content: Any, status: int = 200, *more: str) -> bytes:
    """An answer of DynamoDB."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = "\r\n".join([f"HTTP/1.1 {status} Any", f"Content-Length: {len(body)}", *more])
    return f"{head}\r\n\r\n".encode() + body


def refused(code: str, status: int = 400, **more: Any) -> bytes:
    return said({"__type": PREFIX + code, "message": SECRET, **more}, status)


class Bodies:
    """The bodies of the requests, in order."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def heads(self) -> list[dict[str, str]]:
        """The headers of each request."""
        found: list[dict[str, str]] = []
        for line in self.server.heard:
            name, colon, value = line.decode().partition(": ")
            if line.startswith((b"POST", b"GET")):
                found.append({})
            elif colon:
                found[-1][name] = value
        return found


def answering(*answers: Script, tls: ssl.SSLContext | None = None) -> Server:
    """A server that gives the next answer to each request, over however many connections, and then hangs up."""
    left = list(answers)

    def script(talk: Talk) -> None:
        if tls:
            talk.start_tls()
        while left:
            length = 0
            while line := talk.line():
                name, _, value = line.partition(b": ")
                length = int(value) if name == b"content-length" else length
            while len(talk.buffer) < length:
                talk.buffer += talk.sock.recv(65_536)
            talk.buffer = talk.buffer[length:]
            answer = left.pop(0)
            if callable(answer):
                answer(talk)
            else:
                talk.send(answer)

    return Server(script, tls)


def over(server: Server, *, read_timeout: float = LONG_S, host: str = "127.0.0.1", encrypted: bool = False) -> Light:
    endpoint = Endpoint(host, server.port, encrypted)
    MADE.append(Light("eu-west-1", endpoint, connect_timeout=LONG_S, read_timeout=read_timeout))
    return MADE[-1]


def call(transport: Any) -> Any:
    return transport.call("GetItem", {"TableName": "T", "Key": {"a": {"S": "é"}}})


def fault(transport: Any) -> tuple[str, bool]:
    with pytest.raises(Fault) as raised:
        call(transport)
    assert SECRET not in str(raised.value)
    return raised.value.code, raised.value.passes


def test_a_call_is_one_signed_post_and_its_answer() -> None:
    with answering(said({"Item": {"a": {"S": "1"}}})) as server:
        assert call(over(server)) == {"Item": {"a": {"S": "1"}}}
    (head,) = Bodies(server).heads()
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
    assert "x-amz-security-token" not in Bodies(server).heads()[0]


def test_a_connection_is_kept_from_call_to_call() -> None:
    with answering(said({}), said({}), refused("ResourceNotFoundException"), said({})) as server:
        transport = over(server)
        call(transport)
        call(transport)
        assert fault(transport) == ("ResourceNotFoundException", False)
        call(transport)
    assert server.connections == 1


def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    def last(talk: Talk) -> None:
        talk.send(said({}))
        talk.hang_up()

    with answering(said({}, 200, "Connection: close"), last, said({})) as server:
        transport = over(server)
        call(transport)
        call(transport)
        for thread in server._threads[1:]:
            thread.join(LONG_S)  # it has hung up
        call(transport)
    assert server.connections == 3


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
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
        lambda talk: talk.reset(),
    ],
)
def test_a_torn_connection_is_a_fault_that_passes(answer: Script) -> None:
    def torn(talk: Talk) -> None:
        answer(talk) if callable(answer) else talk.send(answer)
        talk.hang_up()

    with answering(torn) as server:
        assert fault(over(server)) == ("ConnectionResetError", True)


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


@pytest.mark.parametrize("slow", [lambda talk: talk.stay_silent(), lambda talk: talk.drip(said({}) * 50, 0.05)])
def test_an_answer_has_one_deadline_however_slowly_it_comes(slow: Script) -> None:
    with answering(slow) as server, stopwatch() as watch:
        assert fault(over(server, read_timeout=SHORT_S)) == ("TimeoutError", True)
    assert watch.seconds < SHORT_S + GRACE_S


def test_a_server_that_is_not_there_is_a_fault_that_passes() -> None:
    server = Server(lambda talk: talk.hang_up())
    server._listener.close()
    assert fault(over(server)) == ("ConnectionRefusedError", True)


class Patient(Retrying):
    """Notes its pauses instead of waiting."""

    def __init__(self, transport: Light) -> None:
        super().__init__(transport)
        self.pauses: list[float] = []

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)


def test_a_throttled_call_is_made_again_with_growing_pauses_of_random_length() -> None:
    with answering(*[refused("ThrottlingException")] * 3, said({"Item": {}})) as server:
        patient = Patient(over(server))
        assert call(patient) == {"Item": {}}
    assert len(patient.pauses) == ATTEMPTS - 1
    assert all(0 <= pause < FIRST_PAUSE * 2**at for at, pause in enumerate(patient.pauses))


def test_a_call_is_given_up_after_four_attempts() -> None:
    with answering(*[refused("InternalServerError", 500)] * ATTEMPTS) as server:
        patient = Patient(over(server))
        assert fault(patient) == ("InternalServerError", True)
    assert len(Bodies(server).heads()) == ATTEMPTS


def test_a_call_whose_fault_does_not_pass_is_made_once() -> None:
    with answering(refused("ValidationException")) as server:
        patient = Patient(over(server))
        assert fault(patient) == ("ValidationException", False)
    assert (len(Bodies(server).heads()), patient.pauses) == (1, [])


def test_a_call_whose_connection_tears_is_made_again_on_another() -> None:
    with answering(lambda talk: talk.hang_up(), said({})) as server:
        assert call(Patient(over(server))) == {}
    assert server.connections == 2


class Recording:
    """A transport that throttles everything, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def call(self, operation: str, arguments: Any) -> Any:
        self.asked.append((operation, arguments))
        raise Fault("ThrottlingException", passes=True)


def test_a_transaction_has_one_token_for_all_of_its_attempts_and_another_has_another() -> None:
    transport = Recording()
    patient = Patient(transport)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(Fault):
            patient.call("TransactWriteItems", {"TransactItems": []})
    tokens = [arguments["ClientRequestToken"] for _, arguments in transport.asked]
    assert (len(tokens), len(set(tokens[:ATTEMPTS])), len(set(tokens))) == (2 * ATTEMPTS, 1, 2)
    assert 1 <= len(tokens[0]) <= 36


# Credentials


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
    return [head["authorization"].split("=")[1].split("/")[0] for head in Bodies(server).heads()]


def test_a_restored_function_fetches_its_credentials_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with container(monkeypatch, issued("ONE")) as source, answering(said({}), said({})) as server:
        transport = over(server)
        call(transport)
        call(transport)
    assert (source.heard[0], Bodies(source).heads()[0]["authorization"]) == (
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


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def encrypted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def listed(authority: trustme.CA, name: str) -> str:
    """An authority as certifi lists it."""
    return f'# Label: "{name}"\n# Serial: 1\n{authority.cert_pem.bytes().decode()}'


def test_the_authorities_are_amazons_five() -> None:
    with open(connection._public_list(), encoding="utf-8") as file:  # noqa: PTH123
        assert len(connection.AMAZON.findall(file.read())) == 5
    assert len(connection.authorities().get_ca_certs()) == 5
    assert connection.authorities().minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("name", ["Amazon Root CA 1", "Starfield Services Root Certificate Authority - G2", "Another"])
def test_a_certificate_of_any_public_authority_is_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, authority: trustme.CA, encrypted: ssl.SSLContext, name: str
) -> None:
    path = tmp_path / "list.pem"
    path.write_text(listed(trustme.CA(), "Amazon Root CA 2") + listed(authority, name))
    monkeypatch.setattr(connection, "_public_list", lambda: str(path))
    with answering(said({}), tls=encrypted) as server:
        assert call(over(server, host="localhost", encrypted=True)) == {}
    assert server.connections == (2 if name == "Another" else 1)


def test_a_certificate_of_no_authority_or_for_another_host_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, authority: trustme.CA, encrypted: ssl.SSLContext
) -> None:
    with answering(said({}), tls=encrypted) as server:
        assert fault(over(server, host="localhost", encrypted=True)) == ("SSLCertVerificationError", True)
    path = tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    connection.authorities.cache_clear()
    connection.all_authorities.cache_clear()
    with answering(said({}), tls=encrypted) as server:
        assert fault(over(server, encrypted=True)) == ("SSLCertVerificationError", True)
        assert call(over(server, host="localhost", encrypted=True)) == {}


# Endpoints


@pytest.mark.parametrize(
    ("region", "variables", "host", "authority"),
    [
        ("eu-west-1", {}, "dynamodb.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com"),
        ("cn-north-1", {}, "dynamodb.cn-north-1.amazonaws.com.cn", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "127.0.0.1", "127.0.0.1:4566"),
        (
            "eu-west-1",
            {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://[::1]:80/"},
            "::1",
            "[::1]",
        ),
    ],
)
def test_the_endpoint_is_the_regions_unless_a_variable_names_another(
    monkeypatch: pytest.MonkeyPatch, region: str, variables: dict[str, str], host: str, authority: str
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    endpoint = endpoint_of(region)
    assert (endpoint.host, endpoint.authority) == (host, authority)


@pytest.mark.parametrize("url", ["", "dynamodb", "ftp://a", "http://a/path", "http://a b", "http://a\r\n"])
def test_an_endpoint_that_is_not_a_url_of_a_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="an endpoint is"):
        Endpoint.of_url(url)


# Anything


class Received:
    """A socket that gives its text in pieces."""

    def __init__(self, text: bytes, size: int) -> None:
        self.text, self.size = text, size

    def settimeout(self, _: float) -> None: ...

    def sendall(self, _: bytes) -> None: ...

    def recv(self, _: int) -> bytes:
        piece, self.text = self.text[: self.size], self.text[self.size :]
        return piece


heads = st.lists(
    st.sampled_from([b"HTTP/1.1 200 OK", b"Content-Length: 2", b"Connection: close", b"X: ", b":", b"\xff", b"a b: c"])
    | st.binary(max_size=20),
    max_size=6,
).map(b"\r\n".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.builds(lambda head, body: head + b"\r\n\r\n" + body, heads, st.binary(max_size=5)), st.integers(1, 40))
def test_whatever_is_received_is_an_answer_of_its_length_or_an_error_of_the_connection(text: bytes, size: int) -> None:
    kept = connection.Connection.__new__(connection.Connection)
    kept._socket, kept.kept = Received(text, size), True  # type: ignore[assignment]
    try:
        answer = kept.exchange(b"", LONG_S)
    except OSError:
        return
    assert answer.body == text.partition(b"\r\n\r\n")[2]
    assert answer.headers["content-length"] == str(len(answer.body))


def test_a_value_that_json_does_not_have_is_the_callers_error() -> None:
    with pytest.raises(TypeError):
        light._base64(object())
    assert light._base64(b"\x00") == "AA=="
