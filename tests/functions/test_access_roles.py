"""Permissions of each function's role on Access (organizations, digests) and ProviderAccounts (sealed keys).

IAM's conditions are on the attributes that a request names. The local AWS checks them for reads only, so the requests
of the stores are held against the template here.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.credential import Credential
from reprieve.access.issuer import Issuer
from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.quota import Bucket
from reprieve.access.session import Session
from reprieve.organization import BouncePurge, Organization, PolicySetting
from reprieve.runtime import wiring
from reprieve.store.issuers import Issuers as IssuerStore
from reprieve.store.lift_counts import LiftCounts
from reprieve.store.sessions import Sessions as SessionStore
from reprieve.suppressions.suppression import SuppressionList
from tests.support.gateway import DEMO
from tests.support.operator_policy import listed
from tests.support.tables import role_statements, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.dynamodb import Client

    Verb = Callable[[], object]

NOW = 1_700_000_000_000
TABLES = ("Access", "ProviderAccounts")
LISTS = (
    *("SuppressionsFunction", "GlobalSuppressionsFunction", "GroupSuppressionsFunction"),
    *("BounceClassificationsFunction", "BouncePurgeFunction"),
    "AddressWhitelistFunction",
)

ISSUER = Issuer("demo", "https://id.example", "api", "https://id.example/keys", "groups", ())
KEY = Credential("k1", "demo", "1" * 64, "key", frozenset({"a.read"}), NOW, NOW + 1)
#: what only the function that manages API keys may do
KEY_VERBS = {"keys", "issue", "change", "rename", "revoke"}
#: what only the console may do
SESSION_VERBS = {"open", "close"}
#: every verb on the two tables that a function has, whose calls a role must all allow
VERBS: dict[str, Verb] = {
    "organization": lambda: wiring.access().organization("demo"),
    "credential": lambda: wiring.access().credential("demo", "0" * 64),
    "account": lambda: wiring.access().provider_accounts("demo"),
    "account state": lambda: wiring.access().account_states("demo"),
    "webhook key": lambda: wiring.access().webhook_keys("demo"),
    "sender": lambda: wiring.sender_store().owner("ses", ["configuration-set/demo"]),
    "pause": lambda: wiring.access().pause_provider("demo", DEFAULT, until=NOW, reason="refused"),
    "clear": lambda: wiring.access().clear("demo", SuppressionList.BOUNCES, until=NOW // 1000),
    "purge": lambda: wiring.access().set_purge("demo", {"enabled": True, "soft_days": 3, "hard_days": None}),
    "policy": lambda: wiring.access().set_policy("demo", PolicySetting("[]", 1, enabled=True)),
    "count": lambda: wiring.quotas().count(DEMO, Bucket.SENDGRID, now=NOW),
    "peek": lambda: wiring.quotas().peek(DEMO, Bucket.SENDGRID, now=NOW),
    "keys": lambda: wiring.access().credentials("demo"),
    "issuers": lambda: IssuerStore(wiring.table("ACCESS")).of("demo"),
    "distrust": lambda: IssuerStore(wiring.table("ACCESS")).remove(ISSUER),
    "issue": lambda: wiring.access().add_credential(KEY),
    "change": lambda: wiring.access().change_credential(KEY, name="key", scopes=KEY.scopes),
    "rename": lambda: wiring.access().change_credential(KEY, name="key", scopes=None),
    "revoke": lambda: wiring.access().remove_credential(KEY),
    "open": lambda: SessionStore(wiring.table("ACCESS")).add(Session("demo", "0" * 64, "0" * 64, NOW)),
    "close": lambda: SessionStore(wiring.table("ACCESS")).close("demo", "0" * 64),
    "lift": lambda: LiftCounts(wiring.table("ACCESS")).add(DEMO, "c", 1, most=1, now=NOW),
    "deny": lambda: wiring.tokens().deny("demo", "any", until=NOW, now=NOW),
}
#: the functions of APIs whose requests are not made for another organization
PLAIN = (
    "RemoveListFunction",
    "RecipientsFunction",
    "EmailServersFunction",
    "EmailServerTestFunction",
    "SystemLogFunction",
    "UnblockEmailFunction",
    "RecordsFunction",
)
#: which of them each role allows; the index Organizations has organizations only
ALLOWED: dict[str, set[str]] = {
    **{name: {"credential", "count"} for name in PLAIN},
    **{name: {"credential", "count", "lift"} for name in ("RemoveListFunction", "UnblockEmailFunction")},
    **{name: {"credential", "organization", "peek", "clear", "purge", "count"} for name in LISTS},
    "SuppressionsFunction": {"credential", "organization", "peek", "clear", "purge", "count", "lift"},
    "UnsubscribeLinksFunction": {"credential", "organization", "peek", "count"},
    "ProofsFunction": {"credential", "organization", "peek", "count", "lift"},
    "GroupsFunction": {
        "credential",
        "organization",
        "peek",
        "clear",
        "purge",
        "count",
        "account",
        "account state",
        "webhook key",
    },
    "AddressesFunction": {"credential", "organization", "peek", "count"},
    "RemovalsFunction": {"credential", "count"},
    "HoldsFunction": {"credential", "count"},
    "PoliciesFunction": {"credential", "count", "policy"},
    "HooksFunction": {"credential", "count"},
    "EventHooksFunction": {"credential", "count"},
    "HookDeliveryFunction": {"organization", "peek"},
    "DocumentsFunction": set(),
    "MailReportsFunction": {"credential", "count"},
    "ConsoleFunction": {"credential", "organization", "peek", "count", "lift", *SESSION_VERBS},
    "ConsoleSettingsFunction": {
        "credential",
        "organization",
        "peek",
        "count",
        "policy",
        "account state",
    },
    "ConsolePeopleFunction": {
        *("credential", "organization", "peek", "count", "account state"),
        *("keys", "issuers", "issue", "revoke", "distrust", "deny"),
    },
    "EventWebhookFunction": {"credential", "organization", "webhook key"},
    "OktaTokensFunction": {"organization"},
    "ApiKeysFunction": {"credential", "organization", "peek", "clear", "purge", "count", "issuers", *KEY_VERBS},
    "WebhookSettingsFunction": {"credential", "organization", "peek", "clear", "purge", "count"},
    "ZohoTokensFunction": {"organization", "deny"},
    "ProviderNotificationsFunction": {"organization", "sender"},
    "ReceivedMailFunction": {"organization", "sender"},
    "RemovalJobFunction": {"organization", "account", "account state", "webhook key", "pause"},
    "ReconciliationFunction": {"organization", "account", "account state", "webhook key"},
    "UpkeepFunction": {"organization", "policy"},
}


def statements(function: str) -> list[dict[str, Any]]:
    """The statements of a function's role about one of the two tables."""
    return [
        statement
        for statement in role_statements(function)
        if {*(f"{name}.Arn" for name in TABLES), "*"} & set(listed(statement["Resource"]))
        and any(action.startswith("dynamodb:") for action in listed(statement["Action"]))
    ]


def table_of(call: dict[str, Any]) -> str:
    """The one table of a call."""
    (name,) = call.get("RequestItems") or [call["TableName"]]
    return str(name)


def allows(statement: dict[str, Any], operation: str, call: dict[str, Any]) -> bool:
    """IAM's verdict on one call, for the conditions that the template uses."""
    if f"dynamodb:{operation}" not in listed(statement["Action"]):
        return False
    if f"{table_of(call)}.Arn" not in listed(statement["Resource"]):
        return False
    if operation == "BatchGetItem":
        assert "Condition" not in statement
        return True
    facts = {"dynamodb:Select": "SPECIFIC_ATTRIBUTES" if "ProjectionExpression" in call else "ALL_ATTRIBUTES"}
    if operation in {"UpdateItem", "PutItem"}:
        facts = {"dynamodb:ReturnValues": call.get("ReturnValues", "NONE")}
    named = {*call.get("Key", {}), *call.get("Item", {}), *call.get("ExpressionAttributeNames", {}).values()}
    partitions = {str(call[part]["partition"]["S"]) for part in ("Key", "Item") if "partition" in call.get(part, {})}
    values = {"dynamodb:Attributes": named, "dynamodb:LeadingKeys": partitions}
    return all(
        holds(operator, key, value if isinstance(value, list) else [value], values, facts)
        for operator, condition in statement.get("Condition", {}).items()
        for key, value in condition.items()
    )


def holds(operator: str, key: str, patterns: list[str], values: dict[str, set[str]], facts: dict[str, str]) -> bool:
    """Whether one condition holds for a call with these attributes, partitions and facts."""
    if operator == "ForAllValues:StringNotEquals":
        assert key == "dynamodb:LeadingKeys"
        return not values[key] & set(patterns)
    if operator.startswith("ForAllValues:String"):
        assert key == "dynamodb:Attributes"
        return all(any(fnmatchcase(name, pattern) for pattern in patterns) for name in values[key])
    assert operator == "StringEqualsIfExists"
    return key not in facts or facts[key] in patterns


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


def test_every_function_that_names_one_of_the_tables_is_listed_here() -> None:
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
        if all(any(allows(statement, *one) for statement in statements(function)) for one in asked):
            allowed.add(name)
    assert allowed == ALLOWED[function]


#: the two functions that list, create and delete credentials; what each may do is in the table above
LISTING = {"ApiKeysFunction", "ConsolePeopleFunction"}


def test_the_console_lists_credentials_by_their_attributes_and_no_sessions_or_whole_items() -> None:
    queries = [it for it in statements("ConsolePeopleFunction") if "dynamodb:Query" in listed(it["Action"])]
    named = ["ForAllValues:StringEquals", "StringEqualsIfExists"]
    assert {it["Resource"]: sorted(it["Condition"]) for it in queries} == {
        "Access.Arn": named,
        "ProviderAccounts.Arn": named,
    }


def test_what_the_console_puts_is_a_credential_and_neither_an_issuer_nor_the_deployments_keys() -> None:
    (put,) = [it for it in statements("ConsolePeopleFunction") if listed(it["Action"]) == ["dynamodb:PutItem"]]
    item = {name: {"S": "any"} for name in ("sort", "id", "name", "scopes", "created", "valid_until", "role")}

    def may(partition: str, *more: str) -> bool:
        whole = {"partition": {"S": partition}, **item, **{name: {"S": "any"} for name in more}}
        return allows(put, "PutItem", {"TableName": "Access", "Item": whole})

    assert may("demo")
    assert not any(may(partition) for partition in ("#deployment", "#issuers"))
    attributes = ("session", "attempt_ends", "kind", "membership", "keys", "names", "sealed_secret", "url", "grants")
    assert not any(may("demo", name) for name in attributes)
    assert not allows(put, "PutItem", {"TableName": "Access", "Item": {}, "ReturnValues": "ALL_OLD"})


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        ("ConsolePeopleFunction", "DeleteItem"),
        ("ConsolePeopleFunction", "UpdateItem"),
        ("ApiKeysFunction", "DeleteItem"),
    ],
)
def test_a_function_of_credentials_deletes_and_denies_nothing_of_the_deployments(function: str, operation: str) -> None:
    for partition, allowed in (("demo", True), ("#deployment", False)):
        key = {"partition": {"S": partition}, "sort": {"S": "denied"}}
        call = {"TableName": "Access", "Key": key, "ExpressionAttributeNames": {"#names": "names"}}
        assert any(allows(it, operation, call) for it in statements(function)) is allowed


def test_only_the_function_of_people_changes_credentials_for_the_console_and_it_is_told_no_secret() -> None:
    for function in ("ConsoleFunction", "ConsoleSettingsFunction"):
        actions = {action for it in statements(function) for action in listed(it["Action"])}
        assert actions & {"dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Scan"} == set()
    properties = template()["Resources"]["ConsolePeopleFunction"]["Properties"]
    assert properties["Environment"]["Variables"] == {"POWERTOOLS_SERVICE_NAME": "console-people"}
    actions = {action for it in role_statements("ConsolePeopleFunction") for action in listed(it["Action"])}
    assert {action.partition(":")[0] for action in actions} == {"dynamodb"}


def test_the_console_lists_oauth_clients_without_what_verifies_them(
    asked: list[tuple[str, dict[str, Any]]],
) -> None:
    (statement,) = [
        one
        for one in role_statements("ConsolePeopleFunction")
        if "Tokens.Arn" in listed(one["Resource"]) and listed(one["Action"]) == ["dynamodb:Query"]
    ]
    for read, allowed in ((wiring.tokens().clients_shown, True), (wiring.tokens().clients, False)):
        asked.clear()
        read("demo")
        assert [allows(statement, *one) for one in asked] == [allowed]
        assert [one.get("ConsistentRead") for _, one in asked] == [allowed or None]
    for name in ("secret_digest", "jwks", "keys"):
        (operation, call) = asked[0]
        named = {**call["ExpressionAttributeNames"], "#more": name}
        wider = call | {"ProjectionExpression": "#more", "ExpressionAttributeNames": named}
        assert not allows(statement, operation, wider), name


@pytest.mark.parametrize("function", sorted(ALLOWED.keys() - LISTING))
def test_a_role_may_read_one_item_and_change_one_and_list_nothing_but_accounts(function: str) -> None:
    """So a credential is read by who knows its token, and none is listed."""
    actions = {
        (table, action)
        for statement in statements(function)
        for table in TABLES
        for action in listed(statement["Action"])
        if f"{table}.Arn" in listed(statement["Resource"])
    }
    single = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem")
    assert actions <= {("ProviderAccounts", "dynamodb:Query"), *((table, each) for table in TABLES for each in single)}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("function", sorted(ALLOWED.keys() - {"ApiKeysFunction"}))
def test_no_role_may_change_a_whole_item_or_an_attribute_that_grants_something(function: str, table: str) -> None:
    call = {"TableName": table, "Key": {"partition": {"S": "demo"}, "sort": {"S": "any"}}}
    wide = [
        {"ReturnValues": "ALL_OLD"},
        {"ReturnValues": "ALL_NEW"},
        *(
            {"ExpressionAttributeNames": {"#s": name}}
            for name in ("sealed_key", "webhook_key", "scopes", "role", "parent")
        ),
    ]
    for more in wide:
        assert not any(allows(statement, "UpdateItem", call | more) for statement in statements(function)), more


def readers(*attributes: str) -> set[str]:
    """The functions whose role may read these attributes of a provider account, or a whole one if none is named."""
    names = {f"#{name}": name for name in attributes}
    projection = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if names else {}
    single = {
        "TableName": "ProviderAccounts",
        "Key": {"partition": {"S": "demo"}, "sort": {"S": "provider"}},
        **projection,
    }
    batch = {"RequestItems": {"ProviderAccounts": {}}}
    return {
        name
        for name in ALLOWED
        for statement in statements(name)
        if any(allows(statement, operation, single) for operation in ("GetItem", "Query"))
        or allows(statement, "BatchGetItem", batch)
    }


def test_only_functions_that_call_providers_may_read_a_sealed_key_and_the_webhook_what_verifies_it() -> None:
    callers = {"RemovalJobFunction", "ReconciliationFunction", "GroupsFunction"}
    assert readers("sealed_key") == readers() == callers
    assert readers("webhook_key") == {*callers, "EventWebhookFunction"}


@pytest.mark.usefixtures("asked")
def test_the_table_that_every_function_reads_holds_no_provider_account(dynamodb: Client) -> None:
    kept = {name: {item["sort"]["S"] for item in dynamodb.scan(TableName=name)["Items"]} for name in TABLES}
    assert kept == {"Access": {"organization", f"credential#{'0' * 64}"}, "ProviderAccounts": {"provider"}}


@pytest.mark.parametrize("function", ["ProviderNotificationsFunction", "ReceivedMailFunction"])
def test_what_events_come_by_without_a_credential_may_not_read_one(function: str) -> None:
    names = {"#s": "scopes"}
    single = {"Key": {}, "TableName": "Access", "ProjectionExpression": "#s", "ExpressionAttributeNames": names}
    batch = {"RequestItems": {"Access": {}}}
    for statement in statements(function):
        assert not allows(statement, "GetItem", single)
        assert not allows(statement, "BatchGetItem", batch)


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
    wiring.access().pause_provider("demo", DEFAULT, until=NOW, reason="refused")
    account = ProviderAccount("sendgrid", "https://example.com", b"sealed", "child", "key", NOW, "refused")
    assert wiring.access().provider_accounts("demo") == [account]
    credential = Credential("c1", "demo", "0" * 64, "admin", frozenset({"a.read"}), NOW, NOW + 1)
    assert wiring.access().credential("demo", "0" * 64) == (wiring.access().organization("demo"), credential)
    assert wiring.access().credential("demo", "1" * 64) == (wiring.access().organization("demo"), None)
    assert wiring.access().credential("unknown", "0" * 64) == (None, None)
    expected: list[dict[str, tuple[str, str]]] = [{DEFAULT: ("sendgrid", "key")}, {}]
    assert [wiring.access().webhook_keys(name) for name in ("demo", "other")] == expected
