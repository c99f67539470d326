"""What the template promises: a role, a log group and an event file for each function; nothing wider than needed."""

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


def test_every_api_is_closed_by_default_and_nothing_is_cached() -> None:
    apis = [it["Properties"] for it in RESOURCES.values() if it["Type"] == "AWS::Serverless::Api"]
    assert len(apis) == 4
    for api in apis:
        authorizer = api["Auth"]["Authorizers"][api["Auth"]["DefaultAuthorizer"]]
        assert authorizer["Identity"]["ReauthorizeEvery"] == 0


def test_only_the_signed_webhook_is_open() -> None:
    routes = [event["Properties"] for function in FUNCTIONS.values() for event in function.get("Events", {}).values()]
    is_open = [route["Path"] for route in routes if "Auth" in route]
    assert is_open == ["/events/sendgrid/{org}"]


@pytest.mark.parametrize("api", [name for name, it in RESOURCES.items() if it["Type"] == "AWS::Serverless::Api"])
def test_a_gateway_answers_everything_in_its_dialect(api: str) -> None:
    answers = RESOURCES[api]["Properties"]["GatewayResponses"]
    assert set(answers) == {
        "UNAUTHORIZED",
        "ACCESS_DENIED",
        "MISSING_AUTHENTICATION_TOKEN",
        "THROTTLED",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
    }


def test_the_job_runs_every_two_minutes_and_what_it_cannot_do_is_not_lost() -> None:
    job = FUNCTIONS["RemovalJobFunction"]
    schedule = job["Events"]["Schedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(2 minutes)"
    failure = job["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert schedule["DeadLetterConfig"]["Arn"] == failure["Destination"]
    assert job["Timeout"] < 120
