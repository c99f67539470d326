"""The token endpoints, from request to answer, and requests with the tokens that they issue."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt

from reprieve.access import jose
from reprieve.access.client import Client, ClientKind, Secrets
from reprieve.clock import Millis, to_seconds
from reprieve.context import OPERATOR, Context
from reprieve.runtime import wiring
from tests.support.gateway import DEMO, Answer, Matching, function

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import StringIO

    from tests.support.gateway import Calls, Clock, Gateway

    Ask = Callable[..., Answer]

TOKEN_URL = "https://reprieve.example.com/oauth2/v1/token"
FORM = {"content-type": "application/x-www-form-urlencoded"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ("okta.logs.read", "okta.users.read")
JWT = Matching(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
ERROR_ID = Matching(r"oae[A-Za-z0-9_-]{22}")
UNAUTHORIZED = {"error": "invalid_client", "error_description": "Client authentication failed."}


@pytest.fixture(autouse=True)
def deployment(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The organization `demo`, a KMS key and a signing key."""
    monkeypatch.setenv("SECRETS_KEY", wiring.client("kms").create_key()["KeyMetadata"]["KeyId"])
    wiring.access().create_organization(DEMO)
    wiring.signing_keys().rotate(asking, now=wiring.now())


def asking(organization: Any) -> Context:
    return Context(organization, OPERATOR, "r", wiring.now())


def client(kind: ClientKind, *, scopes: tuple[str, ...] = SCOPES) -> tuple[Client, Secrets]:
    return wiring.clients(lambda _: None).create(asking(DEMO), kind, name="SDK", scopes=scopes)


def assertion(made: Client, secrets: Secrets, clock: Clock, **changes: Any) -> str:
    key, now = jose.own_key(secrets.private_jwk), to_seconds(Millis(clock.now))
    said = {"iss": made.id, "sub": made.id, "aud": TOKEN_URL, "exp": now + 300, "jti": "j1", **changes}
    return jwt.encode({"alg": "RS256"}, said, key, algorithms=["RS256"])


@pytest.fixture
def okta(call: Gateway) -> Ask:
    """Post a form to Okta's token endpoint."""

    def ask(form: Mapping[str, str] | str | bytes, *, query: Mapping[str, str] | None = None, **headers: str) -> Answer:
        body = form if isinstance(form, str | bytes) else urlencode(form)
        handler = function("okta_tokens")
        return call(
            handler,
            "POST",
            "/v1/token",
            body=body,
            headers={**FORM, **headers},
            query=query,
            organization=None,
            stage="oauth2",
            as_base64=isinstance(body, bytes),
        )

    return ask


@pytest.fixture
def zoho(call: Gateway) -> Ask:
    """Post a form to Zoho's accounts server."""

    def ask(
        form: Mapping[str, str] | str | None, path: str = "/v2/token", *, kind: str = FORM["content-type"], **query: str
    ) -> Answer:
        body = form if form is None or isinstance(form, str) else urlencode(form)
        return call(
            function("zoho_tokens"),
            "POST",
            path,
            body=body,
            headers={"content-type": kind},
            query=query,
            organization=None,
            stage="oauth",
        )

    return ask


def okta_form(secrets: Mapping[str, str], **more: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", **secrets, **more}


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


# ---------------------------------------------------------------- Okta


def test_a_signed_assertion_gets_a_token_which_is_good_at_once(
    okta: Ask, call: Gateway, clock: Clock, calls: Calls
) -> None:
    made, secrets = client(ClientKind.PRIVATE_KEY)
    form = okta_form(
        {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(made, secrets, clock)},
        scope="okta.logs.read",
    )
    answer = okta(form, DPoP="eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.x")
    assert answer == Answer(
        200, {"token_type": "Bearer", "expires_in": 3600, "access_token": JWT, "scope": "okta.logs.read"}
    )
    assert answer.headers["content-type"] == ["application/json"]
    assert answer.headers["cache-control"] == ["no-cache, no-store"]
    assert calls == {"GetItem": 3, "PutItem": 1, "BatchExecuteStatement": 1}
    okta(form)
    assert calls == {"GetItem": 1, "PutItem": 1}  # an assertion that was used
    logs = function("system_log")
    headers = {"authorization": f"Bearer {answer.body['access_token']}"}
    assert call(logs, "GET", "/v1/logs", headers=headers, organization=None).status == 200
    users = call(function("recipients"), "GET", "/v1/users", headers=headers, organization=None)
    assert (users.status, users.body["errorCode"]) == (403, "E0000006")


def test_an_assertion_may_be_in_the_query_where_oktas_go_sdk_puts_it_without_a_jti(okta: Ask, clock: Clock) -> None:
    made, secrets = client(ClientKind.PRIVATE_KEY)
    key, now = jose.own_key(secrets.private_jwk), to_seconds(Millis(clock.now))
    said = {"iss": made.id, "sub": made.id, "aud": TOKEN_URL, "iat": now, "exp": now + 3600}
    signed = jwt.encode({"alg": "RS256"}, said, key, algorithms=["RS256"])
    query = okta_form({"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}, scope="okta.logs.read")
    granted = Answer(200, {"token_type": "Bearer", "expires_in": 3600, "access_token": JWT, "scope": "okta.logs.read"})
    assert [okta("", query=query) for _ in range(2)] == [granted, granted]
    assert okta({"grant_type": "client_credentials"}, query=query).body == {
        "error": "invalid_request",
        "error_description": "A parameter occurs more than once.",
    }


def test_a_secret_in_the_url_is_refused_even_if_it_is_right(okta: Ask) -> None:
    made, secrets = client(ClientKind.SECRET)
    answer = okta("", query=okta_form({"client_id": made.id, "client_secret": secrets.secret}))
    assert answer == Answer(
        400, {"error": "invalid_request", "error_description": "The client_secret must not be in the URL."}
    )


@pytest.mark.parametrize("way", ["header", "form"])
def test_a_secret_gets_a_token_by_the_header_or_the_form(okta: Ask, calls: Calls, way: str) -> None:
    made, secrets = client(ClientKind.SECRET)
    if way == "header":
        answer = okta(okta_form({}), Authorization=basic(made.id, secrets.secret))
    else:
        answer = okta(okta_form({"client_id": made.id, "client_secret": secrets.secret}))
    assert answer == Answer(
        200, {"token_type": "Bearer", "expires_in": 3600, "access_token": JWT, "scope": " ".join(SCOPES)}
    )
    assert calls == {"GetItem": 3, "BatchExecuteStatement": 1}


def test_a_token_is_asked_for_again_without_a_read_of_the_keys(okta: Ask, calls: Calls) -> None:
    made, secrets = client(ClientKind.SECRET)
    for _ in range(2):
        okta(okta_form({"client_id": made.id, "client_secret": secrets.secret}))
    assert calls == {"GetItem": 2, "BatchExecuteStatement": 1}


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "Bearer"])
def test_an_access_token_is_sent_as_bearer_and_not_as_a_long_lived_token(
    okta: Ask, call: Gateway, calls: Calls, scheme: str
) -> None:
    made, secrets = client(ClientKind.SECRET)
    token = okta(okta_form({"client_id": made.id, "client_secret": secrets.secret})).body["access_token"]
    recipients = function("recipients")

    def me(value: str) -> Answer:
        headers = {"authorization": value}
        return call(recipients, "GET", "/v1/users/me", headers=headers, organization=None)

    assert me(scheme + token).body["id"] == made.id
    assert calls.verifying == 1
    assert (me(f"SSWS {token}").status, me(f"SSWS {token}").body["errorCode"]) == (401, "E0000011")
    assert calls.verifying == 0


REFUSED = [
    ("", 400, "invalid_request", "The grant_type is missing."),
    ("grant_type=", 400, "invalid_request", "The grant_type is missing."),
    ("grant_type=password", 400, "unsupported_grant_type", "The only grant_type here is client_credentials."),
    ("grant_type=client_credentials&grant_type=x", 400, "invalid_request", "A parameter occurs more than once."),
    ("grant_type=client_credentials", 401, "invalid_client", "A client_assertion or a client_secret must be given."),
    ("grant_type=%ff", 400, "invalid_request", "The form cannot be read."),
    (b"grant_type=\xc3\xa9", 400, "invalid_request", "The form cannot be read."),
    ("a" * 16_385, 400, "invalid_request", "The request is larger than 16384 bytes."),
    ("&".join(f"a{n}=1" for n in range(30)), 400, "invalid_request", "The form cannot be read."),
    (
        "grant_type=client_credentials&client_assertion=a.b.c",
        400,
        "invalid_request",
        f"The client_assertion_type must be {ASSERTION_TYPE}.",
    ),
    (
        "grant_type=client_credentials&client_assertion=a.b.c&client_secret=x&client_id=y",
        400,
        "invalid_request",
        "A client must authenticate in one way only.",
    ),
    (
        f"grant_type=client_credentials&client_assertion=a.b.c&client_assertion_type={ASSERTION_TYPE}",
        401,
        "invalid_client",
        "The client_assertion is not valid: not a token with a good signature.",
    ),
    (
        "grant_type=client_credentials&client_id=rpc_demo_00000000000000000000&client_secret=x",
        401,
        "invalid_client",
        "Client authentication failed.",
    ),
]


@pytest.mark.parametrize(("form", "status", "error", "description"), REFUSED)
def test_what_is_wrong_with_a_request_is_said_in_oauths_form(
    okta: Ask, form: str | bytes, status: int, error: str, description: str
) -> None:
    answer = okta(form)
    assert answer == Answer(status, {"error": error, "error_description": description})
    assert answer.headers["x-error-id"] == [ERROR_ID]
    assert ("www-authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize("kind", ["application/json", "", "text/plain", "multipart/form-data; boundary=x"])
def test_a_body_that_is_not_a_form_is_refused(okta: Ask, kind: str) -> None:
    answer = okta(okta_form({}), **{"content-type": kind})
    assert answer == Answer(
        400,
        {
            "error": "invalid_request",
            "error_description": "The Content-Type must be application/x-www-form-urlencoded.",
        },
    )


@pytest.mark.parametrize(
    "header", ["Bearer x", "Basic", "Basic !", "Basic YWJj", "Basic " + "YTpi" * 1000, "Basic /w=="]
)
def test_a_header_that_is_not_basic_is_refused(okta: Ask, header: str) -> None:
    answer = okta(okta_form({}), Authorization=header)
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def test_an_id_in_the_form_that_differs_from_the_headers_is_refused(okta: Ask) -> None:
    answer = okta(okta_form({"client_id": "b"}), Authorization=basic("a", "b"))
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_scope_that_was_not_granted_is_refused(okta: Ask) -> None:
    made, secrets = client(ClientKind.SECRET)
    answer = okta(okta_form({"client_id": made.id, "client_secret": secrets.secret}, scope="okta.logs.readx"))
    assert answer == Answer(
        400,
        {"error": "invalid_scope", "error_description": "One or more scopes were not granted to this client."},
    )


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_wrong_method_is_refused_with_the_right_one(call: Gateway, method: str) -> None:
    answer = call(function("okta_tokens"), method, "/v1/token", organization=None, stage="oauth2")
    assert (answer.status, answer.body["error"], answer.headers["allow"]) == (405, "invalid_request", ["POST"])


def test_the_published_keys_are_public(call: Gateway, calls: Calls) -> None:
    answer = call(function("okta_tokens"), "GET", "/v1/keys", organization=None, stage="oauth2")
    (key,) = answer.body["keys"]
    assert (answer.status, key["kty"], key["crv"], key["alg"], key["use"]) == (200, "EC", "P-256", "ES256", "sig")
    assert key.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert calls == {"GetItem": 1}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    form=st.dictionaries(
        st.sampled_from(
            ["grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"]
        ),
        st.sampled_from(["client_credentials", "refresh_token", ASSERTION_TYPE, "a.b.c", "e30.e30.e30"])
        | st.text(max_size=30),
    ),
    in_query=st.booleans(),
)
def test_any_form_is_refused_below_500_and_changes_nothing(okta: Ask, form: dict[str, str], *, in_query: bool) -> None:
    answer = okta("", query=form) if in_query else okta(form)
    assert answer.status in {400, 401}
    assert answer.body.keys() == {"error", "error_description"}


# ---------------------------------------------------------------- Zoho


def zoho_form(made: Client, secrets: Secrets, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "refresh_token",
        "client_id": made.id,
        "client_secret": secrets.secret,
        "refresh_token": secrets.refresh_token,
        **changes,
    }


def test_a_refresh_token_gets_a_token_as_zohos_sdks_ask_for_it(zoho: Ask, call: Gateway, calls: Calls) -> None:
    made, secrets = client(ClientKind.REFRESH, scopes=("ZohoCRM.users.READ",))
    answer = zoho(zoho_form(made, secrets))
    assert answer == Answer(
        200, {"access_token": JWT, "scope": "ZohoCRM.users.READ", "token_type": "Bearer", "expires_in": 3600}
    )
    assert calls == {"GetItem": 4, "BatchExecuteStatement": 1}
    headers = {"authorization": f"Zoho-oauthtoken {answer.body['access_token']}"}
    path = {"version": "v8"}
    query = {"type": "CurrentUser"}
    users = call(
        function("records"),
        "GET",
        "/{version}/users",
        headers=headers,
        path=path,
        query=query,
        organization=None,
        stage="crm",
    )
    assert users.status == 200


def test_the_parameters_may_be_in_the_query(zoho: Ask) -> None:
    made, secrets = client(ClientKind.REFRESH)
    assert zoho(None, **zoho_form(made, secrets)).body["access_token"] == JWT
    assert zoho({"client_id": made.id}, **zoho_form(made, secrets)).body["error"] == "invalid_request"


#: what Zoho's Node SDK makes of its boundary
BOUNDARY = "--------------------------d4832d761736ed79d892abdf"
PARTS = f"multipart/form-data; boundary={BOUNDARY}"


def in_parts(form: Mapping[str, str]) -> str:
    """A form as Zoho's Node SDK sends it."""
    parts = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{form[name]}\r\n' for name in form)
    return "".join(parts) + f"--{BOUNDARY}--\r\n"


def test_a_form_may_come_in_parts_as_zohos_node_sdk_sends_it(zoho: Ask, okta: Ask, log: StringIO) -> None:
    made, secrets = client(ClientKind.REFRESH)
    form = zoho_form(made, secrets)
    token = zoho(in_parts(form), kind=PARTS).body["access_token"]
    assert token == JWT
    revoked = zoho(in_parts({"token": secrets.refresh_token}), "/v2/token/revoke", kind=PARTS)
    assert revoked == Answer(200, {"status": "success"})
    assert zoho(in_parts(form), kind=PARTS).body["error"] == "invalid_code"
    assert okta(in_parts(form), **{"content-type": PARTS}).body["error"] == "invalid_request"
    for secret in (token, secrets.secret, secrets.refresh_token):
        assert secret not in log.getvalue()


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ("", PARTS, "unsupported_grant_type"),
        ("garbage", PARTS, "unsupported_grant_type"),
        (in_parts({"grant_type": "refresh_token"}), "multipart/form-data", "unsupported_grant_type"),
        (in_parts({"grant_type": "refresh_token"}), "multipart/form-data; boundary=x", "unsupported_grant_type"),
        (in_parts({"grant_type": "refresh_token"}), f"multipart/mixed; boundary={BOUNDARY}", "invalid_request"),
        (in_parts({"grant_type": "refresh_token"}), PARTS, "invalid_client"),
        (in_parts({"grant_type": "refresh_token"}) * 2, PARTS, "invalid_client"),  # nothing counts after the end
        (in_parts({f"a{number}": "1" for number in range(30)}), PARTS, "invalid_request"),
        (in_parts({"client_secret": "\xe9"}), PARTS, "invalid_request"),
        (in_parts({"client_secret": "a" * 16_384}), PARTS, "invalid_request"),
    ],
)
def test_what_is_wrong_with_parts_is_said_in_zohos_form(zoho: Ask, body: str, kind: str, error: str) -> None:
    answer = zoho(body, kind=kind)
    assert (answer.status, answer.body["error"], answer.body.keys()) == (200, error, {"error", "error_description"})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": "1000.ABC"}, "invalid_client"),
        ({"refresh_token": ""}, "invalid_code"),
        ({"refresh_token": "rpr_demo_" + "a" * 43}, "invalid_code"),
    ],
)
def test_zohos_accounts_server_refuses_with_200(zoho: Ask, changes: dict[str, str], error: str) -> None:
    made, secrets = client(ClientKind.REFRESH)
    answer = zoho(zoho_form(made, secrets, **changes))
    assert (answer.status, answer.body["error"], answer.body.keys()) == (200, error, {"error", "error_description"})
    assert answer.headers["content-type"] == ["application/json"]


def test_a_refresh_token_is_revoked_once(zoho: Ask, calls: Calls) -> None:
    made, secrets = client(ClientKind.REFRESH)
    answer = zoho({"token": secrets.refresh_token}, "/v2/token/revoke")
    assert answer == Answer(200, {"status": "success"})
    assert calls == {"GetItem": 3, "UpdateItem": 1, "DeleteItem": 1, "BatchExecuteStatement": 1}
    assert zoho({"token": secrets.refresh_token}, "/v2/token/revoke") == Answer(200, {"error": "invalid_code"})
    assert zoho({}, "/v2/token/revoke").body["error"] == "invalid_request"
    assert zoho(zoho_form(made, secrets)).body["error"] == "invalid_code"


# ---------------------------------------------------------------- secrets


def test_no_secret_and_no_token_is_in_the_function_log(okta: Ask, zoho: Ask, clock: Clock, log: StringIO) -> None:
    made, secrets = client(ClientKind.PRIVATE_KEY)
    refreshing, refresh = client(ClientKind.REFRESH)
    signed = assertion(made, secrets, clock)
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    tokens = [okta(okta_form(proof)).body["access_token"], zoho(zoho_form(refreshing, refresh)).body["access_token"]]
    okta(okta_form(proof))
    okta(okta_form({"client_id": made.id, "client_secret": "canary-1"}))
    okta(okta_form({}), Authorization=basic("canary-2", "canary-3"))
    okta("", query=okta_form({"client_id": made.id, "client_secret": "canary-5", "client_assertion": "canary-6"}))
    zoho(zoho_form(refreshing, refresh, refresh_token="canary-4"))
    zoho({"token": refresh.refresh_token}, "/v2/token/revoke")
    written = log.getvalue()
    assert written.count("/v1/token") == 5
    for secret in (signed, *tokens, refresh.secret, refresh.refresh_token, json.loads(secrets.private_jwk)["d"]):
        assert secret not in written
    assert "canary" not in written
