"""Access tokens on the real template, with the vendors' unmodified SDKs: PrivateKey mode, and the refresh flow.

The clients are made by the operator's command, so that their tokens can be of a few seconds: each SDK then asks for
another one during the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.place import ROOT
from tests.stack.test_zoho import python_with_sdk
from tests.support.node import run_node, run_program

if TYPE_CHECKING:
    from collections.abc import Callable


pytestmark = pytest.mark.stack
Stack = dict[str, Any]

SCRIPTS = ROOT / "tests" / "sdk-python"
#: seconds that a token counts, and that a test lets pass
SHORT, PAUSE = 4, 5
#: the same for an SDK that gives up where a new token expires before its request has been answered
LONGER = 20
SECONDS = 300  # Okta's Python SDK alone takes half a minute to import on a busy machine


@pytest.fixture
def create(reprieve: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """Create a client of `demo`, and return what it needs."""

    def made(*more: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(reprieve("clients", "create", "demo", "--name", "test", "--json", *more))
        return answer

    return made


@pytest.fixture
def users_function(stack: Stack) -> None:
    """The function that answers the SDKs has started, so that no token expires meanwhile."""
    headers = {"Authorization": f"SSWS {stack['okta']['token']}"}
    answer = requests.get(f"{stack['okta']['base_url']}/api/v1/users?limit=1", headers=headers, timeout=SECONDS)
    assert answer.status_code == 200


def run_python(python: str, script: str, **given: Any) -> dict[str, Any]:
    """Run one of the scripts for the vendors' Python SDKs."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    ended = subprocess.run(
        [python, str(SCRIPTS / script)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**environment, "OKTA_TESTING_TESTINGDISABLEHTTPSCHECK": "true"},
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


@pytest.mark.slow
@pytest.mark.usefixtures("users_function")
@pytest.mark.parametrize(("dpop", "pause"), [(False, LONGER + 1), (True, 0)])
def test_oktas_python_sdk_works_in_private_key_mode_and_renews_a_token_that_expires(
    stack: Stack, create: Callable[..., dict[str, Any]], dpop: bool, pause: int
) -> None:
    made = create("--dialect", "okta", "--token-lifetime", f"{LONGER}s")
    found = run_python(
        sys.executable,
        "okta_private_key.py",
        base_url=stack["okta"]["base_url"],
        client_id=made["client_id"],
        private_key=made["private_jwk"],
        scopes=["okta.users.read"],
        dpop=dpop,
        pauses=[0, pause],
    )
    assert found["tokens"] == 3  # by default it renews a token 5 minutes before its end, so each of these at once
    assert len(found["users"]) == 3
    assert found["users"] == [found["users"][0]] * 3
    assert found["users"][0]


@pytest.mark.slow
@pytest.mark.usefixtures("users_function")
def test_oktas_node_sdk_works_in_private_key_mode_and_renews_a_token_that_expires(
    stack: Stack, create: Callable[..., dict[str, Any]]
) -> None:
    made = create("--dialect", "okta", "--token-lifetime", f"{LONGER}s")
    users = run_node(
        """
        const { Client } = require('@okta/okta-sdk-nodejs');
        const client = new Client({
          orgUrl: given.url,
          authorizationMode: 'PrivateKey',
          clientId: given.id,
          scopes: ['okta.users.read'],
          privateKey: given.key,
        });
        const logins = async () => {
          const found = [];
          await (await client.userApi.listUsers({ limit: 3 })).each((user) => {
            found.push(user.profile.login);
            return found.length < 3;
          });
          return found;
        };
        const before = await logins();
        const token = client.oauth.accessToken.access_token;
        await new Promise((resolve) => setTimeout(resolve, given.pause * 1000));
        const after = await logins();
        return { before, after, renewed: token !== client.oauth.accessToken.access_token };
        """,
        url=stack["okta"]["base_url"],
        id=made["client_id"],
        key=made["private_jwk"],
        pause=LONGER + 1,
    )
    assert users["before"] == users["after"]
    assert users["before"]
    assert users["renewed"]


@pytest.mark.slow
def test_zohos_python_sdk_refreshes_a_token_that_expires_and_revokes(
    stack: Stack, create: Callable[..., dict[str, Any]]
) -> None:
    made = create("--kind", "refresh", "--dialect", "zoho", "--token-lifetime", f"{SHORT + 5}s")
    found = run_python(
        python_with_sdk("8"),
        "zoho_refresh.py",
        base_url=stack["zoho"]["base_url"],
        accounts_url=stack["zoho"]["accounts_url"],
        client_id=made["client_id"],
        client_secret=made["client_secret"],
        refresh_token=made["refresh_token"],
        pauses=[0, PAUSE],  # the SDK renews a token 5 seconds before it expires
    )
    assert found["tokens"] >= 2  # more where the machine is so busy that each call takes seconds
    assert found["revoked"]
    assert len(set(found["statuses"])) == 1
    assert "invalid_code" in found["after"]


@pytest.mark.slow
def test_zohos_node_sdk_refreshes_a_token_that_expires_and_revokes(
    stack: Stack, create: Callable[..., dict[str, Any]]
) -> None:
    made = create("--kind", "refresh", "--dialect", "zoho", "--token-lifetime", f"{SHORT + 5}s")
    found = run_program(
        "zoho_refresh.mjs",
        {
            "base_url": stack["zoho"]["base_url"],
            "accounts_url": stack["zoho"]["accounts_url"],
            **{name: made[name] for name in ("client_id", "client_secret", "refresh_token")},
            "pauses": [0, PAUSE],  # the SDK renews a token 5 seconds before it expires
        },
    )
    assert found["tokens"] >= 2  # more where the machine is so busy that each call takes seconds
    assert len(set(found["statuses"])) == 1
    assert "invalid_code" in found["after"]


def test_the_clients_of_a_new_stack_get_tokens_that_count(stack: Stack) -> None:
    okta, zoho, reprieve = stack["okta"], stack["zoho"], stack["reprieve"]
    assert okta["token_url"] == f"{okta['base_url']}/oauth2/v1/token"
    assert {"client_id", "private_jwk"} <= okta.keys()
    refreshed = requests.post(
        zoho["accounts_url"],
        data={
            "grant_type": "refresh_token",
            **{name: zoho[name] for name in ("client_id", "client_secret", "refresh_token")},
        },
        timeout=30,
    ).json()
    org = requests.get(
        f"{zoho['base_url']}/crm/v8/org",
        headers={"Authorization": f"Zoho-oauthtoken {refreshed['access_token']}"},
        timeout=30,
    )
    assert org.status_code == 200
    secret = (reprieve["client_id"], reprieve["client_secret"])
    form = {"grant_type": "client_credentials"}
    granted = requests.post(reprieve["token_url"], data=form, auth=secret, timeout=30)
    assert (granted.status_code, granted.json()["token_type"]) == (200, "Bearer")
    bearer = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    answer = requests.get(f"{reprieve['base_url']}/reprieve/suppressions", headers=bearer, timeout=30)
    assert answer.status_code == 200


@pytest.mark.slow  # it waits for the minute
def test_a_revoked_client_is_refused_within_a_minute(
    stack: Stack, reprieve: Callable[..., str], create: Callable[..., dict[str, Any]]
) -> None:
    made = create("--kind", "secret", "--dialect", "okta")
    secret = (made["client_id"], made["client_secret"])
    form = {"grant_type": "client_credentials"}
    token = requests.post(stack["okta"]["token_url"], data=form, auth=secret, timeout=30).json()["access_token"]
    me = f"{stack['okta']['base_url']}/api/v1/users/me"
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(me, headers=bearer, timeout=30).status_code == 200
    reprieve("clients", "revoke", "demo", made["client_id"])
    assert requests.post(stack["okta"]["token_url"], data=form, auth=secret, timeout=30).status_code == 401
    deadline = time.monotonic() + 75
    while requests.get(me, headers=bearer, timeout=30).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(3)
    assert requests.get(me, headers=bearer, timeout=30).json()["errorCode"] == "E0000011"


def test_the_published_keys_are_those_of_the_tokens(stack: Stack) -> None:
    keys = requests.get(f"{stack['okta']['base_url']}/oauth2/v1/keys", timeout=30).json()["keys"]
    assert all(key.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"} for key in keys)
    assert keys
