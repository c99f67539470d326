"""A dynoxide of the benchmark's own, with the template's tables, and a count of requests and capacity units."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARY = Path(__file__).parent / "node_modules" / "@dynoxide" / "linux-x64" / "dynoxide"


@dataclass
class Meter:
    """What the store was asked since the last `reset`."""

    requests: int = 0
    units: float = 0.0
    names: list[str] = field(default_factory=list)

    def reset(self) -> None:
        self.requests, self.units, self.names = 0, 0.0, []

    def seen(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.requests += 1
        self.names.append(model.name)
        consumed = parsed.get("ConsumedCapacity", {})
        self.units += sum(
            one["CapacityUnits"] for one in (consumed if isinstance(consumed, list) else [consumed]) if one
        )


@contextlib.contextmanager
def running() -> Iterator[tuple[Any, Meter]]:
    """Start the store; give a client of it whose calls are metered."""
    binary = Path(os.environ.get("DYNOXIDE", BINARY))
    if not binary.exists():
        raise SystemExit(f"{binary} is not here: `npm ci` in bench/ installs it (`make bench` does)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([str(binary), "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        client = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="bench",
            aws_secret_access_key="bench",
            config=Config(parameter_validation=False, max_pool_connections=16),
        )
        create_tables(client)
        meter = Meter()
        client.meta.events.register("provide-client-params.dynamodb", _ask_for_units)
        client.meta.events.register("after-call.dynamodb", meter.seen)
        yield client, meter
    finally:
        process.terminate()
        process.wait(10)


def _ask_for_units(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {**params, "ReturnConsumedCapacity": "TOTAL"}


def _wait(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise SystemExit("the store did not start")
