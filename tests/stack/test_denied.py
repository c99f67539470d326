"""With IAM enforced, each function is denied what its role does not name: tables, keys, queues and other functions."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.deploy import client, function_names, outputs
from local.place import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.place import Place

pytestmark = [pytest.mark.stack, pytest.mark.slow]

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}

HARMLESS = {"dynamodb:GetItem", "dynamodb:Query"}

#: a permission, the ARN that it is for, and a call that needs it
Probe = tuple[str, str, "Callable[[Any], object]"]


class Aws:
    """Clients with the credentials of one role, one per service."""

    def __init__(self, place: Place, credentials: dict[str, str]) -> None:
        self._place, self._credentials = place, credentials
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,  # type: ignore[call-overload]  # it wants a literal
                endpoint_url=self._place.endpoint,
                region_name=REGION,
                aws_access_key_id=self._credentials["AccessKeyId"],
                aws_secret_access_key=self._credentials["SecretAccessKey"],
                aws_session_token=self._credentials["SessionToken"],
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


#: actions, the ARNs that they are for, and whether there is a condition
Allowed = tuple[list[str], list[str], bool]


def statements(place: Place, role: str) -> Iterator[Allowed]:
    """What a deployed role allows."""
    iam = client(place, "iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow"
            yield listed(statement["Action"]), listed(statement["Resource"]), "Condition" in statement


def named(allowed: list[Allowed], action: str, arn: str) -> set[bool]:
    """Whether the statements that name an action on an ARN have a condition; empty if there are none."""
    return {
        conditional
        for actions, arns, conditional in allowed
        if any(fnmatchcase(action, one) for one in actions) and any(fnmatchcase(arn, one) for one in arns)
    }


def probes(place: Place) -> list[Probe]:
    """A call for each permission that a function could misuse; none of them finds or changes anything."""
    found: list[Probe] = []
    dynamodb, names = client(place, "dynamodb"), outputs(place)
    for table in sorted(name for output, name in names.items() if output.endswith("Table")):
        described = dynamodb.describe_table(TableName=table)["Table"]
        first, second = (one["AttributeName"] for one in described["KeySchema"])
        key = {first: {"S": "no-such-organization"}, second: {"S": "none"}}
        query = {"KeyConditionExpression": "#p = :p", "ExpressionAttributeNames": {"#p": first}}
        values = {":p": {"S": "no-such-organization"}}
        never = {"ConditionExpression": "attribute_exists(#p)", "ExpressionAttributeNames": {"#p": first}}
        calls: dict[str, dict[str, Any]] = {
            "GetItem": {"Key": key},
            "Query": {**query, "ExpressionAttributeValues": values},
            "Scan": {"Limit": 1},
            "PutItem": {"Item": key, **never},
            "UpdateItem": {"Key": key, **never},
            "DeleteItem": {"Key": key, **never},
            "DeleteTable": {},
        }
        for call, arguments in calls.items():
            found.append((f"dynamodb:{call}", described["TableArn"], _dynamodb(call, TableName=table, **arguments)))
    (key_id,) = {
        one["KeyId"]
        for one in client(place, "kms").list_keys()["Keys"]
        if client(place, "kms").describe_key(KeyId=one["KeyId"])["KeyMetadata"]["KeyManager"] == "CUSTOMER"
    }
    arn = client(place, "kms").describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    found.append(("kms:Encrypt", arn, lambda aws: aws("kms").encrypt(KeyId=key_id, Plaintext=b"x")))
    for name in sorted(function_names(place).values()):
        function = client(place, "lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
        found.append(("lambda:UpdateFunctionCode", function, _update(name)))
    return found


def _dynamodb(call: str, **arguments: Any) -> Callable[[Any], object]:
    return lambda aws: aws("dynamodb")._make_api_call(call, arguments)


def _update(name: str) -> Callable[[Any], object]:
    return lambda aws: aws("lambda").update_function_code(FunctionName=name, ZipFile=b"x", DryRun=True)


def test_each_function_is_denied_what_its_role_does_not_name(place: Place) -> None:
    every, wrong, denials, allowances = probes(place), [], 0, 0
    for logical, name in sorted(function_names(place).items()):
        role = client(place, "lambda").get_function_configuration(FunctionName=name)["Role"]
        allowed = list(statements(place, role.rpartition("/")[2]))
        credentials = client(place, "sts").assume_role(RoleArn=role, RoleSessionName="probe")["Credentials"]
        aws = Aws(place, credentials)
        for action, arn, call in every:
            may = named(allowed, action, arn)
            if may and (action not in HARMLESS or False not in may):
                continue  # it changes something, or its condition is not met; every other test tries what is allowed
            try:
                call(aws)
                code = ""
            except ClientError as error:
                code = error.response["Error"]["Code"]
            denied = code in DENIED
            denials, allowances = denials + denied, allowances + (not denied)
            if denied is bool(may):
                wrong.append((logical, action, arn, code))
    assert wrong == []
    assert denials > 1_000
    assert allowances > 10
