"""What a cold start pays for: the modules that each function loads, by name. Each is loaded in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

#: nobody pays for these at all
NEVER = {"aws_xray_sdk", "moto", "hypothesis", "pytest", "click"}
#: only whom these are for loads them, when the module is loaded or at the first use
EXPENSIVE = {
    "pydantic": {
        "remove_list",
        "recipients",
        "system_log",
        "unblock_email",
        "records",
        "email_servers",
        "email_server_test",
    },
    "requests": set(),
    "boto3": set(),
    "cryptography": {"event_webhook", "email_servers", "email_server_test"},
}

PROGRAM = """
import importlib.util, json, sys
sys.path.insert(0, {layer!r})
spec = importlib.util.spec_from_file_location("app", {app!r})
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""


def loaded(function: str) -> set[str]:
    app = ROOT / "functions" / function / "app.py"
    program = PROGRAM.format(layer=str(ROOT / "layers" / "domain" / "python"), app=str(app))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_loads_only_what_it_uses(function: str) -> None:
    modules = loaded(function)
    forbidden = NEVER | {package for package, users in EXPENSIVE.items() if function not in users}
    assert modules & forbidden == set()
