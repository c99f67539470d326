"""An administrator creates and revokes what acts for the organization, by the role that the template gives the page."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.stack


@pytest.fixture
def ask(stack: dict[str, Any]) -> Callable[..., str]:
    """A page of the console, for an administrator; or what a form is answered."""

    def asked(path: str, form: dict[str, str] | None = None, *, status: int = 200) -> str:
        headers = {"Authorization": f"Bearer {stack['console']['token']}", "Origin": stack["console"]["base_url"]}
        url = f"{stack['console']['url'].rstrip('/')}{path}"
        answer = requests.request("GET" if form is None else "POST", url, headers=headers, data=form, timeout=60)
        assert answer.status_code == status, answer.text
        return answer.text

    return asked


def revoke(ask: Callable[..., str], identifier: str) -> str:
    """What the page says behind the question and the answer."""
    assert "Nothing has been changed yet." in ask(f"/people/{identifier}/revoke")
    return ask(f"/people/{identifier}/revoke", {"sent": "yes"})


def test_a_token_a_client_and_an_issuer_are_revoked_and_a_created_token_counts_until_then(
    stack: dict[str, Any], reprieve: Callable[..., str], ask: Callable[..., str]
) -> None:
    page = ask("/people", {"name": "from the console", "role": "viewer", "purpose": "okta"})
    (token,) = re.findall(r'<code class="token">([^<]*)</code>', page)
    (made,) = re.findall(r"<dt>Id</dt><dd><code>([0-9a-f]{16})</code>", page)
    url = f"{stack['okta']['base_url']}/api/v1/logs"
    seen = [requests.get(url, headers={"Authorization": f"SSWS {token}"}, timeout=60).status_code]
    assert "The API token was revoked." in revoke(ask, made)
    seen.append(requests.get(url, headers={"Authorization": f"SSWS {token}"}, timeout=60).status_code)
    assert seen == [200, 401]

    created = json.loads(
        reprieve("clients", "create", "demo", "--name", "CRM", "--kind", "refresh", "--dialect", "zoho", "--json")
    )
    assert "The OAuth client was revoked." in revoke(ask, created["client_id"])
    assert created["client_id"] not in reprieve("clients", "list", "demo", "--json")

    trusted = json.loads(
        reprieve(
            *("issuers", "add", "demo", "--issuer", "https://id.example", "--audience", "api://console-people"),
            *("--jwks-url", "https://id.example/keys", "--claim", "groups", "--grant", "all=viewer"),
            *("--dialect", "okta", "--json"),
        )
    )
    assert "The outside issuer is not trusted any more." in revoke(ask, trusted["id"])
    assert trusted["id"] not in reprieve("issuers", "list", "demo", "--json")
