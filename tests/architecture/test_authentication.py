"""Authentication is in one place that every function of an API passes, and that place is closed by default."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from local.invoke import example_token
from reprieve.dialects.registry import DIALECTS
from reprieve.runtime.http import Api
from tests.support.gateway import function
from tests.support.routes import routes
from tests.support.tables import template

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ("functions", "layers/domain", "cli") for path in sorted((ROOT / room).rglob("*.py"))]


def places(pattern: str) -> list[str]:
    """The sources that have a match, once for each."""
    return [
        str(path.relative_to(ROOT)).removeprefix("layers/domain/python/reprieve/")
        for path in SOURCES
        for _ in re.finditer(pattern, path.read_text(encoding="utf-8"))
    ]


def behind_an_api() -> Iterator[str]:
    """The folders of the functions that API Gateway invokes."""
    for resource in template()["Resources"].values():
        events = resource.get("Properties", {}).get("Events", {}).values()
        if any(event["Type"] == "Api" for event in events):
            yield Path(resource["Properties"]["CodeUri"]).name


def test_every_function_behind_an_api_is_entered_through_the_edge() -> None:
    assert {name for name in behind_an_api() if not isinstance(function(name), Api)} == set()


def test_only_webhook_links_token_endpoints_and_what_is_published_are_excepted() -> None:
    """A signature or a client's proof is the credential there; documents, public keys and a page's files need none."""
    excepted = [(route.function, route.method, route.resource) for route in routes() if route.open]
    assert excepted == [
        ("console", "GET", "/assets/{name}"),
        ("console", "GET", "/sign-in"),
        ("console", "GET", "/sign-in/{organization}"),
        ("console", "POST", "/sign-in"),
        ("console", "POST", "/oidc"),
        ("console", "GET", "/oidc"),
        ("documents", "GET", "/docs"),
        ("documents", "GET", "/docs/{document}"),
        ("event_webhook", "POST", "/events/{kind}/{org}"),
        ("okta_tokens", "POST", "/v1/token"),
        ("okta_tokens", "GET", "/v1/keys"),
        ("proofs", "GET", "/confirm/{token}"),
        ("proofs", "POST", "/confirm/{token}"),
        ("unsubscribe_links", "GET", "/unsubscribe/{token}"),
        ("unsubscribe_links", "POST", "/unsubscribe/{token}"),
        ("zoho_tokens", "POST", "/v2/token"),
        ("zoho_tokens", "POST", "/v2/token/revoke"),
    ]


def test_a_credential_is_verified_in_one_place_and_nothing_else_makes_a_caller() -> None:
    assert places(r"(?<!def )(?<!\.)\bauthenticate\(") == ["runtime/http.py"]
    # a person of a session, by what the organization's sign-in grants
    assert places(r"(?<!class )\bCaller\(") == ["access/authenticate.py"] * 2 + ["access/sign_in.py"]
    assert places(r"\bcaller_of\(") == ["access/sessions.py", "access/sign_in.py", "access/sign_ins.py"]
    assert places(r"\bcaller=(?!None)") == ["dialects/exchange.py", "runtime/http.py"]


def test_a_route_is_registered_by_the_two_methods_of_the_edge_alone() -> None:
    assert places(r"\.routes\[[^]]*\] = ") == ["runtime/http.py"] * 2
    assert set(places(r"\.routes\[")) == {"runtime/http.py"}
    assert places(r"(?<!class )\bRoute\(") == ["runtime/http.py"] * 2
    assert set(places(r"handler\.open\(")) == {
        *("functions/event_webhook/app.py", "functions/okta_tokens/app.py", "functions/zoho_tokens/app.py"),
        *("functions/unsubscribe_links/app.py", "functions/proofs/app.py", "functions/documents/app.py"),
        "console/sign_in.py",
    }


def test_no_api_has_an_authorizer_of_its_own() -> None:
    """A second function per request would take a second concurrent execution, and a cold start of its own."""
    resources = template()["Resources"].values()
    assert [it for it in resources if it["Type"] == "AWS::Serverless::Api" and "Auth" in it["Properties"]] == []
    assert [
        event
        for it in resources
        for event in it.get("Properties", {}).get("Events", {}).values()
        if "Auth" in event["Properties"]
    ] == []


#: the words before a token that the vendors' clients send
SCHEMES = {"api": "SSWS", "v3": "Bearer", "crm": "Zoho-oauthtoken", "reprieve": "Bearer", "console": "Bearer"}
#: the events whose request has no credential, or one that is not good
WITHOUT = {
    *("remove_list/no_credential", "remove_list/not_a_token", "remove_list/unknown_token"),
    "console/no_session",
}


def test_an_event_carries_a_token_that_says_what_to_put_in_its_place() -> None:
    """`make invoke` puts the running stack's there; a case of a missing scope has another dialect's."""
    closed = {(route.function, route.resource) for route in routes() if not route.open}
    for file in sorted((ROOT / "events").glob("*/*.json")):
        name, event = f"{file.parent.name}/{file.stem}", json.loads(file.read_text(encoding="utf-8"))
        if name in WITHOUT or (file.parent.name, event.get("resource")) not in closed:
            continue
        assert "authorizer" not in event["requestContext"], name
        scheme, stage = SCHEMES[event["requestContext"]["stage"]], event["requestContext"]["stage"]
        lacks_scope = file.stem.endswith("scope")
        given = {dialect.name for dialect in DIALECTS if (dialect.stage == stage) is not lacks_scope}
        assert event["headers"]["authorization"] in {f"{scheme} {example_token(dialect)}" for dialect in given}, name
        assert event["multiValueHeaders"]["authorization"] == [event["headers"]["authorization"]], name
