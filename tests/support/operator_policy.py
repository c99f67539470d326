"""The template's OperatorPolicy, enforced on the command's calls, because no double of AWS refuses a call.

with enforced():
    main(["status"])        # a call of AWS that the policy does not allow fails the test
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.client import BaseClient

from tests.support.dynamodb import Client
from tests.support.tables import template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Check = tuple[str, str]

STATEMENT = re.compile(r'\s*(INSERT|UPDATE|DELETE|SELECT)\b[^"]*"([^"]+)"', re.IGNORECASE)
#: the resources of the services of which the stack has one thing each, as the template spells them
ONLY = {
    "cloudformation": "AWS::StackId",
    "kms": "SecretsKey.Arn",
    "sqs": "DeadLetters.Arn",
    "ses": "*",
}


@contextmanager
def enforced() -> Iterator[None]:
    """Refuse every call that the policy does not allow."""
    ask, do = BaseClient._make_api_call, Client._do  # type: ignore[attr-defined]

    def checked(client: BaseClient, operation: str, call: Mapping[str, Any]) -> Any:
        service = client.meta.service_model.signing_name
        for action, resource in needs(service, operation, call):
            assert allowed(action, resource), f"the operator's policy lacks {action} on {resource}"
        return ask(client, operation, call)

    def checked_here(client: Client, operation: str, call: Mapping[str, Any], effect: Any) -> Any:
        for action, resource in needs("dynamodb", operation, call):
            assert allowed(action, resource), f"the operator's policy lacks {action} on {resource}"
        return do(client, operation, call, effect)

    with patch.object(BaseClient, "_make_api_call", checked), patch.object(Client, "_do", checked_here):
        yield


def statements() -> list[dict[str, Any]]:
    policy = template()["Resources"]["OperatorPolicy"]["Properties"]["PolicyDocument"]
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def allowed(action: str, resource: str) -> bool:
    return any(
        action in listed(statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
        for statement in statements()
    )


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def needs(service: str, operation: str, call: Mapping[str, Any]) -> list[Check]:
    """The permissions that AWS requires for a call, each with its resource."""
    if service != "dynamodb":
        # a batch of SQS's takes the permission of what it is made of
        return [(f"{service}:{operation.removesuffix('Batch')}", ONLY[service])]
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


def arn(table: str) -> str:
    """The ARN of a table, or of one that was restored beside it, as the template spells it."""
    name, restored, _ = table.partition("-restored")
    return f"${{{name}.Arn}}{restored}" if restored else f"{name}.Arn"
