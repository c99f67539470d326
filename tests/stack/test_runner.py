"""The output of the make targets: continuous progress, and refusals of one line."""

from __future__ import annotations

import json
import smtplib
import socket
import socketserver
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests
from samcli.yamlhelper import yaml_parse

from local import build, console, docker_relay, invoke, mail_sink, ministack
from local.deploy import outputs
from local.place import ROOT, Place
from local.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path


class SlowTool:
    """A tool that ends at the third wait, with an hour between two waits."""

    returncode = 0
    now = 0.0

    def __init__(self, *_: Any, **__: Any) -> None:
        self._looks = 0

    def wait(self, _seconds: float) -> None:
        self._looks += 1
        SlowTool.now += 3600
        if self._looks < 3:
            raise subprocess.TimeoutExpired("tool", 15)


def test_progress_counts_on_from_tool_to_tool_of_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(SlowTool, "now", 0.0)
    monkeypatch.setattr(subprocess, "Popen", SlowTool)
    monkeypatch.setattr("time.monotonic", lambda: SlowTool.now)
    with console.step("Building"):
        for tool in ("build", "deploy"):
            console.run_tool([tool], log=tmp_path / tool, environment={}, otherwise="It failed")
    assert capsys.readouterr().out.splitlines() == [
        "  Building ...",
        "    still running (3600 s)",
        "    still running (7200 s)",
        "    still running (14400 s)",
        "    still running (18000 s)",
        "  Building: done in 21600 s",
    ]


def test_a_tool_that_does_not_end_when_asked_to_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(tool: subprocess.Popen[bytes]) -> None:
        started.append(tool)
        while not (tmp_path / "log").read_text():
            pass
        raise KeyboardInterrupt

    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(console, "_wait", stopped)
    monkeypatch.setattr(console, "SECONDS_FOR_A_TOOL_TO_END", 0)
    deaf = ["sh", "-c", "trap '' TERM; echo deaf; sleep 60"]
    with pytest.raises(KeyboardInterrupt):
        console.run_tool(deaf, log=tmp_path / "log", environment={"PATH": "/usr/bin:/bin"}, otherwise="")
    assert started[0].returncode is not None


def test_a_client_that_refuses_the_mail_servers_certificate_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(tmp_path, 1)
    place.state.mkdir()
    with mail_sink.running(place) as mail:
        if mail is None:
            pytest.skip("SKIPPED: other programs listen everywhere that the mail server may")
        with smtplib.SMTP(mail["host"], mail["port"]) as client, pytest.raises(ssl.SSLCertVerificationError):
            client.starttls(context=ssl.create_default_context())
        # the server has said what it has to say once it lets the next one in
        trusted = ssl.create_default_context(cadata=mail["ca_pem"])
        with smtplib.SMTP(mail["host"], mail["port"]) as client:
            client.starttls(context=trusted)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("mail    a session was aborted: TLSV1_ALERT_UNKNOWN_CA")
    assert [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []


def test_a_login_at_the_mail_server_logs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = Place(tmp_path, 1)
    place.state.mkdir()
    with mail_sink.running(place) as mail:
        if mail is None:
            pytest.skip("SKIPPED: other programs listen everywhere that the mail server may")
        with smtplib.SMTP(mail["host"], mail["port"]) as client:
            client.starttls(context=ssl.create_default_context(cadata=mail["ca_pem"]))
            client.login(mail["username"], mail["password"])
    assert [record.getMessage() for record in caplog.records if record.name == "mail.log"] == []


def test_a_port_that_needs_privileges_is_not_called_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("socket.socket.bind", refused)
    with pytest.raises(Problem, match=r"^Port 80 needs privileges: choose one above 1023, such as 4566\.$"):
        ministack.require_free_port(80)


EMPTY_LIST = ROOT / "events/remove_list/empty_list.json"


def test_an_event_is_invoked_in_the_function_of_its_folder_with_the_parameters_of_the_build() -> None:
    host = build.host_parameters()
    assert invoke.invocation("remove_list/empty_list", invoke.file_of("remove_list/empty_list")) == [
        *(str(ROOT / ".venv/bin/sam"), "local", "invoke", "RemoveListFunction"),
        *("--event", str(EMPTY_LIST)),
        *("--template-file", str(ROOT / ".local/build/template.yaml"), "--skip-pull-image", "--parameter-overrides"),
        *(f"PythonRuntime={host['PythonRuntime']}", f"Architecture={host['Architecture']}"),
        *(
            "PrivateMailNetworks=127.0.0.0/8",
            "TokenPorts=443,8098,8099",
            "EventBus=arn:aws:events:us-east-1:000000000000:event-bus/default",
            "ReceivedMail=on",
        ),
    ]


def test_an_event_against_the_running_stack_gets_its_tokens_tables_and_address(
    stack: dict[str, Any], place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, variables, template = tmp_path / "event.json", tmp_path / "env.json", tmp_path / "invoke.yaml"
    for name, path in {"EVENT": event, "VARIABLES": variables, "TEMPLATE": template}.items():
        monkeypatch.setattr(invoke, name, path)
    monkeypatch.setattr(invoke, "place_of", lambda _: place)
    command = invoke.prepared(stack, "remove_list/empty_list", EMPTY_LIST, "http://host.docker.internal:5000")
    assert command[4:8] == ["--event", str(event), "--template-file", str(template)]
    assert command[-4:] == ["--env-vars", str(variables), "--add-host", "host.docker.internal:host-gateway"]
    headers = json.loads(event.read_text())["headers"]
    answer = requests.post(
        f"{place.endpoint}/api/v1/org/email/bounces/remove-list", headers=headers, json={}, timeout=30
    )
    assert answer.status_code == 400
    (given,) = json.loads(variables.read_text()).values()
    assert given["AWS_ENDPOINT_URL"] == "http://host.docker.internal:5000"
    assert given["ACCESS_TABLE"] == outputs(place)["AccessTable"]
    declared = yaml_parse(template.read_text())["Globals"]["Function"]["Environment"]["Variables"]
    assert {"AWS_ENDPOINT_URL", "ACCESS_TABLE"} <= declared.keys()


def test_every_folder_of_events_is_of_a_function_of_the_template() -> None:
    template = (ROOT / "template.yaml").read_text()
    folders = [folder.name for folder in (ROOT / "events").iterdir() if folder.is_dir()]
    assert [name for name in folders if f"\n  {invoke.function_of(name)}:\n" not in template] == []


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (
            "remove_list/nothing",
            "there is no events/remove_list/nothing.json. An example is EVENT=remove_list/empty_list",
        ),
        ("", "there is no events/.json"),
    ],
)
def test_an_event_that_is_not_there_is_refused_in_one_sentence(event: str, reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        invoke.file_of(event)


def test_without_docker_nothing_is_invoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(Problem, match="Docker is not running, and Lambda's image needs it"):
        invoke.require_docker()


def test_what_a_container_sends_to_this_machine_reaches_the_local_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_relay, "bridge_address", lambda: "127.0.0.1")
    with socketserver.TCPServer(("127.0.0.1", 0), Shouting) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with docker_relay.address_for_containers(server.server_address[1]) as address:
            host, _, port = address.removeprefix("http://").partition(":")
            assert (host, int(port) != server.server_address[1]) == ("host.docker.internal", True)
            with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as client:
                client.sendall(b"hello")
                client.shutdown(socket.SHUT_WR)
                assert client.makefile("rb").read() == b"HELLO"


class Shouting(socketserver.StreamRequestHandler):
    """Answers in upper case what was sent."""

    def handle(self) -> None:
        self.wfile.write(self.rfile.read().upper())


def test_where_docker_has_a_machine_of_its_own_the_port_is_the_local_awss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_relay, "bridge_address", lambda: "192.0.2.1")
    with docker_relay.address_for_containers(4566) as address:
        assert address == "http://host.docker.internal:4566"
