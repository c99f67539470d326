"""The published documents on the running stack: what was committed is served, without a credential."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.deploy import outputs
from tests.support.published import PUBLISHED

if TYPE_CHECKING:
    from local.place import Place

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("name", ["okta", "sendgrid", "zoho", "reprieve"])
def test_a_document_is_served_as_it_was_committed_and_not_sent_twice(stack: dict[str, Any], name: str) -> None:
    url = f"{stack['docs']['url']}/{name}.json"
    answer = requests.get(url, timeout=60)
    assert (answer.status_code, answer.json()) == (200, json.loads((PUBLISHED / f"{name}.json").read_text()))
    again = requests.get(url, headers={"If-None-Match": answer.headers["ETag"]}, timeout=60)
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_is_at_the_address_that_stack_json_and_an_output_name(stack: dict[str, Any], place: Place) -> None:
    answer = requests.get(stack["docs"]["url"], timeout=60)
    assert (answer.status_code, answer.text) == (200, (PUBLISHED / "index.html").read_text(encoding="utf-8"))
    assert outputs(place)["Documents"].endswith("/reprieve/docs")
