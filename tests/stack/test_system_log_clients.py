"""Polling the system log with Okta's own unmodified clients while several senders post events.

Each client is a program of its own (tests/sdk-python, tests/sdk-node): the three do not get along in one environment.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import uuid
import venv
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.place import ROOT
from tests.stack.test_main_loop import bounce, post
from tests.support.log_collectors import COLLECTORS, Page
from tests.support.node import has_node, require_node
from tests.support.workers import peak_megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local.place import Place

pytestmark = pytest.mark.stack
Stack = dict[str, Any]

#: events of each sender, and how many senders there are at a time
EVENTS, SENDERS, POSTS = 5, 2, 6
SECONDS_TO_POLL = 120
OKTA2 = ROOT / "requirements" / "okta2.txt"


@pytest.fixture(scope="session")
def okta2() -> Path:
    """A Python with Okta's SDK 2.x, created once per lock."""
    lock = hashlib.sha256(OKTA2.read_bytes()).hexdigest()[:12]
    home = ROOT / ".local" / f"okta2-{lock}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(OKTA2)], check=True)
        (home / "ready").touch()
    return python


def poller(*command: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def send_while(stack: Stack, run: str) -> list[str]:
    """Post events from several senders at a time, some twice; return their addresses."""

    def sender(number: int) -> list[str]:
        sent = []
        for round_ in range(POSTS):
            emails = [f"s{number}-r{round_}-e{spot}@{run}.example.com" for spot in range(EVENTS)]
            events = [bounce(email, timestamp=int(time.time()) - 60 * spot) for spot, email in enumerate(emails)]
            assert post(stack, *events).ok
            assert post(stack, *events[:2]).ok
            sent += emails
            time.sleep(1)
        return sent

    with ThreadPoolExecutor(SENDERS) as threads:
        return [email for emails in threads.map(sender, range(SENDERS)) for email in emails]


def program(kind: str, name: str) -> str:
    return str(ROOT / "tests" / f"sdk-{kind}" / name)


def seen_by(started: subprocess.Popen[str]) -> list[str]:
    said, complaint = started.communicate(timeout=SECONDS_TO_POLL)
    assert started.returncode == 0, complaint
    return said.split()


@pytest.mark.slow
def test_oktas_clients_poll_every_entry_exactly_once_while_events_arrive(stack: Stack, okta2: Path) -> None:
    run = uuid.uuid4().hex[:12]
    base_url, token = stack["okta"]["base_url"], stack["okta"]["token"]
    asked = (token, f'target.id ew "@{run}.example.com"', str(EVENTS * SENDERS * POSTS))
    started = {
        "python 3.x": poller(sys.executable, program("python", "poll_okta3.py"), base_url, *asked),
        "python 2.x": poller(str(okta2), program("python", "poll_okta2.py"), base_url, *asked),
    }
    if has_node():
        started["node"] = poller("node", program("node", "poll_okta.js"), base_url, *asked)
    sent = send_while(stack, run)
    seen = {client: seen_by(process) for client, process in started.items()}
    assert {client: sorted(emails) for client, emails in seen.items()} == dict.fromkeys(seen, sorted(sent))
    require_node()


@pytest.mark.slow
@pytest.mark.parametrize("loop", COLLECTORS, ids=lambda loop: loop.__name__)
def test_a_log_collector_stops_and_in_the_end_has_everything(stack: Stack, loop: Callable[..., Any]) -> None:
    began, run = datetime.now(UTC), uuid.uuid4().hex[:12]
    sent = [f"{number}@{run}.example.com" for number in range(3)]
    assert post(stack, *map(bounce, sent)).ok
    url, headers = f"{stack['okta']['base_url']}/api/v1/logs", {"Authorization": f"SSWS {stack['okta']['token']}"}

    def send(query: Mapping[str, str]) -> Page:
        answer = requests.get(url, params=query, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return Page(answer.json(), {relation: link["url"] for relation, link in answer.links.items()})

    seen: list[str] = []
    while len(seen) < len(sent):
        assert (datetime.now(UTC) - began).seconds < SECONDS_TO_POLL
        # each run stops by itself, before entries have settled and after
        collected = [entry["target"][0]["id"] for page in loop(send, began.isoformat()) for entry in page]
        seen = [target for target in collected if target.endswith(f"@{run}.example.com")]
        time.sleep(1)
    assert sorted(seen) == sent


def test_both_spellings_of_the_path_are_answered_the_same(stack: Stack) -> None:
    headers = {"Authorization": f"SSWS {stack['okta']['token']}"}
    until = datetime.now(UTC).isoformat()
    answers = [
        requests.get(f"{stack['okta']['base_url']}{path}", params={"until": until}, headers=headers, timeout=30)
        for path in ("/api/v1/logs", "/api/v1/logs/")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_a_bounded_query_does_not_wait_for_settling(stack: Stack) -> None:
    address = f"{uuid.uuid4().hex}@example.com"
    assert post(stack, bounce(address)).ok
    asked = {
        "filter": f'target.id eq "{address}" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"',
        "until": datetime.now(UTC).isoformat(),
    }
    headers = {"Authorization": f"SSWS {stack['okta']['token']}"}
    answer = requests.get(f"{stack['okta']['base_url']}/api/v1/logs", params=asked, headers=headers, timeout=30)
    assert [entry["target"][0]["id"] for entry in answer.json()] == [address]


@pytest.mark.slow
def test_a_thousand_entries_are_answered_within_three_seconds_and_512_megabytes(stack: Stack, place: Place) -> None:
    run = uuid.uuid4().hex[:12]
    assert post(stack, *(bounce(f"{number}@{run}.example.com", event="delivered") for number in range(1_000))).ok
    headers = {"Authorization": f"SSWS {stack['okta']['token']}"}
    asked = {
        "filter": f'target.id ew "@{run}.example.com"',
        "until": datetime.now(UTC).isoformat(),
        "since": datetime.fromtimestamp(time.time() - 60, UTC).isoformat(),
        "limit": "1000",
    }
    url = f"{stack['okta']['base_url']}/api/v1/logs"
    seconds = []
    for _ in range(3):  # the first may be a cold start, and the machine may be busy with something else
        began = time.monotonic()
        answer = requests.get(url, params=asked, headers=headers, timeout=30)
        seconds.append(time.monotonic() - began)
    entries = answer.json()
    while "next" in answer.links and len(entries) < 1_000:
        answer = requests.get(answer.links["next"]["url"], headers=headers, timeout=30)
        entries += answer.json()
    assert len(entries) == 1_000
    assert min(seconds) < 3
    assert peak_megabytes(place, "system-log") < 512
