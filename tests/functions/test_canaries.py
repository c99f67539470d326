"""Secrets that come with a request are in no answer, log line or metric, whatever goes wrong on the way.

Every route of the template is asked by acme for what it has (see every_request), with secrets wherever a client may put
one: each of DynamoDB's calls fails once, as DynamoDB does and as nothing should, and the credential is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.functions.every_request import REQUESTS, SERVER, Asked
from tests.functions.tenants import BY_NAME, Tenants, token_of
from tests.support.dynamodb import fault
from tests.support.gateway import function

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import StringIO

    from tests.functions.every_request import Things
    from tests.support.dynamodb import Client
    from tests.support.gateway import Answer, Clock, Gateway

CANARY = "canary-fQ4x"
#: links to pages repeat the query of the request, and nothing else may
IN_QUERY = "canary-in-query"
HEADERS = {"cookie": f"session={CANARY}", "x-api-key": CANARY, "dpop": CANARY}
#: secrets in bodies, beside those of token requests; they are good ones as far as their form goes
BODIES: Mapping[str, object] = {
    "okta POST /v1/users": {
        "profile": {"login": "eve@x.io", "email": "eve@x.io", "firstName": "Eve", "lastName": "Lee"},
        "credentials": {"password": {"value": CANARY}},
    },
    "okta POST /v1/email-servers": {**SERVER, "password": CANARY},
    "okta PATCH /v1/email-servers/{emailServerId}": {"password": CANARY},
}
#: what of acme and of its clients is a secret
SECRET_NAMES = (
    *("others_secret", "others_client_secret", "others_refresh_token", "refresh_token"),
    *("forged_link", "forged_confirmation"),
)
MAX_CALLS = 40


@pytest.fixture
def tenants(call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Tenants:
    return Tenants(call, clock, monkeypatch)


@pytest.fixture
def written(log: StringIO, capsys: pytest.CaptureFixture[str]) -> Any:
    """All that functions have written so far."""

    def read() -> str:
        out, error = capsys.readouterr()
        return log.getvalue() + out + error

    return read


def request(name: str, things: Things) -> Asked:
    asked = REQUESTS[name](things)
    return replace(
        asked,
        body=BODIES.get(name, asked.body),
        query={**asked.query, "access_token": IN_QUERY},
        headers={**asked.headers, **HEADERS},
    )


def secrets_of(things: Things) -> list[str]:
    revoked = things.others_refresh_token.replace("rpr_other_", "rpr_acme_")
    return [CANARY, token_of("acme"), revoked, *(things.names[name] for name in SECRET_NAMES)]


def shown(answer: Answer) -> str:
    return f"{answer.body} {answer.headers}"


def failing(dynamodb: Client, at: int, problem: Exception) -> list[str]:
    """Have one of the next calls fail; the calls are noted in the list."""
    made: list[str] = []

    def note(operation: str, _: Mapping[str, Any]) -> None:
        made.append(operation)
        if len(made) == at:
            raise problem

    dynamodb.observe = note
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("problem", [fault("InternalServerError", CANARY), ZeroDivisionError(CANARY)], ids=repr)
def test_no_secret_is_shown_whichever_call_fails(tenants: Tenants, written: Any, name: str, problem: Exception) -> None:
    dynamodb, things = tenants.begin(both=True)
    asked, hidden, texts = request(name, things), secrets_of(things), []
    for at in range(1, MAX_CALLS):
        made = failing(dynamodb, at, problem)
        answer = tenants.ask(BY_NAME[name], asked, "acme", seed=str(at))
        texts.append(shown(answer))
        if len(made) < at:
            break
    assert len(made) < MAX_CALLS - 1
    assert len(texts) > 1 or name == "okta GET /v1/keys" or BY_NAME[name].open
    answers, logged = " ".join(texts), written()
    assert f'"{BY_NAME[name].resource}"' in logged
    assert [one for one in hidden if one in answers + logged] == []
    assert IN_QUERY not in logged


@pytest.mark.parametrize("name", [name for name in REQUESTS if not BY_NAME[name].open])
def test_no_secret_is_shown_when_the_credential_is_wrong(tenants: Tenants, written: Any, name: str) -> None:
    _, things = tenants.begin(both=True)
    route, asked, hidden, texts = BY_NAME[name], request(name, things), secrets_of(things), []
    for authorization in (
        f"Bearer {token_of('acme')}x",
        f"SSWS {token_of('acme')[:-1]}",
        f"Basic {CANARY}",
        f"Bearer {CANARY}.{CANARY}.{CANARY}",
        f"{CANARY} {CANARY}",
        CANARY,
    ):
        answer = tenants.call(
            function(route.function),
            route.method,
            route.resource,
            path=asked.path,
            query=asked.query,
            headers={**asked.headers, "authorization": authorization},
            body=asked.body,
            organization=None,
            stage=route.dialect.stage,
            as_base64=asked.body is not None and route.dialect.name == "reprieve",
        )
        assert answer.status in {401, 403}
        texts.append(shown(answer))
    whole = " ".join([*texts, written()])
    assert [one for one in [*hidden, IN_QUERY, token_of("acme")[:-1]] if one in whole] == []
