"""The tests here share one AWS, and each starts with an empty one, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.organization import Organization
from reprieve.runtime import wiring
from tests.support.tables import tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls


@pytest.mark.parametrize("turn", ["one", "the other"])
def test_nothing_of_one_test_is_there_in_the_next(dynamodb: DynamoDBClient, calls: Calls, turn: str) -> None:
    sqs, kms = wiring.client("sqs"), wiring.client("kms")
    assert sorted(dynamodb.list_tables()["TableNames"]) == sorted(tables())
    assert [dynamodb.scan(TableName=name)["Items"] for name in tables()] == [[]] * len(tables())
    assert "QueueUrls" not in sqs.list_queues()
    assert kms.list_keys()["Keys"] == []
    assert wiring.access().organization("acme") is None
    assert calls == {"ListTables": 1, "Scan": len(tables()), "GetItem": 1}

    wiring.access().create_organization(Organization("acme", turn))
    dynamodb.delete_table(TableName="EventLog")
    sqs.create_queue(QueueName="dead-letters")
    kms.create_key()
