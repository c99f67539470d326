"""Permissions of each function's role on the table Access, which holds credential digests and sealed keys.

IAM's conditions are on the attributes that a request names. The local AWS checks them for reads only, so the requests
of the stores are held against the template here.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.credential import Credential
from reprieve.access.provider_account import ProviderAccount
from reprieve.organization import BouncePurge, Organization
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from tests.support.gateway import DEMO
from tests.support.operator_policy import listed
from tests.support.tables import template

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.dynamodb import Client

    Verb = Callable[[], object]

NOW = 1_700_000_000_000
LISTS = (
    *("SuppressionsFunction", "GlobalSuppressionsFunction", "BounceClassificationsFunction", "BouncePurgeFunction"),
    "AddressWhitelistFunction",
)

#: every verb on Access that a function has
VERBS: dict[str, Verb] = {
    "organization": lambda: wiring.access().organization("demo"),
    "credential": lambda: wiring.access().credential("demo", "0" * 64),
    "account": lambda: wiring.access().provider_account("demo"),
    "webhook key": lambda: wiring.access().webhook_key("demo"),
    "pause": lambda: wiring.access().pause_provider("demo", until=NOW, reason="refused"),
    "clear": lambda: wiring.access().clear("demo", SuppressionList.BOUNCES, until=NOW // 1000),
    "purge": lambda: wiring.access().set_purge("demo", {"enabled": True, "soft_days": 3, "hard_days": None}),
    "count": lambda: wiring.quotas().count(DEMO, "sendgrid", now=NOW),
    "peek": lambda: wiring.quotas().peek(DEMO, "sendgrid", now=NOW),
}
MARKS = {"organization", "peek", "clear", "purge", "count"}
#: which of them each role allows; the index Organizations has organizations only
ALLOWED: dict[str, set[str]] = {
    "AuthorizerFunction": {"organization", "peek", "credential"},
    **dict.fromkeys(LISTS, MARKS),
    "AddressesFunction": {"organization", "peek", "count"},
    "RemovalsFunction": {"count"},
    "EventWebhookFunction": {"organization", "peek", "webhook key"},
    "RemovalJobFunction": {"account", "webhook key", "pause"},
    "ReconciliationFunction": {"account", "webhook key"},
    "UpkeepFunction": set(),
}


def statements(function: str) -> list[dict[str, Any]]:
    """The statements of a function's role about the table Access."""
    policies = template()["Resources"][function]["Properties"].get("Policies", [])
    found = [statement for policy in policies for statement in policy["Statement"]]
    return [
        statement
        for statement in found
        if {"Access.Arn", "*"} & set(listed(statement["Resource"]))
        and any(action.startswith("dynamodb:") for action in listed(statement["Action"]))
    ]


def allows(statement: dict[str, Any], operation: str, call: dict[str, Any]) -> bool:
    """IAM's verdict on one call, for the conditions that the template uses."""
    if f"dynamodb:{operation}" not in listed(statement["Action"]):
        return False
    named = set(call["Key"]) | set(call.get("ExpressionAttributeNames", {}).values())
    facts = {"dynamodb:Select": "SPECIFIC_ATTRIBUTES" if "ProjectionExpression" in call else "ALL_ATTRIBUTES"}
    if operation == "UpdateItem":
        facts = {"dynamodb:ReturnValues": call.get("ReturnValues", "NONE")}
    for operator, condition in statement.get("Condition", {}).items():
        for key, value in condition.items():
            patterns = value if isinstance(value, list) else [value]
            if operator.startswith("ForAllValues:String"):
                assert key == "dynamodb:Attributes"
                if not all(any(fnmatchcase(name, pattern) for pattern in patterns) for name in named):
                    return False
            else:
                assert operator == "StringEqualsIfExists"
                if key in facts and facts[key] not in patterns:
                    return False
    return True


@pytest.fixture
def asked(dynamodb: Client) -> list[tuple[str, dict[str, Any]]]:
    """Each call of DynamoDB with its parameters."""
    wiring.access().create_organization(Organization("demo", "Demo"))
    wiring.access().add_credential(Credential("c1", "demo", "0" * 64, "admin", frozenset({"a.read"}), NOW, NOW + 1))
    account = ProviderAccount("sendgrid", "https://example.com", b"sealed", "child", "key")
    assert wiring.access().set_provider_account("demo", account, provider_name="Sendgrid", before=None)
    calls: list[tuple[str, dict[str, Any]]] = []

    dynamodb.observe = lambda operation, call: calls.append((operation, dict(call)))
    return calls


def test_every_function_that_names_the_table_is_listed_here() -> None:
    functions = [name for name, it in template()["Resources"].items() if it["Type"] == "AWS::Serverless::Function"]
    assert {name for name in functions if statements(name)} == {name for name, verbs in ALLOWED.items() if verbs}


@pytest.mark.parametrize("function", ALLOWED)
def test_a_role_allows_the_verbs_that_its_function_has_and_no_others(
    asked: list[tuple[str, dict[str, Any]]], function: str
) -> None:
    allowed = set()
    for name, verb in VERBS.items():
        asked.clear()
        verb()
        ((operation, call),) = asked
        if any(allows(statement, operation, call) for statement in statements(function)):
            allowed.add(name)
    assert allowed == ALLOWED[function]


@pytest.mark.parametrize("function", ALLOWED)
def test_a_role_may_read_one_item_and_change_one_and_nothing_else(function: str) -> None:
    actions = {action for statement in statements(function) for action in listed(statement["Action"])}
    assert actions <= {"dynamodb:GetItem", "dynamodb:UpdateItem"}


@pytest.mark.parametrize("function", ALLOWED)
def test_no_role_may_read_or_change_a_whole_item(function: str) -> None:
    key = {"partition": "demo", "sort": "provider"}
    wide = [
        ("GetItem", {"Key": key}),
        ("UpdateItem", {"Key": key, "ReturnValues": "ALL_OLD"}),
        ("UpdateItem", {"Key": key, "ReturnValues": "ALL_NEW"}),
        ("UpdateItem", {"Key": key, "ExpressionAttributeNames": {"#s": "sealed_key"}}),
        ("UpdateItem", {"Key": key, "ExpressionAttributeNames": {"#s": "scopes"}}),
    ]
    for operation, call in wide:
        assert not any(allows(statement, operation, call) for statement in statements(function)), (operation, call)


def test_only_the_job_and_the_reconciliation_may_read_a_sealed_key() -> None:
    call = {"Key": {}, "ProjectionExpression": "#s", "ExpressionAttributeNames": {"#s": "sealed_key"}}
    readers = {name for name in ALLOWED if any(allows(statement, "GetItem", call) for statement in statements(name))}
    assert readers == {"RemovalJobFunction", "ReconciliationFunction"}


@pytest.mark.usefixtures("asked")
def test_what_is_read_by_name_is_all_that_was_written() -> None:
    organization = Organization("other", "Other", domains=frozenset({"x.org"}), parent="demo", created=NOW)
    wiring.access().create_organization(organization)
    wiring.access().clear("other", SuppressionList.BLOCKS, until=7)
    wiring.access().set_purge("other", {"enabled": True, "hard_days": 30})
    read = wiring.access().organization("other")
    assert read is not None
    assert (read.domains, read.parent, read.created) == (frozenset({"x.org"}), "demo", NOW)
    assert (read.cleared, read.purge) == ({SuppressionList.BLOCKS: 7}, BouncePurge(enabled=True, hard_days=30))
    wiring.access().pause_provider("demo", until=NOW, reason="refused")
    account = ProviderAccount("sendgrid", "https://example.com", b"sealed", "child", "key", NOW, "refused")
    assert wiring.access().provider_account("demo") == account
    assert wiring.access().credential("demo", "0" * 64) == Credential(
        "c1", "demo", "0" * 64, "admin", frozenset({"a.read"}), NOW, NOW + 1
    )
    assert [wiring.access().webhook_key(name) for name in ("demo", "other")] == ["key", None]
