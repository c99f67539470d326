"""Limits: how many requests per minute an organization may make in each bucket, on every dialect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.quota import PER_MINUTE, Bucket
from reprieve.clock import MINUTE
from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from reprieve.store.quotas import Leases
from reprieve.suppressions.suppression import SuppressionList
from tests.support.gateway import DEMO, Answer, Matching, function, problem
from tests.support.routes import apis, routes

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway

UNSUBSCRIBES = SuppressionList.UNSUBSCRIBES
pytestmark = pytest.mark.usefixtures("clock")


@dataclass(frozen=True)
class Sample:
    """A request that reads, one per bucket.

    Attributes:
        limits: what the headers with what is left begin with.
        refused: the answer to one too many.
    """

    function: str
    resource: str
    scope: str
    limits: str
    refused: Answer
    method: str = "GET"
    path: dict[str, str] | None = None


OKTA: dict[str, Any] = {
    "errorCode": "E0000047",
    "errorSummary": "API call exceeded rate limit due to too many requests.",
    "errorLink": "E0000047",
    "errorId": Matching("oae.{22}"),
    "errorCauses": [],
}
SENDGRID = {"errors": [{"field": None, "message": "too many requests"}], "id": Matching(".{22}")}
ZOHO = {
    "code": "TOO_MANY_REQUESTS",
    "details": {},
    "message": "You have made too many requests",
    "status": "error",
}
SAMPLES = {
    Bucket.OKTA_BOUNCES: Sample(
        "remove_list",
        "/v1/org/email/bounces/remove-list",
        "okta.orgs.manage",
        "x-rate-limit",
        Answer(429, OKTA),
        method="POST",
    ),
    Bucket.OKTA_LOGS: Sample("system_log", "/v1/logs", "okta.logs.read", "x-rate-limit", Answer(429, OKTA)),
    Bucket.OKTA_USERS: Sample("recipients", "/v1/users", "okta.users.read", "x-rate-limit", Answer(429, OKTA)),
    Bucket.OKTA_OTHER: Sample(
        "email_servers", "/v1/email-servers", "okta.emailServers.read", "x-rate-limit", Answer(429, OKTA)
    ),
    Bucket.SENDGRID: Sample(
        "suppressions",
        "/suppression/bounces",
        "suppression.read",
        "x-ratelimit",
        Answer(429, SENDGRID),
    ),
    Bucket.ZOHO: Sample(
        "records",
        "/{version}/org",
        "ZohoCRM.org.READ",
        "x-ratelimit",
        Answer(429, ZOHO),
        path={"version": "v8"},
    ),
    Bucket.REPRIEVE: Sample(
        "addresses",
        "/suppressions",
        "reprieve.suppressions.read",
        "x-ratelimit",
        problem(429, "Too Many Requests", "too many requests"),
    ),
}


def ask(call: Gateway, bucket: Bucket, limit: int | None = 2) -> Answer:
    sample = SAMPLES[bucket]
    limits = {bucket.value: limit} if limit else {}
    return call(
        function(sample.function),
        sample.method,
        sample.resource,
        path=sample.path,
        scopes=[sample.scope],
        organization=replace(DEMO, limits=limits),
        stage=apis()[sample.function].dialect.stage,
    )


def left(answer: Answer, bucket: Bucket) -> list[int]:
    """The limit, what remains, and when the next window begins."""
    name = SAMPLES[bucket].limits
    values = [answer.headers[f"{name}-{word}"] for word in ("limit", "remaining", "reset")]
    return [int(value) for (value,) in values]


@pytest.mark.parametrize("bucket", SAMPLES)
def test_one_request_too_many_is_refused_in_the_dialect_until_the_next_minute(
    call: Gateway, clock: Clock, bucket: Bucket
) -> None:
    clock.now += 15_000
    end = clock.now // 1000 + 45
    served = [ask(call, bucket), ask(call, bucket)]
    assert all(answer.status < 429 for answer in served)
    refused = ask(call, bucket)
    assert refused == SAMPLES[bucket].refused
    assert [left(answer, bucket) for answer in [*served, refused]] == [[2, 1, end], [2, 0, end], [2, 0, end]]
    assert refused.headers["retry-after"] == ["45"]
    clock.now += 45_000
    assert left(ask(call, bucket), bucket) == [2, 1, end + 60]


@pytest.mark.parametrize("bucket", SAMPLES)
def test_the_published_figure_holds_where_the_organization_has_no_limit_of_its_own(
    call: Gateway, clock: Clock, bucket: Bucket
) -> None:
    end = (clock.now + MINUTE) // 1000
    assert left(ask(call, bucket, limit=None), bucket) == [PER_MINUTE[bucket], PER_MINUTE[bucket] - 1, end]


def test_what_an_okta_sdk_computes_its_wait_from_is_in_a_429_once(call: Gateway, clock: Clock) -> None:
    ask(call, Bucket.OKTA_LOGS, 1)
    refused = ask(call, Bucket.OKTA_LOGS, 1)
    assert refused.headers["date"] == ["Thu, 01 Jan 2026 00:00:00 GMT"]
    assert refused.headers["x-rate-limit-reset"] == [str(clock.now // 1000 + 60)]
    assert refused.headers["x-rate-limit-remaining"] == ["0"]


def test_what_is_refused_is_not_done(call: Gateway) -> None:
    limited = replace(DEMO, limits={"sendgrid": 1})
    for status in (201, 429):
        answer = call(
            function("global_suppressions"),
            "POST",
            "/asm/suppressions/global",
            body={"recipient_emails": [f"a{status}@x.io"]},
            scopes=["suppression.create"],
            organization=limited,
            stage="v3",
        )
        assert answer.status == status
    on = [bool(wiring.listing().get(limited, UNSUBSCRIBES, f"a{n}@x.io", now=wiring.now())) for n in (201, 429)]
    assert on == [True, False]


def test_a_refused_request_reads_its_credential_and_nothing_else(call: Gateway, calls: Calls) -> None:
    ask(call, Bucket.SENDGRID, 1)
    assert ask(call, Bucket.SENDGRID, 1).status == 429
    assert (calls.verifying, calls.leasing, calls) == (1, 0, {})


def test_twenty_requests_cost_at_most_four_writes(call: Gateway, calls: Calls) -> None:
    leases = 0
    for _ in range(20):
        assert ask(call, Bucket.SENDGRID, None).status == 200
        leases += calls.leasing
    assert leases <= 20 * 0.2


def test_buckets_of_one_dialect_are_counted_apart(call: Gateway) -> None:
    assert [ask(call, Bucket.OKTA_LOGS, 1).status for _ in range(2)] == [200, 429]
    assert ask(call, Bucket.OKTA_USERS, 1).status == 200


def test_a_request_is_served_without_the_headers_when_the_count_fails(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("the store did not answer update_item")

    monkeypatch.setattr(Leases, "lease", fail)
    answers = [ask(call, bucket, 1) for bucket in SAMPLES for _ in range(2)]
    assert not [name for answer in answers for name in answer.headers if name.startswith("x-rate")]
    assert all(answer.status in {200, 400} for answer in answers)


def test_a_parent_that_acts_for_a_child_spends_its_own_quota(call: Gateway) -> None:
    parent = replace(DEMO, id="parent", limits={"sendgrid": 1})
    wiring.access().create_organization(replace(DEMO, id="child", parent="parent"))
    statuses = [
        call(
            function("suppressions"),
            "GET",
            "/suppression/bounces",
            headers={"on-behalf-of": "child"},
            scopes=["suppression.read"],
            organization=parent,
            stage="v3",
        ).status
        for _ in range(2)
    ]
    assert statuses == [200, 429]


def test_every_route_with_a_credential_has_a_bucket() -> None:
    assert {route.dialect.bucket(route.resource) for route in routes() if not route.open} == {*Bucket}
