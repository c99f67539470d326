"""Go, for the tests with the vendors' Go clients; a test that is skipped without it says so.

def test_gos_sdk_lists_users(stack: dict[str, Any]) -> None:
    assert run_go("okta", base_url=stack["okta"]["base_url"], ...) == {...}
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from local.lock_file import take_lock
from local.place import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: the programs and their lock; Go gets the modules in the locked versions itself
CLIENTS = ROOT / "tests" / "sdk-go"
BUILT = ROOT / ".local" / "sdk-go"
#: Okta's SDK takes two processors more than a minute to compile, once
SECONDS_TO_BUILD = 900
SECONDS = 300


def require_go() -> None:
    """Skip the test where Go is missing; fail it where REPRIEVE_REQUIRE_GO is set."""
    if shutil.which("go"):
        return
    missing = "Go is not here (1.19 or later), which the vendors' Go clients need"
    if os.environ.get("REPRIEVE_REQUIRE_GO"):
        pytest.fail(missing)
    pytest.skip(f"SKIPPED FOR WANT OF GO: {missing}")


def run_go(program: str, given: Mapping[str, Any] | None = None, **variables: str) -> Any:
    """Run a program with these variables, and `given` as JSON on its standard input; what it prints comes back."""
    ended = subprocess.run(
        [_built() / program],
        input=json.dumps(given or {}),
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-4_000:]
    return json.loads(ended.stdout)


@cache
def _built() -> Path:
    """The directory of the compiled programs."""
    require_go()
    BUILT.parent.mkdir(exist_ok=True)
    with take_lock(BUILT.with_suffix(".lock"), seconds=SECONDS_TO_BUILD, otherwise="another run is compiling"):
        ended = subprocess.run(
            ["go", "build", "-mod=readonly", "-buildvcs=false", "-o", f"{BUILT}{os.sep}", "./..."],
            cwd=CLIENTS,
            env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_BUILD,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr[-4_000:]
    return BUILT
