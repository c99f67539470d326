"""The store of the benchmarks: dynoxide with the template's tables, and a meter of requests and capacity units.

    with running({"Suppressions": items}) as (client, meter):
        ...
    print(meter.requests, meter.reads, meter.writes)

dynoxide's consumed capacity agrees with AWS's formulas. Its import takes items five times as fast as its API does.
"""

from __future__ import annotations

import base64
import gzip
import json
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprieve.store.language import marshal
from tests.support import dynoxide
from tests.support.tables import CREATED, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.store.language import Item

READS = {"GetItem", "BatchGetItem", "Query"}


@dataclass
class Meter:
    """The requests and units since the last `clear`.

    Attributes:
        requests: by operation.
        reads: read units, by table.
        writes: write units, those of indexes included, by table.
    """

    requests: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Reset all counts."""
        for counter in (self.requests, self.reads, self.writes):
            counter.clear()

    @property
    def units(self) -> float:
        """Read and write units."""
        return self.reads.total() + self.writes.total()

    def attach(self, client: DynamoDBClient) -> None:
        """Count the client's requests from now on."""
        client.meta.events.register("provide-client-params.dynamodb", self._ask)  # type: ignore[arg-type]  # botocore uses the result, which the stub does not know
        client.meta.events.register("after-call.dynamodb", self._count)

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        metered = "ReturnConsumedCapacity" in model.input_shape.members
        return {**params, "ReturnConsumedCapacity": "TOTAL"} if metered else params

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.requests[model.name] += 1
        consumed = parsed.get("ConsumedCapacity", [])
        for one in [consumed] if isinstance(consumed, dict) else consumed:
            (self.reads if model.name in READS else self.writes)[one["TableName"]] += one["CapacityUnits"]


@contextmanager
def running(items: Mapping[str, Iterable[Item]] | None = None) -> Iterator[tuple[DynamoDBClient, Meter]]:
    """Run a store for the length of the block, and yield a metered client.

    Args:
        items: the initial items, by table.
    """
    if dynoxide.binary() is None:
        raise SystemExit(
            "dynoxide is not installed: run `npm ci` in bench/ (as `make bench` does), or set DYNOXIDE to its path"
        )
    with tempfile.TemporaryDirectory() as place:
        _export(Path(place), items or {})
        with dynoxide.running(export=Path(place)) as client:
            meter = Meter()
            meter.attach(client)
            yield client, meter


def _export(place: Path, items: Mapping[str, Iterable[Item]]) -> None:
    """Write the template's tables as DynamoDB exports them."""
    schema = []
    for name, properties in tables().items():
        created = {word: properties[word] for word in CREATED if word in properties}
        schema.append({"Table": {"TableName": name, "TableStatus": "ACTIVE", **created}})
        data = place / name / "data"
        data.mkdir(parents=True)
        with gzip.open(data / "items.json.gz", "wt", compresslevel=1) as file:
            for item in items.get(name, ()):
                file.write(json.dumps({"Item": marshal(item)}, default=_base64) + "\n")
    (place / "schema.json").write_text(json.dumps(schema))


def _base64(binary: bytes) -> str:
    return base64.b64encode(binary).decode()
