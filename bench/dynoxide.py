"""dynoxide for benchmarks: a DynamoDB in memory whose consumed capacity agrees with AWS's formulas.

    with dynoxide.running() as client, dynoxide.metered(client) as meter:
        ...
    print(meter.requests, meter.reads, meter.writes)

It is the binary of npm's `@dynoxide/linux-x64`; DYNOXIDE names it, or it is in bench/node_modules.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALLED = Path(__file__).parent / "node_modules" / "@dynoxide" / "linux-x64" / "dynoxide"
SECONDS_TO_START = 10
#: what a call is charged for
READS = {"GetItem", "BatchGetItem", "Query"}


@dataclass
class Meter:
    """What was asked of DynamoDB since the last `clear`.

    Attributes:
        requests: by operation.
        reads: read units.
        writes: write units, those of indexes included.
    """

    requests: Counter[str] = field(default_factory=Counter)
    reads: float = 0.0
    writes: float = 0.0

    def clear(self) -> None:
        """Begin anew."""
        self.requests.clear()
        self.reads = self.writes = 0.0


@contextmanager
def running() -> Iterator[Any]:
    """A client of a dynoxide of its own, which ends with the block."""
    binary = Path(os.environ.get("DYNOXIDE", INSTALLED))
    if not binary.is_file():
        raise SystemExit(f"no dynoxide at {binary}: npm install --prefix bench @dynoxide/linux-x64, or set DYNOXIDE")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([binary, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-west-1",
            aws_access_key_id="bench",
            aws_secret_access_key="bench",
            config=Config(parameter_validation=False, max_pool_connections=16),
        )
    finally:
        process.terminate()
        process.wait()


@contextmanager
def metered(client: Any) -> Iterator[Meter]:
    """Count what the client asks, and what it is charged for it."""
    meter = Meter()

    def ask(params: dict[str, Any], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def count(parsed: dict[str, Any], model: Any, **_: object) -> None:
        meter.requests[model.name] += 1
        charged = parsed.get("ConsumedCapacity", [])
        units = sum(one["CapacityUnits"] for one in (charged if isinstance(charged, list) else [charged]))
        if model.name in READS:
            meter.reads += units
        else:
            meter.writes += units

    client.meta.events.register("provide-client-params.dynamodb", ask)
    client.meta.events.register("after-call.dynamodb", count)
    yield meter
    client.meta.events.unregister("provide-client-params.dynamodb", ask)
    client.meta.events.unregister("after-call.dynamodb", count)


def _wait(port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit("dynoxide did not start") from None
            time.sleep(0.05)
        else:
            return
