"""The local stack itself: its stack.json, and the main loop on it."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local import activity, demo, run
from local.deploy import api_ids, client
from local.ministack import environment
from local.place import ROOT
from local.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from local.place import Place

pytestmark = pytest.mark.stack


def users(stack: dict[str, Any], **headers: str) -> requests.Response:
    return requests.get(f"{stack['okta']['base_url']}/api/v1/users", headers=headers, timeout=30)


def test_stack_json_has_what_programs_are_promised_and_is_private(stack: dict[str, Any], place: Place) -> None:
    assert {name: sorted(value) if isinstance(value, dict) else value for name, value in stack.items()} == {
        "org": "demo",
        "okta": ["base_url", "client_id", "private_jwk", "token", "token_url"],
        "sendgrid": ["base_url", "token"],
        "zoho": ["accounts_url", "base_url", "client_id", "client_secret", "refresh_token", "token"],
        "reprieve": ["base_url", "client_id", "client_secret", "token", "token_url"],
        "console": ["base_url", "sign_in", "token", "url"],
        "webhook": ["signing_key_pem", "url"],
        "upstream": ["base_url", "token"],
        "docs": ["url"],
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


def test_one_base_url_without_a_path_is_every_apis(stack: dict[str, Any], place: Place) -> None:
    dialects = ("okta", "sendgrid", "zoho", "reprieve", "upstream")
    assert {name: stack[name]["base_url"] for name in dialects} == dict.fromkeys(dialects, place.endpoint)
    assert stack["webhook"]["url"] == f"{place.endpoint}/reprieve/events/sendgrid/demo"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_links_follow_the_host_that_was_asked_and_lead_on_there(stack: dict[str, Any], place: Place, host: str) -> None:
    base, headers = f"http://{host}:{place.port}", {"Authorization": f"SSWS {stack['okta']['token']}"}
    first = requests.get(f"{base}/api/v1/users?limit=1", headers=headers, timeout=30)
    following = first.links["next"]["url"]
    assert following.startswith(f"{base}/api/v1/users?")
    second = requests.get(following, headers=headers, timeout=30)
    assert [len(page.json()) for page in (first, second)] == [1, 1]
    assert first.json() != second.json()


def test_a_second_stage_of_an_api_reaches_its_functions_which_find_no_path_of_the_first_there(
    stack: dict[str, Any], place: Place
) -> None:
    gateway, okta = client(place, "apigateway"), api_ids(place)["OktaApi"]
    deployment = gateway.get_stage(restApiId=okta, stageName="api")["deploymentId"]
    gateway.create_stage(restApiId=okta, stageName="second", deploymentId=deployment)
    try:
        headers = {"Authorization": f"SSWS {stack['okta']['token']}"}
        answer = requests.get(f"{place.endpoint}/second/v1/users?limit=1", headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "E0000008")
    finally:
        gateway.delete_stage(restApiId=okta, stageName="second")


def test_the_address_that_aws_itself_gives_an_api_stays_good(stack: dict[str, Any], place: Place) -> None:
    url = f"{place.endpoint}/_aws/execute-api/{api_ids(place)['OktaApi']}/api/v1/users?limit=1"
    answer = requests.get(url, headers={"Authorization": f"SSWS {stack['okta']['token']}"}, timeout=30)
    assert answer.ok
    assert answer.links["next"]["url"].startswith(f"{place.endpoint}/api/v1/users?")


def test_the_functions_of_the_first_requests_run_already_and_share_one_copy_of_the_layers(place: Place) -> None:
    running = {path.name.split("-")[3] for path in place.scratch.glob("ministack-lambda-*")}
    assert {"RecipientsFunction", "SystemLogFunction", "SuppressionsFunction"} <= running
    layers = list(place.scratch.glob("ministack-lambda-*/layer_?"))
    assert len(layers) > len({layer.resolve() for layer in layers}) == 2
    assert not list(place.scratch.glob("ministack-lambda-*/*.zip"))


def test_the_gateway_itself_answers_in_the_words_of_each_dialect(stack: dict[str, Any]) -> None:
    sendgrid = requests.get(f"{stack['sendgrid']['base_url']}/v3/no/such/path", timeout=30)
    assert users(stack).json()["errorCode"] == "E0000005"
    assert users(stack, Authorization="SSWS unknown").json()["errorCode"] == "E0000011"
    assert (sendgrid.status_code, list(sendgrid.json())) == (404, ["errors", "id"])


@pytest.mark.parametrize("path", ["/", "/nothing", "/v4/suppression/bounces?limit=1", "/ap"])
@pytest.mark.parametrize("authorization", [{}, {"Authorization": "SSWS unknown"}])
def test_a_path_outside_every_stage_is_refused_in_the_words_of_api_gateway(
    place: Place, path: str, authorization: dict[str, str]
) -> None:
    answer = requests.get(f"{place.endpoint}{path}", headers=authorization, timeout=30)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert answer.headers["Content-Type"] == "application/json"


def test_what_is_for_aws_itself_is_left_to_it(place: Place) -> None:
    unsigned = requests.post(place.endpoint, headers={"X-Amz-Target": "DynamoDB_20120810.ListTables"}, timeout=30)
    presigned = client(place, "s3").generate_presigned_url("list_buckets")
    assert "MissingAuthenticationToken" in unsigned.text
    assert "<ListAllMyBucketsResult" in requests.get(presigned, timeout=30).text


def test_the_demo_plays_the_main_loop(stack: dict[str, Any]) -> None:
    demo.play(stack)


def test_a_stop_takes_effect_even_while_the_runner_reads_the_functions_logs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = activity.Logs(place)

    def stopped(*_: Any, **__: Any) -> None:
        raise run.Stopped

    monkeypatch.setattr("urllib3.connectionpool.HTTPConnectionPool.urlopen", stopped)
    with pytest.raises(run.Stopped):
        logs.show_news()


def started_at(port: object, home: Path) -> str:
    """The last line of `make run` with an unusable port."""
    ended = subprocess.run(
        [sys.executable, "-m", "local.run", f"--home={home}", f"--port={port}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    return line


def test_a_busy_port_is_one_line_that_says_what_to_do(place: Place, tmp_path: Path) -> None:
    line = started_at(place.port, tmp_path)
    assert re.fullmatch(rf"make run: Port {place.port} is taken .*: choose one, as in `make run PORT=\d+`\.", line)


def test_an_invalid_port_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    assert re.fullmatch(
        r"make run: PORT must be a number from 1 to 65535, as in `make run PORT=\d+`, not '80000'\.",
        started_at(80000, tmp_path),
    )


@pytest.mark.parametrize("port", ["65536", "0", "-1", "http", ""])
def test_what_is_not_a_port_is_refused(port: str) -> None:
    with pytest.raises(Problem, match=f"PORT must be a number from 1 to 65535, .*, not {port!r}"):
        run.port_number(port)


def test_the_operators_command_reaches_it(place: Place) -> None:
    access = json.loads((place.home / "aws.json").read_text())
    assert access["endpoint_url"] == place.endpoint
