"""Who asked, with which credential, from where and in which request: in the entry of each change, by whatever door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.client import ClientKind
from reprieve.access.oauth import ClientSecret
from reprieve.context import OPERATOR, Context
from reprieve.runtime import wiring
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.functions.test_scopes import EVERYTHING
from tests.support.gateway import DEMO, function, proxy_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.gateway import Answer, Calls, Clock, Gateway

AGENT = "okta-sdk-python/3.4.6 python/3.11"
FORM = {"content-type": "application/x-www-form-urlencoded"}
#: where the requests of these tests come from, in an entry
HERE = (
    "192.0.2.1",
    {"rawUserAgent": AGENT, "os": None, "browser": None},
    [{"ip": "192.0.2.1", "geographicalContext": None, "version": "V4", "source": None}],
)
#: one change by each of the four dialects: function, method, path, stage, its parameters, and its body
CHANGES: dict[str, tuple[str, str, str, str, Mapping[str, str], object]] = {
    "okta": (
        "recipients",
        "POST",
        "/v1/users",
        "api",
        {},
        {"profile": {"login": "a@x.io", "email": "a@x.io", "firstName": "A", "lastName": "B"}},
    ),
    "sendgrid": ("bounce_purge", "PATCH", "/mail_settings/bounce_purge", "v3", {}, {"enabled": True}),
    "zoho": (
        "records",
        "POST",
        "/{version}/{module}",
        "crm",
        {"version": "v8", "module": "Leads"},
        {"data": [{"Email": "a@x.io", "Last_Name": "B"}]},
    ),
    "reprieve": ("holds", "POST", "/holds", "reprieve", {}, {"email": "a@x.io", "reason": "asked"}),
}

pytestmark = pytest.mark.usefixtures("demo")


def entries(event_type: str = "") -> list[Mapping[str, Any]]:
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    found = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=1_000)]
    return [one for one in found if not event_type or one["eventType"] == event_type]


def came_from(entry: Mapping[str, Any]) -> tuple[object, object, object]:
    return entry["client"]["ipAddress"], entry["client"]["userAgent"], entry["request"]["ipChain"]


def change(call: Gateway, dialect: str, agent: str) -> Answer:
    """Make a dialect's change with a program that calls itself `agent`."""
    name, method, resource, stage, path, body = CHANGES[dialect]
    return call(
        function(name),
        method,
        resource,
        path=path,
        body=body,
        headers={"User-Agent": agent},
        scopes=EVERYTHING | {"ZohoCRM.modules.ALL"},
        stage=stage,
    )


@pytest.mark.parametrize("dialect", CHANGES)
def test_a_change_by_an_api_says_who_made_it_with_what_and_from_where(call: Gateway, dialect: str) -> None:
    answer = change(call, dialect, AGENT)
    assert answer.status < 300
    (entry,) = entries()
    assert entry["actor"] == {
        "id": "cred-1",
        "type": "User",
        "alternateId": "test",
        "displayName": "credential cred-1",
        "detailEntry": None,
    }
    assert came_from(entry) == HERE
    _, _, path, stage, *_ = CHANGES[dialect]
    assert entry["debugContext"]["debugData"]["requestUri"] == f"/{stage}{path}"
    request_id = next(answer.headers[word] for word in ("x-okta-request-id", "x-request-id") if word in answer.headers)
    assert [entry["transaction"]["id"]] == request_id
    assert entry["transaction"]["detail"] == {"requestApiTokenId": "cred-1"}


def post(call: Gateway, name: str, path: str, stage: str, form: str, **parameters: str) -> int:
    event = proxy_event(
        "POST",
        path,
        path=parameters,
        query={},
        headers={**FORM, "User-Agent": AGENT},
        body=form.encode(),
        stage=stage,
        as_base64=False,
    )
    return call.send(function(name), event).status


@pytest.fixture
def secrets_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS_KEY", wiring.client("kms").create_key()["KeyMetadata"]["KeyId"])
    wiring.vault.cache_clear()


@pytest.mark.usefixtures("secrets_key")
def test_a_token_that_is_issued_or_revoked_says_from_where_it_was_asked_for(call: Gateway, clock: Clock) -> None:
    by = Context(DEMO, OPERATOR, "r", clock.now)
    wiring.signing_keys().ensure(lambda one: Context(one, OPERATOR, "k", clock.now), now=clock.now)
    clients = wiring.clients(lambda _: None)
    own, secret = clients.create(by, ClientKind.SECRET, name="SDK", scopes=["okta.logs.read"])
    crm, refresh = clients.create(by, ClientKind.REFRESH, name="CRM", scopes=["ZohoCRM.org.READ"])
    asked = f"grant_type=client_credentials&client_id={own.id}&client_secret={secret.secret}"
    assert post(call, "okta_tokens", "/v1/token", "oauth2", asked) == 200
    form = f"client_id={crm.id}&client_secret={refresh.secret}&refresh_token={refresh.refresh_token}"
    assert post(call, "zoho_tokens", "/v2/token", "oauth", f"grant_type=refresh_token&{form}") == 200
    assert post(call, "zoho_tokens", "/v2/token/revoke", "oauth", f"token={refresh.refresh_token}") == 200
    granted = entries("app.oauth2.token.grant.access_token")
    revoked = entries("app.oauth2.token.revoke")
    assert [came_from(one) for one in granted + revoked] == [HERE] * 3
    assert sorted(one["actor"]["displayName"] for one in granted) == ["CRM", "SDK"]


@pytest.mark.usefixtures("secrets_key")
def test_an_access_token_is_known_by_the_name_of_its_client(call: Gateway, clock: Clock) -> None:
    by = Context(DEMO, OPERATOR, "r", clock.now)
    wiring.signing_keys().ensure(lambda one: Context(one, OPERATOR, "k", clock.now), now=clock.now)
    own, secret = wiring.clients(lambda _: None).create(
        by, ClientKind.SECRET, name="Café SDK", scopes=["mail_settings.bounce_purge.update"]
    )
    proof = ClientSecret(own.id, secret.secret)
    token = wiring.token_requests().client_credentials(proof, (), url="", request_id="t", now=clock.now).token
    call(
        function("bounce_purge"),
        "PATCH",
        "/mail_settings/bounce_purge",
        headers={"Authorization": f"Bearer {token}"},
        body={"enabled": True},
        organization=None,
        stage="v3",
    )
    (entry,) = entries("reprieve.bounce_purge.update")
    assert (entry["actor"]["id"], entry["actor"]["alternateId"]) == (own.id, "Café SDK")


@pytest.mark.usefixtures("secrets_key")
def test_a_click_on_an_unsubscribe_link_says_from_where_it_came(call: Gateway, calls: Calls) -> None:
    made = call(
        function("unsubscribe_links"),
        "POST",
        "/unsubscribe-links",
        body={"emails": ["a@x.io"]},
        scopes=["reprieve.links.create"],
        stage="reprieve",
    )
    token = made.body["links"][0]["url"].rpartition("/")[2]
    form = "List-Unsubscribe=One-Click"
    assert post(call, "unsubscribe_links", "/unsubscribe/{token}", "reprieve", form, token=token) == 200
    (entry,) = entries("reprieve.suppression.add")
    assert came_from(entry) == HERE
    assert entry["debugContext"]["debugData"]["requestUri"] == "/reprieve/unsubscribe/{token}"
    assert token not in str(entry)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", None),
        ("a" * 2_000, "a" * 512),
        ("curl/8\t\x1b[31m", "curl/8??[31m"),
        ("Café 1", "Café 1"),
    ],
)
def test_what_a_program_calls_itself_is_kept_as_far_as_it_can_be_shown(
    call: Gateway, sent: str, kept: str | None
) -> None:
    change(call, "sendgrid", sent)
    (entry,) = entries()
    agent = entry["client"]["userAgent"]
    assert (agent["rawUserAgent"] if agent else None) == kept
