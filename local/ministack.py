"""Start, watch and stop the local AWS of one place."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Self

from local.lock_file import take_lock
from local.place import DEFAULT_PORT, REGION, ROOT, VENV_BIN, Place, shown
from local.problem import Problem

SECONDS_TO_START = 60
SECONDS_TO_SAVE = 60
#: Saving takes a fraction of a second; a process that has not ended by then is killed, with what a kill loses.
SECONDS_TO_STOP = 3
SECONDS_FOR_A_PREDECESSOR = 30

#: The part of the caller's environment that the local AWS and every function see: only what a program needs to run.
INHERITED = ("HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")

Heard = Callable[[dict[str, Any]], None]


class MiniStack:
    """One running local AWS, as a context manager: leaving the block saves the state and stops the process."""

    def __init__(self, place: Place, heard: Heard = lambda _: None) -> None:
        """Call `heard` with each API request (api, method, path, status and ms), in a thread of its own."""
        self._place = place
        self._heard = heard
        self._process: subprocess.Popen[str] | None = None
        self._saved = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and return when the services answer.

        Raises:
            Problem: the port is taken, or the process ended or did not answer in time.
        """
        place = self._place
        for directory in (place.state, place.logs):
            directory.mkdir(parents=True, exist_ok=True)
        # An earlier server whose runner was killed holds this until it has saved the state that we are about to read.
        lock = take_lock(
            place.home / "server.lock",
            seconds=SECONDS_FOR_A_PREDECESSOR,
            otherwise=f"An earlier run in {shown(place.home)} is still saving its data: try again in a minute.",
        )
        with lock, (place.logs / "ministack.log").open("w") as log:
            require_free_port(place.port)
            shutil.rmtree(place.scratch, ignore_errors=True)
            place.scratch.mkdir()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.server"],
                cwd=ROOT,
                env=environment(place),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                pass_fds=[lock.fileno()],
                # Ctrl-C must reach the runner only: it has the server save before it stops.
                start_new_session=True,
            )
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def save(self) -> None:
        """Write everything to disk, the functions' code included, and return when it is written."""
        if self._process is None or self._process.stdin is None:
            return
        self._saved.clear()
        with contextlib.suppress(OSError):
            self._process.stdin.write("save\n")
            self._process.stdin.flush()
        if not self._saved.wait(SECONDS_TO_SAVE):
            raise Problem(
                f"The local AWS does not save its state: {shown(self._place.logs / 'ministack.log')} says why."
            )

    def is_running(self) -> bool:
        """Whether the process is still running."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Save the state and end the process within seconds, if need be by a kill; harmless if it has already ended."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]  # it was opened as a pipe
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the functions
            process.wait()
        shutil.rmtree(self._place.scratch, ignore_errors=True)

    def _listen(self) -> None:
        """Pass on what the process reports, until it ends."""
        if self._process is None or self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                try:
                    report = json.loads(line)
                except ValueError:  # a line of MiniStack itself
                    continue
                if report == "saved":
                    self._saved.set()
                else:
                    self._heard(report)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if not self.is_running():
                break
            if answers(f"{self._place.endpoint}/_ministack/ready"):
                return
            time.sleep(0.1)
        raise Problem(f"The local AWS did not start: {shown(self._place.logs / 'ministack.log')} says why.")


def environment(place: Place) -> dict[str, str]:
    """The environment of the local AWS."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **inherited,
        "PATH": f"{VENV_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(place.scratch),
        "GATEWAY_PORT": str(place.port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",  # IAM is enforced: a function can do what its role says and nothing else
        "PERSIST_STATE": "1",
        "STATE_DIR": str(place.state),
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        # Two services that open fixed ports, which a second stack could not open as well.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Nothing here needs Docker, and the local AWS would remove other programs' containers.
        "DOCKER_HOST": f"unix://{place.home}/no-docker",
    }


def require_free_port(port: int) -> None:
    """Refuse a port that another program listens on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise Problem(f"Port {port} needs privileges: choose one above 1023, such as {DEFAULT_PORT}.") from error
        except OSError as error:
            raise Problem(
                f"Port {port} is taken by another program: choose one, as in `make run PORT={free_port()}`."
            ) from error


def free_port() -> int:
    """A port that no program listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether a GET of the address is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - an address of our own
            return bool(response.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False
