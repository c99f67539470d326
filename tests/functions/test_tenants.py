"""Two tenants: for another organization's credential, what one organization has does not exist.

Every route of the template is asked by `other` for a thing of `acme`, once where acme has it and once where there is no
acme at all. Answers and DynamoDB calls are the same to the letter, and nothing of acme is changed. The same request by
acme itself is answered otherwise, so that the thing is really there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.store.quotas import REQUESTS as QUOTA
from tests.functions.every_request import POST, REQUESTS, Asked
from tests.functions.tenants import BY_NAME, Tenants, token_of
from tests.functions.test_routes import UNKNOWN, paths
from tests.functions.test_scopes import LISTS, ROUTES
from tests.support.gateway import is_lease

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.dynamodb import Client
    from tests.support.gateway import Answer, Clock, Gateway

#: whose answer is the same for acme and for `other`: it says nothing of what an organization has, or the vendor's
#: format demands it. What the verb did is seen in the state
ALIKE = {
    "okta POST /v1/org/email/bounces/remove-list",
    "okta GET /v1/keys",
    "okta POST /v1/token",
    "okta POST /v1/email-servers",
    # the id is random
    "okta POST /v1/eventHooks",
    *(f"sendgrid DELETE /suppression/{name}" for name in LISTS),
    "sendgrid POST /asm/suppressions/global",
    "sendgrid DELETE /asm/suppressions/global/{email+}",
    "sendgrid POST /asm/groups/{group_id}/suppressions",
    "sendgrid GET /scopes",
    # the id is random
    "sendgrid POST /user/webhooks/event/settings",
    "zoho POST /v2/token",
    "zoho POST /v2/token/revoke",
    "reprieve POST /holds",
    # the id is random, and the secret
    "reprieve POST /hooks",
    "reprieve GET /unsubscribe/{token}",
    "reprieve POST /unsubscribe/{token}",
    "reprieve GET /confirm/{token}",
    "reprieve POST /confirm/{token}",
    "reprieve POST /mail-reports",
    "reprieve POST /events/{kind}/{org}",
    "reprieve GET /docs",
    "reprieve GET /docs/{document}",
    "console GET /assets/{name}",
    "console GET /sign-in",
    "console GET /sign-in/{organization}",
    "console POST /sign-in",
    "console POST /oidc",
    "console GET /oidc",
    "console POST /sign-out",
    "console POST /lifts",
    "console POST /lifts/many",
    # whatever is in force is stopped
    "console POST /policy/disable",
}


#: what changes nothing, though it is no GET, where the organization itself asks
CHANGES_NOTHING = {
    "sendgrid POST /user/webhooks/event/test",
    "sendgrid POST /asm/groups/{group_id}/suppressions/search",
    "okta POST /v1/email-servers/{emailServerId}/test",
    "reprieve POST /hooks/{id}/test",
    # the name is taken, and the login
    "sendgrid POST /asm/groups",
    "okta POST /v1/users",
    "reprieve POST /unsubscribe-links",
    "reprieve POST /confirmation-links",
    "console POST /sign-out",
    "console POST /oidc",
    "console POST /address",
    "console POST /lifts/dry-run",
    "console POST /lists",
    "console POST /lists/export",
    "console POST /lists/file",
    "console POST /holds",
    "console POST /removals",
    "console POST /log",
    "console POST /log/newer",
    "console POST /lifts/many/dry-run",
    # the server cannot be reached, and is disabled; the hook is enabled, and the policy
    *(f"console POST /email-servers/{{id}}/{verb}" for verb in ("enable", "disable", "test")),
    *("console POST /hooks/{id}/enable", "console POST /hooks/{id}/test", "console POST /policy/enable"),
}


@pytest.fixture
def tenants(call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Tenants:
    # no mail server is reached: each is refused by the guard, or disabled
    return Tenants(call, clock, monkeypatch)


def kept_of(dynamodb: Client, organization: str) -> list[Any]:
    """Every item of an organization, in every table, but for how many requests it made."""
    found = []
    for name in dynamodb.list_tables()["TableNames"]:
        for item in dynamodb.scan(TableName=name)["Items"]:
            partition = (item.get("partition") or item["log"])["S"]
            is_count = item.get("sort", {}).get("S", "").startswith(QUOTA)
            if not is_count and (partition == organization or partition.startswith(f"{organization}#")):
                found.append((name, item))
    return found


#: what KMS makes of a secret is never the same twice
SEALED = re.compile(r"""b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*["]""")


def observed(dynamodb: Client, act: Callable[[], Answer]) -> tuple[Answer, list[tuple[str, str]]]:
    """An answer, and each call of DynamoDB with all that it says, but for what is leased of the caller's own quota."""
    calls: list[tuple[str, str]] = []

    def note(operation: str, arguments: Mapping[str, Any]) -> None:
        if not is_lease(operation, arguments):
            calls.append((operation, SEALED.sub("sealed", repr(arguments))))

    dynamodb.observe = note
    answer = act()
    dynamodb.observe = lambda *_: None
    return answer, sorted(calls)


# ---------------------------------------------------------------- every route of the template


def test_every_route_of_the_template_is_asked() -> None:
    """Each path of template.yaml, by every method that its function has for it."""
    served = {(route.function, route.resource) for route in ROUTES}
    in_template = {(folder, path) for folder, _, path in paths()}
    nothing = {(folder, path) for folder, _, path in UNKNOWN}
    assert in_template == served | nothing
    assert {str(route) for route in ROUTES} == REQUESTS.keys()


@pytest.mark.parametrize("name", REQUESTS)
def test_what_another_organization_has_does_not_exist(tenants: Tenants, name: str) -> None:
    route = BY_NAME[name]
    dynamodb, things = tenants.begin(both=True)
    asked, before = REQUESTS[name](things), kept_of(dynamodb, "acme")
    answer, calls = observed(dynamodb, lambda: tenants.ask(route, asked, "other"))
    assert kept_of(dynamodb, "acme") == before
    own = None if route.open else tenants.ask(route, asked, "acme")

    alone, again = tenants.begin(both=False)
    assert {word: things.names[word] for word in again.names} == again.names
    missing, calls_for_nothing = observed(alone, lambda: tenants.ask(route, asked, "other"))
    if name == "okta GET /v1/keys":
        # public, of the whole deployment, and new with each one
        assert "acme" not in str(answer.body)
        return
    assert (answer, answer.headers) == (missing, missing.headers)
    assert calls == calls_for_nothing
    if own is not None:
        assert (own.body == answer.body) == (name in ALIKE)
        assert kept_of(dynamodb, "acme") != before or route.method == "GET" or name in CHANGES_NOTHING


def test_a_token_posts_events_for_its_own_organization_alone(tenants: Tenants) -> None:
    route = BY_NAME["reprieve POST /events/{kind}/{org}"]

    def ask(by: str) -> Answer:
        headers = {"authorization": f"Bearer {token_of(by)}"}
        return tenants.ask(route, Asked({"kind": "sendgrid", "org": "acme"}, body=POST, headers=headers), by)

    dynamodb, _ = tenants.begin(both=True)
    before = kept_of(dynamodb, "acme")
    answer, calls = observed(dynamodb, lambda: ask("other"))
    assert answer.status == 404
    assert kept_of(dynamodb, "acme") == before
    assert ask("acme").status == 200
    assert kept_of(dynamodb, "acme") != before

    alone, _ = tenants.begin(both=False)
    missing, calls_for_nothing = observed(alone, lambda: ask("other"))
    assert (answer, answer.headers, calls) == (missing, missing.headers, calls_for_nothing)


@pytest.mark.parametrize("name", [name for name in REQUESTS if name.startswith("sendgrid")])
def test_an_organization_that_one_may_not_act_for_does_not_exist(tenants: Tenants, name: str) -> None:
    dynamodb, things = tenants.begin(both=True)
    asked, before = REQUESTS[name](things), kept_of(dynamodb, "acme")
    route = BY_NAME[name]
    for word in ("acme", "account-id acme"):
        answer, calls = observed(
            dynamodb, lambda word=word: tenants.ask(route, asked, "other", **{"on-behalf-of": word})
        )
        assert answer.status == 403
        stranger = word.replace("acme", "nope")
        missing, for_stranger = observed(
            dynamodb, lambda stranger=stranger: tenants.ask(route, asked, "other", **{"on-behalf-of": stranger})
        )
        assert answer.body == missing.body
        assert [operation for operation, _ in calls] == [operation for operation, _ in for_stranger]
    assert kept_of(dynamodb, "acme") == before
