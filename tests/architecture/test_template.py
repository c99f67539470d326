"""The template: a role, a log group and an event file for each function, and least privileges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.dialects.dialect import Refusal
from reprieve.dialects.registry import DIALECTS, TOKEN_ENDPOINTS
from reprieve.hooks.event_bus import SOURCE
from tests.support import operator_policy
from tests.support.operator_policy import listed
from tests.support.routes import apis
from tests.support.tables import role_statements, tables, template

if TYPE_CHECKING:
    from reprieve.dialects.dialect import Dialect

ROOT = Path(__file__).parents[2]
RESOURCES: dict[str, dict[str, Any]] = dict(template()["Resources"])
FUNCTIONS = {name: it["Properties"] for name, it in RESOURCES.items() if it["Type"] == "AWS::Serverless::Function"}

#: the statements that may name every resource, because their service knows no narrower one
WILDCARDS = {
    *("ses:GetSuppressedDestination", "ses:ListSuppressedDestinations"),
    *("ses:PutSuppressedDestination", "ses:DeleteSuppressedDestination"),
}


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
def test_a_role_has_no_wildcard_but_the_listed_ones(name: str) -> None:
    for statement in role_statements(name):
        actions = listed(statement["Action"])
        assert not [action for action in actions if "*" in action or action.endswith(":Scan")]
        if "*" in listed(statement["Resource"]):
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
def test_a_resource_that_no_backup_restores_outlives_the_stack(name: str) -> None:
    resource = RESOURCES[name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


#: the variable of API Gateway that stands for the error id in its own answers
REQUEST = "$context.requestId"


def gateway_responses(dialect: Dialect) -> dict[str, Any]:
    """The gateway responses that a dialect's value asks for, as the template spells them."""
    responses: dict[str, Any] = {}
    for kind, said in dialect.gateway_rows().items():
        assert isinstance(said, Refusal)
        written = dialect.write(said, REQUEST).body
        body = written if isinstance(written, str) else json.dumps(written, separators=(",", ":"))
        responses[kind] = {"ResponseTemplates": {"application/json": body}}
        if not kind.startswith("DEFAULT_"):
            responses[kind]["StatusCode"] = str(int(said.status))
        headers = {dialect.id_header: "context.requestId", **dialect.gateway_headers.get(kind, {})}
        responses[kind]["ResponseParameters"] = {"Headers": headers}
    return responses


#: the token endpoint of Okta is another stage of an API that has its answers already
OWN_APIS = (*DIALECTS, *(one for one in TOKEN_ENDPOINTS if one.api not in {dialect.api for dialect in DIALECTS}))


@pytest.mark.parametrize("dialect", OWN_APIS, ids=lambda dialect: dialect.api)
def test_a_gateway_answers_everything_in_its_dialect(dialect: Dialect) -> None:
    assert RESOURCES[dialect.api]["Properties"]["GatewayResponses"] == gateway_responses(dialect)


def test_each_dialect_has_an_api_a_stage_and_an_output_of_its_own_and_no_other_api_has() -> None:
    apis = {name: it["Properties"] for name, it in RESOURCES.items() if it["Type"] == "AWS::Serverless::Api"}
    assert {name: api["StageName"] for name, api in apis.items()} == {one.api: one.stage for one in OWN_APIS}
    for name in apis:
        assert f"${{{name}}}.execute-api." in str(template()["Outputs"][name])


def test_the_job_runs_every_two_minutes_and_what_it_cannot_do_is_not_lost() -> None:
    job = FUNCTIONS["RemovalJobFunction"]
    schedule = job["Events"]["Schedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(2 minutes)"
    failure = job["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert schedule["DeadLetterConfig"]["Arn"] == failure["Destination"]
    assert job["Timeout"] < 120


def test_the_bytes_of_a_webhook_or_a_mail_reach_the_function_as_they_were_sent() -> None:
    assert RESOURCES["ReprieveApi"]["Properties"]["BinaryMediaTypes"] == ["application/json", "message/rfc822"]


def test_exactly_the_functions_that_queue_something_may_ask_the_job_to_run_and_do() -> None:
    queueing = {name for name, api in apis().items() if any(route.queues for route in api.routes.values())}
    may, do = set(), set()
    for logical, properties in FUNCTIONS.items():
        name = Path(properties["CodeUri"]).name
        if "REMOVAL_JOB" in properties["Environment"]["Variables"]:
            do.add(name)
        asked = [
            one for one in role_statements(logical) if any(it.startswith("lambda:") for it in listed(one["Action"]))
        ]
        for statement in asked:
            may.add(name)
            assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
            assert statement["Resource"] == "RemovalJobFunction.Alias"
    assert (
        queueing
        == may
        == do
        == {
            *("remove_list", "suppressions", "global_suppressions", "group_suppressions"),
            *("unsubscribe_links", "unblock_email", "proofs", "holds", "removals", "console"),
        }
    )


def test_exactly_the_functions_that_post_to_hooks_may_put_onto_the_bus_and_only_as_reprieve() -> None:
    may = {
        name
        for name in FUNCTIONS
        for statement in role_statements(name)
        if any(action.startswith("events:") for action in listed(statement["Action"]))
    }
    know = {name for name, properties in FUNCTIONS.items() if "EVENT_BUS" in properties["Environment"]["Variables"]}
    assert may == know == {"HooksFunction", "HookDeliveryFunction", "ConsoleSettingsFunction"}
    allowed = {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": "EventBus",
        "Condition": {"StringEquals": {"events:source": SOURCE}},
    }
    for found in (*map(role_statements, may), operator_policy.statements()):
        assert [one for one in found if "events:PutEvents" in listed(one["Action"])] == [allowed]


def test_every_change_of_an_api_that_records_removals_or_additions_asks_the_job_to_run() -> None:
    asking = sorted(
        f"{name} {method} {resource}"
        for name, api in apis().items()
        for (method, resource), route in api.routes.items()
        if route.queues
    )
    lists = ("blocks", "bounces", "invalid_emails", "spam_reports")
    assert asking == sorted(
        [
            "console POST /holds/add",
            "console POST /holds/lift",
            "console POST /lifts",
            "console POST /lifts/many",
            "console POST /removals/{id}/retry",
            "global_suppressions DELETE /asm/suppressions/global/{email+}",
            "global_suppressions POST /asm/suppressions/global",
            "group_suppressions DELETE /asm/groups/{group_id}/suppressions/{email+}",
            "group_suppressions POST /asm/groups/{group_id}/suppressions",
            "holds DELETE /holds/{subject+}",
            "holds POST /holds",
            "proofs POST /confirm/{token}",
            "proofs POST /proofs/{email+}",
            "remove_list POST /v1/org/email/bounces/remove-list",
            "removals POST /removals/{id}/retry",
            *(f"suppressions DELETE /suppression/{name}" for name in lists),
            *(f"suppressions DELETE /suppression/{name}/{{email+}}" for name in lists),
            "unblock_email POST /{version}/{module}/actions/unblock_email",
            "unblock_email POST /{version}/{module}/{record_id}/actions/unblock_email",
            "unsubscribe_links POST /unsubscribe/{token}",
        ]
    )
