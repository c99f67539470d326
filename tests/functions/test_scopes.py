"""Scopes: every route requires its own, and refuses a credential without them before it reads or changes anything."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import DEMO, Answer, function
from tests.support.routes import Route, routes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.context import Context
    from tests.support.gateway import Calls, Gateway

LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports")
CLASSIFICATIONS = ("/suppression/bounces/classifications", "/suppressions/bounces/classifications")
SERVER = "/v1/email-servers/{emailServerId}"
MODULE = "/{version}/{module}"
UNBLOCK = "actions/unblock_email"
GLOBAL = "/asm/suppressions/global"
GROUPS = "/asm/groups"
GROUP = f"{GROUPS}/{{group_id}}"
MEMBERS = f"{GROUP}/suppressions"
WEBHOOKS = "/user/webhooks/event/settings"
PURGE = "/mail_settings/bounce_purge"

READ_USERS = ("okta.users.read", "okta.users.manage")
MANAGE_USERS = ("okta.users.manage",)
READ_SERVERS = ("okta.emailServers.read", "okta.emailServers.manage")
MANAGE_SERVERS = ("okta.emailServers.manage",)
READ_EVENT_HOOKS = ("okta.eventHooks.read", "okta.eventHooks.manage")
MANAGE_EVENT_HOOKS = ("okta.eventHooks.manage",)
READ_REMOVALS = ("reprieve.removals.read", "reprieve.removals.manage")


def lifting() -> tuple[str, ...]:
    """What lifts from some list, by one of the vendors' APIs."""
    lists = (*LISTS, "unsubscribes")
    own = tuple(f"suppression.{name}.delete" for name in lists)
    return ("suppression.delete", *own, "asm.groups.suppressions.delete", "okta.orgs.manage")


def on_list(name: str, action: str) -> tuple[str, ...]:
    return (f"suppression.{name}.{action}", f"suppression.{action}")


def on_global(action: str) -> tuple[str, ...]:
    return (f"asm.suppressions.global.{action}", *on_list("unsubscribes", action))


def on_groups(action: str) -> tuple[str, ...]:
    return (f"asm.groups.{action}",)


def on_members(action: str) -> tuple[str, ...]:
    return (f"asm.groups.suppressions.{action}", f"suppression.{action}")


def in_module(*operations: str, mail: bool = False) -> tuple[str, ...]:
    """The scopes in a custom module `My_Things`."""
    words = ("mythings", "custom", "My_Things")
    sending = (*(f"ZohoCRM.send_mail.{word}.CREATE" for word in (*words, "all")), "ZohoCRM.settings.emails.CREATE")
    return (
        *(f"ZohoCRM.modules.{word}.{operation}" for word in words for operation in (*operations, "ALL")),
        "ZohoCRM.modules.ALL",
        *(sending if mail else ()),
    )


#: the routes that need no credential
OPEN = {
    "reprieve GET /unsubscribe/{token}",
    "reprieve POST /unsubscribe/{token}",
    "reprieve GET /confirm/{token}",
    "reprieve POST /confirm/{token}",
    "reprieve POST /events/{kind}/{org}",
    "reprieve GET /docs",
    "reprieve GET /docs/{document}",
    "console GET /assets/{name}",
    "console GET /sign-in",
    "console GET /sign-in/{organization}",
    "console POST /sign-in",
    "console POST /oidc",
    "console GET /oidc",
    "okta POST /v1/token",
    "okta GET /v1/keys",
    "zoho POST /v2/token",
    "zoho POST /v2/token/revoke",
}
#: API, method and path -> the scopes, any one of which is enough; a refusal names the first
EXPECTED: dict[str, tuple[str, ...]] = {
    "okta POST /v1/org/email/bounces/remove-list": ("okta.orgs.manage",),
    "okta GET /v1/logs": ("okta.logs.read",),
    "okta GET /v1/users": READ_USERS,
    "okta POST /v1/users": MANAGE_USERS,
    # a credential with any scopes may read itself
    "okta GET /v1/users/me": (),
    "okta GET /v1/users/{id}": READ_USERS,
    "okta POST /v1/users/{id}": MANAGE_USERS,
    "okta PUT /v1/users/{id}": MANAGE_USERS,
    "okta DELETE /v1/users/{id}": MANAGE_USERS,
    "okta POST /v1/users/{id}/lifecycle/deactivate": MANAGE_USERS,
    "okta GET /v1/email-servers": READ_SERVERS,
    "okta POST /v1/email-servers": MANAGE_SERVERS,
    f"okta GET {SERVER}": READ_SERVERS,
    f"okta PATCH {SERVER}": MANAGE_SERVERS,
    f"okta DELETE {SERVER}": MANAGE_SERVERS,
    "okta GET /v1/eventHooks": READ_EVENT_HOOKS,
    "okta POST /v1/eventHooks": MANAGE_EVENT_HOOKS,
    "okta GET /v1/eventHooks/{eventHookId}": READ_EVENT_HOOKS,
    "okta PUT /v1/eventHooks/{eventHookId}": MANAGE_EVENT_HOOKS,
    "okta DELETE /v1/eventHooks/{eventHookId}": MANAGE_EVENT_HOOKS,
    "okta POST /v1/eventHooks/{eventHookId}/lifecycle/{operation}": MANAGE_EVENT_HOOKS,
    f"okta POST {SERVER}/test": MANAGE_SERVERS,
    **{f"sendgrid GET /suppression/{name}": on_list(name, "read") for name in (*LISTS, "unsubscribes")},
    **{f"sendgrid GET /suppression/{name}/{{email+}}": on_list(name, "read") for name in LISTS},
    **{f"sendgrid DELETE /suppression/{name}": on_list(name, "delete") for name in LISTS},
    **{f"sendgrid DELETE /suppression/{name}/{{email+}}": on_list(name, "delete") for name in LISTS},
    **{f"sendgrid GET {path}": on_list("bounces", "read") for path in CLASSIFICATIONS},
    **{f"sendgrid GET {path}/{{classification}}": on_list("bounces", "read") for path in CLASSIFICATIONS},
    f"sendgrid POST {GLOBAL}": on_global("create"),
    f"sendgrid GET {GLOBAL}/{{email+}}": on_global("read"),
    f"sendgrid DELETE {GLOBAL}/{{email+}}": on_global("delete"),
    f"sendgrid GET {GROUPS}": on_groups("read"),
    f"sendgrid POST {GROUPS}": on_groups("create"),
    f"sendgrid GET {GROUP}": on_groups("read"),
    f"sendgrid PATCH {GROUP}": on_groups("update"),
    f"sendgrid DELETE {GROUP}": on_groups("delete"),
    f"sendgrid POST {MEMBERS}": on_members("create"),
    f"sendgrid GET {MEMBERS}": on_members("read"),
    f"sendgrid POST {MEMBERS}/search": on_members("read"),
    f"sendgrid DELETE {MEMBERS}/{{email+}}": on_members("delete"),
    "sendgrid GET /asm/suppressions": on_members("read"),
    "sendgrid GET /asm/suppressions/{email+}": on_members("read"),
    f"sendgrid GET {PURGE}": ("mail_settings.bounce_purge.read",),
    f"sendgrid PATCH {PURGE}": ("mail_settings.bounce_purge.update",),
    "sendgrid GET /mail_settings/address_whitelist": ("mail_settings.address_whitelist.read",),
    "sendgrid PATCH /mail_settings/address_whitelist": ("mail_settings.address_whitelist.update",),
    f"zoho POST {MODULE}": in_module("CREATE"),
    f"zoho POST {MODULE}/upsert": in_module("CREATE", "UPDATE"),
    f"zoho GET {MODULE}": in_module("READ"),
    f"zoho GET {MODULE}/{{record_id}}": in_module("READ"),
    f"zoho DELETE {MODULE}": in_module("DELETE"),
    f"zoho DELETE {MODULE}/{{record_id}}": in_module("DELETE"),
    f"zoho POST {MODULE}/{UNBLOCK}": in_module("UPDATE", mail=True),
    f"zoho POST {MODULE}/{{record_id}}/{UNBLOCK}": in_module("UPDATE", mail=True),
    "zoho GET /{version}/users": ("ZohoCRM.users.READ", "ZohoCRM.users.ALL"),
    "zoho GET /{version}/org": ("ZohoCRM.org.READ", "ZohoCRM.org.ALL"),
    "reprieve GET /addresses/{email+}": ("reprieve.addresses.read",),
    f"zoho GET {MODULE}/search": ("ZohoSearch.securesearch.READ",),
    "reprieve GET /suppressions": ("reprieve.suppressions.read",),
    "reprieve GET /whitelist": ("reprieve.suppressions.read",),
    "reprieve GET /rates": ("reprieve.suppressions.read",),
    "reprieve GET /holds": ("reprieve.holds.read", "reprieve.holds.manage"),
    "reprieve POST /holds": ("reprieve.holds.manage",),
    "reprieve GET /holds/{subject+}": ("reprieve.holds.read", "reprieve.holds.manage"),
    "reprieve DELETE /holds/{subject+}": ("reprieve.holds.manage",),
    "reprieve GET /policies": ("reprieve.policies.read", "reprieve.policies.manage"),
    "reprieve PUT /policies": ("reprieve.policies.manage",),
    "reprieve DELETE /policies": ("reprieve.policies.manage",),
    **{
        f"reprieve GET {path}": ("reprieve.hooks.read", "reprieve.hooks.manage")
        for path in ("/hooks", "/hooks/{id}", "/hooks/{id}/deliveries")
    },
    **{
        f"reprieve {route}": ("reprieve.hooks.manage",)
        for route in (
            *("POST /hooks", "PATCH /hooks/{id}", "DELETE /hooks/{id}"),
            *(f"POST /hooks/{{id}}/{verb}" for verb in ("rotate", "test", "replay")),
        )
    },
    "reprieve POST /mail-reports": ("reprieve.mail_reports.create",),
    "reprieve GET /removals": READ_REMOVALS,
    "reprieve GET /removals/{id}": READ_REMOVALS,
    "reprieve POST /removals/{id}/retry": ("reprieve.removals.manage",),
    "reprieve POST /unsubscribe-links": ("reprieve.links.create",),
    "reprieve POST /proofs/{email+}": ("reprieve.proofs.create",),
    "reprieve POST /confirmation-links": ("reprieve.proofs.create",),
    f"sendgrid GET {WEBHOOKS}/all": ("user.webhooks.event.settings.read",),
    f"sendgrid POST {WEBHOOKS}": ("user.webhooks.event.settings.create",),
    f"sendgrid GET {WEBHOOKS}/{{id}}": ("user.webhooks.event.settings.read",),
    f"sendgrid PATCH {WEBHOOKS}/{{id}}": ("user.webhooks.event.settings.update",),
    f"sendgrid DELETE {WEBHOOKS}/{{id}}": ("user.webhooks.event.settings.delete",),
    f"sendgrid GET {WEBHOOKS}/signed/{{id}}": ("user.webhooks.event.settings.read",),
    f"sendgrid PATCH {WEBHOOKS}/signed/{{id}}": ("user.webhooks.event.settings.update",),
    "sendgrid POST /user/webhooks/event/test": ("user.webhooks.event.test.create",),
    "sendgrid GET /api_keys": ("api_keys.read",),
    "sendgrid POST /api_keys": ("api_keys.create",),
    "sendgrid GET /api_keys/{api_key_id}": ("api_keys.read",),
    "sendgrid PATCH /api_keys/{api_key_id}": ("api_keys.update",),
    "sendgrid PUT /api_keys/{api_key_id}": ("api_keys.update",),
    "sendgrid DELETE /api_keys/{api_key_id}": ("api_keys.delete",),
    # a credential with any scopes may ask which they are
    "sendgrid GET /scopes": (),
    # whoever may not look an address up is led to another page: console/test_console_addresses
    "console GET /": (),
    "console POST /address": ("reprieve.addresses.read",),
    "console POST /lifts": lifting(),
    "console POST /lifts/dry-run": lifting(),
    **dict.fromkeys(("console GET /removals", "console POST /removals"), READ_REMOVALS),
    "console GET /lifts/many": lifting(),
    "console POST /lifts/many": lifting(),
    "console POST /lifts/many/dry-run": lifting(),
    "console GET /lifts/many/{id}": READ_REMOVALS,
    "console POST /lists/export": ("reprieve.suppressions.read",),
    "console POST /lists/file": ("reprieve.suppressions.read",),
    "console GET /lists/import": ("reprieve.suppressions.create",),
    "console POST /lists/import": ("reprieve.suppressions.create",),
    "console GET /groups": ("asm.groups.read",),
    "console GET /holds": ("reprieve.holds.read", "reprieve.holds.manage"),
    "console POST /holds": ("reprieve.holds.read", "reprieve.holds.manage"),
    "console POST /holds/add": ("reprieve.holds.manage",),
    "console POST /holds/lift": ("reprieve.holds.manage",),
    "console GET /lists": ("reprieve.suppressions.read",),
    "console GET /deliverability": ("reprieve.suppressions.read",),
    "console POST /lists": ("reprieve.suppressions.read",),
    "console GET /removals/{id}": READ_REMOVALS,
    "console POST /removals/{id}/retry": ("reprieve.removals.manage",),
    **dict.fromkeys(("console GET /log", "console POST /log", "console POST /log/newer"), ("okta.logs.read",)),
    "console GET /email-servers": READ_SERVERS,
    "console GET /status": READ_REMOVALS,
    "console GET /people": ("reprieve.credentials.read", "reprieve.credentials.manage"),
    "console POST /people": ("reprieve.credentials.manage",),
    "console GET /people/{id}/revoke": ("reprieve.credentials.manage",),
    "console POST /people/{id}/revoke": ("reprieve.credentials.manage",),
    **{
        f"console POST /email-servers/{{id}}/{verb}": MANAGE_SERVERS for verb in ("enable", "disable", "delete", "test")
    },
    **dict.fromkeys(
        ("console GET /hooks", "console GET /hooks/{id}"), ("reprieve.hooks.read", "reprieve.hooks.manage")
    ),
    **{f"console POST /hooks/{{id}}/{verb}": ("reprieve.hooks.manage",) for verb in ("enable", "disable", "test")},
    **dict.fromkeys(
        ("console GET /policy", "console GET /policy/dry-run"), ("reprieve.policies.read", "reprieve.policies.manage")
    ),
    **dict.fromkeys(("console POST /policy/enable", "console POST /policy/disable"), ("reprieve.policies.manage",)),
    # whoever has a session may close it
    "console POST /sign-out": (),
    # open: the proof is in the request, or what is answered is public
    **dict.fromkeys(OPEN, ()),
    # a token with this scope may take the signature's place: event_webhook/test_webhook_tokens
    "reprieve POST /events/{kind}/{org}": ("reprieve.events.create",),
}
#: what a route takes beside one of its own scopes
BESIDES = {f"zoho GET {MODULE}/search": ("ZohoCRM.modules.custom.READ",)}
EVERYTHING = frozenset(scope for scopes in EXPECTED.values() for scope in scopes)

#: a value for every parameter of a path
PATH = {
    "id": "00u00000000000000001",
    "emailServerId": "ces00000000000000000",
    "eventHookId": "who00000000000000000",
    "operation": "activate",
    "email+": "a@example.com",
    "email": "a@example.com",
    "group_id": "103",
    "token": "e30.x",
    "api_key_id": "0123456789abcdef",
    "classification": "Content",
    "version": "v8",
    "module": "My_Things",
    "record_id": "2423488000000575001",
    "document": "okta.json",
    "name": "console.css",
}
ORGANIZATION = replace(DEMO, modules=frozenset({"My_Things"}))
ROUTES = routes()
SCOPED = [route for route in ROUTES if route.scopes != () and not route.open]


def send(call: Gateway, route: Route, scopes: Iterable[str]) -> Answer:
    """Send a request without a body."""
    return call(
        function(route.function),
        route.method,
        route.resource,
        path={name: value for name, value in PATH.items() if f"{{{name}}}" in route.resource or name == "email"},
        body=None if route.method == "GET" else {},
        scopes=scopes,
        organization=ORGANIZATION,
        stage=route.dialect.stage,
    )


def test_a_table_names_the_scopes_of_every_route() -> None:
    assert sorted(map(str, ROUTES)) == sorted(EXPECTED)
    unscoped = {str(route) for route in ROUTES if route not in SCOPED}
    assert unscoped == {
        "okta GET /v1/users/me",
        "sendgrid GET /scopes",
        "console GET /",
        "console POST /sign-out",
        *OPEN,
    }


@pytest.mark.parametrize("route", SCOPED, ids=str)
def test_a_route_asks_for_its_own_scopes(call: Gateway, monkeypatch: pytest.MonkeyPatch, route: Route) -> None:
    asked: list[tuple[str, ...]] = []

    def may(_: Context, *alternatives: str) -> bool:
        asked.append(alternatives)
        return False

    monkeypatch.setattr("reprieve.context.Context.may", may)
    send(call, route, EVERYTHING)
    # a page that refuses then asks which pages it may lead to
    assert asked[:1] == [EXPECTED[str(route)]]
    assert len(asked) == 1 or route.dialect.name == "console"


@pytest.mark.parametrize("route", SCOPED, ids=str)
def test_a_credential_with_every_scope_but_those_of_a_route_is_refused_there(
    call: Gateway, calls: Calls, route: Route
) -> None:
    own = EXPECTED[str(route)]
    answer = send(call, route, EVERYTHING - {*own})
    # the scope is missing from a token that is otherwise good; Zoho's word for that is 401
    assert answer.status == (HTTPStatus.UNAUTHORIZED if route.dialect.name == "zoho" else HTTPStatus.FORBIDDEN)
    assert own[0] in str(answer.body)
    assert f'scope="{own[0]}", error="insufficient_scope"' in answer.headers["www-authenticate"][0]
    assert calls == {}
    # a request is counted even if it is refused
    assert "-limit" in "".join(name for name in answer.headers if name.startswith("x-rate"))


@pytest.mark.parametrize("route", SCOPED, ids=str)
def test_any_one_of_its_scopes_is_enough_for_a_route(call: Gateway, route: Route) -> None:
    for scope in EXPECTED[str(route)]:
        granted = [scope, *BESIDES.get(str(route), ())]
        assert send(call, route, granted).status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}, scope
