"""The template after SAM's translation, which adds resources and properties that template.yaml does not show."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from ministack.services.cloudformation import engine

from reprieve.dialects.dialect import Dialect, Refusal
from reprieve.dialects.registry import DIALECTS, TOKEN_ENDPOINTS
from tests.support.translated import resources, translated

ROOT = Path(__file__).parents[2]
ANY = "x-amazon-apigateway-any-method"
APIS = {"OktaApi", "SendGridApi", "ZohoApi", "ZohoAccountsApi", "ReprieveApi", "ConsoleApi"}


def test_each_path_has_one_method_and_one_permission() -> None:
    paths = [(api, path) for api, it in resources("AWS::ApiGateway::RestApi").items() for path in it["Body"]["paths"]]
    for api, path in paths:
        assert list(resources("AWS::ApiGateway::RestApi")[api]["Body"]["paths"][path]) == [ANY]
    permissions = [
        it for it in resources("AWS::Lambda::Permission").values() if it["Principal"] == "apigateway.amazonaws.com"
    ]
    asked = Counter(it["SourceArn"]["Fn::Sub"][1]["__ApiId__"]["Ref"] for it in permissions)
    assert asked == Counter(api for api, _ in paths)


def test_the_stack_is_within_what_cloudformation_takes() -> None:
    """AWS's page on CloudFormation quotas: 500 resources, 200 parameters, 200 outputs, 1 MB."""
    whole = translated()
    assert len(whole["Resources"]) <= 500
    assert max(len(whole["Parameters"]), len(whole["Outputs"])) <= 200
    assert len(json.dumps(whole)) <= 1_000_000


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
    """A schedule's name is unique in its group; SAM makes one of the function and the event, in the default group."""
    schedules = resources("AWS::Scheduler::Schedule").values()
    assert sorted(it["Name"] for it in schedules) == [
        *("hook-delivery", "inquiries", "policies", "reconciliation", "removal-job", "upkeep")
    ]
    assert [it["GroupName"] for it in schedules] == [{"Ref": "Schedules"}] * 6
    names = ("FunctionName", "RoleName", "QueueName", "TableName", "LogGroupName", "AlarmName", "TopicName")
    names += ("ManagedPolicyName", "LayerName")
    resource = [it.get("Properties", {}) for it in translated()["Resources"].values()]
    # a layer's versions have one name in the account, which SAM gives; a new version replaces no other stack's
    assert [it[name] for it in resource for name in names if isinstance(it.get(name), str)] == [
        "DependenciesLayer",
        "DomainLayer",
    ]


def test_the_name_of_the_schedules_group_fits_however_long_the_stacks_name_is() -> None:
    """A stack's name has up to 128 characters, and that of a group 64."""
    (group,) = resources("AWS::Scheduler::ScheduleGroup").values()
    stack_id = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{'s' * 128}/12345678-90ab-cdef-1234-567890abcdef"
    text, values = group["Name"]["Fn::Sub"]
    index, split = values["Id"]["Fn::Select"]
    assert split["Fn::Split"] == ["/", {"Ref": "AWS::StackId"}]
    name = text.replace("${Id}", stack_id.split("/")[index])
    assert name == "reprieve-12345678-90ab-cdef-1234-567890abcdef"
    assert len(name) <= 64


def test_a_request_takes_one_function() -> None:
    """An authorizer would be a second one, whose own cold start and concurrency each request waits for."""
    for api in resources("AWS::ApiGateway::RestApi").values():
        assert "securityDefinitions" not in api["Body"]
        for path in api["Body"]["paths"].values():
            assert "security" not in path[ANY]


def test_an_api_has_its_one_stage_and_okta_that_of_its_tokens_with_their_throttles() -> None:
    """A deployment that names a stage makes another one, without method settings."""
    assert [it for it in resources("AWS::ApiGateway::Deployment").values() if "StageName" in it] == []
    stages = resources("AWS::ApiGateway::Stage")
    assert sorted(it["StageName"] for it in stages.values()) == [
        *("api", "console", "crm", "oauth", "oauth2", "reprieve", "v3"),
    ]
    for stage in stages.values():
        settings = stage["MethodSettings"][0]
        assert settings == throttle("/*", "*", "RequestsPerSecond")


def throttle(path: str, method: str, parameter: str) -> dict[str, Any]:
    limit = {"Ref": parameter}
    return {"ResourcePath": path, "HttpMethod": method, "ThrottlingRateLimit": limit, "ThrottlingBurstLimit": limit}


def test_the_webhook_has_a_throttle_of_its_own() -> None:
    """A setting names the path with ~1 for each slash, and the method of the request where the path takes ANY."""
    further = {it["StageName"]: it["MethodSettings"][1:] for it in resources("AWS::ApiGateway::Stage").values()}
    webhook = throttle("/~1events~1{kind}~1{org}", "POST", "WebhooksPerSecond")
    assert {stage: found for stage, found in further.items() if found} == {"reprieve": [webhook]}
    assert "/events/{kind}/{org}" in resources("AWS::ApiGateway::RestApi")["ReprieveApi"]["Body"]["paths"]


#: the token endpoints are stages of their own
CAPPED = (*DIALECTS, *TOKEN_ENDPOINTS)


def cap_of(dialect: Dialect) -> str:
    """The name of a rule that caps the requests of a stage."""
    return dialect.name if dialect in DIALECTS else dialect.stage


def rules() -> dict[str, Any]:
    (acl,) = resources("AWS::WAFv2::WebACL").values()
    return {rule["Name"]: rule for rule in acl["Rules"]}


def test_a_cap_counts_all_requests_of_one_api_in_a_minute() -> None:
    """WAF sees the stage, or the base path of the same name, at the beginning of the path."""
    found = {name: rule["Statement"]["RateBasedStatement"] for name, rule in rules().items()}
    assert {name: it.pop("ScopeDownStatement")["ByteMatchStatement"] for name, it in found.items()} == {
        cap_of(dialect): {
            "FieldToMatch": {"UriPath": {}},
            "PositionalConstraint": "STARTS_WITH",
            "SearchString": f"/{dialect.stage}/",
            "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}],
        }
        for dialect in CAPPED
    }
    counted = {"AggregateKeyType": "CONSTANT", "EvaluationWindowSec": 60, "Limit": {"Ref": "ApiRequestsPerMinute"}}
    assert found == dict.fromkeys(found, counted)


@pytest.mark.parametrize("dialect", CAPPED, ids=lambda dialect: dialect.stage)
def test_a_cap_refuses_in_the_dialect(dialect: Dialect) -> None:
    name = cap_of(dialect)
    (acl,) = resources("AWS::WAFv2::WebACL").values()
    said = dialect.gateway_rows()["THROTTLED"]
    assert isinstance(said, Refusal)
    body = acl["CustomResponseBodies"][name]
    written = dialect.write(said, "waf").body
    if isinstance(written, str):
        assert (body["ContentType"], body["Content"]) == ("TEXT_HTML", written)
    else:
        assert (body["ContentType"], json.loads(body["Content"])) == ("APPLICATION_JSON", written)
    response = rules()[name]["Action"]["Block"]["CustomResponse"]
    headers = {it["Name"]: it["Value"] for it in response["ResponseHeaders"]}
    own = dialect.gateway_headers.get("THROTTLED", {})
    # of a page, WAF itself says what it is
    further = {header: value.strip("'") for header, value in own.items() if header != "Content-Type"}
    assert (response["ResponseCode"], response["CustomResponseBodyKey"]) == (429, name)
    assert headers == {"Retry-After": "60", **further}


def test_a_web_acl_keeps_no_samples_of_requests() -> None:
    """A sample shows headers, and with them credentials."""
    (acl,) = resources("AWS::WAFv2::WebACL").values()
    shown = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in rules().values())]
    assert [it["SampledRequestsEnabled"] for it in shown] == [False] * 8


def test_every_stage_is_behind_the_web_acl_and_none_is_without_one_unless_asked() -> None:
    associations = resources("AWS::WAFv2::WebACLAssociation")
    stages = resources("AWS::ApiGateway::Stage")
    arn = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/"
    assert sorted(it["ResourceArn"]["Fn::Sub"] for it in associations.values()) == sorted(
        f"{arn}${{{it['RestApiId']['Ref']}}}/stages/${{{name}}}" for name, it in stages.items()
    )
    for it in associations.values():
        given, own = {"Ref": "WebAclArn"}, {"Fn::GetAtt": ["ApiCap", "Arn"]}
        assert it["WebACLArn"] == {"Fn::If": ["HasWebAclArn", given, own]}
    conditions = {name: translated()["Resources"][name]["Condition"] for name in (*associations, "ApiCap")}
    assert conditions == dict.fromkeys(associations, "HasWebAcl") | {"ApiCap": "HasApiCap"}
    assert (translated()["Parameters"]["ApiRequestsPerMinute"]["Default"], default("WebAclArn")) == ("0", "")


def default(parameter: str) -> Any:
    return translated()["Parameters"][parameter]["Default"]


def test_parameters_that_do_not_go_together_are_refused_before_anything_is_made() -> None:
    said = {name: rule["Assertions"][0]["AssertDescription"] for name, rule in translated()["Rules"].items()}
    assert said == {
        "OneWebAcl": (
            "An API has one web ACL. Put a rate rule into that of WebAclArn, and leave ApiRequestsPerMinute at 0."
        ),
        "SecurityGroupsOfSubnets": "Functions in SubnetIds need SecurityGroupIds.",
        "SubnetsOfSecurityGroups": "SecurityGroupIds need SubnetIds.",
        "CertificateOfDomainName": "DomainName needs CertificateArn.",
    }


FINE = {"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"}
DOMAIN = {"DomainName": "api.example.com", "CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, None),
        (FINE, None),
        (DOMAIN, None),
        ({"WebAclArn": "arn"}, None),
        ({"ApiRequestsPerMinute": "600"}, None),
        ({"WebAclArn": "arn", "ApiRequestsPerMinute": "600"}, "leave ApiRequestsPerMinute at 0"),
        ({"SubnetIds": "subnet-1"}, "need SecurityGroupIds"),
        ({"SecurityGroupIds": "sg-1"}, "SecurityGroupIds need SubnetIds"),
        ({"DomainName": "api.example.com"}, "needs CertificateArn"),
    ],
)
def test_the_rules_refuse_what_does_not_go_together_and_nothing_else(given: dict[str, str], said: str | None) -> None:
    """As the local AWS applies them, whose empty lists have no member; AWS's may have an empty one."""
    template = dict(translated())
    parameters = {name: {"Value": given.get(name, str(it["Default"]))} for name, it in template["Parameters"].items()}
    engine._check_rules_section(template)
    with pytest.raises(ValueError, match=said) if said else nullcontext():
        engine._evaluate_rules(template, parameters, {})


def test_every_function_is_in_the_network_that_was_given_and_in_none_otherwise() -> None:
    network = {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}}
    for function in resources("AWS::Lambda::Function").values():
        assert function["VpcConfig"] == {"Fn::If": ["HasNetwork", network, {"Ref": "AWS::NoValue"}]}
    assert (default("SubnetIds"), default("SecurityGroupIds")) == ("", "")


def test_no_function_may_use_what_lambda_needs_to_put_it_into_a_network() -> None:
    """SAM gives it to every role, whether there is a network or not."""
    functions = resources("AWS::Lambda::Function")
    policy = resources("AWS::IAM::ManagedPolicy")["CodeKeepsOffNetworks"]
    # a role that a condition makes is named under the same condition
    named = [it["Fn::If"][1]["Ref"] if "Fn::If" in it else it["Ref"] for it in policy["Roles"]]
    assert sorted(named) == sorted(f"{name}Role" for name in functions)
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Deny",
            "Action": "ec2:*",
            "Resource": "*",
            "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}},  # the calls of the code have this key
        }
    ]


def test_nothing_may_put_onto_a_bus_unless_one_was_given() -> None:
    assert default("EventBus") == ""
    roles = [it["Policies"] for it in resources("AWS::IAM::Role").values() if "Policies" in it]
    documents = [policy["PolicyDocument"] for policies in roles for policy in policies]
    documents.append(resources("AWS::IAM::ManagedPolicy")["OperatorPolicy"]["PolicyDocument"])
    about = [one for it in documents for one in it["Statement"] if "events:PutEvents" in json.dumps(one)]
    assert len(about) == 4
    for one in about:
        condition, given, otherwise = one["Fn::If"]
        assert (condition, given["Resource"], otherwise) == (
            *("HasEventBus", {"Ref": "EventBus"}),
            {"Ref": "AWS::NoValue"},
        )


def test_functions_are_traced_if_asked_and_apis_never_are() -> None:
    """A trace of an API holds the URL, and with it addresses."""
    assert default("Tracing") == "Disabled"
    for value, mode in (("Disabled", None), ("Active", {"Mode": {"Ref": "Tracing"}})):
        found = translated(Tracing=value)["Resources"].values()
        functions = [it["Properties"] for it in found if it["Type"] == "AWS::Lambda::Function"]
        assert [it.get("TracingConfig") for it in functions] == [mode] * len(functions)
        arns = [it["Properties"].get("ManagedPolicyArns", []) for it in found if it["Type"] == "AWS::IAM::Role"]
        writers = [one for one in arns if "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess" in one]
        assert len(writers) == (len(functions) if mode else 0)
        stages = [it["Properties"] for it in found if it["Type"] == "AWS::ApiGateway::Stage"]
        assert [it for it in stages if "TracingEnabled" in it] == []


def test_the_key_is_of_one_region_unless_that_was_decided_before_it_was_made() -> None:
    key = resources("AWS::KMS::Key")["SecretsKey"]
    # without the property, not with false: CloudFormation refuses any change of it
    assert key["MultiRegion"] == {"Fn::If": ["HasMultiRegionKey", True, {"Ref": "AWS::NoValue"}]}
    assert default("MultiRegionKey") == "off"


def test_no_function_starts_from_a_snapshot_unless_that_is_asked_for() -> None:
    """A snapshot costs by the month, and a function that was idle for 14 days refuses requests until it is loaded."""
    assert translated()["Parameters"]["SnapStart"]["Default"] == "off"
    assert translated()["Conditions"]["HasSnapStart"] == {"Fn::Equals": [{"Ref": "SnapStart"}, "on"]}
    for function in resources("AWS::Lambda::Function").values():
        assert function["SnapStart"] == {"ApplyOn": {"Fn::If": ["HasSnapStart", "PublishedVersions", "None"]}}


def test_what_a_snapshot_costs_is_said_to_within_a_quarter() -> None:
    """0.0000015 USD per GB and second, of every function's memory; see the pricing of Lambda."""
    memory = sum(function["MemorySize"] for function in resources("AWS::Lambda::Function").values()) / 1024
    month = memory * 0.0000015 * 30 * 86_400
    said = [translated()["Parameters"]["SnapStart"]["Description"]]
    said += [(ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/reference/gateway.md")]
    figures = [float(found) for text in said for found in re.findall(r"about (\d+) USD\s+per month and", text)]
    assert len(figures) == 3
    assert figures == pytest.approx([month] * 3, rel=0.25)


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
        "ConsolePath": "HasDomainName",
        "OktaTokensPath": "HasDomainName",
        "ZohoAccountsPath": "HasDomainName",
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


def test_every_queue_is_encrypted_which_the_scan_of_the_template_does_not_see() -> None:
    assert {name: it.get("SqsManagedSseEnabled") for name, it in resources("AWS::SQS::Queue").items()} == dict.fromkeys(
        resources("AWS::SQS::Queue"), True
    )
