"""Debian's Chromium, driven by a program of Node, for the tests of pages; a test that is skipped without it says so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: where npm installs the driver, and axe
DRIVER = Path(__file__).parent.parent / "browser"
SECONDS = 900
#: that a step of a walk may take
SECONDS_OF_A_STEP = 20


def chromium() -> str:
    """The path of Chromium.

    Where it or its driver is missing, the test is skipped, or fails where REPRIEVE_REQUIRE_BROWSER is set.
    """
    found = shutil.which("chromium")
    if found and shutil.which("node") and (DRIVER / "node_modules").is_dir():
        return found
    missing = "Chromium, Node or the driver is not here (apt-get install chromium; `make node` installs the driver)"
    if os.environ.get("REPRIEVE_REQUIRE_BROWSER"):
        pytest.fail(missing)
    pytest.skip(f"SKIPPED FOR WANT OF A BROWSER: {missing}")


def look_at(
    base: str, pages: Sequence[str], *, long: Sequence[str] = (), shots: Path | None = None
) -> dict[str, list[str]]:
    """What is wrong with each page in light and dark, 400 and 1280 pixels wide: what axe finds, errors, and overflow.

    Args:
        base: the URL that the pages' names are added to.
        pages: their names.
        long: those of them that axe is to see once, because it takes a minute for each.
        shots: the directory to write a picture of each to; None for no pictures.
    """
    given = {"chromium": chromium(), "base": base, "pages": list(pages), "long": list(long), "shots": str(shots or "")}
    found: dict[str, list[str]] = _run("look.mjs", given)
    return found


def walk(
    base: str,
    steps: Sequence[Sequence[str]],
    *,
    script: bool = True,
    shots: Path | None = None,
    seconds: int = SECONDS_OF_A_STEP,
) -> list[Any]:
    """What each step of a walk through pages found; a problem of a step, or an error of the browser's, fails.

    Args:
        base: the origin of the pages.
        steps: words with their arguments; see walk.mjs.
        script: whether the browser runs scripts.
        shots: the directory to write pictures to; None for no pictures.
        seconds: after which a step that waits has failed.
    """
    given = {
        "chromium": chromium(),
        "base": base,
        "script": script,
        "shots": str(shots or ""),
        "seconds": seconds,
        "steps": list(steps),
    }
    ended = _run("walk.mjs", given)
    assert ended["problems"] == [], "\n".join(ended["problems"])
    found: list[Any] = ended["found"]
    return found


def by_name(steps: Sequence[Sequence[str]], found: Sequence[Any], word: str) -> list[Any]:
    """What the steps with a word found, in order."""
    return [one for step, one in zip(steps, found, strict=True) if step[0] == word]


def _run(program: str, given: Mapping[str, object]) -> Any:
    ended = subprocess.run(
        ["node", program, json.dumps(given)],
        cwd=DRIVER,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])
