"""Nothing makes the local stack forget. Named to be the first: what a stack is asked first after a start is slow."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
import requests

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
