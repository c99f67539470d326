"""The local stack itself: what it says it has, and that the main loop runs on it."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local import activity, demo, run
from local.ministack import environment
from local.place import ROOT

if TYPE_CHECKING:
    from local.place import Place

pytestmark = pytest.mark.stack


def users(stack: dict[str, Any], **headers: str) -> requests.Response:
    return requests.get(f"{stack['okta']['base_url']}/api/v1/users", headers=headers, timeout=30)


def test_stack_json_has_what_programs_are_promised_and_is_private(stack: dict[str, Any], place: Place) -> None:
    assert {name: sorted(value) if isinstance(value, dict) else value for name, value in stack.items()} == {
        "org": "demo",
        "okta": ["base_url", "token"],
        "sendgrid": ["base_url", "token"],
        "zoho": ["base_url", "token"],
        "reprieve": ["base_url", "token"],
        "webhook": ["signing_key_pem", "url"],
        "upstream": ["base_url", "token"],
        "mail": ["ca_pem", "host", "inbox", "password", "port", "username"],
    }
    for file in (place.stack_json, place.home / "aws.json", place.state / "demo.json", place.state / "mail-ca.pem"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_the_local_aws_and_so_the_functions_see_little_of_the_callers_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("SOME_TOKEN", "secret")
    seen = environment(place)
    assert not {"AWS_PROFILE", "SOME_TOKEN"} & seen.keys()
    assert seen["BIND_HOST"] == "127.0.0.1"


def test_the_gateway_itself_answers_in_the_words_of_each_dialect(stack: dict[str, Any]) -> None:
    sendgrid = requests.get(f"{stack['sendgrid']['base_url']}/v3/no/such/path", timeout=30)
    assert users(stack).json()["errorCode"] == "E0000005"
    assert users(stack, Authorization="SSWS nobody").json()["errorCode"] == "E0000011"
    assert (sendgrid.status_code, list(sendgrid.json())) == (404, ["errors", "id"])


def test_the_demo_plays_the_main_loop(stack: dict[str, Any], place: Place) -> None:
    demo.play(stack, place, wait=False)


def test_a_stop_is_heeded_even_while_the_runner_asks_for_the_functions_logs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = activity.Logs(place)

    def stopped(*_: Any, **__: Any) -> None:
        raise run.Stopped

    monkeypatch.setattr("urllib3.connectionpool.HTTPConnectionPool.urlopen", stopped)
    with pytest.raises(run.Stopped):
        logs.show_news()


def test_a_busy_port_is_one_line_that_says_what_to_do(place: Place, tmp_path: Any) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "local.run", f"--home={tmp_path}", f"--port={place.port}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert f"Port {place.port} is taken" in line
    assert f"`make run PORT={place.port + 11}`" in line


def test_the_operators_command_reaches_it(place: Place) -> None:
    access = json.loads((place.home / "aws.json").read_text())
    assert access["endpoint_url"] == place.endpoint
