"""A request of every route, for what the organization acme has."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from reprieve.clock import EPOCH
from reprieve.organization import Membership, Organization
from reprieve.paging import Cursors
from reprieve.store import queue_index
from reprieve.suppressions.listing import Filter
from reprieve.suppressions.suppression import SuppressionList
from tests.functions.test_scopes import LISTS
from tests.support.console import PARTS, in_parts
from tests.support.event_posts import KEY as PROVIDERS_KEY
from tests.support.webhook import signed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ACME = Organization("acme", "Acme", Membership.ANYONE, modules=frozenset({"Pets"}))
EMAIL = "ann@acme.example"
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
POST = b'[{"event":"bounce","email":"ann@x.io","timestamp":1767225600,"sg_message_id":"m","type":"bounce"}]'
MAIL = (Path(__file__).parents[1] / "data" / "reports" / "postfix.eml").read_bytes()
NEW_USER = {"profile": {"login": EMAIL, "email": EMAIL, "firstName": "Ann", "lastName": "Lee"}}
RULES = [{"name": "all", "then": "hold", "hold_days": [1]}]
SERVER = {"alias": "Mail", "host": "smtp.acme.example", "port": 587, "username": "u", "password": "p"}
#: a page of acme's holds
ACMES_HOLDS = Cursors("acme", "holds", "cursor").write([10**10, "a"])
#: a page of acme's lifts that failed
WAITING = {"partition": "acme#bounces#0", "address": "a", **queue_index.entry(ACME, "failed", 0, EPOCH)}
ACMES_REMOVALS = Cursors("acme", "failed removals", "after").write([0, WAITING, 0])
#: the end of a part of what is on acme's lists
ACMES_LAST = Cursors("acme", f"suppressions {json.dumps(asdict(Filter()))}", "cursor").write([0, "a", "bounces"])
#: on a port that nothing may be posted to
HOOK = "https://hook.acme.example:444/events"
EVENT_HOOK = {
    "name": "CRM",
    "events": {"type": "EVENT_TYPE", "items": ["system.email.delivery"]},
    "channel": {
        "type": "HTTP",
        "version": "1.0.0",
        "config": {"uri": HOOK, "authScheme": {"type": "HEADER", "key": "Authorization", "value": "s"}},
    },
}


@dataclass(frozen=True)
class Asked:
    """What a request has beside its method and path."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Things:
    """What acme has, by name; and the proofs of a client of `other`."""

    names: Mapping[str, str]

    def __getattr__(self, name: str) -> str:
        return self.names[name]


def in_module(**more: Any) -> Asked:
    return Asked({"version": "v8", "module": "Pets", **more.pop("path", {})}, **more)


def form(things: Mapping[str, str]) -> Asked:
    return Asked(body=urlencode(things), headers=FORM)


#: how each route is asked for what acme has
REQUESTS: dict[str, Callable[[Things], Asked]] = {
    "okta POST /v1/org/email/bounces/remove-list": lambda _: Asked(body={"emailAddresses": [EMAIL]}),
    "okta GET /v1/logs": lambda _: Asked(query={"since": "2025-12-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}),
    "okta GET /v1/users": lambda _: Asked(),
    "okta POST /v1/users": lambda _: Asked(body=NEW_USER),
    "okta GET /v1/users/me": lambda _: Asked(),
    **{f"okta {method} /v1/users/{{id}}": lambda it: Asked({"id": it.user}) for method in ("GET", "DELETE")},
    "okta POST /v1/users/{id}": lambda it: Asked({"id": it.user}, body={"profile": {"firstName": "Eve"}}),
    "okta PUT /v1/users/{id}": lambda it: Asked({"id": it.user}, body=NEW_USER),
    "okta POST /v1/users/{id}/lifecycle/deactivate": lambda it: Asked({"id": it.user}),
    "okta GET /v1/email-servers": lambda _: Asked(),
    "okta POST /v1/email-servers": lambda _: Asked(body=SERVER),
    "okta GET /v1/email-servers/{emailServerId}": lambda it: Asked({"emailServerId": it.server}),
    "okta PATCH /v1/email-servers/{emailServerId}": lambda it: Asked({"emailServerId": it.server}, body={"alias": "B"}),
    "okta DELETE /v1/email-servers/{emailServerId}": lambda it: Asked({"emailServerId": it.server}),
    "okta GET /v1/eventHooks": lambda _: Asked(),
    "okta POST /v1/eventHooks": lambda _: Asked(body=EVENT_HOOK),
    "okta GET /v1/eventHooks/{eventHookId}": lambda it: Asked({"eventHookId": it.event_hook}),
    "okta PUT /v1/eventHooks/{eventHookId}": lambda it: Asked(
        {"eventHookId": it.event_hook}, body={**EVENT_HOOK, "name": "ours"}
    ),
    "okta DELETE /v1/eventHooks/{eventHookId}": lambda it: Asked({"eventHookId": it.event_hook}),
    "okta POST /v1/eventHooks/{eventHookId}/lifecycle/{operation}": lambda it: Asked(
        {"eventHookId": it.event_hook, "operation": "activate"}
    ),
    "okta POST /v1/email-servers/{emailServerId}/test": lambda it: Asked(
        {"emailServerId": it.server}, body={"fromAddress": "a@x.io", "toAddress": "b@x.io"}
    ),
    "okta POST /v1/token": lambda it: form(
        {"grant_type": "client_credentials", "client_id": it.client, "client_secret": it.others_secret}
    ),
    "okta GET /v1/keys": lambda _: Asked(),
    **{f"sendgrid GET /suppression/{name}": lambda _: Asked() for name in SuppressionList},
    **{f"sendgrid GET /suppression/{name}/{{email+}}": lambda _: Asked({"email": EMAIL}) for name in LISTS},
    **{f"sendgrid DELETE /suppression/{name}": lambda _: Asked(body={"delete_all": True}) for name in LISTS},
    **{f"sendgrid DELETE /suppression/{name}/{{email+}}": lambda _: Asked({"email": EMAIL}) for name in LISTS},
    **{
        f"sendgrid GET /{word}/bounces/classifications": lambda _: Asked(query={"start_date": "2025-12-01"})
        for word in ("suppression", "suppressions")
    },
    **{
        f"sendgrid GET /{word}/bounces/classifications/{{classification}}": lambda _: Asked(
            {"classification": "Unclassified"}, {"start_date": "2025-12-01"}
        )
        for word in ("suppression", "suppressions")
    },
    "sendgrid POST /asm/suppressions/global": lambda _: Asked(body={"recipient_emails": [EMAIL]}),
    "sendgrid GET /asm/suppressions/global/{email+}": lambda _: Asked({"email": EMAIL}),
    "sendgrid DELETE /asm/suppressions/global/{email+}": lambda _: Asked({"email": EMAIL}),
    "sendgrid GET /asm/groups": lambda it: Asked(query={"id": it.group}),
    "sendgrid POST /asm/groups": lambda _: Asked(body={"name": "News", "description": "monthly"}),
    "sendgrid GET /asm/groups/{group_id}": lambda it: Asked({"group_id": it.group}),
    "sendgrid PATCH /asm/groups/{group_id}": lambda it: Asked({"group_id": it.group}, body={"name": "Mine"}),
    "sendgrid DELETE /asm/groups/{group_id}": lambda it: Asked({"group_id": it.group}),
    "sendgrid POST /asm/groups/{group_id}/suppressions": lambda it: Asked(
        {"group_id": it.group}, body={"recipient_emails": [EMAIL]}
    ),
    "sendgrid GET /asm/groups/{group_id}/suppressions": lambda it: Asked({"group_id": it.group}),
    "sendgrid POST /asm/groups/{group_id}/suppressions/search": lambda it: Asked(
        {"group_id": it.group}, body={"recipient_emails": [EMAIL]}
    ),
    "sendgrid DELETE /asm/groups/{group_id}/suppressions/{email+}": lambda it: Asked(
        {"group_id": it.group, "email": EMAIL}
    ),
    "sendgrid GET /asm/suppressions": lambda _: Asked(),
    "sendgrid GET /asm/suppressions/{email+}": lambda _: Asked({"email": EMAIL}),
    "sendgrid GET /mail_settings/bounce_purge": lambda _: Asked(),
    "sendgrid PATCH /mail_settings/bounce_purge": lambda _: Asked(body={"soft_bounces": 9}),
    "sendgrid GET /mail_settings/address_whitelist": lambda _: Asked(),
    "sendgrid PATCH /mail_settings/address_whitelist": lambda _: Asked(body={"enabled": False}),
    "sendgrid GET /api_keys": lambda _: Asked(),
    "sendgrid POST /api_keys": lambda _: Asked(body={"name": "key", "scopes": ["api_keys.read"]}),
    "sendgrid GET /api_keys/{api_key_id}": lambda it: Asked({"api_key_id": it.key}),
    "sendgrid PATCH /api_keys/{api_key_id}": lambda it: Asked({"api_key_id": it.key}, body={"name": "mine"}),
    "sendgrid PUT /api_keys/{api_key_id}": lambda it: Asked(
        {"api_key_id": it.key}, body={"name": "mine", "scopes": ["api_keys.read"]}
    ),
    "sendgrid DELETE /api_keys/{api_key_id}": lambda it: Asked({"api_key_id": it.key}),
    "sendgrid GET /user/webhooks/event/settings/all": lambda _: Asked(),
    "sendgrid POST /user/webhooks/event/settings": lambda _: Asked(body={"url": f"{HOOK}/new"}),
    "sendgrid GET /user/webhooks/event/settings/{id}": lambda it: Asked({"id": it.webhook}),
    "sendgrid PATCH /user/webhooks/event/settings/{id}": lambda it: Asked(
        {"id": it.webhook}, body={"url": HOOK, "enabled": True}
    ),
    "sendgrid DELETE /user/webhooks/event/settings/{id}": lambda it: Asked({"id": it.webhook}),
    "sendgrid GET /user/webhooks/event/settings/signed/{id}": lambda it: Asked({"id": it.webhook}),
    "sendgrid PATCH /user/webhooks/event/settings/signed/{id}": lambda it: Asked(
        {"id": it.webhook}, body={"enabled": True}
    ),
    "sendgrid POST /user/webhooks/event/test": lambda it: Asked(body={"url": HOOK, "id": it.webhook}),
    "sendgrid GET /scopes": lambda _: Asked(),
    "zoho POST /{version}/{module}": lambda _: in_module(body={"data": [{"Email": EMAIL, "Name": "Ann"}]}),
    "zoho POST /{version}/{module}/upsert": lambda _: in_module(body={"data": [{"Email": EMAIL, "Name": "Eve"}]}),
    "zoho GET /{version}/{module}": lambda it: in_module(query={"ids": it.record}),
    "zoho GET /{version}/{module}/search": lambda _: in_module(query={"email": EMAIL}),
    "zoho GET /{version}/{module}/{record_id}": lambda it: in_module(path={"record_id": it.record}),
    "zoho DELETE /{version}/{module}": lambda it: in_module(query={"ids": it.record}),
    "zoho DELETE /{version}/{module}/{record_id}": lambda it: in_module(path={"record_id": it.record}),
    "zoho POST /{version}/{module}/actions/unblock_email": lambda it: in_module(
        body={"ids": [it.record], "unblock_fields": ["Email"]}
    ),
    "zoho POST /{version}/{module}/{record_id}/actions/unblock_email": lambda it: in_module(
        path={"record_id": it.record}, body={"unblock_fields": ["Email"]}
    ),
    "zoho GET /{version}/users": lambda _: Asked({"version": "v8"}),
    "zoho GET /{version}/org": lambda _: Asked({"version": "v8"}),
    "zoho POST /v2/token": lambda it: form(
        {
            "grant_type": "refresh_token",
            "client_id": it.others_client,
            "client_secret": it.others_client_secret,
            "refresh_token": it.refresh_token,
        }
    ),
    # its possession is enough, so what `other` can try is its own in acme's name
    "zoho POST /v2/token/revoke": lambda it: form(
        {"token": it.others_refresh_token.replace("rpr_other_", "rpr_acme_")}
    ),
    "reprieve GET /addresses/{email+}": lambda _: Asked({"email": EMAIL}),
    "reprieve GET /suppressions": lambda _: Asked(),
    "reprieve GET /whitelist": lambda _: Asked(),
    "reprieve GET /rates": lambda _: Asked(),
    "reprieve GET /holds": lambda _: Asked(),
    "reprieve POST /holds": lambda _: Asked(body={"email": "bob@acme.example", "reason": "asked"}),
    "reprieve GET /holds/{subject+}": lambda _: Asked({"subject": "bob@acme.example"}),
    "reprieve DELETE /holds/{subject+}": lambda _: Asked({"subject": "bob@acme.example"}),
    "reprieve GET /policies": lambda _: Asked(),
    "reprieve PUT /policies": lambda it: Asked(body={"enabled": True, "version": it.policy, "rules": RULES}),
    "reprieve DELETE /policies": lambda it: Asked(query={"version": str(it.policy)}),
    "reprieve GET /hooks": lambda _: Asked(),
    "reprieve POST /hooks": lambda _: Asked(body={"url": "https://new.acme.example/"}),
    "reprieve GET /hooks/{id}": lambda it: Asked({"id": it.hook}),
    "reprieve PATCH /hooks/{id}": lambda it: Asked({"id": it.hook}, body={"description": "theirs"}),
    "reprieve DELETE /hooks/{id}": lambda it: Asked({"id": it.hook}),
    "reprieve POST /hooks/{id}/rotate": lambda it: Asked({"id": it.hook}),
    "reprieve POST /hooks/{id}/test": lambda it: Asked({"id": it.hook}),
    "reprieve GET /hooks/{id}/deliveries": lambda it: Asked({"id": it.hook}),
    "reprieve POST /hooks/{id}/replay": lambda it: Asked({"id": it.hook}, body={"since": "2025-12-31"}),
    "reprieve GET /removals": lambda it: Asked(query={"request_id": it.request}),
    "reprieve GET /removals/{id}": lambda it: Asked({"id": it.removal}),
    "reprieve POST /removals/{id}/retry": lambda it: Asked({"id": it.removal}),
    "reprieve POST /unsubscribe-links": lambda it: Asked(body={"emails": [EMAIL], "group_id": int(it.group)}),
    # signed by the key of `other`, in acme's name
    "reprieve GET /unsubscribe/{token}": lambda it: Asked({"token": it.forged_link}),
    "reprieve POST /unsubscribe/{token}": lambda it: Asked(
        {"token": it.forged_link}, body="List-Unsubscribe=One-Click", headers=FORM
    ),
    "reprieve POST /proofs/{email+}": lambda _: Asked({"email": EMAIL}, body={"proof": "mail_received"}),
    "reprieve POST /confirmation-links": lambda _: Asked(body={"emails": [EMAIL]}),
    # signed by the key of `other`, in acme's name
    "reprieve GET /confirm/{token}": lambda it: Asked({"token": it.forged_confirmation}),
    "reprieve POST /confirm/{token}": lambda it: Asked({"token": it.forged_confirmation}, body="", headers=FORM),
    "reprieve POST /mail-reports": lambda _: Asked(body=MAIL, headers={"content-type": "message/rfc822"}),
    "console GET /": lambda _: Asked(),
    "console GET /assets/{name}": lambda _: Asked({"name": "console.css"}),
    "console GET /sign-in": lambda _: Asked(),
    "console GET /sign-in/{organization}": lambda _: Asked({"organization": "acme"}),
    "console POST /oidc": lambda _: form({"organization": "acme"}),
    "console GET /oidc": lambda _: Asked(query={"state": "s", "code": "c"}),
    # signed by nothing: a token of `other` in acme's name
    "console POST /sign-in": lambda _: form({"token": f"rp_acme_{'o' * 43}"}),
    "console POST /sign-out": lambda _: form({}),
    "console POST /address": lambda _: form({"email": EMAIL}),
    "console POST /lifts": lambda _: form({"email": EMAIL, "list": "bounces"}),
    "console POST /lifts/dry-run": lambda _: form({"email": EMAIL, "list": "bounces"}),
    "console GET /removals": lambda _: Asked(query={"state": "failed"}),
    "console POST /removals": lambda _: form({"state": "failed", "after": ACMES_REMOVALS}),
    "console GET /lifts/many": lambda _: Asked(),
    "console POST /lifts/many": lambda _: form({"addresses": EMAIL, "list": "bounces", "key": "its-form"}),
    "console POST /lifts/many/dry-run": lambda _: form({"addresses": EMAIL, "list": "bounces"}),
    "console GET /lifts/many/{id}": lambda it: Asked({"id": it.request}),
    "console POST /lists/export": lambda _: form({"domain": "acme.example"}),
    "console POST /lists/file": lambda _: form({"last": ACMES_LAST}),
    "console GET /lists/import": lambda _: Asked(),
    "console POST /lists/import": lambda it: Asked(
        body=in_parts({"list": f"group-{it.group}"}, f"email\n{EMAIL}\nnew@acme.example\n".encode()),
        headers={"content-type": PARTS, "sec-fetch-site": "same-origin"},
    ),
    "console GET /groups": lambda _: Asked(),
    "console GET /holds": lambda _: Asked(),
    "console POST /holds": lambda _: form({"cursor": ACMES_HOLDS}),
    "console POST /holds/add": lambda _: form({"subject": EMAIL, "reason": "by phone"}),
    "console POST /holds/lift": lambda _: form({"subject": "bob@acme.example"}),
    "console GET /lists": lambda _: Asked(),
    "console GET /deliverability": lambda _: Asked(),
    "console POST /lists": lambda _: form({"domain": "acme.example"}),
    "console GET /removals/{id}": lambda it: Asked({"id": it.removal}),
    "console POST /removals/{id}/retry": lambda it: Asked({"id": it.removal}),
    "console GET /log": lambda _: Asked(),
    "console POST /log": lambda _: form({"filter": f'target.id eq "{EMAIL}"'}),
    # where acme had arrived at
    "console POST /log/newer": lambda it: form({"after": it.newer}),
    "console GET /email-servers": lambda _: Asked(),
    "console GET /status": lambda _: Asked(),
    "console GET /people": lambda _: Asked(),
    "console POST /people": lambda _: form({"name": "Ann", "role": "help_desk", "purpose": "console"}),
    "console GET /people/{id}/revoke": lambda it: Asked({"id": it.client}),
    "console POST /people/{id}/revoke": lambda it: replace(form({}), path={"id": it.key}),
    "console POST /email-servers/{id}/enable": lambda it: replace(form({}), path={"id": it.server}),
    "console POST /email-servers/{id}/disable": lambda it: replace(form({}), path={"id": it.server}),
    "console POST /email-servers/{id}/delete": lambda it: replace(form({}), path={"id": it.server}),
    "console POST /email-servers/{id}/test": lambda it: replace(
        form({"sender": "a@acme.example", "recipient": EMAIL}), path={"id": it.server}
    ),
    "console GET /hooks": lambda _: Asked(),
    "console GET /hooks/{id}": lambda it: Asked({"id": it.hook}),
    "console POST /hooks/{id}/enable": lambda it: replace(form({}), path={"id": it.hook}),
    "console POST /hooks/{id}/disable": lambda it: replace(form({}), path={"id": it.hook}),
    "console POST /hooks/{id}/test": lambda it: replace(form({}), path={"id": it.hook}),
    "console GET /policy": lambda _: Asked(),
    "console GET /policy/dry-run": lambda _: Asked(),
    "console POST /policy/enable": lambda it: form({"version": str(it.policy)}),
    "console POST /policy/disable": lambda it: form({"version": str(it.policy)}),
    "reprieve GET /docs": lambda _: Asked(),
    "reprieve GET /docs/{document}": lambda _: Asked({"document": "okta.json"}),
    "reprieve POST /events/{kind}/{org}": lambda it: Asked(
        {"kind": "sendgrid", "org": "acme"}, body=POST, headers=signed(PROVIDERS_KEY, POST, it.second)
    ),
}
