"""One local stack for all tests of this folder: the real template, deployed by the code of `make run`.

    def test_the_bounce_list_is_empty_at_first(stack: dict[str, Any]) -> None:
        answer = requests.get(f"{stack['sendgrid']['base_url']}/v3/suppression/bounces", ...)

`stack` is the content of stack.json. It has a port and a directory of its own, so it runs beside a `make run`; what SAM
built is shared with it, and built anew only when the sources have changed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from local.demo_data import DEMO, UPSTREAM
from local.deploy import client, outputs
from local.ministack import free_port
from local.place import ROOT, Place
from reprieve.access.quota import Bucket
from tests.support.stack_access import access_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECONDS_TO_START = 300
#: requests per minute: only the tests of limits are to meet one
PLENTY = 100_000
SECONDS_OF_A_COMMAND = 300
SECONDS_TO_STOP = 60  # `make run` promises 5, whatever runs; the machine may be busy with something else


class Runner:
    """`make run`'s program as a process that a test may end in any way and start again."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._log = place.home / "run.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it is up."""
        began = time.monotonic()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.run", f"--home={self.place.home}", f"--port={self.place.port}"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while "Ready after" not in self.said():
            if self._process.poll() is not None or time.monotonic() - began > SECONDS_TO_START:
                self.stop(signal.SIGKILL)
                pytest.exit(f"the local stack did not start:\n{self.said()}", returncode=1)
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it by a signal and wait until it is gone."""
        if self._process is not None:
            os.kill(self._process.pid, how)
            self._process.wait(SECONDS_TO_STOP)
            self._process = None

    def kill(self) -> None:
        """Kill the whole process group."""
        os.kill(int((self.place.scratch / f"ministack-{self.place.port}.pid").read_text()), signal.SIGKILL)
        self.stop(signal.SIGKILL)

    def said(self) -> str:
        """The output since the start."""
        return self._log.read_text()

    def description(self) -> dict[str, Any]:
        """The content of stack.json."""
        described: dict[str, Any] = json.loads(self.place.stack_json.read_text())
        return described


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """The runner, for tests that stop and start the stack."""
    home: Path = tmp_path_factory.mktemp("stack")
    runner = Runner(Place(home, free_port()))
    runner.start()
    for name in (DEMO, UPSTREAM):
        access_of(runner.place).change_organization(name, {}, dict.fromkeys(Bucket, PLENTY))
    yield runner
    runner.stop()


@pytest.fixture(scope="session")
def place(runner: Runner) -> Place:
    """The stack's place: its directory, port and AWS endpoint."""
    return runner.place


@pytest.fixture
def stack(runner: Runner) -> dict[str, Any]:
    """The content of stack.json: base URLs and credentials."""
    return runner.description()


@pytest.fixture
def uncounted(place: Place) -> None:
    """Reset the counts of connections to email servers that other tests caused."""
    dynamodb, table = client(place, "dynamodb"), outputs(place)["EmailServersTable"]
    counters = dynamodb.query(
        TableName=table,
        KeyConditionExpression="#p = :p",
        ExpressionAttributeNames={"#p": "partition"},
        ExpressionAttributeValues={":p": {"S": "demo#connections"}},
    )["Items"]
    for item in counters:
        dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("partition", "sort")})


@pytest.fixture
def reprieve(place: Place, tmp_path: Path) -> Callable[..., str]:
    """The operator's command on this stack: what it prints, having ended with the exit code `code`; and its input."""
    (tmp_path / ".local").symlink_to(place.home)
    paths = os.pathsep.join((str(ROOT / "cli"), str(ROOT / "layers" / "domain" / "python")))

    def ran(*arguments: str, code: int = 0, stdin: str = "") -> str:
        ended = subprocess.run(
            [sys.executable, "-c", "from reprieve_cli.main import main; main()", "--local", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            input=stdin,
            timeout=SECONDS_OF_A_COMMAND,
            env={**os.environ, "PYTHONPATH": paths},
        )
        assert ended.returncode == code, ended.stderr
        return ended.stdout

    return ran
