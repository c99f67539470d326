"""Authentication: every function verifies the credential of its requests, before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.dialects.exchange import Response
from reprieve.dialects.registry import DIALECTS
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.runtime.http import Api
from reprieve.store.access import Access
from tests.functions.test_scopes import EVERYTHING, PATH, ROUTES
from tests.support.console import Page
from tests.support.gateway import DEMO, Answer, function, proxy_event
from tests.support.routes import apis

if TYPE_CHECKING:
    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock, Gateway
    from tests.support.routes import Route

CLOSED = [route for route in ROUTES if not route.open]
#: one route of each dialect
SAMPLE = {route.dialect.name: route for route in reversed(CLOSED)}
#: methods that some path does not have
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
ME = next(route for route in ROUTES if str(route) == "okta GET /v1/users/me")


def error(dialect: str, missing: bool) -> dict[str, Any]:
    """The body without its error id."""
    okta = ("E0000005", "Invalid session") if missing else ("E0000011", "Invalid token provided")
    sendgrid = "authorization required" if missing else SENDGRID
    zoho = ("AUTHENTICATION_FAILURE", "Authentication failed") if missing else ("INVALID_TOKEN", "invalid oauth token")
    console = "Sign in With your organization's account" if missing else CONSOLE
    reprieve = "send a credential in the Authorization header: Bearer rp_..." if missing else REPRIEVE
    bodies: dict[str, dict[str, Any]] = {
        "okta": {"errorCode": okta[0], "errorSummary": okta[1], "errorLink": okta[0], "errorCauses": []},
        "sendgrid": {"errors": [{"field": None, "message": sendgrid}]},
        "zoho": {"code": zoho[0], "details": {}, "message": zoho[1], "status": "error"},
        "reprieve": {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": reprieve},
        "console": {"says": Page(console)},
    }
    return bodies[dialect]


SENDGRID = "The provided authorization grant is invalid, expired, or revoked"
CONSOLE = "Your session has ended. Sign in again to go on."
REPRIEVE = "unknown, revoked or expired credential"
#: the member of the body, or the header, that has the error's id
ERROR_ID = {"okta": "errorId", "sendgrid": "id", "reprieve": "error_id"}


def refusal(answer: Answer, dialect: str) -> tuple[int, dict[str, Any]]:
    """The status and the body without its error id, which is there."""
    if dialect == "console":
        return answer.status, {"says": answer.body}
    body = dict(answer.body)
    identifier = answer.headers["x-error-id"][0] if dialect == "zoho" else body.pop(ERROR_ID[dialect])
    assert len(identifier) >= 22
    return answer.status, body


def missing(dialect: str) -> tuple[int, dict[str, Any]]:
    return (403 if dialect == "okta" else 401), error(dialect, missing=True)


def bad(dialect: str) -> tuple[int, dict[str, Any]]:
    return 401, error(dialect, missing=False)


def ask(call: Gateway, route: Route, authorization: str | None, *, method: str = "", body: object = b"\xff") -> Answer:
    """Send a request with this header, and a body that nothing could read."""
    return call(
        function(route.function),
        method or route.method,
        route.resource,
        path={name: value for name, value in PATH.items() if f"{{{name}}}" in route.resource or name == "email"},
        headers={} if authorization is None else {"Authorization": authorization},
        body=body,
        organization=None,
        stage=route.dialect.stage,
        as_base64=True,
    )


def issue(
    organization: str = "demo", *, scopes: frozenset[str] = EVERYTHING, expires_at: int | None = None, name: str = "c"
) -> str:
    """The token of a new credential."""
    token = issue_token(organization)
    wiring.access().add_credential(Credential(name, organization, digest_of(token), "test", scopes, 1, expires_at))
    return token


@pytest.fixture
def token(dynamodb: object) -> str:
    wiring.access().create_organization(DEMO)
    return issue()


# ---------------------------------------------------------------- closed by default


@pytest.mark.parametrize("route", CLOSED, ids=str)
@pytest.mark.usefixtures("token")
def test_no_route_is_answered_without_a_good_credential(call: Gateway, calls: Calls, route: Route) -> None:
    dialect = route.dialect.name
    for authorization in (None, "", "  "):
        assert refusal(ask(call, route, authorization), dialect) == missing(dialect)
        assert (calls, calls.verifying) == ({}, 0)
    unknown = f"Bearer rp_demo_{'A' * 43}"
    assert refusal(ask(call, route, unknown), dialect) == bad(dialect)
    assert (calls, calls.verifying) == ({}, 1)


@pytest.mark.parametrize("route", CLOSED, ids=str)
def test_a_good_credential_costs_one_read_on_every_route(call: Gateway, calls: Calls, token: str, route: Route) -> None:
    answer = ask(call, route, f"Bearer {token}")
    assert refused_for_the_credential(answer) is False
    # the page of people itself reads in that table where they sign in
    assert calls.verifying == (2 if str(route) == "console GET /people" else 1)


def refused_for_the_credential(answer: Answer) -> bool:
    words = ("E0000005", "E0000011", "AUTHENTICATION_FAILURE", "INVALID_TOKEN", SENDGRID, REPRIEVE, CONSOLE)
    return any(word in str(answer.body) for word in (*words, "authorization required", "send a credential"))


@pytest.mark.parametrize("name", apis())
@pytest.mark.usefixtures("token")
def test_a_method_that_a_path_does_not_have_is_refused_for_the_credential_first(call: Gateway, name: str) -> None:
    served = {(route.method, route.resource) for route in ROUTES if route.function == name}
    for route in (one for one in CLOSED if one.function == name):
        for method in METHODS:
            if (method, route.resource) not in served:
                answer = ask(call, route, "Bearer x", method=method)
                assert refusal(answer, route.dialect.name) == bad(route.dialect.name)


def test_a_path_with_an_open_method_beside_one_that_needs_a_credential_is_closed_to_both(
    call: Gateway, token: str
) -> None:
    api, answered = Api(DIALECTS[0]), Response(200, {})
    api.open("POST", "/mixed")(lambda _: answered)
    api.route("GET", "/mixed", scopes=())(lambda _: answered)
    for method in ("GET", "POST", "PUT"):
        assert refusal(call(api, method, "/mixed", organization=None), "okta") == missing("okta")
    headers = {"Authorization": f"SSWS {token}"}
    assert [call(api, method, "/mixed", organization=None, headers=headers).status for method in ("GET", "POST")] == [
        200,
        200,
    ]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_refusal_has_the_headers_of_every_answer(call: Gateway, clock: Clock, dialect: Any) -> None:
    for authorization in (None, "Bearer x"):
        answer = ask(call, SAMPLE[dialect.name], authorization)
        (identifier,) = answer.headers[dialect.id_header.lower()]
        assert len(identifier) == 32
        assert answer.headers["x-content-type-options"] == ["nosniff"]
        # no challenge: API Gateway would rename it
        assert "www-authenticate" not in answer.headers


def test_the_names_of_headers_are_read_in_any_letter_case(call: Gateway, token: str) -> None:
    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        event = proxy_event(
            "GET",
            ME.resource,
            path={},
            query={},
            headers={name: f"SSWS {token}"},
            body=None,
            stage="api",
            as_base64=False,
        )
        assert call.send(function(ME.function), event).status == 200


# ---------------------------------------------------------------- what a good credential is

#: the words before a token in each dialect
SCHEMES = {
    "okta": {"SSWS", "Bearer"},
    "sendgrid": {"Bearer"},
    "zoho": {"Zoho-oauthtoken", "Bearer"},
    "reprieve": {"Bearer"},
    "console": {"Bearer"},
}


def test_a_dialect_takes_its_vendors_word_before_a_token_and_the_standards() -> None:
    assert {dialect.name: dialect.schemes for dialect in DIALECTS} == SCHEMES


@pytest.mark.parametrize("space", ["", " ", "  "])
@pytest.mark.parametrize(
    ("dialect", "scheme"), [(name, scheme) for name, schemes in SCHEMES.items() for scheme in sorted(schemes)]
)
def test_a_scheme_is_taken_in_any_letter_case_with_or_without_a_space(
    call: Gateway, token: str, dialect: str, scheme: str, space: str
) -> None:
    for word in (scheme, scheme.lower(), scheme.upper()):
        assert not refused_for_the_credential(ask(call, SAMPLE[dialect], f"{word}{space}{token}"))


@pytest.mark.parametrize(
    "value", ["x", "Basic dXNlcjpwYXNz", "Bearer", "rp_demo_x", "Bearer x y", "Bearer " + "a" * 9_999]
)
@pytest.mark.usefixtures("token")
def test_what_cannot_be_a_token_of_ours_is_refused_without_a_read(call: Gateway, calls: Calls, value: str) -> None:
    for dialect, route in SAMPLE.items():
        assert refusal(ask(call, route, value), dialect) == bad(dialect)
        assert (calls, calls.verifying) == ({}, 0)


def test_whatever_is_wrong_with_a_token_the_same_is_read_and_the_same_is_said(
    call: Gateway, dynamodb: Client, clock: Clock, token: str
) -> None:
    wiring.access().create_organization(Organization("other", "Other"))
    wrong = {
        "a secret that differs by one letter": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "another organization's": token.replace("rp_demo_", "rp_other_"),
        "no organization's": token.replace("rp_demo_", "rp_unknown_"),
        "expired": issue(expires_at=clock.now),
        "a credential without its organization": issue("orphaned"),
    }
    seen: dict[str, Any] = {}
    for name, value in wrong.items():
        asked: list[tuple[str, int, bool]] = []

        def observe(operation: str, arguments: Any, asked: list[tuple[str, int, bool]] = asked) -> None:
            wanted = arguments["RequestItems"]["Access"]
            asked.append((operation, len(wanted["Keys"]), wanted["ConsistentRead"]))

        dynamodb.observe = observe
        seen[name] = (*refusal(ask(call, ME, f"SSWS {value}"), "okta"), asked)
    assert seen == dict.fromkeys(wrong, (*bad("okta"), [("BatchGetItem", 2, True)]))


def test_a_credential_is_good_until_the_moment_that_it_expires(call: Gateway, clock: Clock, token: str) -> None:
    expiring = issue(expires_at=clock.now + 1)
    assert ask(call, ME, f"SSWS {expiring}").status == 200
    clock.now += 1
    assert refusal(ask(call, ME, f"SSWS {expiring}"), "okta") == bad("okta")


def test_a_revoked_credential_is_refused_at_once(call: Gateway, token: str) -> None:
    assert ask(call, ME, f"SSWS {token}").status == 200
    (credential,) = wiring.access().credentials("demo")
    assert wiring.access().remove_credential(credential)
    assert refusal(ask(call, ME, f"SSWS {token}"), "okta") == bad("okta")


def test_the_organization_is_the_stored_one_at_each_request(call: Gateway, token: str) -> None:
    mine = next(route for route in ROUTES if str(route) == "zoho GET /{version}/org")
    names = []
    for name in ("Demo", "Demo Inc."):
        wiring.access().change_organization("demo", {"name": name})
        names.append(ask(call, mine, f"Zoho-oauthtoken {token}").body["org"][0]["company_name"])
    assert names == ["Demo", "Demo Inc."]


def test_only_a_digest_of_the_token_is_stored(dynamodb: Any, token: str) -> None:
    assert token not in str(dynamodb.scan(TableName="Access"))


# ---------------------------------------------------------------- order, and faults


@pytest.mark.parametrize("dialect", SAMPLE)
@pytest.mark.usefixtures("clock")
def test_a_store_that_does_not_answer_is_not_a_bad_credential(
    call: Gateway, token: str, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    dynamodb = wiring.client("dynamodb")
    dynamodb.delete_table(TableName="Access")
    answer = ask(call, SAMPLE[dialect], f"Bearer {token}")
    assert (answer.status, answer.headers["retry-after"]) == (503, ["60"])
    monkeypatch.setattr(Access, "credential", fail)
    assert ask(call, SAMPLE[dialect], f"Bearer {token}").status == 500


@pytest.mark.parametrize("dialect", SAMPLE)
def test_a_request_without_a_good_credential_is_not_counted_and_one_without_the_scope_is(
    call: Gateway, calls: Calls, token: str, dialect: str
) -> None:
    assert ask(call, SAMPLE[dialect], "Bearer x").status == 401
    assert (calls, calls.leasing) == ({}, 0)
    scopes = frozenset({"nothing"})
    assert ask(call, SAMPLE[dialect], f"Bearer {issue(scopes=scopes, name='d')}").status in {400, 401, 403}
    assert (calls, calls.leasing) == ({}, 1)
