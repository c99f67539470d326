"""The menu of the pages in Chromium: folded on a narrow screen, with scripts and without."""

from __future__ import annotations

import pytest

from reprieve.dialects.console.page import PAGES
from tests.support.acme import sign_in
from tests.support.browser import by_name, walk
from tests.support.loopback import served

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_on_a_narrow_screen_the_pages_are_folded_into_a_menu_that_names_the_one_that_is_open(*, script: bool) -> None:
    steps = [
        *sign_in(),
        ["visible", "nav summary"],
        ["visible", "nav a"],
        ["width", "400"],
        ["visible", "nav a"],
        ["text", "nav summary"],
        ["click", "nav summary"],
        ["click", "nav li >> text=Lists"],
        ["says", "h1", "Which addresses are not mailed?"],
        ["text", "nav summary"],
        ["visible", "nav a"],
        ["width", "1280"],
        ["visible", "nav a"],
        # all pages of an administrator, and who it is
        ["count", "nav li"],
        ["rows", "nav li"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script)
    assert by_name(steps, found, "visible") == [False, True, False, False, True]
    assert by_name(steps, found, "text") == ["Pages: Address", "Pages: Lists"]
    assert by_name(steps, found, "count") == [len(PAGES)]
    assert by_name(steps, found, "rows") == [1]
