"""The template after SAM's translation, which adds resources and properties that template.yaml does not show."""

from __future__ import annotations

import json
from collections import Counter

from tests.support.translated import resources, translated

ANY = "x-amazon-apigateway-any-method"
APIS = {"OktaApi", "SendGridApi", "ZohoApi", "ReprieveApi"}


def test_each_path_has_one_method_and_one_permission() -> None:
    paths = [(api, path) for api, it in resources("AWS::ApiGateway::RestApi").items() for path in it["Body"]["paths"]]
    for api, path in paths:
        assert list(resources("AWS::ApiGateway::RestApi")[api]["Body"]["paths"][path]) == [ANY]
    asked = Counter(
        (it["SourceArn"]["Fn::Sub"][1]["__ApiId__"]["Ref"], "authorizers" in it["SourceArn"]["Fn::Sub"][0])
        for it in resources("AWS::Lambda::Permission").values()
    )
    assert asked == Counter((api, False) for api, _ in paths) + Counter((api, True) for api in APIS)


def test_no_api_has_two_variables_beside_each_other() -> None:
    """API Gateway refuses to deploy an API that does."""
    for api, it in resources("AWS::ApiGateway::RestApi").items():
        variables: dict[str, set[str]] = {}
        for path in it["Body"]["paths"]:
            parts = path.strip("/").split("/")
            for depth, part in enumerate(parts):
                if part.startswith("{"):
                    variables.setdefault("/".join(parts[:depth]), set()).add(part)
        assert {parent: found for parent, found in variables.items() if len(found) > 1} == {}, api


def test_no_name_is_the_same_in_two_stacks_of_an_account() -> None:
    """A schedule's name is unique in an account and region; SAM makes one of the function and the event alone."""
    schedules = resources("AWS::Scheduler::Schedule").values()
    assert sorted(it["Name"]["Fn::Sub"] for it in schedules) == [
        "${AWS::StackName}-reconciliation",
        "${AWS::StackName}-removal-job",
        "${AWS::StackName}-upkeep",
    ]
    names = ("FunctionName", "RoleName", "QueueName", "TableName", "LogGroupName", "AlarmName", "TopicName")
    resource = [it.get("Properties", {}) for it in translated()["Resources"].values()]
    assert [it[name] for it in resource for name in names if isinstance(it.get(name), str)] == []


def test_the_authorizer_is_invoked_by_its_alias() -> None:
    """The function itself would be $LATEST: unpublished, and never from a snapshot."""
    alias = {"Ref": "AuthorizerFunctionAliaslive"}
    for api in resources("AWS::ApiGateway::RestApi").values():
        scheme = api["Body"]["securityDefinitions"]["Credential"]["x-amazon-apigateway-authorizer"]
        assert scheme["authorizerUri"]["Fn::Sub"][1] == {"__FunctionArn__": alias}
    permissions = [
        it for name, it in resources("AWS::Lambda::Permission").items() if name.endswith("AuthorizerPermission")
    ]
    assert [it["FunctionName"] for it in permissions] == [alias] * len(APIS)


def test_an_api_has_its_one_stage_with_its_throttles() -> None:
    """A deployment that names a stage makes another one, without method settings."""
    assert [it for it in resources("AWS::ApiGateway::Deployment").values() if "StageName" in it] == []
    stages = resources("AWS::ApiGateway::Stage")
    assert sorted(it["StageName"] for it in stages.values()) == ["api", "crm", "reprieve", "v3"]
    limit = {"Ref": "RequestsPerSecond"}
    for stage in stages.values():
        (settings,) = stage["MethodSettings"]
        assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (limit, limit)


def test_no_function_starts_from_a_snapshot_unless_that_is_asked_for() -> None:
    """A snapshot costs by the month, and a function that was idle for 14 days refuses requests until it is loaded."""
    assert translated()["Parameters"]["SnapStart"]["Default"] == "off"
    assert translated()["Conditions"]["HasSnapStart"] == {"Fn::Equals": [{"Ref": "SnapStart"}, "on"]}
    for function in resources("AWS::Lambda::Function").values():
        assert function["SnapStart"] == {"ApplyOn": {"Fn::If": ["HasSnapStart", "PublishedVersions", "None"]}}


def test_a_request_without_a_credential_does_not_count_for_any_alarm() -> None:
    """The authorizer raises for it, which Lambda counts in Errors."""
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        assert {"Ref": "AuthorizerFunction"} not in [it["Value"] for it in alarm.get("Dimensions", ())]


def test_a_domain_name_is_one_host_for_all_apis_and_closes_their_own_hosts() -> None:
    """The base path is the stage, so a client's paths are the same on both kinds of host."""
    mappings = resources("AWS::ApiGateway::BasePathMapping").values()
    assert {it["RestApiId"]["Ref"] for it in mappings} == APIS
    for it in mappings:
        stage = resources("AWS::ApiGateway::Stage")[it["Stage"]["Ref"]]
        assert (stage["StageName"], stage["RestApiId"]) == (it["BasePath"], it["RestApiId"])
    for api in resources("AWS::ApiGateway::RestApi").values():
        endpoint = api["Body"]["x-amazon-apigateway-endpoint-configuration"]
        assert endpoint == {"disableExecuteApiEndpoint": {"Fn::If": ["HasDomainName", True, False]}}
    outputs = translated()["Outputs"]
    for name in APIS:
        own = {"Fn::Sub": f"https://${{{name}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"}
        assert outputs[name]["Value"] == {"Fn::If": ["HasDomainName", {"Fn::Sub": "https://${DomainName}"}, own]}


def test_without_a_domain_name_nothing_of_it_is_made() -> None:
    conditions = {name: it.get("Condition") for name, it in translated()["Resources"].items()}
    named = {
        name: condition for name, condition in conditions.items() if condition in {"HasDomainName", "HasHostedZone"}
    }
    assert named == {
        "Domain": "HasDomainName",
        "OktaPath": "HasDomainName",
        "SendGridPath": "HasDomainName",
        "ZohoPath": "HasDomainName",
        "ReprievePath": "HasDomainName",
        "DomainRecord": "HasHostedZone",
    }


def test_every_role_has_the_boundary_that_was_given() -> None:
    boundary = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    roles = resources("AWS::IAM::Role")
    assert {name: role.get("PermissionsBoundary") for name, role in roles.items()} == dict.fromkeys(roles, boundary)


def test_every_function_logs_from_the_level_that_was_given() -> None:
    for function in resources("AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == {"Ref": "LogLevel"}
    assert translated()["Parameters"]["LogLevel"]["Default"] == "INFO"


def test_access_logs_are_json_and_have_no_path_query_or_header() -> None:
    for stage in resources("AWS::ApiGateway::Stage").values():
        condition, setting, otherwise = stage["AccessLogSetting"]["Fn::If"]
        assert (condition, otherwise) == ("HasAccessLogs", {"Ref": "AWS::NoValue"})
        assert setting["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
        # the names that API Gateway has for what the caller sent: a path, a query, a header, a body
        logged = [name.removeprefix("$context.") for name in json.loads(setting["Format"]).values()]
        assert not {"path", "customDomain.basePathMatched", "identity.userAgent"} & set(logged)
        assert {"resourcePath", "requestId", "status"} < set(logged)
