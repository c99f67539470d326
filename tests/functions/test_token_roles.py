"""Permissions of the functions that issue tokens, on the table Tokens: clients, refresh tokens, sealed signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.client import ClientKind, RefreshToken
from reprieve.context import OPERATOR, Context
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.store.tokens import DEPLOYMENT
from tests.support.operator_policy import listed, purposes
from tests.support.operator_policy import statements as operators
from tests.support.tables import role_statements, template

if TYPE_CHECKING:
    from tests.support.dynamodb import Client

NOW = 1_700_000_000_000
TOKENS = {"OktaTokensFunction", "ZohoTokensFunction"}


def statements(function: str) -> dict[str, dict[str, Any]]:
    """What a function's role may do in Tokens, by action, each with its condition."""
    return {
        action: statement.get("Condition", {})
        for statement in role_statements(function)
        if "Tokens.Arn" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }


def test_no_other_function_may_do_anything_in_tokens_but_the_consoles_which_lists_and_revokes_clients() -> None:
    functions = [name for name, it in template()["Resources"].items() if it["Type"] == "AWS::Serverless::Function"]
    assert {name for name in functions if statements(name)} == TOKENS | {"ConsolePeopleFunction"}
    conditions = statements("ConsolePeopleFunction")
    assert conditions.keys() == {"dynamodb:Query", "dynamodb:GetItem", "dynamodb:DeleteItem"}
    for action in ("dynamodb:GetItem", "dynamodb:DeleteItem"):
        assert conditions[action] == {"ForAllValues:StringNotEquals": {"dynamodb:LeadingKeys": [DEPLOYMENT]}}


def test_a_revocation_reads_of_refresh_tokens_what_the_consoles_role_names(dynamodb: Client) -> None:
    condition = statements("ConsolePeopleFunction")["dynamodb:Query"]
    asked: list[tuple[str, dict[str, Any]]] = []
    by = Context(Organization("demo", "Demo"), OPERATOR, "r", NOW)
    verbs = wiring.clients(lambda _: None)
    client, _ = verbs.create(by, ClientKind.REFRESH, name="CRM", scopes=["s"])
    dynamodb.observe = lambda operation, call: asked.append((operation, dict(call)))
    verbs.revoke(by, client.id)
    (query,) = [call for operation, call in asked if operation == "Query"]
    named = set(query["ExpressionAttributeNames"].values())
    assert named <= set(condition["ForAllValues:StringEquals"]["dynamodb:Attributes"])
    assert "ProjectionExpression" in query


def test_each_of_the_two_reads_and_does_one_thing_besides() -> None:
    assert statements("OktaTokensFunction").keys() == {"dynamodb:GetItem", "dynamodb:PutItem"}
    assert statements("ZohoTokensFunction").keys() == {"dynamodb:GetItem", "dynamodb:DeleteItem"}


@pytest.mark.parametrize("function", sorted(TOKENS))
def test_neither_changes_the_deployments_keys(function: str) -> None:
    conditions = statements(function)
    conditions.pop("dynamodb:GetItem")
    (condition,) = conditions.values()
    assert condition["ForAllValues:StringNotEquals"] == {"dynamodb:LeadingKeys": [DEPLOYMENT]}


def test_what_is_put_is_a_used_assertion_and_can_be_nothing_else(dynamodb: Client) -> None:
    condition = statements("OktaTokensFunction")["dynamodb:PutItem"]
    allowed = set(condition["ForAllValues:StringEquals"]["dynamodb:Attributes"])
    asked: list[dict[str, Any]] = []
    dynamodb.observe = lambda _, call: asked.append(dict(call))
    assert wiring.tokens().spend("demo", "rpc_demo_1", "j1", until=NOW)
    (call,) = asked
    named = {*call["Item"], *call["ExpressionAttributeNames"].values()}
    assert named == allowed
    assert call.get("ReturnValues", "NONE") == condition["StringEqualsIfExists"]["dynamodb:ReturnValues"]
    # what a client, a refresh token and a signing key cannot do without
    assert not allowed & {"kind", "secret_digest", "client", "scopes", "keys"}


def test_what_is_deleted_is_a_refresh_token_of_an_organization(dynamodb: Client) -> None:
    asked: list[dict[str, Any]] = []
    dynamodb.observe = lambda _, call: asked.append(dict(call))
    wiring.tokens().remove_refresh_token(RefreshToken("r1", "demo", "0" * 64, "rpc_demo_1", frozenset({"s"}), NOW))
    (call,) = asked
    assert call["Key"]["partition"]["S"] != DEPLOYMENT


def test_the_operator_opens_providers_keys_hooks_secrets_and_what_the_doctor_sealed_and_nothing_else() -> None:
    found = {action: statement for statement in operators() for action in listed(statement["Action"])}
    assert purposes(found["kms:Decrypt"]) == ["provider-key", "hook", "doctor"]
    assert purposes(found["kms:Encrypt"]) == [
        "provider-key",
        "webhook-key",
        "signing-key",
        "hook",
        "console-sign-in",
        "doctor",
    ]
