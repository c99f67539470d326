"""The two transports over one server, which a boto3 client names.

with dynoxide.running() as client, transports.over(client, "light") as transport:
    table = Table(transport, "Suppressions")
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.store.boto3_transport import Boto3
from reprieve.store.connection import Endpoint
from reprieve.store.light import Light
from tests.support import dynoxide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.store.transport import Transport

#: the names of the transports
BOTH = ("light", "boto3")


class _LightForDynoxide(Light):
    """The light transport, which sends an UPDATE in dynoxide's syntax; see `dynoxide.adapt`."""

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Light`."""
        if operation == "BatchExecuteStatement":
            arguments = dynoxide.with_commas(arguments)
        return super().call(operation, arguments)


@contextmanager
def over(client: DynamoDBClient, name: str, *, adapted: bool = True) -> Iterator[Transport]:
    """A transport to the client's server.

    Args:
        client: of boto3.
        name: `light` or `boto3`.
        adapted: whether the server is dynoxide.
    """
    if name == "boto3":
        yield Boto3(client)
        return
    with pytest.MonkeyPatch.context() as patch:
        for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patch.setenv(word, "testing")
        endpoint = Endpoint.of_url(client.meta.endpoint_url)
        light = (_LightForDynoxide if adapted else Light)("eu-west-1", endpoint, connect_timeout=5, read_timeout=30)
        yield light
        light.close()
