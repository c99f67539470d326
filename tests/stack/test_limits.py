"""Limits on the real template: clients side by side, and what a vendor's unmodified SDK makes of a 429."""

from __future__ import annotations

import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.access.quota import MAX_LEASE
from reprieve.clock import EPOCH
from reprieve.organization import Organization
from tests.stack.test_oauth_clients import run_python
from tests.support.stack_access import access_of

if TYPE_CHECKING:
    from local.place import Place

pytestmark = pytest.mark.stack
Stack = dict[str, Any]

MINUTE = 60


def limited(place: Place, **limits: int) -> str:
    """The token of a new organization with these limits."""
    access, name = access_of(place), f"limited-{secrets.token_hex(4)}"
    assert access.create_organization(Organization(name, "Limited", limits=limits))
    token, scopes = issue_token(name), frozenset({"suppression.read", "okta.logs.read"})
    access.add_credential(Credential(secrets.token_hex(8), name, digest_of(token), "test", scopes, EPOCH))
    return token


@pytest.mark.slow
def test_eight_clients_beyond_a_limit_get_what_was_promised_and_429_otherwise(place: Place, stack: Stack) -> None:
    limit, each = 40, 10
    token = limited(place, sendgrid=limit)

    def ask(_: int) -> list[requests.Response]:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            url = f"{stack['sendgrid']['base_url']}/v3/suppression/bounces"
            return [session.get(url, timeout=MINUTE) for _ in range(each)]

    # a whole minute for the requests, however slow the machine is
    time.sleep(MINUTE - time.time() % MINUTE + 1)
    with ThreadPoolExecutor(8) as clients:
        answers = [answer for found in clients.map(ask, range(8)) for answer in found]
    by_minute: dict[str, Counter[int]] = {}
    for answer in answers:
        by_minute.setdefault(answer.headers["X-RateLimit-Reset"], Counter())[answer.status_code] += 1
    for statuses in by_minute.values():
        assert statuses[200] <= limit
        if statuses[429]:
            assert statuses[200] >= limit - MAX_LEASE
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(answers) == 8 * each
    assert refused
    for answer in refused:
        left = [answer.headers[f"X-RateLimit-{word}"] for word in ("Limit", "Remaining")]
        assert (left, answer.json()["errors"][0]["message"]) == ([str(limit), "0"], "too many requests")
        assert 1 <= int(answer.headers["Retry-After"]) <= MINUTE


@pytest.mark.slow
def test_oktas_python_sdk_waits_as_a_429_says_and_succeeds(place: Place, stack: Stack) -> None:
    token = limited(place, okta_logs=2)
    found = run_python(sys.executable, "okta_retry.py", base_url=stack["okta"]["base_url"], token=token, requests=3)
    assert found == {"succeeded": 3, "errors": []}
