"""The capacity units of a removal over its life, on a store that counts them as AWS does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from reprieve.access.provider_account import ProviderAccount
from reprieve.organization import Membership, Organization
from reprieve.providers.none import NoProvider
from reprieve.removals.allowance import Allowance
from reprieve.removals.job import RemovalJob
from reprieve.removals.request import Removals
from reprieve.store.access import Access
from reprieve.store.boto3_transport import Boto3
from reprieve.store.groups import GroupStore
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppressions import Suppressions
from reprieve.store.system_log import EventLog
from reprieve.store.table import Table
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support import dynoxide
from tests.support.contexts import context
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = 1_800_000_000_000
ORG = Organization("acme", "Acme", Membership.ANYONE)
READS = {"Query", "GetItem", "BatchGetItem"}
COUNT = 160


def units(client: DynamoDBClient) -> Counter[bool]:
    """Count the units of the Suppressions table from now on: read units under True, write units under False."""
    counted: Counter[bool] = Counter()

    def ask(params: dict[str, Any], model: Any, **_: object) -> None:
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"

    def add(parsed: dict[str, Any], model: Any, **_: object) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        for one in [consumed] if isinstance(consumed, dict) else consumed:
            if one["TableName"] == "Suppressions":
                counted[model.name in READS] += one["CapacityUnits"]

    client.meta.events.register("provide-client-params.dynamodb", ask)
    client.meta.events.register("after-call.dynamodb", add)
    return counted


def test_a_removal_of_a_large_request_costs_four_write_units_and_one_read_unit_at_most() -> None:
    with dynoxide.running() as client:
        create_tables(client)
        table = Table(Boto3(client), "Suppressions")
        store, log = Suppressions(table), EventLog(Table(Boto3(client), "EventLog"), lambda: NOW)
        access = Access(Table(Boto3(client), "Access"), Table(Boto3(client), "ProviderAccounts"))
        access.create_organization(ORG)
        assert access.set_provider_account(ORG.id, ProviderAccount("none"), provider_name="", before=None)
        emails = [f"recipient-{number:06}@example.com" for number in range(COUNT)]
        store.record(ORG, [Suppression(SuppressionList.BOUNCES, one, one, NOW - 60_000) for one in emails])
        spent = units(client)
        removals = Removals(store, None, log, Allowance(None))  # type: ignore[arg-type]  # no recipients are looked up
        removals.request(context(ORG, request_id="f" * 32, now=NOW), emails)
        job = RemovalJob(
            access=access,
            queue=RemovalQueue(table),
            log=log,
            groups=GroupStore(table),
            provider_for=lambda *_: NoProvider(),
            clock=lambda: NOW,
            remaining=lambda: 110_000,
            spread=lambda: 0.5,
        )
        assert job.run().counts == {"lifted": COUNT}
        assert spent[False] / COUNT < 3.5
        assert spent[True] / COUNT < 0.6
