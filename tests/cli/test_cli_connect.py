"""`reprieve connect`: each step is taken once, is said to be so afterwards, and a dry run changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import SECOND, Millis
from reprieve.organization import Organization
from reprieve.providers.registry import PROVIDERS
from reprieve.providers.ses.connection import SIMULATOR
from reprieve.runtime import wiring
from reprieve.suppressions.ingest import Batch, Post
from tests.cli.accounts import CANARY, WEBHOOK_KEY, stored, unsealed
from tests.cli.running import deploy
from tests.support import operator_policy
from tests.support.fake_sendgrid import FakeSendGrid, status
from tests.support.fake_ses import FakeSes, error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.running import Clock, Ran

    Run = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("acme")
ACME = Organization("acme", "acme")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:SesTopic"
POSTED = ("bounce", "deferred", "delivered", "dropped")
ABOUT_LISTS = ("group_resubscribe", "group_unsubscribe", "spam_report", "unsubscribe")


@pytest.fixture
def url(stack: dict[str, str]) -> str:
    """Where SendGrid is to post acme's events."""
    return f"{stack['ReprieveApi']}/reprieve/events/sendgrid/acme"


@pytest.fixture
def sendgrid(clock: Clock) -> Iterator[FakeSendGrid]:
    with FakeSendGrid(clock=lambda: clock.now / SECOND) as fake:
        fake.allow(CANARY)
        yield fake


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[int]:
    """The waits of a command, which move the clock and last no time."""
    waited: list[int] = []

    def wait(duration: Millis) -> None:
        waited.append(duration)
        clock.now += duration

    monkeypatch.setattr(wiring, "wait", wait)
    return waited


def connect(run: Run, fake: FakeSendGrid, *more: str) -> Ran:
    account = () if wiring.access().provider_accounts("acme") else ("--key-stdin", "--base-url", fake.url)
    return run("connect", "acme", "sendgrid", *account, *more, stdin=CANARY)


def steps(ran: Ran) -> list[str]:
    return [line for line in ran.out.splitlines() if not line.startswith(("waiting", "came"))]


def asked(fake: FakeSendGrid) -> list[str]:
    """What SendGrid was asked since the last look: the method, and the path's last word that is not an id."""
    said = [f"{one.method} {[word for word in one.path if '-' not in word][-1]}" for one in fake.seen]
    fake.seen.clear()
    return said


def taken_in(url: str, headers: dict[str, str], body: bytes) -> None:
    """The stack's webhook, which takes in a post that a stored key verifies."""
    assert url.endswith("/reprieve/events/sendgrid/acme")
    webhook = PROVIDERS["sendgrid"].webhook
    assert webhook is not None
    loaded, post = webhook(), Post({name.lower(): value for name, value in headers.items()}, body, wiring.now())
    with operator_policy.by_another():
        loaded.verify(post, stored().webhook_key)
        wiring.ingest().accept(ACME, loaded.read(post), provider_name="Sendgrid", now=wiring.now())


def everything() -> dict[str, Any]:
    dynamodb = wiring.client("dynamodb")
    return {name: dynamodb.scan(TableName=name)["Items"] for name in dynamodb.list_tables()["TableNames"]}


# ---- SendGrid


def test_each_step_is_taken_and_the_event_that_comes_is_printed(run: Run, sendgrid: FakeSendGrid, url: str) -> None:
    sendgrid.posts = taken_in
    ran = connect(run, sendgrid)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "done        account: stored",
        f"done        event webhook: made for {url}, switched off until its key is stored",
        "done        signature: it signs its posts",
        "done        webhook key: stored",
        "done        switch: it is switched on",
        "waiting     SendGrid was asked for test events, which are about example@test.com",
        "came        example@test.com: delivered, 250 OK",
    ]
    (webhook,) = sendgrid.webhooks[CANARY, ""].values()
    assert (webhook["url"], webhook["enabled"]) == (url, True)
    assert {name for name, value in webhook.items() if value is True} == {"enabled", *POSTED, *ABOUT_LISTS}
    assert unsealed(stored()) == CANARY


def test_the_settings_are_read_once_and_again_only_after_a_change(run: Run, sendgrid: FakeSendGrid) -> None:
    sendgrid.posts = taken_in
    connect(run, sendgrid)
    assert asked(sendgrid) == [
        *("GET all", "POST settings"),
        *("GET all", "GET signed", "PATCH signed"),
        *("GET all", "GET signed", "PATCH settings"),
        *("GET all", "POST test"),
    ]
    connect(run, sendgrid, "--dry-run")
    assert asked(sendgrid) == ["GET all", "GET signed"]
    connect(run, sendgrid)
    assert asked(sendgrid) == ["GET all", "GET signed", "POST test"]


def test_a_second_run_finds_everything_so_and_changes_nothing(run: Run, sendgrid: FakeSendGrid) -> None:
    sendgrid.posts = taken_in
    connect(run, sendgrid)
    account, sendgrid.seen[:] = stored(), []
    ran = connect(run, sendgrid)
    assert steps(ran) == [
        f"already so  {title}" for title in ("account", "event webhook", "signature", "webhook key", "switch")
    ]
    assert stored() == account
    assert [(one.method, one.path[-1]) for one in sendgrid.seen if one.method != "GET"] == [("POST", "test")]


@pytest.mark.parametrize("known", [False, True])
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(
    run: Run, sendgrid: FakeSendGrid, url: str, *, known: bool
) -> None:
    if known:
        run("providers", "set", "acme", "--kind", "sendgrid", "--base-url", sendgrid.url, "--key-stdin", stdin=CANARY)
    before = everything()
    ran = connect(run, sendgrid, "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "already so  account" if known else "would do    account: acme is not set",
        f"would do    event webhook: no webhook posts to {url}",
        "would do    signature: it does not sign its posts",
        "would do    webhook key: there is none to store yet",
        "would do    switch: it is switched off",
    ]
    assert everything() == before
    assert {one.method for one in sendgrid.seen} == {"GET"}


def test_what_has_drifted_is_repaired_alone(run: Run, sendgrid: FakeSendGrid) -> None:
    sendgrid.posts = taken_in
    connect(run, sendgrid)
    (webhook,) = sendgrid.webhooks[CANARY, ""].values()
    webhook |= {"enabled": False, "bounce": False, "open": True, "friendly_name": "Ours"}
    assert steps(connect(run, sendgrid)) == [
        "already so  account",
        "done        event webhook: it posts bounce, too",
        "already so  signature",
        "already so  webhook key",
        "done        switch: it is switched on",
    ]
    (webhook,) = sendgrid.webhooks[CANARY, ""].values()
    # what is another's wish stays
    assert (webhook["bounce"], webhook["enabled"], webhook["open"]) == (True, True, True)
    assert webhook["friendly_name"] == "Ours"


def test_a_new_signing_key_is_stored_beside_the_one_in_use(run: Run, sendgrid: FakeSendGrid) -> None:
    sendgrid.posts = taken_in
    connect(run, sendgrid)
    old = stored().webhook_key
    run("providers", "set", "acme", "--webhook-key", WEBHOOK_KEY, "--webhook-key", old)
    (webhook,) = sendgrid.webhooks[CANARY, ""].values()
    webhook["key"] = None
    ran = connect(run, sendgrid)
    assert steps(ran)[2:4] == [
        "done        signature: it signs its posts",
        "done        webhook key: stored beside the one before, which counts until it is taken away",
    ]
    before, new = stored().webhook_key.split()
    assert before == old
    assert new not in {old, WEBHOOK_KEY}


def test_a_webhook_that_proves_its_posts_by_oauth_needs_no_signature(run: Run, sendgrid: FakeSendGrid) -> None:
    connect(run, sendgrid)
    (webhook,) = sendgrid.webhooks[CANARY, ""].values()
    webhook |= {"key": None, "oauth_client_id": "rpc_acme_1"}
    ran = connect(run, sendgrid, "--dry-run")
    assert steps(ran)[2:4] == ["already so  signature", "already so  webhook key"]


def test_webhooks_of_others_are_left_alone(run: Run, sendgrid: FakeSendGrid) -> None:
    sendgrid.posts = taken_in
    other = {"id": "theirs", "url": "https://other.example/hook", "enabled": False}
    sendgrid.webhooks[CANARY, ""]["theirs"] = dict(other)
    connect(run, sendgrid)
    assert sendgrid.webhooks[CANARY, ""].pop("theirs") == other
    assert len(sendgrid.webhooks[CANARY, ""]) == 1


def test_an_account_without_room_for_another_webhook_is_refused(run: Run, sendgrid: FakeSendGrid) -> None:
    sendgrid.max_webhooks = 1
    sendgrid.webhooks[CANARY, ""]["theirs"] = {"id": "theirs", "url": "https://other.example/hook"}
    ran = connect(run, sendgrid)
    assert (ran.code, ran.err) == (
        1,
        "Error: the account has as many webhooks as its plan allows: delete one at SendGrid\n",
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (401, "401: the API key was not accepted"),
        (403, "403: the API key needs the scopes user.webhooks.event.settings.* and user.webhooks.event.test.create"),
        (404, "404: there are no webhook settings at the configured base URL"),
        (500, "500: the provider failed"),
    ],
)
def test_a_provider_that_refuses_is_said_in_one_line_and_the_command_can_be_repeated(
    run: Run, sendgrid: FakeSendGrid, code: int, said: str
) -> None:
    sendgrid.trouble.append(status(code))
    ran = connect(run, sendgrid)
    assert (ran.code, ran.err) == (1, f"Error: SendGrid: {said}\n")
    sendgrid.posts = taken_in
    assert connect(run, sendgrid).code == 0


def test_an_event_that_does_not_come_is_waited_for_as_long_as_was_asked(
    run: Run, sendgrid: FakeSendGrid, waits: list[int]
) -> None:
    ran = connect(run, sendgrid, "--wait", "10")
    said = "no event came within 10 s: `reprieve doctor`, docs/runbook/webhooks-refused.md"
    assert (ran.code, ran.err) == (1, f"Error: {said}\n")
    assert waits == [2 * SECOND] * 5


def test_an_event_from_before_or_of_another_account_is_not_taken_for_the_tests(
    run: Run, sendgrid: FakeSendGrid, clock: Clock
) -> None:
    def of_another(_url: str, _headers: dict[str, str], body: bytes) -> None:
        webhook = PROVIDERS["sendgrid"].webhook
        assert webhook is not None
        batch: Batch = webhook().read(Post({}, body, wiring.now()))
        with operator_policy.by_another():
            wiring.ingest().accept(ACME, batch, provider_name="Sendgrid", account="other", now=wiring.now())

    sendgrid.posts = taken_in
    assert connect(run, sendgrid).code == 0
    clock.now += SECOND
    sendgrid.posts = of_another
    assert connect(run, sendgrid, "--wait", "4").code == 1


def test_json_has_the_steps_and_the_events(run: Run, sendgrid: FakeSendGrid, url: str) -> None:
    sendgrid.posts = taken_in
    said = json.loads(connect(run, sendgrid, "--json").out)
    assert [one["state"] for one in said["steps"]] == ["done"] * 5
    assert said["steps"][1] == {
        "step": "event webhook",
        "state": "done",
        "said": f"made for {url}, switched off until its key is stored",
    }
    assert said["by_hand"] == []
    assert said["events"] == [{"email": "example@test.com", "outcome": "delivered", "said": "250 OK"}]


def test_another_account_is_connected_by_its_name(run: Run, sendgrid: FakeSendGrid) -> None:
    run("providers", "set", "acme", "--kind", "none")
    more = ("--account", "news", "--on-behalf-of", "shop", "--key-stdin", "--base-url", sendgrid.url, "--dry-run")
    ran = run("connect", "acme", "sendgrid", *more, stdin=CANARY)
    assert ran.out.splitlines()[0] == "would do    account: acme/news is not set"
    assert {one.headers["on-behalf-of"] for one in sendgrid.seen} == {"shop"}


@pytest.mark.parametrize(
    "more", [("ses",), ("sendgrid", "--base-url", "https://api.eu.sendgrid.com"), ("sendgrid", "--key-stdin")]
)
def test_an_account_that_is_set_is_not_changed_by_the_way(run: Run, more: tuple[str, ...]) -> None:
    run("providers", "set", "acme", "--kind", "sendgrid", "--key-stdin", stdin=CANARY)
    ran = run("connect", "acme", *more, stdin=CANARY)
    said = "acme is set already, with the kind sendgrid: change it with `reprieve providers set acme`"
    assert (ran.code, ran.err.splitlines()[-1]) == (2, f"Error: {said}")


# ---- Amazon SES


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSes]:
    fake = FakeSes()
    monkeypatch.setattr(wiring, "provider_client", lambda *_: fake)
    yield fake
    # boto3 is not reached, so that the policy is held to what the fake was asked
    for operation, parameters in fake.calls:
        for action, resource in operator_policy.needs("ses", operation, parameters):
            assert operator_policy.allowed(action, resource), (action, resource)
            assert action in operator_policy.documented()["connect"]


@pytest.fixture
def with_topic(stack: dict[str, str]) -> tuple[str, ...]:
    """The options of the command for a stack that has a topic."""
    deploy("whole", stack | {"SesTopic": TOPIC})
    return ("--stack", "whole")


def bounced(mail: dict[str, Any]) -> None:
    """The notification of the simulator's bounce, taken in by the claim on the configuration set."""
    row = {"emailAddress": SIMULATOR, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    stamp = datetime.fromtimestamp(wiring.now() / SECOND, UTC).isoformat()
    about = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [row]}
    notification = {
        "eventType": "Bounce",
        "bounce": about | {"timestamp": stamp, "feedbackId": "f"},
        "mail": {"messageId": "m", "tags": {"ses:configuration-set": [mail["ConfigurationSetName"]]}},
    }
    with operator_policy.by_another():
        wiring.notification_ingest("ses").take(json.dumps(notification).encode(), now=wiring.now())


SES_STEPS = ("configuration set news", "claim on configuration-set/news", "event destination of news")
SET = ("connect", "acme", "ses", "--configuration-set", "news", "--from", "news@acme.example")
PUBLISHED = "BOUNCE, COMPLAINT, DELIVERY, DELIVERY_DELAY, REJECT"


def test_ses_is_connected_step_by_step_and_its_simulators_bounce_is_printed(
    run: Run, ses: FakeSes, with_topic: tuple[str, ...]
) -> None:
    ses.sends = bounced
    ran = run(*with_topic, *SET)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "done        account: stored",
        "done        configuration set news: made",
        "done        claim on configuration-set/news: claimed",
        f"done        event destination of news: it publishes {PUBLISHED} to {TOPIC}",
        f"waiting     a mail from news@acme.example was sent to {SIMULATOR}",
        f"came        {SIMULATOR}: bounce, 550 5.1.1 user unknown",
    ]
    assert ses.sets["news"]["reprieve"]["SnsDestination"] == {"TopicArn": TOPIC}
    ses.calls.clear()
    again = run(*with_topic, *SET)
    assert again.out.splitlines()[:4] == [f"already so  {title}" for title in ("account", *SES_STEPS)]
    assert {operation for operation, _ in ses.calls if not operation.startswith("Get")} == {"SendEmail"}


def test_a_dry_run_changes_nothing_at_ses(run: Run, ses: FakeSes, with_topic: tuple[str, ...]) -> None:
    before = everything()
    ran = run(*with_topic, *SET, "--dry-run")
    assert ran.out.splitlines() == [
        "would do    account: acme is not set",
        "would do    configuration set news: it does not exist",
        "would do    claim on configuration-set/news: notifications of its mail have no owner",
        "would do    event destination of news: it publishes to no topic of Reprieve's",
    ]
    assert (everything(), ses.sets) == (before, {})


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ({"Enabled": False}, "its event destination reprieve is disabled"),
        ({"MatchingEventTypes": ["BOUNCE", "OPEN"]}, "it does not publish COMPLAINT, DELIVERY, DELIVERY_DELAY, REJECT"),
        ({"SnsDestination": {"TopicArn": "arn:old"}}, "it publishes to arn:old instead"),
    ],
)
def test_an_event_destination_that_has_drifted_is_repaired(
    run: Run, ses: FakeSes, with_topic: tuple[str, ...], destination: dict[str, Any], said: str
) -> None:
    ses.sends = bounced
    run(*with_topic, *SET)
    theirs = {"Enabled": True, "MatchingEventTypes": ["CLICK"], "SnsDestination": {"TopicArn": "arn:theirs"}}
    ses.sets["news"] = {"theirs": theirs, "reprieve": ses.sets["news"]["reprieve"] | destination}
    assert f"would do    event destination of news: {said}" in run(*with_topic, *SET, "--dry-run").out
    assert run(*with_topic, *SET).code == 0
    assert ses.sets["news"].pop("theirs") == theirs
    kept = {"OPEN"} & {*destination.get("MatchingEventTypes", ())}
    assert set(ses.sets["news"]["reprieve"]["MatchingEventTypes"]) == {*PUBLISHED.split(", "), *kept}
    assert ses.sets["news"]["reprieve"]["Enabled"] is True
    assert ses.sets["news"]["reprieve"]["SnsDestination"] == {"TopicArn": TOPIC}


def test_the_configuration_sets_are_those_that_are_claimed_where_none_is_named(
    run: Run, ses: FakeSes, with_topic: tuple[str, ...]
) -> None:
    run("providers", "set", "acme", "--kind", "ses")
    ran = run(*with_topic, "connect", "acme", "ses")
    assert ran.out.splitlines()[1].startswith("Name the configuration set that mail is sent with")
    run("senders", "claim", "acme", "configuration-set/claimed")
    run("senders", "claim", "acme", "identity/acme.example")
    ran = run(*with_topic, "connect", "acme", "ses", "--dry-run")
    assert ran.out.splitlines()[1:4] == [
        "would do    configuration set claimed: it does not exist",
        "already so  claim on configuration-set/claimed",
        "would do    event destination of claimed: it publishes to no topic of Reprieve's",
    ]
    assert ran.out.splitlines()[4].startswith("To see an event arrive")


def test_an_account_in_another_region_needs_a_topic_there(run: Run, ses: FakeSes, with_topic: tuple[str, ...]) -> None:
    ran = run(*with_topic, *SET, "--account", "fra", "--region", "eu-central-1")
    assert (ran.code, ran.err) == (1, "Error: topic: needed: the ARN of a topic in the account's region\n")
    ran = run(*with_topic, *SET, "--account", "fra", "--topic", "arn:there", "--wait", "0")
    assert "done        event destination of news: it publishes" in ran.out
    assert ses.sets["news"]["reprieve"]["SnsDestination"] == {"TopicArn": "arn:there"}


def test_a_refusal_of_ses_is_said_without_its_words(run: Run, ses: FakeSes, with_topic: tuple[str, ...]) -> None:
    ses.always = error("AccessDeniedException", 403)
    ran = run(*with_topic, *SET)
    assert (ran.code, ran.err) == (1, "Error: Amazon SES refused: AccessDeniedException\n")


# ---- others


@pytest.mark.parametrize(
    ("kind", "more"), [("resend", ()), ("mailgun", ("--on-behalf-of", "mg.acme.example")), ("postmark", ())]
)
def test_where_a_person_sets_the_webhook_it_is_said_how(run: Run, kind: str, more: tuple[str, ...]) -> None:
    ran = run("connect", "acme", kind, "--key-stdin", *more, stdin=CANARY)
    assert (ran.code, ran.err) == (0, "")
    first, *rest = ran.out.splitlines()
    assert first == "done        account: stored"
    assert f".amazonaws.com/reprieve/events/{kind}/acme" in " ".join(rest)
    assert rest[-1] == "To store that key: reprieve providers set acme --webhook-key -"
    assert stored().kind == kind
