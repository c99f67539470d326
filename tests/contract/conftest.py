"""What tests of the contracts share: one provider and its upstream, and the suppression store on each DynamoDB.

The store's contract is one, on every DynamoDB of the tests: simulated, in process, dynoxide, supplied. What the
simulation proves is worth as much as its DynamoDB is like the others.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from tests.simulation.dynamodb import Client, SerialTable
from tests.simulation.world import Choices, World
from tests.support import dynoxide, supplied, transports
from tests.support.dynamodb import Database
from tests.support.providers import SendGridBench, SesBench
from tests.support.suppression_store import Bench
from tests.support.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINES = {"dynoxide": dynoxide, "supplied": supplied}


@pytest.fixture(
    scope="module",
    params=["simulated", "in process", *(f"{engine} by {name}" for engine in ENGINES for name in transports.BOTH)],
)
def dynamodb(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A shared client and transport, which take longer to make than most tests; None if each test makes its own."""
    if " by " not in request.param:
        yield None if request.param == "simulated" else Database()
        return
    engine, name = request.param.split(" by ")
    with (
        ENGINES[engine].running() as client,
        transports.over(client, name, adapted=engine == "dynoxide") as transport,
    ):
        yield client, transport


@pytest.fixture
def bench(dynamodb: Any) -> Bench:
    """A bench on empty tables."""
    if dynamodb is None:
        client = Client(World(Choices(0)), "Suppressions", lambda *_: None)
        table: Table = SerialTable(client, "Suppressions")  # type: ignore[arg-type]
    elif isinstance(dynamodb, Database):
        table = Table(Database().client(), "Suppressions")  # type: ignore[arg-type]
    else:
        client, transport = dynamodb
        if "Suppressions" in client.list_tables()["TableNames"]:
            client.delete_table(TableName="Suppressions")
        create_table(client, "Suppressions")
        table = Table(transport, "Suppressions")
    return Bench(table, Suppressions(table), RemovalQueue(table))


@pytest.fixture
def sendgrid() -> Iterator[SendGridBench]:
    with ExitStack() as stack:
        yield SendGridBench(stack)


@pytest.fixture
def ses() -> SesBench:
    return SesBench(ExitStack())
