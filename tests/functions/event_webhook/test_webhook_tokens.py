"""A post without a signature is believed for an access token of its organization, and for no other token."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt

from reprieve.access import access_token, jose
from reprieve.access.access_token import AccessToken
from reprieve.access.client import ClientKind
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import HOUR, MINUTE, Millis, to_seconds
from reprieve.context import OPERATOR, Context
from reprieve.dialects.registry import DIALECTS
from reprieve.organization import Organization
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.role import Role
from reprieve.runtime import settings, wiring
from reprieve.suppressions.suppression import SuppressionList
from tests.support.event_posts import KEY, bounce, letter, listed
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway, function, problem
from tests.support.oauth import pair_for
from tests.support.tables import tables
from tests.support.webhook import public, signed

if TYPE_CHECKING:
    from io import StringIO

    from mypy_boto3_dynamodb import DynamoDBClient

INGEST = "reprieve.events.create"
BAD = problem(401, "Unauthorized", "unknown, revoked or expired credential")
TAKEN = Answer(200, {"events": 1, "listed": 1, "malformed": 0, "ignored": 0})
OTHER = Organization("other", "Other")
BODY = json.dumps([bounce(timestamp=1_767_225_000)]).encode()


@pytest.fixture(autouse=True)
def deployment(queue: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The organization `demo` with its account, a signing key, and another organization."""
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    wiring.access().create_organization(OTHER)
    wiring.signing_keys().ensure(asking, now=wiring.now())


def asking(organization: Organization) -> Context:
    return Context(organization, OPERATOR, "r", wiring.now())


def token(clock: Clock, scopes: tuple[str, ...] = (INGEST,), *, org: str = "demo", **more: Any) -> str:
    """An access token as the token endpoint signs it."""
    now = Millis(clock.now)
    issuer, key = more.pop("issuer", settings.token_issuer()), more.pop("key", None) or wiring.signer().key(now)
    ends = Millis(more.pop("expires_at", now + HOUR))
    said = AccessToken("t1", org, f"rpc_{org}_1", scopes, issued=now, expires_at=ends, **more)
    return access_token.write(said, issuer=issuer, key=key)


def post(
    call: Gateway,
    authorization: str = "",
    *,
    body: bytes = BODY,
    org: str = "demo",
    kind: str = "sendgrid",
    **more: str,
) -> Answer:
    return call(
        function("event_webhook"),
        "POST",
        "/events/{kind}/{org}",
        path={"kind": kind, "org": org},
        headers=({"authorization": authorization} if authorization else {}) | more,
        body=body,
        organization=None,
        stage="reprieve",
        as_base64=True,
    )


def form(secrets: dict[str, str]) -> str:
    return urlencode({"grant_type": "client_credentials", **secrets})


@pytest.mark.parametrize("way", ["header", "form"])
def test_what_sendgrid_fetches_at_the_token_endpoint_proves_its_posts(call: Gateway, calls: Calls, way: str) -> None:
    """SendGrid has the client's id and secret and the endpoint's URL, and asks for no scope."""
    client, secrets = wiring.clients(lambda _: None).create(
        asking(DEMO), ClientKind.SECRET, name="SendGrid", scopes=[INGEST]
    )
    basic = base64.b64encode(f"{client.id}:{secrets.secret}".encode()).decode()
    proof = {"client_id": client.id, "client_secret": secrets.secret} if way == "form" else {}
    granted = call(
        function("okta_tokens"),
        "POST",
        "/v1/token",
        body=form(proof),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            **({"authorization": f"Basic {basic}"} if way == "header" else {}),
        },
        organization=None,
        stage="oauth2",
    )
    assert granted.body["scope"] == INGEST
    bearer = f"Bearer {granted.body['access_token']}"
    assert post(call, bearer) == TAKEN
    # the token's organization takes the place of the one that is read for a signed post; nothing else is read
    assert (calls.verifying, calls.leasing) == (1, 0)
    assert calls == {"Query": 1, "GetItem": 1, "BatchExecuteStatement": 2, "UpdateItem": 1}
    assert listed(SuppressionList.BOUNCES) == ["u0@company.com"]
    assert post(call, bearer, body=b"[]") == Answer(200, {"events": 0, "listed": 0, "malformed": 0, "ignored": 0})
    assert (calls.verifying, calls.leasing, calls) == (1, 0, {"Query": 1})


def test_posts_by_token_are_never_too_many(call: Gateway, clock: Clock) -> None:
    limited = Organization("demo", "Demo", limits={"reprieve": 1})
    wiring.table("ACCESS").delete({"partition": "demo", "sort": "organization"})
    wiring.access().create_organization(limited)
    assert [post(call, f"Bearer {token(clock)}").status for _ in range(3)] == [200] * 3


def test_a_letter_about_an_event_does_not_hold_the_token_of_its_sender(call: Gateway, clock: Clock, queue: Any) -> None:
    bearer = f"Bearer {token(clock)}"
    assert post(call, bearer, body=b"[{}]").body["malformed"] == 1
    assert queue() == [letter(b"[{}]", "event: not a known kind of event")]


def test_the_webhook_takes_a_long_lived_token_with_that_scope_too(call: Gateway) -> None:
    assert post(call, f"bearer {call.token(DEMO, frozenset({INGEST}))}") == TAKEN


EVERY_OTHER = tuple(sorted(frozenset().union(*(dialect.scopes for dialect in DIALECTS)) - {INGEST}))


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"scopes": EVERY_OTHER}, f"this needs the scope {INGEST}"),
        ({"scopes": ("reprieve.mail_reports.create",)}, f"this needs the scope {INGEST}"),
        ({"scopes": (f"{INGEST}x", "reprieve.events")}, f"this needs the scope {INGEST}"),
        ({"role": Role.VIEWER}, "the role viewer does not allow this"),
        ({"role": Role.HELP_DESK}, "the role help_desk does not allow this"),
    ],
)
def test_a_good_token_that_does_not_allow_it_is_403_and_changes_nothing(
    call: Gateway, calls: Calls, clock: Clock, changes: dict[str, Any], detail: str
) -> None:
    assert post(call, f"Bearer {token(clock, **changes)}") == problem(403, "Forbidden", detail)
    assert calls == {}
    assert listed(SuppressionList.BOUNCES) == []


def confused(clock: Clock) -> dict[str, str]:
    """Tokens and other signed things that are not the organization's access tokens, by what they are."""
    now, key, issuer = Millis(clock.now), wiring.signer().key(Millis(clock.now)), settings.token_issuer()
    said = {"org": "demo", "scope": INGEST, "client_id": "rpc_demo_1", "sub": "rpc_demo_1", "jti": "t1"}
    times = {"iat": to_seconds(now), "exp": to_seconds(now) + 300}
    ours = {"iss": issuer, "aud": f"{issuer}:api", **said, **times}
    clients = wiring.clients(lambda _: None)
    client, private = clients.create(asking(DEMO), ClientKind.PRIVATE_KEY, name="SDK", scopes=[INGEST])
    _, refresh = clients.create(asking(DEMO), ClientKind.REFRESH, name="CRM", scopes=[INGEST])
    assertion = {"iss": client.id, "sub": client.id, "aud": "https://reprieve.example.com/oauth2/v1/token", **times}
    pair = jose.own_key(private.private_jwk)
    return {
        "a client's secret": refresh.secret,
        "a refresh token": refresh.refresh_token,
        "a client's assertion": jwt.encode({"alg": "RS256"}, assertion, pair, algorithms=["RS256"]),
        "an ID token": jose.sign({**ours, "aud": "rpc_demo_1", "nonce": "n"}, key=key, kind="JWT"),
        "an access token's claims in another type": jose.sign(ours, key=key, kind="JWT"),
        "for another audience": jose.sign({**ours, "aud": issuer}, key=key, kind="at+jwt"),
        "of another deployment": token(clock, issuer="urn:reprieve:test:other"),
        "signed by another key": token(clock, key=pair_for("ES256")),
        "expired": token(clock, expires_at=now),
        "cut": token(clock)[:-1],
        "of an organization that does not exist": token(clock, org="nowhere"),
        "an unknown long-lived token": f"rp_demo_{'x' * 43}",
        "a text": "token",
        "nothing": "",
    }


def test_what_is_not_an_access_token_of_the_organization_is_401_and_changes_nothing(
    call: Gateway, clock: Clock, dynamodb: DynamoDBClient
) -> None:
    given = confused(clock)
    before = [dynamodb.scan(TableName=name)["Items"] for name in tables()]
    assert {what: post(call, f"Bearer {text}") for what, text in given.items()} == dict.fromkeys(given, BAD)
    assert [dynamodb.scan(TableName=name)["Items"] for name in tables()] == before
    # what is signed as it should be is taken
    assert post(call, f"Bearer {token(clock)}") == TAKEN


def test_a_revoked_clients_token_is_refused(call: Gateway, clock: Clock) -> None:
    client, _ = wiring.clients(lambda _: None).create(asking(DEMO), ClientKind.SECRET, name="SendGrid", scopes=[INGEST])
    own = access_token.write(
        AccessToken("t1", "demo", client.id, (INGEST,), issued=Millis(clock.now), expires_at=Millis(clock.now + HOUR)),
        issuer=settings.token_issuer(),
        key=wiring.signer().key(Millis(clock.now)),
    )
    assert post(call, f"Bearer {own}") == TAKEN
    wiring.clients(lambda _: None).revoke(asking(DEMO), client.id)
    clock.now += MINUTE
    assert post(call, f"Bearer {own}") == BAD


@pytest.mark.parametrize("there", [True, False])
def test_another_organization_is_one_that_does_not_exist(
    call: Gateway, calls: Calls, clock: Clock, dynamodb: DynamoDBClient, there: bool
) -> None:
    if there:
        account = ProviderAccount("none", webhook_key=public(ec.generate_private_key(ec.SECP256R1())))
        wiring.access().create_organization(Organization("acme", "Acme"))
        assert wiring.access().set_provider_account("acme", account, provider_name="", before=None)
    before = [dynamodb.scan(TableName=name)["Items"] for name in tables()]
    assert post(call, f"Bearer {token(clock)}", org="acme") == problem(404, "Not Found", "no organization acme")
    assert (calls.verifying, calls) == (1, {})
    assert [dynamodb.scan(TableName=name)["Items"] for name in tables()] == before


@pytest.mark.parametrize("name", ["x" * 3_000, "", "Demo", "demo\n", "d", "demo#x"])
def test_a_path_that_no_organization_has_is_refused_before_the_token_is_read(
    call: Gateway, calls: Calls, clock: Clock, name: str
) -> None:
    answer = post(call, f"Bearer {token(clock)}", org=name)
    assert answer == problem(401, "Unauthorized", "the webhook's signature does not match")
    assert (calls.verifying, calls) == (0, {})


def test_a_signature_decides_where_there_is_one(call: Gateway, clock: Clock) -> None:
    """Both can be on at SendGrid; a wrong signature is not made good by a token, nor the other way round."""
    seconds, bearer = str(clock.now // 1000), f"Bearer {token(clock)}"
    right, wrong = (signed(key, BODY, seconds) for key in (KEY, ec.generate_private_key(ec.SECP256R1())))
    headers = [{word.lower(): value for word, value in one.items()} for one in (right, wrong)]
    assert [post(call, bearer, **one).status for one in headers] == [200, 401]
    for alone in (sendgrid_events.SIGNATURE, sendgrid_events.TIMESTAMP):
        assert post(call, bearer, **{alone: headers[0][alone]}).status == 401


def test_a_signature_that_no_key_is_there_for_is_refused_whatever_the_token_is(call: Gateway, clock: Clock) -> None:
    (before,) = wiring.access().provider_accounts("demo")
    assert wiring.access().set_provider_account("demo", ProviderAccount("none"), provider_name="", before=before)
    headers = {word.lower(): value for word, value in signed(KEY, BODY, str(clock.now // 1000)).items()}
    bearer = f"Bearer {token(clock)}"
    assert post(call, bearer, **headers) == problem(401, "Unauthorized", "the webhook's signature does not match")
    assert post(call, bearer) == TAKEN


@pytest.mark.parametrize("kind", ["resend", "mailgun", "postmark"])
def test_the_webhook_of_a_provider_that_fetches_no_tokens_takes_none(
    call: Gateway, calls: Calls, clock: Clock, kind: str
) -> None:
    assert post(call, f"Bearer {token(clock)}", kind=kind).status == 401
    assert (calls.verifying, calls) == (0, {})


def test_a_body_that_is_too_large_is_refused_before_the_token_is_read(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    answer = post(call, f"Bearer {token(clock)}", body=b" " * (sendgrid_events.MAX_BODY + 1))
    assert answer.status == 400
    assert (calls.verifying, calls) == (0, {})


def test_where_a_token_cannot_say_which_account_a_post_is_from_it_is_refused_visibly(
    call: Gateway, clock: Clock, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Adding a second account would lose every event silently."""
    other = ProviderAccount("none", name="frankfurt")
    assert wiring.access().set_provider_account("demo", other, provider_name="", before=None)
    detail = "only a signature says which of the organization's accounts the post is from: turn it on, too"
    assert post(call, f"Bearer {token(clock)}") == problem(409, "Conflict", detail)
    warned = [one for line in log.getvalue().splitlines() if (one := json.loads(line))["message"] == "webhook refused"]
    assert [(one["organization"], one["detail"]) for one in warned] == [("demo", detail)]
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [one["WebhooksRefused"] for one in metrics if "WebhooksRefused" in one] == [[1.0]]


def test_an_organization_without_an_account_that_the_webhook_feeds_takes_no_events(call: Gateway, clock: Clock) -> None:
    answer = post(call, f"Bearer {token(clock, org='other')}", org="other")
    assert answer == problem(404, "Not Found", "no account that takes events of sendgrid")
