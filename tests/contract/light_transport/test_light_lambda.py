"""The removal job started without boto3: one signed post to Lambda's API, asynchronous."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import Millis
from reprieve.errors import Unavailable
from reprieve.store.connection import Endpoint
from reprieve.store.job_runs import JobRuns, LightLambda
from reprieve.store.signed import Sender
from tests.smtp.servers import LONG_S, SHORT_S
from tests.support.light_transport import SECRET, answering, heads, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.smtp.servers import Server

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nx-amzn-Remapped-Content-Length: 0\r\n\r\n"


@contextmanager
def job(server: Server, *, read_timeout: float = LONG_S) -> Iterator[JobRuns]:
    endpoint = Endpoint("127.0.0.1", server.port, encrypted=False)
    sender = Sender("lambda", "eu-west-1", endpoint, connect_timeout=LONG_S, read_timeout=read_timeout)
    yield JobRuns(LightLambda(sender), "reprieve-RemovalJobFunction-1A2B3C", "live")
    sender.close()


def test_a_run_is_started_by_one_post_of_an_event_to_the_alias() -> None:
    with answering(ACCEPTED, ACCEPTED) as server, job(server) as runs:
        runs.start(after=Millis(0))
        runs.start(after=Millis(4_000))
    assert server.connections == 1
    target = b"POST /2015-03-31/functions/reprieve-RemovalJobFunction-1A2B3C/invocations?Qualifier=live HTTP/1.1"
    assert [line for line in server.heard if line.startswith(b"POST")] == [target, target]
    sent = heads(server)
    assert [(one["x-amz-invocation-type"], one["content-length"]) for one in sent] == [("Event", "12"), ("Event", "15")]
    assert all("/eu-west-1/lambda/aws4_request" in one["authorization"] for one in sent)
    signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type;x-amz-security-token"
    assert all(signed in one["authorization"] for one in sent)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (said({"Message": SECRET}, 403, "x-amzn-ErrorType: AccessDeniedException"), "AccessDeniedException"),
        (said({"Message": SECRET}, 404, "x-amzn-ErrorType: ResourceNotFoundException:http://x/"), "ResourceNotFound"),
        (said({"Message": SECRET}, 429, "x-amzn-ErrorType: TooManyRequestsException"), "TooManyRequestsException"),
        (said(b"", 502), "HTTP 502"),
        (said({}, 200), "HTTP 200"),  # a run that was waited for: nothing else than 202 says that the event is kept
    ],
)
def test_whatever_else_lambda_answers_is_unavailable_by_its_code_alone(answer: bytes, code: str) -> None:
    with answering(answer) as server, job(server) as runs, pytest.raises(Unavailable) as raised:
        runs.start(after=Millis(0))
    assert str(raised.value).startswith(f"Lambda did not take the event: {code}")
    assert SECRET not in str(raised.value)


def test_a_lambda_that_hangs_is_given_up_in_time() -> None:
    with (
        answering(lambda talk: talk.line()) as server,
        job(server, read_timeout=SHORT_S) as runs,
        pytest.raises(Unavailable, match="did not take the event: TimeoutError"),
    ):
        runs.start(after=Millis(0))
