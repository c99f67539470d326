"""Two organizations, acme and other: a world with both, and one with `other` alone."""

from __future__ import annotations

import copy
import itertools
import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.kms import models as kms

from reprieve.access.client import ClientKind
from reprieve.access.credential import Credential, TokenForm, digest_of
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import DAY, EPOCH, to_seconds
from reprieve.context import OPERATOR, Context
from reprieve.organization import Membership, Organization
from reprieve.removals import confirmation
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.links import Link, signed
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.functions.every_request import (
    ACME,
    EMAIL,
    EVENT_HOOK,
    HOOK,
    NEW_USER,
    RULES,
    SERVER,
    Asked,
    Things,
    in_module,
)
from tests.functions.test_scopes import EVERYTHING, ROUTES
from tests.support import moto_aws, queue
from tests.support.event_posts import KEY as PROVIDERS_KEY
from tests.support.gateway import function, proxy_event
from tests.support.webhook import public

if TYPE_CHECKING:
    import pytest

    from tests.support.dynamodb import Client
    from tests.support.gateway import Answer, Clock, Gateway
    from tests.support.routes import Route

OTHER = Organization("other", "Other", Membership.ANYONE, modules=frozenset({"Pets"}))
SCOPES = EVERYTHING | {"ZohoCRM.modules.ALL"}
BOUNCE = Suppression(SuppressionList.BOUNCES, EMAIL, EMAIL, EPOCH, "mailbox full", "4.2.2", permanence=Permanence.SOFT)
BY_NAME = {str(route): route for route in ROUTES}


def token_of(organization: str) -> str:
    return f"rp_{organization}_{organization[0] * 43}"


@dataclass(frozen=True)
class World:
    """What begins a test, made once per process: the same requests at the same moment make the same."""

    items: dict[str, dict[Any, Any]]
    key: Any
    names: dict[str, str]


#: by whether acme is in it, and by when it was made
MADE: dict[tuple[bool, int], World] = {}


@dataclass(frozen=True)
class Tenants:
    """Both organizations, or `other` alone."""

    call: Gateway
    clock: Clock
    monkeypatch: pytest.MonkeyPatch

    def begin(self, *, both: bool) -> tuple[Client, Things]:
        """An AWS with `other`, and acme if wanted; with the things of acme."""
        dynamodb, at = moto_aws.empty(self.monkeypatch), (both, self.clock.now)
        keys = kms.kms_backends[DEFAULT_ACCOUNT_ID][moto_aws.REGION].keys
        tables = dynamodb.database.tables
        if at not in MADE:
            names, key = self._made_anew(both=both)
            items = {name: copy.deepcopy(table.items) for name, table in tables.items()}
            MADE[at] = World(items, keys[key], names)
            moto_aws.forget(clients=False)  # a first test is to know no more than the others
        world = MADE[at]
        keys[world.key.id] = world.key
        for name, table in tables.items():
            table.items = copy.deepcopy(world.items[name])
        self.monkeypatch.setenv("SECRETS_KEY", world.key.id)
        return dynamodb, Things(dict(world.names))

    def _made_anew(self, *, both: bool) -> tuple[dict[str, str], str]:
        """Make the organizations; return the names of acme's things, and the id of the key that seals secrets."""
        key = str(boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
        self.monkeypatch.setenv("SECRETS_KEY", key)
        self.chance("before")
        wiring.signing_keys().ensure(lambda one: Context(one, OPERATOR, "k", self.clock.now), now=self.clock.now)
        return self._other() | (self._acme() if both else {}), key

    def chance(self, seed: str) -> None:
        """Let what is random be the same whenever it begins with the same seed."""
        numbers = itertools.count(1)

        def text(size: int) -> str:
            return (f"{next(numbers):x}{seed.encode().hex()}" * size)[:size]

        self.monkeypatch.setattr(secrets, "token_hex", lambda size=32: text(2 * size))
        self.monkeypatch.setattr(secrets, "token_bytes", lambda size=32: text(size).encode())
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
            "forged_confirmation": confirmation.signed(
                confirmation.Link("acme", to_seconds(self.clock.now), EMAIL), wiring.link_keys().key_to_sign(OTHER)
            ),
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
        bounce = DeliveryEvent("e", DeliveryKind.BOUNCE, EMAIL, EMAIL, now)
        wiring.rate_store().add(ACME, [bounce], account="default", now=now)
        clients = wiring.clients(lambda _: None)
        client, _ = clients.create(by, ClientKind.SECRET, name="SDK", scopes=["okta.logs.read"])
        _, refresh = clients.create(by, ClientKind.REFRESH, name="CRM", scopes=["ZohoCRM.org.READ"])
        _, key = wiring.credentials(lambda _: None).issue(
            by, name="key", scopes=["api_keys.read"], form=TokenForm.SENDGRID
        )
        user = self._made("okta POST /v1/users", Asked(body=NEW_USER))
        webhook = self._made("sendgrid POST /user/webhooks/event/settings", Asked(body={"url": HOOK}))
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
        event_hook = self._made("okta POST /v1/eventHooks", Asked(body=EVENT_HOOK))
        lifecycle = "okta POST /v1/eventHooks/{eventHookId}/lifecycle/{operation}"
        self._made(lifecycle, Asked({"eventHookId": event_hook["id"], "operation": "deactivate"}))
        hook = self._made("reprieve POST /hooks", Asked(body={"url": "https://hooks.acme.example/"}))
        self._made("reprieve POST /holds", Asked(body={"email": "bob@acme.example", "reason": "by phone"}))
        policy = self._made("reprieve PUT /policies", Asked(body={"enabled": True, "version": 0, "rules": RULES}))
        self._made("reprieve POST /unsubscribe-links", Asked(body={"emails": [EMAIL]}))
        wiring.removals().request(by, ["late@acme.example", "two@acme.example"])
        taken = queue.take(wiring.table("SUPPRESSIONS"), ACME, now=now)
        settled = [Settlement(one, RemovalState.FAILED, 10) for one in taken if one.email.startswith("late")]
        assert wiring.removal_queue().settle(ACME, settled, now=now) == [True]
        log = self.ask(BY_NAME["console GET /log"], Asked(), "acme", seed="made")
        return {
            "client": client.id,
            "refresh_token": refresh.refresh_token,
            "key": key.id,
            "user": user["id"],
            "server": server["id"],
            "webhook": webhook["id"],
            "hook": hook["id"],
            "event_hook": event_hook["id"],
            "group": str(group["id"]),
            "record": record["data"][0]["details"]["id"],
            "request": by.request_id,
            "removal": f"{by.request_id}-0",
            "policy": policy["version"],
            "newer": re.findall(r'name="after" value="([^"]*)"', log.body)[0],
        }

    def _made(self, name: str, asked: Asked) -> Any:
        answer = self.ask(BY_NAME[name], asked, "acme", seed="made")
        assert answer.status < 300, answer
        return answer.body
