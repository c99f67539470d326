"""The template's OperatorPolicy, enforced on the command's calls, because no double of AWS refuses a call.

with enforced() as made:
    main(["status"])        # a call of AWS that the policy does not allow fails the test
assert made <= documented()["status"]
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.client import BaseClient

from tests.support.dynamodb import Client
from tests.support.tables import template, with_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Check = tuple[str, str]

ROOT = Path(__file__).parents[2]
STATEMENT = re.compile(r'\s*(INSERT|UPDATE|DELETE|SELECT)\b[^"]*"([^"]+)"', re.IGNORECASE)
ASK, DO = BaseClient._make_api_call, Client._do  # type: ignore[attr-defined]
#: the resources of the services of which the stack has one thing each, as the template spells them
ONLY = {
    "cloudformation": "AWS::StackId",
    "kms": "SecretsKey.Arn",
    "sqs": "DeadLetters.Arn",
    "events": "EventBus",
}
#: Amazon SES's resources, in whichever region
SES = "arn:${AWS::Partition}:ses:*:${AWS::AccountId}"


@contextmanager
def enforced() -> Iterator[set[str]]:
    """Refuse every call that the policy does not allow; the actions of those that were made."""
    made: set[str] = set()

    def checked(client: BaseClient, operation: str, call: Mapping[str, Any]) -> Any:
        service = client.meta.service_model.signing_name
        for action, resource in needs(service, operation, call):
            made.add(action)
            purpose = call.get("EncryptionContext", {}).get("purpose")
            assert allowed(action, resource, purpose), f"the operator's policy lacks {action} on {resource} ({purpose})"
        return ASK(client, operation, call)

    def checked_here(client: Client, operation: str, call: Mapping[str, Any], effect: Any) -> Any:
        for action, resource in needs("dynamodb", operation, call):
            made.add(action)
            assert allowed(action, resource), f"the operator's policy lacks {action} on {resource}"
        return DO(client, operation, call, effect)

    with patch.object(BaseClient, "_make_api_call", checked), patch.object(Client, "_do", checked_here):
        yield made


def by_another() -> AbstractContextManager[object]:
    """Calls that the rest of the world makes while the command runs: neither checked nor counted."""
    return patch.object(Client, "_do", DO)


@cache
def documented() -> Mapping[str, frozenset[str]]:
    """The actions that the reference says each command needs, by the command without `reprieve`."""
    page = (ROOT / "docs" / "reference" / "command.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `reprieve ([^`]+)` \| ((?:`\w+:\w+`(?:, )?)+) \|$", page, re.MULTILINE)
    common = frozenset({"cloudformation:DescribeStacks"})
    return {name: common | frozenset(re.findall(r"`([^`]+)`", actions)) for name, actions in rows}


def statements() -> list[dict[str, Any]]:
    policy = template()["Resources"]["OperatorPolicy"]["Properties"]["PolicyDocument"]
    return with_parameters(policy["Statement"])


def allowed(action: str, resource: str, purpose: str | None = None) -> bool:
    """Whether the policy allows an action on a resource; of KMS, for what a secret is sealed for."""
    return any(
        action in listed(statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
        and (purpose is None or purpose in purposes(statement))
        for statement in statements()
    )


def purposes(statement: Mapping[str, Any]) -> list[str]:
    """The purposes that a statement about the key is limited to."""
    return listed(statement["Condition"]["StringEqualsIfExists"]["kms:EncryptionContext:purpose"])


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def needs(service: str, operation: str, call: Mapping[str, Any]) -> list[Check]:
    """The permissions that AWS requires for a call, each with its resource."""
    if service != "dynamodb":
        return others_needs(service, operation, call)
    match operation:
        case "BatchGetItem":
            return [("dynamodb:BatchGetItem", arn(name)) for name in call["RequestItems"]]
        case "BatchExecuteStatement":
            found = [STATEMENT.match(one["Statement"]) for one in call["Statements"]]
            return [(f"dynamodb:PartiQL{one[1].capitalize()}", f"{one[2]}.Arn") for one in found if one]
        case "TransactWriteItems":
            return [
                (f"dynamodb:{verb}Item", f"{detail['TableName']}.Arn")
                for item in call["TransactItems"]
                for verb, detail in item.items()
            ]
        case _ if "IndexName" in call:
            return [(f"dynamodb:{operation}", f"${{{call['TableName']}.Arn}}/index/{call['IndexName']}")]
        case _:
            return [(f"dynamodb:{operation}", arn(call["TableName"]))]


def others_needs(service: str, operation: str, call: Mapping[str, Any]) -> list[Check]:
    """The permissions for a call of another service than DynamoDB."""
    if service == "ses":
        # what is about SES's lists has no resource
        names = {"configuration-set": call.get("ConfigurationSetName"), "identity": call.get("FromEmailAddress")}
        resources = [f"{SES}:{kind}/{name}" for kind, name in names.items() if name] or ["*"]
        return [(f"ses:{operation}", resource) for resource in resources]
    # a batch of SQS's takes the permission of what it is made of; who one is, AWS says without any
    group = call.get("logGroupName")
    resource = f"{group}.Arn" if group else ONLY.get(service, "")
    return [] if service == "sts" else [(f"{service}:{operation.removesuffix('Batch')}", resource)]


def arn(table: str) -> str:
    """The ARN of a table, or of one that was restored beside it, as the template spells it."""
    name, restored, _ = table.partition("-restored")
    return f"${{{name}.Arn}}{restored}" if restored else f"{name}.Arn"
