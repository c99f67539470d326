"""Node, for the contract tests with the vendors' Node clients; a test that is skipped without it says so.

def test_nodes_sdk_lists_users(stack: dict[str, Any]) -> None:
    assert run_node("...", okta=stack["okta"]) == {...}
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

#: Where `make test` has npm install the clients; a script that runs here can `require` them.
CLIENTS = Path(__file__).parent.parent / "sdk-node"
SECONDS = 120


def has_node() -> bool:
    """Whether Node and its packages are here."""
    return bool(shutil.which("node")) and (CLIENTS / "node_modules").is_dir()


def require_node() -> None:
    """Skip the test where Node or its packages are missing; fail it where REPRIEVE_REQUIRE_NPM is set."""
    if has_node():
        return
    missing = "Node and the vendors' Node clients are not here (`make node` installs the clients)"
    if os.environ.get("REPRIEVE_REQUIRE_NPM"):
        pytest.fail(missing)
    pytest.skip(f"SKIPPED FOR WANT OF NODE: {missing}")


def run_node(script: str, **given: Any) -> Any:
    """Run an async function body that may use `given`; what it returns comes back, what it throws fails the test."""
    program = f"(async (given) => {{ {script} }})({json.dumps(given)}).then((it) => console.log(JSON.stringify(it)))"
    return _said("--eval", program)


def run_program(name: str, given: object = None, **variables: str) -> Any:
    """Run a program beside the clients with these variables, and `given` as JSON on its standard input.

    What it prints comes back, a failure fails the test.
    """
    return _said(name, environment={"PATH": os.environ["PATH"], **variables}, given=json.dumps(given))


def _said(*arguments: str, environment: dict[str, str] | None = None, given: str = "") -> Any:
    require_node()
    ended = subprocess.run(
        ["node", *arguments],
        cwd=CLIENTS,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])
