"""Two tenants: for another organization's credential, what one organization has does not exist.

Every route of the template is asked by `other` for a thing of `acme`, once where acme has it and once where there is no
acme at all. Answers and DynamoDB calls are the same to the letter, and nothing of acme is changed. The same request by
acme itself is answered otherwise, so that the thing is really there.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3
import pytest

from reprieve.access.client import ClientKind
from reprieve.access.credential import Credential, TokenForm, digest_of
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import DAY, EPOCH
from reprieve.context import OPERATOR, Context
from reprieve.organization import Membership, Organization
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve.store.quotas import REQUESTS as QUOTA
from reprieve.suppressions.links import Link, signed
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.functions.test_routes import UNKNOWN, paths
from tests.functions.test_scopes import EVERYTHING, LISTS, ROUTES
from tests.support import moto_aws, queue
from tests.support.event_posts import KEY as PROVIDERS_KEY
from tests.support.event_posts import public
from tests.support.gateway import Answer, function, is_lease, proxy_event
from tests.support.webhook import signed as signed_post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.dynamodb import Client
    from tests.support.gateway import Clock, Gateway
    from tests.support.routes import Route

ACME = Organization("acme", "Acme", Membership.ANYONE, modules=frozenset({"Pets"}))
OTHER = Organization("other", "Other", Membership.ANYONE, modules=frozenset({"Pets"}))
SCOPES = EVERYTHING | {"ZohoCRM.modules.ALL"}
EMAIL = "ann@acme.example"
FORM = {"content-type": "application/x-www-form-urlencoded"}
POST = b'[{"event":"bounce","email":"ann@x.io","timestamp":1767225600,"sg_message_id":"m","type":"bounce"}]'
MAIL = (Path(__file__).parents[1] / "data" / "reports" / "postfix.eml").read_bytes()
NEW_USER = {"profile": {"login": EMAIL, "email": EMAIL, "firstName": "Ann", "lastName": "Lee"}}
SERVER = {"alias": "Mail", "host": "smtp.acme.example", "port": 587, "username": "u", "password": "p"}


BOUNCE = Suppression(SuppressionList.BOUNCES, EMAIL, EMAIL, EPOCH, "mailbox full", "4.2.2", permanence=Permanence.SOFT)


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
    "reprieve GET /holds": lambda _: Asked(),
    "reprieve POST /holds": lambda _: Asked(body={"email": "bob@acme.example", "reason": "asked"}),
    "reprieve GET /holds/{subject+}": lambda _: Asked({"subject": "bob@acme.example"}),
    "reprieve DELETE /holds/{subject+}": lambda _: Asked({"subject": "bob@acme.example"}),
    "reprieve GET /removals": lambda it: Asked(query={"request_id": it.request}),
    "reprieve GET /removals/{id}": lambda it: Asked({"id": it.removal}),
    "reprieve POST /removals/{id}/retry": lambda it: Asked({"id": it.removal}),
    "reprieve POST /unsubscribe-links": lambda it: Asked(body={"emails": [EMAIL], "group_id": int(it.group)}),
    # signed by the key of `other`, in acme's name
    "reprieve GET /unsubscribe/{token}": lambda it: Asked({"token": it.forged_link}),
    "reprieve POST /unsubscribe/{token}": lambda it: Asked(
        {"token": it.forged_link}, body="List-Unsubscribe=One-Click", headers=FORM
    ),
    "reprieve POST /mail-reports": lambda _: Asked(body=MAIL, headers={"content-type": "message/rfc822"}),
    "reprieve POST /events/{kind}/{org}": lambda it: Asked(
        {"kind": "sendgrid", "org": "acme"}, body=POST, headers=signed_post(PROVIDERS_KEY, POST, it.second)
    ),
}
#: whose answer is the same for acme and for `other`: it says nothing of what an organization has, or the vendor's
#: format demands it. What the verb did is seen in the state
ALIKE = {
    "okta POST /v1/org/email/bounces/remove-list",
    "okta GET /v1/keys",
    "okta POST /v1/token",
    "okta POST /v1/email-servers",
    *(f"sendgrid DELETE /suppression/{name}" for name in LISTS),
    "sendgrid POST /asm/suppressions/global",
    "sendgrid DELETE /asm/suppressions/global/{email+}",
    "sendgrid POST /asm/groups/{group_id}/suppressions",
    "sendgrid GET /scopes",
    "zoho POST /v2/token",
    "zoho POST /v2/token/revoke",
    "reprieve POST /holds",
    "reprieve GET /unsubscribe/{token}",
    "reprieve POST /unsubscribe/{token}",
    "reprieve POST /mail-reports",
    "reprieve POST /events/{kind}/{org}",
}


#: what changes nothing, though it is no GET, where the organization itself asks
CHANGES_NOTHING = {
    "sendgrid POST /asm/groups/{group_id}/suppressions/search",
    "okta POST /v1/email-servers/{emailServerId}/test",
    # the name is taken, and the login
    "sendgrid POST /asm/groups",
    "okta POST /v1/users",
    "reprieve POST /unsubscribe-links",
}


@dataclass(frozen=True)
class Tenants:
    """Both organizations, or `other` alone."""

    call: Gateway
    clock: Clock
    monkeypatch: pytest.MonkeyPatch

    def begin(self, *, both: bool) -> tuple[Client, Things]:
        """An AWS with `other`, and acme if wanted; with the things of acme."""
        dynamodb = moto_aws.empty(self.monkeypatch)
        self.monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
        self.chance("before")
        wiring.signing_keys().ensure(lambda one: Context(one, OPERATOR, "k", self.clock.now), now=self.clock.now)
        names = self._other()
        if both:
            names |= self._acme()
        return dynamodb, Things(names)

    def chance(self, seed: str) -> None:
        """Let what is random be the same whenever it begins with the same seed."""
        numbers = itertools.count(1)

        def text(size: int) -> str:
            return (f"{next(numbers):x}{seed.encode().hex()}" * size)[:size]

        self.monkeypatch.setattr(secrets, "token_hex", lambda size=32: text(2 * size))
        self.monkeypatch.setattr(secrets, "token_urlsafe", lambda size=32: text(-(-size * 4 // 3)))
        self.monkeypatch.setattr(secrets, "choice", lambda choices: choices[(next(numbers) + len(seed)) % len(choices)])

    def ask(self, route: Route, asked: Asked, by: str, *, seed: str = "during", **headers: str) -> Answer:
        """One request, with everything random in it the same each time."""
        self.chance(seed)
        sent = dict(asked.headers) | headers
        if not route.open:
            sent["authorization"] = f"Bearer {token_of(by)}"
        body = asked.body if isinstance(asked.body, bytes | str | None) else json.dumps(asked.body)
        raw = body.encode() if isinstance(body, str) else body
        event = proxy_event(
            route.method,
            route.resource,
            path=asked.path,
            query=asked.query,
            headers=sent,
            body=raw,
            stage=route.dialect.stage,
            as_base64=raw is not None and route.dialect.name == "reprieve",
        )
        return self.call.send(function(route.function), event)

    def _organization(self, organization: Organization) -> Context:
        wiring.access().create_organization(organization)
        digest = digest_of(token_of(organization.id))
        wiring.access().add_credential(Credential("me", organization.id, digest, "me", SCOPES, self.clock.now))
        return Context(organization, OPERATOR, f"{organization.id}-1", self.clock.now)

    def _other(self) -> dict[str, str]:
        by = self._organization(OTHER)
        account = ProviderAccount("none", webhook_key=public(PROVIDERS_KEY))
        wiring.access().set_provider_account("other", account, provider_name="", before=None)
        clients = wiring.clients(lambda _: None)
        refreshing, refresh = clients.create(by, ClientKind.REFRESH, name="CRM", scopes=["ZohoCRM.org.READ"])
        _, own = clients.create(by, ClientKind.SECRET, name="SDK", scopes=["okta.logs.read"])
        link = Link("acme", EMAIL, 1)
        return {
            "others_client": refreshing.id,
            "others_client_secret": refresh.secret,
            "others_refresh_token": refresh.refresh_token,
            "others_secret": own.secret,
            "forged_link": signed(link, wiring.link_keys().key_to_sign(OTHER)),
            "second": str(self.clock.now // 1000),
        }

    def _acme(self) -> dict[str, str]:
        """Something of every kind."""
        by = self._organization(ACME)
        now = self.clock.now
        account = ProviderAccount("none", webhook_key="MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEacme")
        wiring.access().set_provider_account("acme", account, provider_name="", before=None)
        for name in SuppressionList:
            wiring.suppressions().record(ACME, [replace(BOUNCE, list=name, created=now - DAY, event_id=name)])
        clients = wiring.clients(lambda _: None)
        client, _ = clients.create(by, ClientKind.SECRET, name="SDK", scopes=["okta.logs.read"])
        _, refresh = clients.create(by, ClientKind.REFRESH, name="CRM", scopes=["ZohoCRM.org.READ"])
        _, key = wiring.credentials(lambda _: None).issue(
            by, name="key", scopes=["api_keys.read"], form=TokenForm.SENDGRID
        )
        user = self._made("okta POST /v1/users", Asked(body=NEW_USER))
        server = self._made("okta POST /v1/email-servers", Asked(body=SERVER))
        group = self._made("sendgrid POST /asm/groups", Asked(body={"name": "News", "description": "monthly"}))
        self._made(
            "sendgrid POST /asm/groups/{group_id}/suppressions",
            Asked({"group_id": str(group["id"])}, body={"recipient_emails": [EMAIL]}),
        )
        record = self._made(
            "zoho POST /{version}/{module}", in_module(body={"data": [{"Email": EMAIL, "Name": "Ann"}]})
        )
        self._made("sendgrid PATCH /mail_settings/bounce_purge", Asked(body={"enabled": True, "soft_bounces": 3}))
        self._made(
            "sendgrid PATCH /mail_settings/address_whitelist",
            Asked(body={"enabled": True, "list": ["vip@acme.example"]}),
        )
        self._made("reprieve POST /holds", Asked(body={"email": "bob@acme.example", "reason": "by phone"}))
        self._made("reprieve POST /unsubscribe-links", Asked(body={"emails": [EMAIL]}))
        wiring.removals().request(by, ["late@acme.example", "two@acme.example"])
        taken = queue.take(wiring.table("SUPPRESSIONS"), ACME, now=now)
        settled = [Settlement(one, RemovalState.FAILED, 10) for one in taken if one.email.startswith("late")]
        assert wiring.removal_queue().settle(ACME, settled, now=now) == [True]
        return {
            "client": client.id,
            "refresh_token": refresh.refresh_token,
            "key": key.id,
            "user": user["id"],
            "server": server["id"],
            "group": str(group["id"]),
            "record": record["data"][0]["details"]["id"],
            "request": by.request_id,
            "removal": f"{by.request_id}-0",
        }

    def _made(self, name: str, asked: Asked) -> Any:
        answer = self.ask(BY_NAME[name], asked, "acme", seed="made")
        assert answer.status < 300, answer
        return answer.body


BY_NAME = {str(route): route for route in ROUTES}


def token_of(organization: str) -> str:
    return f"rp_{organization}_{organization[0] * 43}"


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
