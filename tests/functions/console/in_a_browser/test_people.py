"""The page of people in Chromium: an API token is created by keyboard alone, and revoked.

`SHOTS=directory` keeps pictures of each page; `make screenshots` does so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.acme import sign_in
from tests.support.browser import by_name, walk
from tests.support.loopback import served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.removal_job import Provider


pytestmark = pytest.mark.slow


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_token_is_created_by_keyboard_alone_shown_once_and_revoked(
    provider: Provider, shots: Path | None, *, script: bool
) -> None:
    row = "article:has-text('CRM sync')"
    looks = [["look", name] for name in ("create-token-refused", "scopes", "token", "revoke", "revoked") if script]
    refused, scopes, token_page, question, revoked = ([one] for one in looks) if script else ([], [], [], [], [])
    steps = [
        *sign_in(),
        ["click", "nav li >> text=People"],
        ["click", "text=Create an API token"],
        ["press", "Tab"],
        ["focus"],
        ["keys", "CRM sync"],
        ["type", "#until", "2025-12-01"],
        ["press", "Enter"],
        ["says", "#until-fault", "This day is over; choose a later one."],
        ["value", "#name"],
        *refused,
        ["type", "#until", ""],
        ["click", "#purpose"],
        ["press", "Escape"],
        ["keys", "Only"],
        ["click", "text=Create the token"],
        ["says", "#scope-fault", "Tick at least one."],
        *scopes,
        ["click", "#purpose"],
        ["press", "Escape"],
        ["keys", "Sign"],
        ["click", "text=Single scopes"],
        ["click", "#role"],
        ["press", "Escape"],
        ["keys", "h"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Enter"],
        ["says", "#about", "The API token “CRM sync” was created"],
        ["says", "dl", "help desk"],
        ["count", ".token"],
        *token_page,
        ["click", "text=I have kept it"],
        ["count", row],
        ["click", f"{row} >> text=Revoke…"],
        ["says", "#about", "Revoke the API token “CRM sync”?"],
        *question,
        ["press", "Tab"],
        ["click", "text=Revoke it now"],
        ["says", ".headline", "The API token was revoked."],
        *revoked,
        ["count", row],
        ["count", ".token"],
        ["goto", "/console/people"],
        ["count", ".token"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script, shots=shots)
    assert by_name(steps, found, "look") == [{}] * len(looks)
    assert by_name(steps, found, "focus") == ["name", "purpose", "Single scopes", "Create the token"]
    assert by_name(steps, found, "value") == ["CRM sync"]
    assert by_name(steps, found, "count") == [1, 1, 0, 0, 0]
