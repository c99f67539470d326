"""The pages of /reprieve/docs in Chromium: axe finds nothing, no error, no overflow, and the style sheet applies.

`SHOTS=directory` keeps a picture of each page; `make screenshots` does so.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.browser import look_at
from tests.support.loopback import served

pytestmark = pytest.mark.slow
PAGES = ("docs", "docs/okta", "docs/sendgrid", "docs/zoho", "docs/reprieve")


def test_every_page_is_accessible_and_fits_in_light_and_dark_narrow_and_wide() -> None:
    shots = Path(os.environ["SHOTS"]).resolve() if "SHOTS" in os.environ else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    with served() as origin:
        # the four pages of APIs are made by one template
        found = look_at(f"{origin}/reprieve/", PAGES, long=("docs/okta", "docs/sendgrid", "docs/reprieve"), shots=shots)
    assert found == {
        f"{page} {scheme} {width}": [] for page in PAGES for scheme in ("light", "dark") for width in (400, 1280)
    }
