"""The local stack keeps its data however it ends. These tests run first: after a start the first requests are slow."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import uuid
from typing import TYPE_CHECKING

import pytest
import requests

from tests.stack.test_main_loop import bounce, post
from tests.support.mail_sink import free_place

if TYPE_CHECKING:
    from tests.stack.conftest import Runner

pytestmark = [pytest.mark.stack, pytest.mark.slow]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_however_it_is_ended_the_data_and_the_credentials_are_there_afterwards(
    runner: Runner, how: signal.Signals
) -> None:
    before = runner.description()
    profile = {
        "firstName": "A",
        "lastName": "B",
        "email": f"{how.name}@example.com",
        "login": f"{how.name}@example.com",
    }
    url, headers = f"{before['okta']['base_url']}/api/v1/users", {"Authorization": f"SSWS {before['okta']['token']}"}
    requests.post(url, json={"profile": profile}, headers=headers, timeout=30).raise_for_status()

    deployed = (runner.place.logs / "sam-deploy.log").stat().st_mtime_ns
    runner.stop(how)
    runner.start()

    assert runner.description() == before
    emails = {user["profile"]["email"] for user in requests.get(url, headers=headers, timeout=30).json()}
    assert f"{how.name}@example.com" in emails
    # A start without changes takes about 3 s, because nothing is built or deployed; a busy machine's clock proves less.
    assert (runner.place.logs / "sam-deploy.log").stat().st_mtime_ns == deployed


def test_what_was_acknowledged_is_there_after_the_local_aws_was_killed_that_very_moment(runner: Runner) -> None:
    run = uuid.uuid4().hex[:8]
    emails = {f"{run}-{number}@example.com" for number in range(50)}
    stack = runner.description()
    answer = post(stack, *(bounce(email) for email in sorted(emails)))
    runner.kill()
    runner.start()
    headers = {"Authorization": f"Bearer {stack['sendgrid']['token']}"}
    listed = requests.get(
        f"{stack['sendgrid']['base_url']}/v3/suppression/bounces",
        params={"limit": "500", "email": f"{run}-"},
        headers=headers,
        timeout=30,
    )
    logged = requests.get(
        f"{stack['okta']['base_url']}/api/v1/logs",
        # from the newest, because a query that can be polled leaves out what arrived in the last 10 s
        params={"filter": f'target.id sw "{run}-"', "limit": "1000", "sortOrder": "DESCENDING"},
        headers={"Authorization": f"SSWS {stack['okta']['token']}"},
        timeout=30,
    )
    assert answer.ok
    assert {entry["email"] for entry in listed.json()} == emails
    assert {entry["target"][0]["id"] for entry in logged.json()} == emails


def test_ctrl_c_says_what_is_done_and_ends_it_at_once_though_a_function_waits_for_a_mail_server(
    runner: Runner,
) -> None:
    stack, place = runner.description(), free_place()
    url, headers = (
        f"{stack['okta']['base_url']}/api/v1/email-servers",
        {"Authorization": f"SSWS {stack['okta']['token']}"},
    )
    server = {"alias": "A", "host": place[0], "port": place[1], "username": "u", "password": "p", "enabled": False}
    enrolled = f"{url}/{requests.post(url, json=server, headers=headers, timeout=30).json()['id']}"

    def test_mail() -> None:
        with contextlib.suppress(requests.ConnectionError):
            requests.post(
                f"{enrolled}/test", json={"from": "a@example.com", "to": "b@example.com"}, headers=headers, timeout=60
            )

    with socket.create_server(place) as silent:
        waiting = threading.Thread(target=test_mail)
        waiting.start()
        connection, _ = silent.accept()
        runner.stop(signal.SIGINT)  # which fails if it takes long
        waiting.join()
        connection.close()
    assert "Stopping: saving the data; running functions are ended." in runner.said()
    assert "Stopped. The data is kept in" in runner.said()
    runner.start()
    requests.delete(enrolled, headers=headers, timeout=30).raise_for_status()
