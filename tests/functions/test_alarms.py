"""Each alarm fires for its fault, and for nothing else: the functions run, and what they write is compared."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from unittest import mock

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import DAY
from reprieve.errors import Unavailable
from reprieve.hooks.deliver import SETTLING
from reprieve.hooks.hook import Changes
from reprieve.net.post import Posted
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.removals import upkeep
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import MAX_ATTEMPTS, RemovalRequest
from reprieve.runtime import wiring
from reprieve.store.removal_queue import RemovalQueue
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support.cloudwatch import fires, written
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Clock, Context, Gateway, event, function
from tests.support.translated import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import StringIO

    from tests.support.dynamodb import Client

BOUNCES = SuppressionList.BOUNCES
ALARMS = {name: dict(properties) for name, properties in resources("AWS::CloudWatch::Alarm").items()}
KEY = ec.generate_private_key(ec.SECP256R1())
MINUTE = 60_000


@dataclass
class Provider:
    """A provider whose answers are given.

    Attributes:
        answer: to every removal.
        readable: whether its lists can be read.
    """

    answer: LiftAnswer = field(default_factory=lambda: LiftAnswer(LiftOutcome.LIFTED, "204"))
    readable: bool = True
    batch: int = 100

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        return [self.answer for _ in emails]

    def entries(self, suppression_list: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        if not self.readable:
            raise Unavailable("403")
        yield from ()

    def close(self) -> None:
        pass


@dataclass
class World:
    """A deployment with one organization, and what can go wrong with it."""

    call: Gateway
    clock: Clock
    dynamodb: Client
    provider: Provider
    monkeypatch: pytest.MonkeyPatch

    def run(self, name: str, *, remaining: int = 900_000) -> None:
        function(name)(event(name, "schedule"), Context(remaining=remaining))

    def ask(self, key: str = "a@x.org") -> None:
        """Request a removal, as any API does."""
        wanted = RemovalRequest(f"r-{key}", BOUNCES, key, key)
        by = context(DEMO, credential="cred-1", request_id=f"r-{key}", now=wiring.now())
        wiring.suppressions().request_removals(by, [wanted])

    def attempt(self, outcome: LiftOutcome, *, times: int = 1) -> None:
        """Run the job so often, with the provider's answer, each time once the removal is due again."""
        self.provider.answer = LiftAnswer(outcome, "")
        for _ in range(times):
            self.run("removal_job")
            self.clock.now += DAY

    def post(self, *events: object, key: ec.EllipticCurvePrivateKey = KEY) -> Answer:
        """Post to the webhook, signed with a key."""
        body, timestamp = json.dumps(events).encode(), str(self.clock.now // 1000)
        signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        return self.call(
            function("event_webhook"),
            "POST",
            "/events/{kind}/{org}",
            path={"kind": "sendgrid", "org": DEMO.id},
            headers={sendgrid_events.SIGNATURE: signature, sendgrid_events.TIMESTAMP: timestamp},
            body=body,
            organization=None,
            stage="reprieve",
            as_base64=True,
        )

    def bounce(self) -> dict[str, object]:
        return {"email": "a@x.org", "event": "bounce", "sg_event_id": "e1", "timestamp": self.clock.now // 1000 - 90}

    def break_store(self) -> None:
        """From now on no entry of a list can be read."""

        def broken(*_: object, **__: object) -> Iterator[Suppression]:
            raise Unavailable("the store did not answer")

        self.monkeypatch.setattr(wiring.listing(), "hidden", broken)

    def letters(self) -> float:
        """The letters in the dead-letter queue, which AWS publishes."""
        sqs, name = boto3.client("sqs"), "ApproximateNumberOfMessages"
        url = sqs.get_queue_url(QueueName="dead-letters")["QueueUrl"]
        return float(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


@pytest.fixture
def world(call: Gateway, clock: Clock, dynamodb: Client, log: StringIO, monkeypatch: pytest.MonkeyPatch) -> World:
    url = boto3.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", url)
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    wiring.access().create_organization(DEMO)
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    account = ProviderAccount("none", webhook_key=base64.b64encode(public).decode())
    assert wiring.access().set_provider_account(DEMO.id, account, provider_name="", before=None)
    return World(call, clock, dynamodb, provider, monkeypatch)


def removal_failed(world: World) -> None:
    world.ask()
    world.attempt(LiftOutcome.REFUSED, times=MAX_ATTEMPTS)


def removals_lifted_and_postponed(world: World) -> None:
    world.ask("a@x.org")
    world.attempt(LiftOutcome.LIFTED)
    world.ask("b@x.org")
    world.attempt(LiftOutcome.REFUSED, times=MAX_ATTEMPTS - 1)


def removal_waits(world: World, minutes: int) -> None:
    world.ask()
    world.provider.answer = LiftAnswer(LiftOutcome.WAIT, "429")
    world.clock.now += minutes * MINUTE
    world.run("removal_job")


def turn_failed(world: World) -> None:
    def defect(*_: object) -> Provider:
        raise RuntimeError("unexpected")

    world.ask()
    world.monkeypatch.setattr(wiring, "provider_for", defect)
    world.run("removal_job")


def account_refused(world: World) -> None:
    world.ask()
    world.attempt(LiftOutcome.ACCOUNT_BROKEN)


def account_paused_before(world: World) -> None:
    """A run of the job after the one that met the refusal, which is what is counted."""
    account = ProviderAccount("none", paused_until=2**50)
    world.monkeypatch.setattr(wiring.access(), "provider_accounts", lambda _: [account])
    world.ask()
    world.run("removal_job")


def upkeep_failed(world: World) -> None:
    wiring.access().clear(DEMO.id, BOUNCES, until=world.clock.now // 1000)
    world.break_store()
    world.run("upkeep")


def bounces_near_limit(world: World, bounces: int) -> None:
    """Messages to a mailbox provider of which some bounced, and an hour of runs of the upkeep."""
    one = DeliveryEvent("e", DeliveryKind.DELIVERED, "a@x.org", "a@x.org", world.clock.now)
    kinds = [DeliveryKind.BOUNCE] * bounces + [DeliveryKind.DELIVERED] * (1_000 - bounces)
    events = [replace(one, id=str(number), kind=kind) for number, kind in enumerate(kinds)]
    wiring.rate_store().add(DEMO, events, account="default", now=world.clock.now)
    world.monkeypatch.setattr(upkeep, "SHARES", 1)
    world.run("upkeep")


def lists_unreadable(world: World) -> None:
    world.provider.readable = False
    world.run("reconciliation")


def out_of_time(world: World) -> None:
    world.run("reconciliation", remaining=0)


def posts_refused(world: World, number: int) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    for _ in range(number):
        assert world.post(world.bounce(), key=other).status == 401


def uncounted(world: World) -> None:
    world.monkeypatch.setattr(wiring.rate_store(), "add", mock.Mock(side_effect=Unavailable("throttled")))
    assert world.post(world.bounce()).status == 200


def counted(world: World) -> None:
    assert world.post(world.bounce()).status == 200


class Receiver:
    """What answers a hook."""

    status = 503

    def may_post(self, _: str) -> bool:
        return True

    def post(self, *_: object) -> Posted:
        return Posted(self.status)


def notice_waits(world: World, minutes: int) -> None:
    hook_with_a_notice(world)
    world.run("hook_delivery")
    world.clock.now += minutes * MINUTE
    world.run("hook_delivery")


def hook_with_a_notice(world: World) -> None:
    """A hook that hears of a hold, and does not take it."""
    world.monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    world.monkeypatch.setattr(wiring, "hook_poster", Receiver)
    by = context(DEMO, credential="cred-1", request_id="r", now=wiring.now())
    wiring.hooks().add(by, Changes("https://x.example/"))
    wiring.holds().add(by, "a@x.org", reason="asked")
    world.clock.now += SETTLING + 1


def hook_turn_failed(world: World) -> None:
    hook_with_a_notice(world)
    world.monkeypatch.setattr(wiring.vault(), "unseal", mock.Mock(side_effect=Unavailable("no answer")))
    world.run("hook_delivery")


def notice_taken(world: World) -> None:
    world.monkeypatch.setattr(Receiver, "status", 204)
    hook_with_a_notice(world)
    world.run("hook_delivery")


def nothing(_: World) -> None:
    """A function that does not run writes nothing."""


def runs(name: str) -> Callable[[World], None]:
    return lambda world: world.run(name)


#: per alarm on a metric of ours: the fault that makes it fire, and what must not
CASES: dict[str, tuple[Callable[[World], None], Callable[[World], None]]] = {
    "RemovalsFailedAlarm": (removal_failed, removals_lifted_and_postponed),
    "OldestPendingAlarm": (lambda world: removal_waits(world, 16), lambda world: removal_waits(world, 14)),
    "ProviderBrokenAlarm": (account_refused, account_paused_before),
    "RemovalTurnsFailedAlarm": (turn_failed, removals_lifted_and_postponed),
    "RemovalJobSilentAlarm": (nothing, runs("removal_job")),
    "UpkeepFaultsAlarm": (upkeep_failed, runs("upkeep")),
    "RatesNearLimitsAlarm": (lambda world: bounces_near_limit(world, 40), lambda world: bounces_near_limit(world, 39)),
    "EventsUncountedAlarm": (uncounted, counted),
    "UpkeepSilentAlarm": (nothing, runs("upkeep")),
    "ReconciliationUnreadAlarm": (lists_unreadable, runs("reconciliation")),
    "ReconciliationLeftAlarm": (out_of_time, runs("reconciliation")),
    "ReconciliationSilentAlarm": (nothing, runs("reconciliation")),
    "NoticesUndeliveredAlarm": (lambda world: notice_waits(world, 61), lambda world: notice_waits(world, 59)),
    "HookTurnsFailedAlarm": (hook_turn_failed, notice_taken),
    "WebhooksRefusedAlarm": (lambda world: posts_refused(world, 3), lambda world: posts_refused(world, 2)),
}


def test_every_alarm_on_a_metric_of_ours_has_a_case() -> None:
    assert set(CASES) == {name for name, alarm in ALARMS.items() if isinstance(alarm["Namespace"], dict)}


@pytest.mark.parametrize("is_fault", [True, False], ids=["fires", "silent"])
@pytest.mark.parametrize("name", CASES)
def test_an_alarm_fires_for_its_fault_and_for_nothing_else(
    world: World, capsys: pytest.CaptureFixture[str], name: str, *, is_fault: bool
) -> None:
    alarm = ALARMS[name]
    happen = CASES[name][0 if is_fault else 1]
    capsys.readouterr()
    happen(world)
    values = written(capsys.readouterr().out)
    assert fires(alarm, values.get((alarm["Dimensions"][0]["Value"], alarm["MetricName"]), [])) is is_fault


def test_an_event_that_cannot_be_read_is_a_letter_and_the_alarm_on_letters_fires(world: World) -> None:
    alarm = ALARMS["DeadLettersAlarm"]
    assert world.post(world.bounce()).status == 200
    assert not fires(alarm, [world.letters()])
    assert world.post(world.bounce() | {"email": 3}).status == 200
    assert fires(alarm, [world.letters()])


def test_a_run_of_the_job_that_crashes_counts_as_an_error_of_its_function(world: World) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("unexpected")

    world.monkeypatch.setattr(RemovalQueue, "due_organizations", crash)
    with pytest.raises(RuntimeError):
        world.run("removal_job")
    assert fires(ALARMS["RemovalJobErrorsAlarm"], [1.0])  # what Lambda publishes for a handler that raises
    assert not fires(ALARMS["RemovalJobErrorsAlarm"], [0.0])


@pytest.mark.parametrize(
    ("name", "handler", "resource", "stage"),
    [
        ("OktaServerErrorsAlarm", "recipients", "/v1/users", "api"),
        ("SendGridServerErrorsAlarm", "suppressions", "/suppression/bounces", "v3"),
        ("ZohoServerErrorsAlarm", "records", "/{version}/{module}", "crm"),
        ("ReprieveServerErrorsAlarm", "addresses", "/suppressions", "reprieve"),
    ],
)
def test_an_api_alarm_fires_when_one_answer_in_ten_is_5xx_and_not_for_one_in_a_hundred(
    world: World, name: str, handler: str, resource: str, stage: str
) -> None:
    for table in ("Recipients", "Suppressions"):
        world.dynamodb.delete_table(TableName=table)
    answer = world.call(
        function(handler),
        "GET",
        resource,
        path={"version": "v8", "module": "Leads"} if stage == "crm" else {},
        query={"fields": ["id"]} if stage == "crm" else {},
        scopes=["okta.users.read", "suppression.read", "ZohoCRM.modules.ALL", "reprieve.suppressions.read"],
        stage=stage,
    )
    assert answer.status >= 500
    assert fires(ALARMS[name], [1.0] + [0.0] * 9)  # API Gateway publishes 1 for a 5xx and 0 for any other answer
    assert not fires(ALARMS[name], [1.0] + [0.0] * 99)


@pytest.mark.parametrize("name", [name for name in ALARMS if "Throttle" in name])
def test_an_alarm_on_throttles_fires_for_the_first(name: str) -> None:
    assert (fires(ALARMS[name], [1.0]), fires(ALARMS[name], [0.0]), fires(ALARMS[name], [])) == (True, False, False)


def test_ingest_lag_is_the_age_of_the_oldest_event_of_a_post(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    later = world.bounce() | {"sg_event_id": "e2", "timestamp": world.clock.now // 1000 - 5}
    capsys.readouterr()
    world.post(later, world.bounce())
    ahead = world.bounce() | {"sg_event_id": "e3", "timestamp": world.clock.now // 1000 + 20}
    world.post(ahead)
    world.post()
    assert written(capsys.readouterr().out)["event-webhook", "IngestLag"] == [90.0, 0.0]
