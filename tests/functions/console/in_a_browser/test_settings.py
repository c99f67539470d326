"""What an organization has set, in Chromium: email servers, hooks and the policy, in one walk.

`SHOTS=directory` keeps pictures of each page; `make screenshots` does so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
import trustme

from reprieve.clock import HOUR, MINUTE, Millis
from reprieve.context import OPERATOR, Context
from reprieve.email_servers.email_server import AuthType, Settings
from reprieve.hooks.hook import Changes, Delivery, Result
from reprieve.hooks.notice import NoticeType
from reprieve.runtime import wiring
from tests.support import walks
from tests.support.acme import ORGANIZATION, sign_in
from tests.support.browser import by_name, walk
from tests.support.loopback import served
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway import Clock
    from tests.support.removal_job import Provider

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, clock: Clock) -> Iterator[MailSink]:
    """An organization with two email servers, of which one works, and a hook that was posted to."""
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    monkeypatch.setenv("PRIVATE_MAIL_NETWORKS", "127.0.0.0/8")
    asking = Context(ORGANIZATION, OPERATOR, "r", clock.now)
    hook, _ = wiring.hooks().add(asking, Changes(url="https://hooks.example.com/reprieve", description="Our CRM"))
    posted = [
        Delivery(Millis(clock.now - HOUR), "n1", NoticeType.LIFTED, 1, Result.WAITING, 503, "the server answered 503"),
        Delivery(Millis(clock.now - 55 * MINUTE), "n1", NoticeType.LIFTED, 2, Result.DELIVERED, 204),
    ]
    wiring.hook_store().keep(hook, hook.progress, posted)
    with MailSink(authority) as sink:
        monkeypatch.setenv("MAIL_PORTS", str(sink.port))
        login = {"username": USERNAME, "auth_type": AuthType.BASIC, "enabled": False}
        works = Settings(alias="Own relay", host=sink.host, port=sink.port, private_ca=sink.ca_pem, **login)
        old = Settings(alias="Old relay", host="smtp.example.com", port=587, **login)
        for one in (works, old):
            wiring.email_servers().create(asking, one, PASSWORD)
        yield sink


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_servers_are_tried_hooks_looked_at_and_the_policy_is_enabled(
    provider: Provider, settings: MailSink, shots: Path | None
) -> None:
    steps = [
        *sign_in(),
        *walks.fill_in_test("Own relay", "ada@example.com", "grace@example.com"),
        ["look", "email-servers"],
        *walks.SEND_TEST,
        ["focus"],
        ["click", "article:has-text('Own relay') >> text=Enable"],
        ["says", ".state", "Enabled"],
        ["click", "nav li >> text=Hooks"],
        ["look", "hooks"],
        ["click", "article a"],
        ["look", "hook"],
        ["click", "text=Disable"],
        ["says", ".state", "Disabled"],
        *walks.REHEARSE_POLICY,
        ["look", "policy"],
        *walks.ENABLE_POLICY,
        ["click", "nav li >> text=People"],
        ["click", "article summary"],
        ["look", "people"],
        ["click", "nav li >> text=Status"],
        ["says", "h1", "Status"],
        ["look", "status"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "look") == [{}] * 6
    assert by_name(steps, found, "focus") == ["The server accepted the test mail. Look whether it arrives."]
    assert [mail["To"] for mail in settings.mails] == ["grace@example.com"]
