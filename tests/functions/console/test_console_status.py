"""The status of an organization: what waits, what failed, and what has stopped by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.clock import DAY, HOUR, MINUTE, Millis
from reprieve.dialects.console import status
from reprieve.dialects.console.site import (
    READ_ADDRESSES,
    READ_CREDENTIALS,
    READ_HOOKS,
    READ_POLICY,
    READ_REMOVALS,
    READ_SERVERS,
)
from reprieve.email_servers.email_server import AuthType, EmailServer, Settings
from reprieve.hooks.hook import Changes
from reprieve.organization import Membership, PolicySetting
from reprieve.policies.brakes import Brakes
from reprieve.policies.progress import Progress
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.support.console import signed_in, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo", "key")
ANYONE = replace(DEMO, membership=Membership.ANYONE)
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
END = (
    " This page says what is stored about your organization. Whether the providers answer and the scheduled functions "
    "run is seen by an operator, with reprieve doctor ."
)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])


def standing(browser: Browser) -> str:
    assert browser.get("/status").status == 200
    return text_of(browser.page).removeprefix("Status ").removesuffix(END)


def lift(browser: Browser, email: str = "ann@x.io") -> None:
    assert browser.post("/lifts", email=email, list="bounces").status == 303


def test_an_organization_without_an_account_is_said_to_need_one_and_the_rest_is_quiet(
    call: Gateway, calls: Calls
) -> None:
    said = standing(signed_in(call))
    # the session and two items of the policy; accounts, hooks and servers, and two states of removals per shard
    assert calls == {"GetItem": 3, "Query": 3 + 2 * DEMO.shards}
    assert said == (
        "Something needs a person. Provider: There is no provider account, so lifts wait. An operator sets one. "
        "Lifts: None waits for the provider. See it "
        "Policy: It is not in force, so nothing is lifted by itself. See it "
        "Hooks: There is none. See it Email servers: None is enabled. See it"
    )


def test_lifts_that_wait_that_wait_too_long_and_that_failed_are_counted(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(ANYONE)
    monkeypatch.setattr(wiring, "provider_for", lambda *_: Provider(LiftAnswer(LiftOutcome.REFUSED, "403")))
    monkeypatch.setattr("reprieve.removals.upstream.MAX_ATTEMPTS", 1)
    browser = signed_in(call, organization=ANYONE)
    lift(browser)
    clock.now += 15 * MINUTE
    assert (
        "Something is under way. Lifts: 1 is under way, the oldest since 1 Jan 2026, 00:00 UTC . See it "
        "Provider account default: No provider is behind it, so lifts count here alone. Policy"
    ) in standing(browser)
    clock.now += 1
    assert "Something needs a person. Lifts: 1 is under way, the oldest since" in standing(browser)
    tick()
    lift(browser, "bob@x.io")
    assert "Lifts: 1 is given up, and can be retried. See it" in standing(browser)
    monkeypatch.setattr(status, "COUNTED", 1)
    lift(browser, "cid@x.io")
    assert "Lifts: More than 1 are under way, the oldest since 1 Jan 2026, 00:15 UTC" in standing(browser)


def test_an_account_that_its_provider_refused_is_said_to_be_paused_until_when_and_why(
    call: Gateway, clock: Clock
) -> None:
    browser = signed_in(call)
    account = ProviderAccount("ses", sealed_key=b"canary", region="eu-west-1", webhook_key="canary")
    wiring.access().set_provider_account("demo", account, provider_name="Ses", before=None)
    said = standing(browser)
    assert "Nothing needs a person. Provider account default: ses in eu-west-1 is called." in said
    wiring.access().pause_provider("demo", DEFAULT, until=Millis(clock.now + HOUR), reason=f"401 {SCRIPT}")
    said = standing(browser)
    assert (
        "Something needs a person. Provider account default: ses refused it, so no call is made until "
        f"1 Jan 2026, 01:00 UTC . 401 {SCRIPT} Lifts"
    ) in said
    assert (SCRIPT in browser.page, "<img" in browser.page, "canary" in browser.page) == (False, False, False)
    clock.now += HOUR
    assert "ses in eu-west-1 is called." in standing(browser)


NOW = Millis(20_000 * DAY + HOUR)
IN_FORCE = replace(DEMO, policy=PolicySetting(version=1, enabled=True))


def says(found: Any) -> list[tuple[str, str, Any, str]]:
    return [(one.tone, one.says, one.at, one.more) for one in found]


@pytest.mark.parametrize(
    ("progress", "brakes", "expected"),
    [
        (Progress(), Brakes(), ("waiting", "It is in force, and has not run yet", None, "")),
        (
            Progress(looked=NOW, walked=Millis(NOW - 1), walking=True),
            Brakes(),
            ("waiting", "It is looking through all lists since", NOW - 1, ""),
        ),
        (
            Progress(looked=Millis(NOW - 3 * HOUR)),
            Brakes(day=20_000, lifted=7),
            ("good", "It is in force, and has looked at all that was due until", NOW - 3 * HOUR, "7 lifted today."),
        ),
        (
            Progress(looked=Millis(NOW - 3 * HOUR - 1)),
            Brakes(day=19_999, lifted=7),
            ("bad", "It is in force, and has looked at all that was due until", NOW - 3 * HOUR - 1, "0 lifted today."),
        ),
    ],
)
def test_a_policy_in_force_says_how_far_its_runs_have_come(
    progress: Progress, brakes: Brakes, expected: tuple[str, str, Any, str]
) -> None:
    assert says(status.of_policy(IN_FORCE, progress, brakes, now=NOW)) == [expected]


def test_a_hook_says_whether_it_hears_of_changes(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call)
    verbs, store, by = wiring.hooks(), wiring.hook_store(), context(DEMO, request_id="r", now=clock.now)
    made = [verbs.add(by, Changes(url=f"https://h{number}.example/"))[0] for number in range(4)]
    store.keep(made[1], replace(made[1].progress, failures=3, failing_since=Millis(clock.now - HOUR)), [])
    store.disable(made[2], "it answered 410")
    verbs.change(by, made[3].id, Changes(enabled=False))
    said = standing(browser)
    for one in (
        "Hook https://h0.example/: It hears of changes. See it",
        "Hook https://h1.example/: Its last 3 posts were not taken. The oldest notice waits since 31 Dec 2025, 23:00",
        "Hook https://h2.example/: It was disabled by itself. See it it answered 410",
        "Hook https://h3.example/: It is disabled. See it",
    ):
        assert one in said
    assert f'href="/console/hooks/{made[0].id}"' in browser.page


def test_the_server_that_is_enabled_is_named() -> None:
    login = Settings(alias="Relay", host="h", port=587, username="u", auth_type=AuthType.BASIC, enabled=True)
    servers = [
        EmailServer(id="a", settings=replace(login, enabled=False), sealed=b""),
        EmailServer(id="b", settings=login, sealed=b""),
    ]
    assert says(status.of_servers(servers)) == [("good", "Relay is enabled", None, "")]


def test_a_token_that_may_read_lifts_alone_is_shown_nothing_else(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call, scopes={*READ_ADDRESSES, *READ_REMOVALS})
    wiring.access().set_provider_account("demo", ProviderAccount("ses"), provider_name="Ses", before=None)
    wiring.access().pause_provider("demo", DEFAULT, until=Millis(wiring.now() + HOUR), reason="401 canary")
    assert standing(browser) == "Nothing needs a person. Lifts: None waits for the provider. See it"
    assert calls == {"GetItem": 1, "Query": 2 * DEMO.shards}


@pytest.mark.parametrize(
    ("scopes", "about"),
    [
        (READ_CREDENTIALS, "Provider: "),
        (READ_POLICY, "Policy: "),
        (READ_HOOKS, "Hooks: "),
        (READ_SERVERS, "Email servers: "),
    ],
)
def test_each_part_is_shown_with_a_scope_of_its_page(call: Gateway, scopes: tuple[str, ...], about: str) -> None:
    for one in scopes:
        said = standing(signed_in(call, scopes={*READ_ADDRESSES, *READ_REMOVALS, one}, credential=one))
        shown = [other for other in ("Provider: ", "Policy: ", "Hooks: ", "Email servers: ") if other in said]
        assert shown == [about]


def test_the_status_is_for_roles_that_read(call: Gateway) -> None:
    desk = signed_in(call, Role.HELP_DESK)
    assert ("/console/status" in desk.page, desk.get("/status").status) == (False, 403)
    assert standing(signed_in(call, Role.VIEWER, credential="v"))
