"""Parsing and rendering of Okta's Email Servers API: a refusal names every invalid member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.dialects.exchange import Request
from reprieve.dialects.okta import email_servers as wire
from reprieve.email_servers.email_server import AuthType, Settings
from reprieve.errors import InvalidInput, ReprieveError, UnreadableBody

BASIC: dict[str, Any] = {"alias": "a", "host": "smtp.example.com", "port": 587, "username": "u", "password": "p"}
OAUTH: dict[str, Any] = {
    **{name: value for name, value in BASIC.items() if name != "password"},
    "clientId": "id",
    "tokenEndpoint": "https://oauth.example.com/token",
    "scopes": ["send"],
}
CLIENT_CREDENTIALS = OAUTH | {
    "authType": "OAUTH2_CLIENT_CREDENTIALS",
    "tokenEndpointAuthMethod": "CLIENT_SECRET_POST",
    "clientSecret": "s",
}
JWT_BEARER = OAUTH | {
    "authType": "OAUTH2_JWT_BEARER_GRANT",
    "signingAlgorithm": "RS256",
    "keyId": "k",
    "issuer": "i",
    "subject": "s",
    "audience": "a",
    "privateKey": "-----BEGIN PRIVATE KEY-----\n",
}
KINDS = {"basic": BASIC, "client credentials": CLIENT_CREDENTIALS, "JWT bearer": JWT_BEARER}
BLANK = "The field cannot be left blank"
SETTINGS = Settings(alias="a", host="smtp.example.com", port=587, username="u", auth_type=AuthType.BASIC, enabled=False)


def request(body: object) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("0" * 32, "POST", "/r", "https://example.com/r", {}, {}, {}, raw, None, 0)


def test_what_is_left_out_of_a_basic_server_has_okta_s_defaults() -> None:
    assert wire.parse_create(request(BASIC)) == (SETTINGS, "p")


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_that_a_kind_needs_is_asked_for_by_its_name(kind: str) -> None:
    needed = set(KINDS[kind]) - {"authType"}
    for name in needed:
        with pytest.raises(InvalidInput) as refused:
            wire.parse_create(request({word: value for word, value in KINDS[kind].items() if word != name}))
        assert (refused.value.field, refused.value.problem) == (name, BLANK)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alias", ""),
        ("alias", " "),
        ("alias", None),
        ("alias", 5),
        ("alias", "x" * 256),
        ("host", "a\r\nb"),
        ("host", ["smtp.example.com"]),
        ("port", 0),
        ("port", 65536),
        ("port", "587"),
        ("port", True),
        ("port", 587.5),
        ("port", None),
        ("username", "a\0b"),
        ("enabled", "true"),
        ("enabled", None),
        ("authType", "PLAIN"),
        ("authType", None),
        ("password", ""),
        ("password", "a\0b"),
        ("password", "x" * 4097),
        ("password", "é" * 2049),
        ("tokenEndpoint", "http://oauth.example.com/token"),
        ("tokenEndpointAuthMethod", "PRIVATE_KEY_JWT"),
        ("signingAlgorithm", "HS256"),
        ("scopes", []),
        ("scopes", "send"),
        ("scopes", ["two words"]),
        ("scopes", [None]),
        ("privateCa", "no certificate"),
        ("privateCa", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        ("privateCa", 5),
    ],
)
def test_a_member_that_is_not_what_it_must_be_is_named_in_a_creation_and_in_a_change(name: str, value: object) -> None:
    for parse in (wire.parse_create, wire.parse_update):
        with pytest.raises(InvalidInput) as refused:
            parse(request(BASIC | {name: value}))
        assert refused.value.field == name
        assert not isinstance(refused.value, UnreadableBody)


def test_a_refusal_does_not_repeat_the_secret() -> None:
    with pytest.raises(InvalidInput) as refused:
        wire.parse_create(request(BASIC | {"password": ["canary"]}))
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"5", b"null", b'{"alias": "\\ud800"}', b"\xff"])
def test_a_body_that_is_not_a_json_object_is_not_well_formed(body: bytes) -> None:
    for parse in (wire.parse_create, wire.parse_update, wire.parse_test):
        with pytest.raises(UnreadableBody):
            parse(request(body))


def test_a_port_is_an_integer_as_json_has_it() -> None:
    settings, _ = wire.parse_create(request(BASIC | {"port": 587.0}))
    assert settings.port == 587


def test_what_okta_does_not_know_is_ignored() -> None:
    assert wire.parse_create(request(BASIC | {"id": "x", "_links": {}})) == (SETTINGS, "p")


def test_a_change_sets_what_is_there_and_leaves_the_rest() -> None:
    assert wire.parse_update(request({"alias": "b"}))(SETTINGS)[0].alias == "b"
    assert wire.parse_update(request({}))(SETTINGS) == (SETTINGS, None)
    assert wire.parse_update(request({"password": "new"}))(SETTINGS) == (SETTINGS, "new")


def test_a_change_without_a_kind_keeps_the_kind() -> None:
    settings, _ = wire.parse_create(request(JWT_BEARER))
    changed, secret = wire.parse_update(request({"keyId": "new", "privateKey": "-----BEGIN"}))(settings)
    assert (changed.auth_type, changed.oauth and changed.oauth.key_id, secret) == (
        AuthType.JWT_BEARER,
        "new",
        "-----BEGIN",
    )


def test_a_change_of_kind_leaves_nothing_of_the_old_one() -> None:
    settings, _ = wire.parse_create(request(JWT_BEARER))
    changed, secret = wire.parse_update(request({"authType": "BASIC_SMTP_AUTH", "password": "p"}))(settings)
    assert (changed, secret) == (SETTINGS, "p")
    with pytest.raises(InvalidInput, match="clientSecret: The field"):
        wire.parse_update(
            request({name: value for name, value in CLIENT_CREDENTIALS.items() if name != "clientSecret"})
        )(settings)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(body=st.dictionaries(st.sampled_from(sorted(wire.NAMES)), JSON) | JSON)
def test_whatever_is_sent_is_understood_or_refused(body: object) -> None:
    for parse in (wire.parse_create, wire.parse_update, wire.parse_test):
        try:
            parse(request(body))
        except ReprieveError as refused:
            assert isinstance(refused, InvalidInput)  # noqa: PT017 - that it is raised is not a must


@given(text=st.text(max_size=40), name=st.sampled_from(["fromAddress", "toAddress", "from", "to"]))
def test_no_line_end_and_no_second_address_gets_into_a_test(text: str, name: str) -> None:
    sent = {"fromAddress": "a@example.com", "toAddress": "b@example.com"}
    if name in {"from", "to"}:
        sent.pop(f"{name}Address")
    try:
        addresses = wire.parse_test(request(sent | {name: text}))
    except InvalidInput:
        return
    for address in addresses:
        assert address.isascii()
        assert address.isprintable()
        assert not set(address) & set(' <>,;"')
