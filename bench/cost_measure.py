"""What requests, events and idle organizations take, measured by the functions' handlers on dynoxide."""

from __future__ import annotations

import base64
import io
import json
import os
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench import floors
from bench.cost import ITEM_OVERHEAD, Assumed, Measured, Unit
from bench.store import running
from reprieve.access.provider_account import ProviderAccount
from reprieve.address import digest
from reprieve.organization import Membership, Organization
from reprieve.providers.sendgrid.adapter import SendGrid
from reprieve.removals import upkeep
from reprieve.runtime import telemetry, wiring
from tests.support.fake_sendgrid import FakeSendGrid
from tests.support.gateway import Calls, Context, Gateway, function
from tests.support.tables import environment, tables
from tests.support.webhook import signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from bench.store import Meter

#: idle organizations, beside the one in use
IDLE: Final = 40
#: of which an average is taken
REQUESTS: Final = 20
KEY: Final = "SG.bench"
ORGANIZATION: Final = Organization("bench", "Bench", Membership.ANYONE)
SETTINGS: Final = {
    "SECRETS_KEY": "none",
    "DEAD_LETTER_QUEUE_URL": "none",
    "METRICS_NAMESPACE": "Reprieve/bench",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@dataclass
class Counted(Calls):
    """Counts from the moment that the gateway begins a request, without what it prepares."""

    meter: Meter | None = None

    def clear(self) -> None:
        super().clear()
        if self.meter:
            self.meter.clear()


@dataclass
class Bench:
    """The functions, and what they take."""

    client: DynamoDBClient
    meter: Meter
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    kms: int = 0
    metrics: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.calls = Counted()
        self.calls.meter = self.meter
        self.gateway = Gateway(self.calls)

    @contextmanager
    def measuring(self) -> Iterator[dict[str, Unit]]:
        """What the block takes, under the key "unit"."""
        found: dict[str, Unit] = {}
        said, kms = io.StringIO(), self.kms
        handler: Any = telemetry.logger().registered_handler
        stream, handler.stream = handler.stream, said
        self.meter.clear()
        began = time.process_time()
        try:
            with redirect_stdout(said):
                yield found
        finally:
            handler.stream = stream
        self.metrics |= _metrics(said.getvalue())
        found["unit"] = Unit(
            reads=self.meter.reads.total(),
            writes=self.meter.writes.total(),
            calls=self.meter.requests.total(),
            kms=self.kms - kms,
            cpu_ms=(time.process_time() - began) * 1_000,
            log_bytes=len(said.getvalue().encode()),
        )

    def ask(self, name: str, method: str, resource: str, **how: Any) -> Unit:
        """What one request takes on average: a write that leases a part of the quota is for several of them."""
        taken = Unit()
        for number in range(REQUESTS + 1):
            with self.measuring() as found:
                answer = self.gateway(function(name), method, resource, organization=ORGANIZATION, **how)
            assert answer.status in {200, 202}, answer
            if number:  # the first one loads code
                taken = taken.plus(found["unit"])
        return taken.times(1 / REQUESTS)

    def post(self, events: list[dict[str, Any]]) -> Unit:
        """What one post of the webhook takes."""
        body = json.dumps(events).encode()
        with self.measuring() as found:
            answer = self.gateway(
                function("event_webhook"),
                "POST",
                "/events/{kind}/{org}",
                path={"kind": "sendgrid", "org": ORGANIZATION.id},
                headers=signed(self.key, body),
                body=body,
                organization=None,
                stage="reprieve",
                as_base64=True,
            )
        assert answer.status == 200, answer
        return found["unit"]

    def run(self, name: str) -> Unit:
        """What one run of a scheduled function takes."""
        with self.measuring() as found:
            function(name)({}, Context(remaining=110_000))
        return found["unit"]

    def upkeep(self) -> Unit:
        """What one run of the upkeep takes on average: each looks at the old queue of other organizations."""
        taken = Unit()
        for share in range(upkeep.SHARES):

            def is_due(_: upkeep.Upkeep, organization: Organization, share: int = share) -> bool:
                return digest(organization.id) % upkeep.SHARES == share

            with mock.patch.object(upkeep.Upkeep, "_is_due", is_due):
                taken = taken.plus(self.run("upkeep"))
        return taken.times(1 / upkeep.SHARES)


def measured(assumed: Assumed) -> Measured:
    """All measurements."""
    with running() as (client, meter), FakeSendGrid() as upstream, _wired(client) as holder:
        upstream.allow(KEY)
        bench = Bench(client, meter)
        holder.append((bench, upstream))
        return _measured(bench, upstream, assumed)


@contextmanager
def _wired(client: DynamoDBClient) -> Iterator[list[tuple[Bench, FakeSendGrid]]]:
    """`wiring` on the store, with a provider whose key costs one request of KMS to open."""
    holder: list[tuple[Bench, FakeSendGrid]] = []

    def provider_for(_organization: Organization, _account: ProviderAccount) -> SendGrid:
        bench, upstream = holder[0]
        bench.kms += 1
        return SendGrid(base_url=upstream.url, api_key=KEY, clock=wiring.now)

    with (
        mock.patch.dict(os.environ, environment() | SETTINGS),
        mock.patch.object(wiring, "client", return_value=client),
        mock.patch.object(wiring, "provider_for", provider_for),
    ):
        yield holder


def _measured(bench: Bench, upstream: FakeSendGrid, assumed: Assumed) -> Measured:
    count = assumed.events_a_post
    bench.run("removal_job")
    bench.run("upkeep")
    job = bench.run("removal_job").plus(bench.upkeep())
    add(ORGANIZATION, bench.key)
    for number in range(IDLE):
        add(Organization(f"idle-{number}", "Idle"), bench.key)
    resting = bench.run("removal_job")
    waiting = resting.plus(bench.upkeep())
    idle = _less(waiting, job).times(1 / (IDLE + 1))
    compared = bench.run("reconciliation").times(1 / (IDLE + 1))

    bench.post(_events(count, "delivered", 0))
    before = _stored(bench.client)
    post = bench.post(_events(count, "delivered", 1))
    log_entry = (_stored(bench.client)["EventLog"] - before["EventLog"]) / count
    bounced = bench.post(_events(count, "bounce", 2))
    record = (_stored(bench.client)["Suppressions"] - before["Suppressions"]) / count
    again = bench.post(_events(count, "bounce", 3))

    page = bench.ask(
        "suppressions",
        "GET",
        "/suppression/bounces",
        query={"limit": "100"},
        stage="v3",
        scopes=["suppression.bounces.read"],
    )
    address = bench.ask(
        "addresses",
        "GET",
        "/addresses/{email+}",
        path={"email": _email(5)},
        stage="reprieve",
        scopes=["reprieve.addresses.read"],
    )
    log = bench.ask("system_log", "GET", "/v1/logs", query={"limit": "100"}, scopes=["okta.logs.read"])

    for number in range(count):
        upstream.put("bounces", _email(number), created=int(time.time()) - 60)
    emails = [_email(number) for number in range(assumed.addresses_a_request)]
    with bench.measuring() as found:
        answer = bench.gateway(
            function("remove_list"),
            "POST",
            "/v1/org/email/bounces/remove-list",
            body={"emailAddresses": emails},
            organization=ORGANIZATION,
            scopes=["okta.orgs.manage"],
        )
    assert answer.status == 200, answer
    lift = found["unit"]
    carried = _less(bench.run("removal_job"), resting).times(1 / len(emails))
    assert not upstream.listed("bounces")
    return Measured(
        on=datetime.now(UTC).date().isoformat(),
        post=post,
        new=_less(bounced, post).times(1 / count),
        known=_less(again, post).times(1 / count),
        lift=lift,
        carried=carried,
        page=page,
        address=address,
        log=log,
        job=job,
        idle=idle,
        compared=compared,
        log_entry=log_entry,
        record=record,
        metrics=len(bench.metrics),
    )


def add(organization: Organization, key: ec.EllipticCurvePrivateKey) -> None:
    """Store an organization, and the account whose webhook the key signs."""
    wiring.access().create_organization(organization)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    account = ProviderAccount("sendgrid", "https://api.sendgrid.com", b"sealed", "", base64.b64encode(public).decode())
    assert wiring.access().set_provider_account(organization.id, account, provider_name="Sendgrid", before=None)


def _email(number: int) -> str:
    return f"recipient-{number:06}@example.com"


def _events(count: int, event: str, series: int) -> list[dict[str, Any]]:
    """Events as SendGrid posts them, a minute apart from those of another series."""
    return [
        {
            "email": _email(number),
            "event": event,
            "timestamp": int(time.time()) - 3_600 + series * 60,
            "smtp-id": f"<14c5d75ce93.dfd.{series}.{number}@ismtpd-555>",
            "sg_event_id": f"ZXZlbnQtaWQtb2YtMjItYnl0ZXM-{series}-{number}",
            "sg_message_id": f"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.{series}.{number}",
            "response": "250 2.0.0 OK",
            **(
                {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 The email account does not exist"}
                if event == "bounce"
                else {}
            ),
        }
        for number in range(count)
    ]


def _less(one: Unit, other: Unit) -> Unit:
    return Unit(*(max(0.0, getattr(one, each.name) - getattr(other, each.name)) for each in fields(Unit)))


def _metrics(said: str) -> set[str]:
    """The custom metrics in what a function wrote: each name with each set of dimensions is billed."""
    found = set()
    for line in said.splitlines():
        if '"_aws"' in line:
            for one in json.loads(line)["_aws"]["CloudWatchMetrics"]:
                found |= {f"{one['Dimensions']} {metric['Name']}" for metric in one["Metrics"]}
    return found


def _stored(client: DynamoDBClient) -> dict[str, float]:
    """The bytes that each table is billed for, indexes included."""
    found: dict[str, float] = {}
    for name, properties in tables().items():
        items: list[dict[str, Any]] = []
        for page in client.get_paginator("scan").paginate(TableName=name):
            items += page["Items"]
        found[name] = float(sum(floors.size(item) + ITEM_OVERHEAD for item in items))
        keys = {one["AttributeName"] for one in properties["KeySchema"]}
        for index in properties.get("GlobalSecondaryIndexes", ()):
            own = {one["AttributeName"] for one in index["KeySchema"]}
            shown = keys | own | set(index["Projection"].get("NonKeyAttributes", ()))
            inside = [item for item in items if own <= item.keys()]
            found[name] += sum(
                floors.size({word: item[word] for word in item if word in shown}) + ITEM_OVERHEAD for item in inside
            )
    return found
