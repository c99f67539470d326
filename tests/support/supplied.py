"""A DynamoDB that a developer has started on this machine: `DYNAMODB_ENDPOINT=http://127.0.0.1:8000`.

It is for AWS's own engine, DynamoDB Local. That is not open-source software, and its licence is between AWS and its
user, so nothing here fetches it. Any other server that speaks DynamoDB will do as well. Unlike dynoxide, it gets the
product's statements as they are.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from tests.support.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

ENDPOINT = "DYNAMODB_ENDPOINT"


@contextmanager
def running() -> Iterator[DynamoDBClient]:
    """A client of the server, without the template's tables before and after; skip the test if none was named.

    A server that is not on this machine, or that has such tables, fails the test: the tests would delete them.
    """
    endpoint = os.environ.get(ENDPOINT)
    if not endpoint:
        pytest.skip(f"no DynamoDB was named by {ENDPOINT}")
    if urlsplit(endpoint).hostname not in {"127.0.0.1", "localhost", "::1"}:
        pytest.fail(f"{ENDPOINT} is not on this machine: {endpoint}")
    client = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )
    if found := _made(client):
        pytest.fail(f"the DynamoDB at {endpoint} has the tables {', '.join(found)} already")
    try:
        yield client
    finally:
        for name in _made(client):
            client.delete_table(TableName=name)


def _made(client: DynamoDBClient) -> list[str]:
    """The tables there that have a name of the template."""
    return sorted(set(client.list_tables()["TableNames"]) & set(tables()))
