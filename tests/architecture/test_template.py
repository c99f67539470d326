"""What the template promises: a role, a log group and an event file for each function; nothing wider than needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.tables import tables, template

ROOT = Path(__file__).parents[2]
RESOURCES: dict[str, dict[str, Any]] = dict(template()["Resources"])
FUNCTIONS = {name: it["Properties"] for name, it in RESOURCES.items() if it["Type"] == "AWS::Serverless::Function"}

#: the statements that may name every resource, because their service knows no narrower one
WILDCARDS = {"ses:GetSuppressedDestination", "ses:DeleteSuppressedDestination", "ses:ListSuppressedDestinations"}


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    return [statement for policy in function.get("Policies", []) for statement in policy["Statement"]]


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_every_folder_of_functions_is_deployed_and_nothing_else() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "functions").glob("*/app.py")}
    assert {function["CodeUri"] for function in FUNCTIONS.values()} == folders


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_has_its_own_role_log_group_name_and_events(name: str) -> None:
    function = FUNCTIONS[name]
    assert "Role" not in function
    assert function["LoggingConfig"]["LogGroup"] in RESOURCES
    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert list((ROOT / "events" / Path(function["CodeUri"]).name).glob("*.json"))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_may_do_nothing_to_everything(name: str) -> None:
    for statement in statements(FUNCTIONS[name]):
        actions = listed(statement["Action"])
        assert not [action for action in actions if "*" in action or action.endswith(":Scan")]
        if statement["Resource"] == "*":
            assert set(actions) <= WILDCARDS


def test_no_two_functions_share_a_log_group() -> None:
    groups = [function["LoggingConfig"]["LogGroup"] for function in FUNCTIONS.values()]
    assert len(set(groups)) == len(groups)


@pytest.mark.parametrize("name", sorted(tables()))
def test_a_table_is_kept_backed_up_encrypted_and_paid_by_use(name: str) -> None:
    resource = RESOURCES[name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert resource["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert resource["Properties"]["SSESpecification"] == {"SSEEnabled": True}
    assert resource["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert resource["Properties"]["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("name", ["SecretsKey", "DeadLetters"])
def test_what_no_backup_brings_back_outlives_the_stack(name: str) -> None:
    resource = RESOURCES[name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_every_api_is_closed_by_default_and_nothing_is_cached() -> None:
    apis = [it["Properties"] for it in RESOURCES.values() if it["Type"] == "AWS::Serverless::Api"]
    assert len(apis) == 4
    for api in apis:
        authorizer = api["Auth"]["Authorizers"][api["Auth"]["DefaultAuthorizer"]]
        assert authorizer["Identity"]["ReauthorizeEvery"] == 0


REQUEST = "$context.requestId"


def okta(code: str, summary: str) -> dict[str, Any]:
    return {"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": REQUEST, "errorCauses": []}


def sendgrid(message: str) -> dict[str, Any]:
    return {"errors": [{"field": None, "message": message}], "id": REQUEST}


def zoho(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "details": {}, "message": message, "status": "error"}


def problem(status: int, title: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "error_id": REQUEST}


#: what each gateway answers by itself: the status, None for the gateway's own, and the body
ANSWERS: dict[str, dict[str, tuple[str | None, dict[str, Any]]]] = {
    "OktaApi": {
        "UNAUTHORIZED": ("403", okta("E0000005", "Invalid session")),
        "ACCESS_DENIED": ("401", okta("E0000011", "Invalid token provided")),
        "MISSING_AUTHENTICATION_TOKEN": ("404", okta("E0000008", "The requested path was not found")),
        "THROTTLED": ("429", okta("E0000047", "API call exceeded rate limit due to too many requests.")),
        "DEFAULT_4XX": (None, okta("E0000003", "The request body was not well-formed.")),
        "DEFAULT_5XX": (None, okta("E0000009", "Internal Server Error")),
    },
    "SendGridApi": {
        "UNAUTHORIZED": ("401", sendgrid("authorization required")),
        "ACCESS_DENIED": ("401", sendgrid("The provided authorization grant is invalid, expired, or revoked")),
        "MISSING_AUTHENTICATION_TOKEN": ("404", sendgrid("not found")),
        "THROTTLED": ("429", sendgrid("too many requests")),
        "DEFAULT_4XX": (None, sendgrid("bad request")),
        "DEFAULT_5XX": (None, sendgrid("internal server error")),
    },
    "ZohoApi": {
        "UNAUTHORIZED": ("401", zoho("AUTHENTICATION_FAILURE", "Authentication failed")),
        "ACCESS_DENIED": ("401", zoho("INVALID_TOKEN", "invalid oauth token")),
        "MISSING_AUTHENTICATION_TOKEN": (
            "404",
            zoho("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"),
        ),
        "THROTTLED": ("429", zoho("TOO_MANY_REQUESTS", "You have made too many requests")),
        "DEFAULT_4XX": (None, zoho("INVALID_DATA", "the request could not be read")),
        "DEFAULT_5XX": (None, zoho("INTERNAL_ERROR", "Internal Server Error")),
    },
    "ReprieveApi": {
        "UNAUTHORIZED": (
            "401",
            problem(401, "Unauthorized", "send a credential in the Authorization header: Bearer rp_..."),
        ),
        "ACCESS_DENIED": ("401", problem(401, "Unauthorized", "unknown, revoked or expired credential")),
        "MISSING_AUTHENTICATION_TOKEN": ("404", problem(404, "Not Found", "the API has no such path")),
        "THROTTLED": ("429", problem(429, "Too Many Requests", "too many requests")),
        "DEFAULT_4XX": (None, problem(400, "Bad Request", "the request could not be read")),
        "DEFAULT_5XX": (
            None,
            problem(
                500,
                "Internal Server Error",
                "something unexpected happened; the error id is the request id in the log",
            ),
        ),
    },
}


@pytest.mark.parametrize("api", [name for name, it in RESOURCES.items() if it["Type"] == "AWS::Serverless::Api"])
def test_a_gateway_answers_everything_in_its_dialect(api: str) -> None:
    answers = RESOURCES[api]["Properties"]["GatewayResponses"]
    assert {
        kind: (answer.get("StatusCode"), {name: json.loads(body) for name, body in answer["ResponseTemplates"].items()})
        for kind, answer in answers.items()
    } == {kind: (status, {"application/json": body}) for kind, (status, body) in ANSWERS[api].items()}


def test_every_answer_of_a_gateway_has_its_request_id_and_okta_s_429_says_when_to_retry() -> None:
    limits = {"X-Rate-Limit-Limit": "'0'", "X-Rate-Limit-Remaining": "'0'", "X-Rate-Limit-Reset": "'1'"}
    for api in ANSWERS:
        name = "X-Okta-Request-Id" if api == "OktaApi" else "X-Request-Id"
        for kind, answer in RESOURCES[api]["Properties"]["GatewayResponses"].items():
            more = limits if (api, kind) == ("OktaApi", "THROTTLED") else {}
            assert answer["ResponseParameters"] == {"Headers": {name: "context.requestId", **more}}


def test_the_job_runs_every_two_minutes_and_what_it_cannot_do_is_not_lost() -> None:
    job = FUNCTIONS["RemovalJobFunction"]
    schedule = job["Events"]["Schedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(2 minutes)"
    failure = job["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert schedule["DeadLetterConfig"]["Arn"] == failure["Destination"]
    assert job["Timeout"] < 120
