"""A whole local stack: the local AWS, the template deployed to it, the demo's data and its mail server."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local import mail_sink
from local.console import step
from local.deploy import api_ids, deploy_if_changed
from local.ministack import Heard, MiniStack, shown
from local.place import REGION, ROOT, Place, tool_environment
from local.problem import Problem

#: What a client of each dialect is given, by the API's name in the template.
DIALECTS = {"okta": "OktaApi", "sendgrid": "SendGridApi", "zoho": "ZohoApi", "reprieve": "ReprieveApi"}


@contextlib.contextmanager
def running(place: Place, heard: Heard = lambda _: None) -> Iterator[MiniStack]:
    """Start a stack, bring it up to date, write its stack.json, and stop it afterwards; its data stays in its place.

    Raises:
        Problem: it could not be started or deployed.
    """
    with contextlib.ExitStack() as stack:
        with step("Starting the local AWS"):
            server = stack.enter_context(MiniStack(place, heard))
        with step("Building and deploying what changed (about a minute the first time)"):
            fingerprint = deploy_if_changed(place)
        with step("Looking after the demo organization"):
            demo = ensure_demo_data(place)
        mail = stack.enter_context(mail_sink.running(place))
        # Written only when the state that they speak of is: a kill in between costs a deployment, not the truth.
        server.save()
        write_private(place.state / "deployed", fingerprint)
        write_private(place.state / "demo.json", json.dumps(demo))
        write_private(place.home / "aws.json", json.dumps(access(place)))
        write_private(place.stack_json, json.dumps(description(place, demo, mail), indent=2))
        yield server


def ensure_demo_data(place: Place) -> dict[str, str]:
    """Have the demo's organizations made or renewed; return their secrets."""
    known = place.state / "demo.json"
    log = place.logs / "demo-data.log"
    with log.open("w") as errors:
        made = subprocess.run(
            [sys.executable, "-m", "local.demo_data", base_urls(place)["sendgrid"]],
            cwd=ROOT,
            env={**tool_environment(place), "PYTHONPATH": f"{ROOT / 'cli'}:{ROOT / 'layers/domain/python'}"},
            input=known.read_text() if known.exists() else "null",
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    if made.returncode != 0:
        raise Problem(f"The demo organization could not be made: {shown(log)} says why.")
    demo: dict[str, str] = json.loads(made.stdout)
    return demo


def base_urls(place: Place) -> dict[str, str]:
    """The base URL that a client of each dialect is given."""
    ids = api_ids(place)
    return {dialect: f"{place.endpoint}/_aws/execute-api/{ids[api]}" for dialect, api in DIALECTS.items()}


def access(place: Place) -> dict[str, str]:
    """What the operator's command needs to reach this stack's AWS with `reprieve --local`."""
    environment = place.aws_environment()
    return {
        "endpoint_url": place.endpoint,
        "region": REGION,
        "access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }


def description(place: Place, demo: dict[str, str], mail: dict[str, Any] | None) -> dict[str, Any]:
    """The content of stack.json; a vendor's client takes each base URL as it is."""
    urls = base_urls(place)
    return {
        "org": "demo",
        **{dialect: {"base_url": url, "token": demo[dialect]} for dialect, url in urls.items()},
        "webhook": {
            "url": f"{urls['reprieve']}/reprieve/events/sendgrid/demo",
            "signing_key_pem": demo["signing_key_pem"],
        },
        "upstream": {"base_url": urls["sendgrid"], "token": demo["upstream"]},
        "mail": mail,
    }


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner only: it may hold credentials."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")
    fresh.replace(path)
