"""Terraform's okta provider, replayed against the real template."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.terraform import life_of_a_server

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_terraform_takes_a_server_through_its_life(stack: dict[str, Any]) -> None:
    headers = {"Authorization": f"SSWS {stack['okta']['token']}", "Accept": "application/json"}

    def send(method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        url = stack["okta"]["base_url"] + path
        answer = requests.request(method, url, json=body, headers=headers, timeout=40)
        return answer.status_code, answer.json() if answer.content else None

    life_of_a_server(send)
