"""The published documents against the functions, by requests that schemathesis makes of them."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.functions.test_scopes import EVERYTHING
from tests.support.gateway import DEMO
from tests.support.loopback import served
from tests.support.published import document

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.slow
EXAMPLES = 15
LONGEST = 300
SCHEMES = {"okta": "SSWS", "sendgrid": "Bearer", "zoho": "Zoho-oauthtoken", "reprieve": "Bearer"}


@pytest.mark.usefixtures("demo", "unlimited")
@pytest.mark.parametrize("name", SCHEMES)
def test_schemathesis_finds_no_answer_that_a_document_does_not_have(call: Gateway, tmp_path: Path, name: str) -> None:
    """Reads alone: the answers to changes are held to the documents in every other test of a function."""
    found = copy.deepcopy(document(name))
    # two texts as long as they may be are more than a URL has room for
    for methods in found["paths"].values():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if "maxLength" in parameter["schema"]:
                parameter["schema"]["maxLength"] = min(parameter["schema"]["maxLength"], LONGEST)
    paths = {path: {"get": methods["get"]} for path, methods in found["paths"].items() if "get" in methods}
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps({**found, "paths": paths}))
    with served() as origin:
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", str(file), f"--url={origin}"),
            f"--header=Authorization: {SCHEMES[name]} {call.token(DEMO, EVERYTHING)}",
            "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            # not the phase of limits: its texts are longer than a URL that reaches a function
            "--phases=examples,fuzzing",
            *(f"--max-examples={EXAMPLES}", "--generation-deterministic", "--request-timeout=60", "--no-color"),
        ]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=900)
    assert ran.returncode == 0, ran.stdout[-6_000:] + ran.stderr[-2_000:]
