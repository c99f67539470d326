"""The import budget of a cold start: the modules that each function loads, by name, each in a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tables import common_settings, settings_of

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

#: modules that no function may load
NEVER = {"aws_xray_sdk", "moto", "hypothesis", "pytest", "click"}
#: modules that only these functions load, at import or at the first use
EXPENSIVE = {
    "pydantic": {"recipients", "email_servers", "email_server_test", "policies", "hooks", "event_hooks"},
    "email": {
        *("email_servers", "email_server_test", "recipients", "okta_tokens", "policies"),
        *("mail_reports", "received_mail"),
        # dates of Retry-After, and pydantic
        *("hooks", "event_hooks", "hook_delivery"),
    },
    "requests": set(),
    "boto3": set(),
    "botocore.exceptions": set(),
    "ssl": {"email_servers", "email_server_test", "console_settings"},
    "cryptography": {"event_webhook", "email_servers", "email_server_test", "okta_tokens", "zoho_tokens"},
    "flufl.bounce": {"mail_reports"},
    "joserfc": {"okta_tokens", "zoho_tokens"},
    "jinja2": {"console", "console_settings", "console_people"},
    "django_htmx": set(),
}

PROGRAM = """
import importlib.util, json, sys
sys.path.insert(0, {layer!r})
spec = importlib.util.spec_from_file_location("app", {app!r})
spec.loader.exec_module(importlib.util.module_from_spec(spec))
from reprieve.runtime import wiring
print(json.dumps([
    sorted(sys.modules),
    wiring.client.cache_info().currsize + wiring.dynamodb.cache_info().currsize,
]))
"""
#: the variables that Lambda sets for every process, and credentials, so that boto3 does not search for some
LAMBDA = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"} | dict.fromkeys(
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing"
)


LIGHT = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "DYNAMODB_TRANSPORT": "light"}


def program_of(function: str) -> str:
    app = ROOT / "functions" / function / "app.py"
    return PROGRAM.format(layer=str(ROOT / "layers" / "domain" / "python"), app=str(app))


def loaded(function: str, initialization: str = "on-demand", transport: str = "light") -> tuple[set[str], int]:
    """The modules that a function has loaded before its first request, and how many clients it has made."""
    program = program_of(function)
    environment = {
        **LAMBDA,
        **dict.fromkeys(settings_of(function), "1"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
        "DYNAMODB_TRANSPORT": transport,
    }
    done = started(program, environment)
    assert done.returncode == 0, done.stderr
    modules, clients = json.loads(done.stdout)
    return set(modules), clients


def started(program: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A process that has loaded a function, with these variables beside the test's own."""
    surroundings = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, env=surroundings
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_loads_only_what_it_uses(function: str) -> None:
    modules, clients = loaded(function)
    forbidden = NEVER | {package for package, users in EXPENSIVE.items() if function not in users}
    assert modules & forbidden == set()
    assert clients == 0


#: without the job's name a function asks for no prompt runs
OPTIONAL = {"REMOVAL_JOB"}


@pytest.mark.parametrize(
    ("function", "verbs", "unneeded"),
    [
        ("addresses", "addresses", {"reprieve.suppressions.classifier", "reprieve.removals.request"}),
        ("event_webhook", "ingest", {"reprieve.removals.queue", "reprieve.paging", "html.entities"}),
        ("event_webhook", "webhook_keys", {"reprieve.access.provider_accounts", "reprieve.exports"}),
        ("remove_list", "removals", {"reprieve.access.account_rules", "reprieve.suppressions.classifier"}),
    ],
)
def test_the_verbs_of_a_function_load_nothing_that_their_ordinary_requests_do_not_use(
    function: str, verbs: str, unneeded: set[str]
) -> None:
    program = program_of(function).replace("print(json", f"wiring.{verbs}()\nprint(json")
    done = started(program, {**LAMBDA, **dict.fromkeys(settings_of(function), "1"), **LIGHT})
    assert done.returncode == 0, done.stderr
    modules, _ = json.loads(done.stdout)
    # no name is in other letters than ASCII, few requests make two calls at a time, few refusals are not in English
    seldom = {"encodings.idna", "concurrent.futures", "reprieve.suppressions.refusals.german"}
    assert set(modules) & (unneeded | seldom) == set()


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if settings_of(name) - common_settings() - OPTIONAL])
def test_a_function_without_its_own_settings_does_not_start_and_names_them_all(function: str) -> None:
    own = settings_of(function) - common_settings() - OPTIONAL
    common = dict.fromkeys(common_settings(), "1")
    done = started(program_of(function), {**LAMBDA, **common, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"})
    said = done.stderr.splitlines()[-1]
    assert (done.returncode, said.split(": ")[:2]) == (1, ["reprieve.runtime.settings.MissingSetting", "not set"])
    assert set(said.split(": ")[2].split(", ")) == own


def test_no_function_starts_without_what_all_of_them_need() -> None:
    done = started(program_of("suppressions"), {**LAMBDA, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"})
    assert done.returncode == 1
    assert set(done.stderr.splitlines()[-1].split("not set: ")[1].split(", ")) == common_settings()


@pytest.mark.parametrize("function", ["suppressions", "removal_job"])
@pytest.mark.parametrize(
    ("transport", "held", "clients"), [("light", {"ssl"}, 1), ("boto3", {"ssl", "boto3", "botocore.exceptions"}, 2)]
)
def test_a_snapshot_holds_what_every_function_needs_to_reach_dynamodb(
    function: str, transport: str, held: set[str], clients: int
) -> None:
    modules, made = loaded(function, "snap-start", transport)
    assert (modules & {"ssl", "boto3", "botocore.exceptions"}, made) == (held, clients)


def test_nothing_draws_from_a_generator_that_a_snapshot_would_repeat() -> None:
    """`secrets`, `uuid4` and `SystemRandom` ask the system each time; the functions of `random` go on from a seed."""
    drawing = re.compile(r"\brandom\.(?!SystemRandom\b)\w+|from random import|\buuid1\b")
    sources = [*(ROOT / "layers" / "domain").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    assert [str(path) for path in sources if drawing.search(path.read_text(encoding="utf-8"))] == []
