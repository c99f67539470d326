"""Wrong methods on every path of the template, and paths that no API has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.dialects.registry import DIALECTS, TOKEN_ENDPOINTS
from tests.support.console import Page
from tests.support.gateway import Answer, Gateway, Matching, function, problem
from tests.support.routes import apis
from tests.support.tables import template

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY_ID = Matching("[A-Za-z0-9_-]{22}")
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
BY_API = {dialect.api: dialect for dialect in (*TOKEN_ENDPOINTS, *DIALECTS)}


def okta(code: str, summary: str) -> dict[str, Any]:
    error_id = Matching("oae[A-Za-z0-9_-]{22}")
    return {"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": error_id, "errorCauses": []}


def sendgrid(message: str) -> dict[str, Any]:
    return {"errors": [{"field": None, "message": message}], "id": ANY_ID}


def zoho(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "details": {}, "message": message, "status": "error"}


def oauth(error: str, description: str) -> dict[str, Any]:
    return {"error": error, "error_description": description}


NO_SUCH_PATH = {
    "ZohoAccountsApi": Answer(
        404, oauth("invalid_url_pattern", "Please check if the URL trying to access is a correct one")
    ),
    "OktaApi": Answer(404, okta("E0000008", "The requested path was not found")),
    "SendGridApi": Answer(404, sendgrid("not found")),
    "ZohoApi": Answer(404, zoho("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")),
    "ReprieveApi": problem(404, "Not Found", "the API has no such path"),
    "ConsoleApi": Answer(404, Page("There is no such page.")),
}


def no_such_method(api: str, method: str, folder: str) -> Answer:
    if folder == "okta_tokens":
        return Answer(405, oauth("invalid_request", "The endpoint does not support the provided HTTP method."))
    return {
        "ZohoAccountsApi": Answer(
            400, oauth("invalid_request_method", "The http request method type is not a valid one")
        ),
        "OktaApi": Answer(405, okta("E0000022", "The endpoint does not support the provided HTTP method")),
        "SendGridApi": Answer(405, sendgrid("method not allowed")),
        "ZohoApi": Answer(400, zoho("INVALID_REQUEST_METHOD", "The http request method type is not a valid one")),
        "ReprieveApi": problem(405, "Method Not Allowed", f"the path does not support {method}"),
        "ConsoleApi": Answer(405, Page("This page cannot be opened like that.")),
    }[api]


def paths() -> Iterator[tuple[str, str, str]]:
    """Every path of the template, with its function's folder and its API."""
    for resource in template()["Resources"].values():
        for event in resource["Properties"].get("Events", {}).values() if "Properties" in resource else ():
            if event["Type"] == "Api":
                asked = event["Properties"]
                assert asked["Method"] == "ANY"
                folder = Path(resource["Properties"]["CodeUri"]).name
                yield folder, asked["RestApiId"], asked["Path"]


def served(folder: str) -> dict[str, list[str]]:
    """The paths that a function has routes for, each with its methods."""
    found: dict[str, list[str]] = {}
    for method, resource in apis()[folder].routes:
        found.setdefault(resource, []).append(method)
    return found


FUNCTIONS = sorted({folder for folder, *_ in paths()})
KNOWN = [(folder, api, path) for folder, api, path in paths() if path in served(folder)]
UNKNOWN = [(folder, api, path) for folder, api, path in paths() if path not in served(folder)]


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_a_function_gets_every_path_that_it_has_a_route_for_and_no_other_function_does(folder: str) -> None:
    own = {api for name, api, *_ in paths() if name == folder}
    assert own == {apis()[folder].dialect.api}
    elsewhere = {path for name, api, path in paths() if name != folder and api in own}
    mine = {path for name, _, path in paths() if name == folder}
    assert set(served(folder)) <= mine
    assert not elsewhere & mine


@pytest.mark.parametrize(("folder", "api", "path"), KNOWN)
def test_a_method_that_a_path_does_not_have_is_refused_in_the_dialect(
    call: Gateway, folder: str, api: str, path: str
) -> None:
    allowed = sorted(served(folder)[path])
    for method in set(METHODS) - set(allowed):
        answer = call(function(folder), method, path, stage=apis()[folder].dialect.stage)
        assert answer == no_such_method(api, method, folder)
        assert answer.headers["allow"] == [", ".join(allowed)]


@pytest.mark.parametrize(("folder", "api", "path"), UNKNOWN)
def test_a_path_that_no_api_has_is_not_found_in_the_dialect_and_costs_no_call_of_dynamodb(
    call: Gateway, folder: str, api: str, path: str
) -> None:
    for method in METHODS:
        answer = call(
            function(folder), method, path, path={"proxy": "nothing"}, organization=None, stage=BY_API[api].stage
        )
        assert answer == NO_SUCH_PATH[api]
        assert len(answer.headers[BY_API[api].id_header.lower()]) == 1
        assert call.calls == {}


@pytest.mark.parametrize(("folder", "path"), [(folder, path) for folder, api, path in KNOWN if api == "OktaApi"])
def test_a_path_is_not_found_in_the_other_stage_of_its_api_and_costs_no_call_of_dynamodb(
    call: Gateway, folder: str, path: str
) -> None:
    """API Gateway throttles a path in each stage apart, so that a second stage would allow twice as much."""
    here = apis()[folder].dialect.stage
    (other,) = {"api", "oauth2"} - {here}
    expected = {
        "api": NO_SUCH_PATH["OktaApi"],
        "oauth2": Answer(404, oauth("invalid_request", "The requested path was not found.")),
    }
    for method in served(folder)[path]:
        assert call(function(folder), method, path, stage=other) == expected[here]
        assert (call.calls, call.calls.verifying) == ({}, 0)


def test_each_api_has_an_answer_for_its_root_and_for_whatever_it_does_not_know() -> None:
    assert sorted((api, path) for _, api, path in UNKNOWN) == [
        # its root is a page
        ("ConsoleApi", "/{proxy+}"),
        ("OktaApi", "/"),
        ("OktaApi", "/{proxy+}"),
        ("ReprieveApi", "/"),
        ("ReprieveApi", "/{proxy+}"),
        ("SendGridApi", "/"),
        ("SendGridApi", "/{proxy+}"),
        ("ZohoAccountsApi", "/"),
        ("ZohoAccountsApi", "/{proxy+}"),
        # API Gateway takes no {proxy+} beside a variable, so the root of Zoho's API cannot have one
        ("ZohoApi", "/"),
        ("ZohoApi", "/{version}"),
        ("ZohoApi", "/{version}/{module}/actions"),
        ("ZohoApi", "/{version}/{module}/actions/{proxy+}"),
        ("ZohoApi", "/{version}/{module}/{record_id}/{proxy+}"),
    ]
