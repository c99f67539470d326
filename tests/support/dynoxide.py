"""dynoxide: a DynamoDB in one binary, from npm (@dynoxide/linux-x64), with AWS's capacity figures."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

#: the folders whose package.json may ask for it
PLACES = [Path(__file__).parents[2] / folder for folder in ("bench", "tests/sdk-node")]
SECONDS_TO_START = 1_200
#: the second and every further clause of a kind
CLAUSE = re.compile(r"""(?<=[?]) SET |(?<=") REMOVE """)


def binary() -> str | None:
    """The path of dynoxide: from DYNOXIDE, from npm, or on the PATH; None if it is missing."""
    installed = (place / "node_modules" / "@dynoxide" / "linux-x64" / "dynoxide" for place in PLACES)
    found = os.environ.get("DYNOXIDE") or next((path for path in installed if path.exists()), None)
    return str(found) if found else shutil.which("dynoxide")


def needed() -> str:
    """The path of dynoxide; skip the test, with a message, if it is missing."""
    found = binary()
    if found is None:
        message = "dynoxide is not here: install npm's @dynoxide/linux-x64 in bench/, or name it by DYNOXIDE"
        if os.environ.get("REPRIEVE_REQUIRE_NPM") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@contextmanager
def running(connections: int = 32, *, export: Path | None = None, retries: Any = None) -> Iterator[DynamoDBClient]:
    """Run a fresh dynoxide in memory; skip the test, with a message, if it is missing.

    Args:
        connections: of the client.
        retries: the client's settings for its own repetitions of a call.
        export: a directory like DynamoDB's exports, with `schema.json`, whose tables and items are there at the start.
    """
    found = needed()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = ["import", "--source", str(export), "--schema", str(export / "schema.json"), "--serve"] if export else []
    process = subprocess.Popen(
        [found, *command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        client = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-west-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(max_pool_connections=connections, parameter_validation=False, retries=retries),
        )
        adapt(client)
        yield client
    finally:
        process.terminate()
        process.wait(10)


def adapt(client: DynamoDBClient) -> None:
    """Make a client, such as one of the product's own, send an UPDATE in dynoxide's syntax."""
    client.meta.events.register("provide-client-params.dynamodb.BatchExecuteStatement", _adapted)


def with_commas(params: Mapping[str, Any]) -> dict[str, Any]:
    """An UPDATE of several clauses in dynoxide's syntax: AWS documents `SET a SET b`, dynoxide knows `SET a, b`."""
    statements = [one | {"Statement": CLAUSE.sub(", ", one["Statement"])} for one in params["Statements"]]
    return {**params, "Statements": statements}


def _adapted(params: dict[str, Any], **_: object) -> None:
    params.update(with_commas(params))


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until dynoxide answers: at once, or after it has read a million items."""
    ends = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > ends:
                raise
            time.sleep(0.05)
        else:
            return
