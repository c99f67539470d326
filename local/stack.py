"""A whole local stack: the local AWS, the template deployed to it, the demo's data and its mail server."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from local import mail_sink, people
from local.console import step
from local.deploy import deploy_if_changed
from local.ministack import Heard, MiniStack
from local.place import REGION, ROOT, Place, shown, tool_environment
from local.problem import Problem
from reprieve.dialects import registry

#: The beginning of the paths of each dialect's API.
DIALECTS = {dialect.name: f"/{dialect.stage}" for dialect in registry.DIALECTS}
#: The requests that a new user is likely to send first.
FIRST_PAGES = (
    ("okta", "SSWS", "/api/v1/users?limit=1"),
    ("okta", "SSWS", "/api/v1/logs?limit=1"),
    ("sendgrid", "Bearer", "/v3/suppression/bounces?limit=1"),
)


@contextlib.contextmanager
def running(place: Place, heard: Heard = lambda _: None) -> Iterator[MiniStack]:
    """Start a stack, bring it up to date, write its stack.json, and stop it afterwards; its data is kept.

    Raises:
        Problem: it could not be started or deployed.
    """
    with contextlib.ExitStack() as stack:
        with step("Starting the local AWS"):
            server = stack.enter_context(MiniStack(place, heard))
        with step("Building and deploying what changed (about a minute the first time)"):
            fingerprint = deploy_if_changed(place)
        with step("Preparing the demo organization"):
            demo = ensure_demo_data(place)
        mail = stack.enter_context(mail_sink.running(place))
        # These are written after the state that they describe: a kill in between costs a deployment, nothing else.
        server.save()
        write_private(place.state / "deployed", fingerprint)
        write_private(place.state / "demo.json", json.dumps(demo))
        write_private(place.home / "aws.json", json.dumps(access(place)))
        described = description(place, demo, mail)
        write_private(place.stack_json, json.dumps(described, indent=2))
        with step("Starting the functions that are likely to be called first"):
            ask_first_pages(described)
        yield server


def ask_first_pages(described: dict[str, Any]) -> None:
    """Send each request, so that a new user does not wait the second or two of a function's first answer."""
    with requests.Session() as session:
        session.trust_env = False  # requests to this machine must not go through a proxy
        for dialect, scheme, page in FIRST_PAGES:
            headers = {"Authorization": f"{scheme} {described[dialect]['token']}"}
            with contextlib.suppress(requests.RequestException):
                session.get(f"{described[dialect]['base_url']}{page}", headers=headers, timeout=30)


def ensure_demo_data(place: Place) -> dict[str, str]:
    """Create or update the demo's organizations, and return their secrets."""
    known = place.state / "demo.json"
    log = place.logs / "demo-data.log"
    with log.open("w") as errors:
        made = subprocess.run(
            [sys.executable, "-m", "local.demo_data", place.endpoint],
            cwd=ROOT,
            env={**tool_environment(place), "PYTHONPATH": f"{ROOT / 'cli'}:{ROOT / 'layers/domain/python'}"},
            input=known.read_text() if known.exists() else "null",
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    if made.returncode != 0:
        raise Problem(f"The demo organization could not be created: the reason is in {shown(log)}.")
    demo: dict[str, str] = json.loads(made.stdout)
    return demo


def access(place: Place) -> dict[str, str]:
    """The content of aws.json, from which `reprieve --local` reaches this stack's AWS."""
    environment = place.aws_environment()
    return {
        "endpoint_url": place.endpoint,
        "region": REGION,
        "access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }


def description(place: Place, demo: dict[str, str], mail: dict[str, Any] | None) -> dict[str, Any]:
    """The content of stack.json; all APIs have the same base URL, which a vendor's client takes as it is."""
    apis: dict[str, dict[str, Any]] = {
        name: {"base_url": place.endpoint, "token": demo[name]} for name in (*DIALECTS, "upstream")
    }
    okta_tokens, zoho_tokens = registry.TOKEN_ENDPOINTS
    apis["okta"] |= {
        "client_id": demo["okta_client_id"],
        "private_jwk": json.loads(demo["okta_private_jwk"]),
        "token_url": f"{place.endpoint}/{okta_tokens.stage}/v1/token",
    }
    apis["zoho"] |= {
        "client_id": demo["zoho_client_id"],
        "client_secret": demo["zoho_client_secret"],
        "refresh_token": demo["zoho_refresh_token"],
        "accounts_url": f"{place.endpoint}/{zoho_tokens.stage}/v2/token",
    }
    apis["reprieve"] |= {
        "client_id": demo["reprieve_client_id"],
        "client_secret": demo["reprieve_client_secret"],
        "token_url": apis["okta"]["token_url"],
    }
    apis["console"] |= {
        "url": f"{place.endpoint}{DIALECTS['console']}/",
        "sign_in": {
            "url": f"{place.endpoint}{DIALECTS['console']}/sign-in/demo",
            "people": people.ROLES,
            "password": demo["people_password"],
        },
    }
    return {
        "org": "demo",
        **apis,
        "webhook": {
            "url": f"{place.endpoint}/reprieve/events/sendgrid/demo",
            "signing_key_pem": demo["signing_key_pem"],
        },
        "docs": {"url": f"{place.endpoint}/reprieve/docs"},
        "mail": mail,
    }


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner only: it may hold credentials."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")
    fresh.replace(path)
