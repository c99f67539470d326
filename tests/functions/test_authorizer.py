"""The authorizer: closed by default, and lenient about the spelling of the scheme."""

from __future__ import annotations

from typing import Any

import pytest

from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.dialects.registry import SCHEMES
from reprieve.runtime import identity, wiring
from tests.support.gateway import DEMO, Calls, Context, function

METHOD = "arn:aws:execute-api:eu-west-1:123456789012:abc123/api/GET/v1/users"


@pytest.fixture
def token(dynamodb: object) -> str:
    wiring.access().create_organization(DEMO)
    return issue("demo", expires_at=None)


def issue(organization: str, *, expires_at: int | None) -> str:
    token = issue_token(organization)
    credential = Credential(
        "cred-1", organization, digest_of(token), "test", frozenset({"okta.users.read", "b"}), 1, expires_at
    )
    wiring.access().add_credential(credential)
    return token


def authorize(**headers: str) -> dict[str, Any]:
    return function("authorizer")({"methodArn": METHOD, "headers": headers, "resource": "/v1/users"}, Context())


def effect(answer: dict[str, Any]) -> str:
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == METHOD
    return statement["Effect"]


def test_the_schemes_are_those_of_the_vendors() -> None:
    assert {"SSWS", "Bearer", "Zoho-oauthtoken"} == SCHEMES


@pytest.mark.parametrize("space", ["", " ", "  "])
@pytest.mark.parametrize("scheme", sorted(SCHEMES | {word.lower() for word in SCHEMES}))
@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION"])
def test_every_vendors_way_to_send_a_token_is_accepted(token: str, scheme: str, space: str, header: str) -> None:
    answer = authorize(**{header: f"{scheme}{space}{token}"})
    assert effect(answer) == "Allow"
    caller = identity.read(answer["context"])
    assert caller is not None
    assert (caller.organization, caller.credential_id, caller.scopes) == (DEMO, "cred-1", {"okta.users.read", "b"})


def test_a_verified_credential_costs_two_reads(token: str, calls: Calls) -> None:
    authorize(Authorization=f"Bearer {token}")
    assert calls == {"GetItem": 2}


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}])
@pytest.mark.usefixtures("token")
def test_a_missing_credential_is_distinguished_by_the_gateways_own_word(headers: dict[str, str]) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(**headers)


@pytest.mark.parametrize("value", ["Bearer x", "Basic dXNlcjpwYXNz", "Bearer", "rp_demo_x", "Bearer " + "a" * 10_000])
@pytest.mark.usefixtures("token")
def test_anything_else_is_denied_without_a_reason(value: str) -> None:
    answer = authorize(Authorization=value)
    assert (effect(answer), answer["context"]) == ("Deny", {})


def test_a_token_with_one_letter_changed_is_denied(token: str) -> None:
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert effect(authorize(Authorization=f"Bearer {changed}")) == "Deny"


def test_a_token_that_claims_another_organization_is_denied(token: str) -> None:
    wiring.access().create_organization(type(DEMO)("other", "Other"))
    assert effect(authorize(Authorization="Bearer " + token.replace("rp_demo_", "rp_other_"))) == "Deny"


@pytest.mark.usefixtures("token")
def test_an_expired_credential_is_denied_though_its_record_is_still_there() -> None:
    assert effect(authorize(Authorization=f"Bearer {issue('demo', expires_at=wiring.now() - 1)}")) == "Deny"
    assert effect(authorize(Authorization=f"Bearer {issue('demo', expires_at=wiring.now() + 60_000)}")) == "Allow"


def test_a_revoked_credential_is_denied_at_once(token: str) -> None:
    assert wiring.access().revoke_credential("demo", "cred-1")
    assert effect(authorize(Authorization=f"Bearer {token}")) == "Deny"


def test_only_a_digest_of_the_token_is_stored(token: str, dynamodb: Any) -> None:
    assert token not in str(dynamodb.scan(TableName="Access"))
