"""Teaches moto what the stores need of PartiQL: batches of INSERT and UPDATE with parameters.

moto hands statements to py-partiql-parser, which cannot read a `?` inside of `VALUE {...}`. While `inserting()` is in
force, moto's DynamoDB executes batches of what `tests.support.partiql` reads as DynamoDB does: each statement for
itself; a taken key answers DuplicateItem, a condition that does not hold, or an item that is not there,
ConditionalCheckFailed, and nothing is changed; more than 25 statements are refused as a whole. Batches of anything else
go where they went before.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from moto.dynamodb.exceptions import ConditionalCheckFailed, MockValidationException
from moto.dynamodb.models import DynamoDBBackend

from tests.support import partiql

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_STATEMENTS = 25

Statement = dict[str, Any]


@contextmanager
def inserting() -> Iterator[None]:
    """Patch moto for as long as the block runs."""
    others = DynamoDBBackend.batch_execute_statement

    def batch_execute_statement(self: DynamoDBBackend, statements: list[Statement]) -> list[dict[str, Any]]:
        if not any(statement["Statement"].split()[0].upper() in {"INSERT", "UPDATE"} for statement in statements):
            return others(self, statements)
        if len(statements) > MAX_STATEMENTS:
            raise MockValidationException(f"Member must have length less than or equal to {MAX_STATEMENTS}")
        return [_execute(self, statement) for statement in statements]

    with mock.patch.object(DynamoDBBackend, "batch_execute_statement", batch_execute_statement):
        yield


def _execute(backend: DynamoDBBackend, statement: Statement) -> dict[str, Any]:
    """Execute one statement: the answer that DynamoDB gives to it."""
    try:
        wanted = partiql.read(statement)
    except partiql.Malformed as malformed:
        return _error("ValidationError", str(malformed))
    if wanted.table not in backend.tables:
        return _error("ResourceNotFound", "Requested resource not found")
    key = backend.tables[wanted.table].hash_key_attr
    try:
        if isinstance(wanted, partiql.Insert):
            # escaped, since `partition` is a reserved word in an expression
            backend.put_item(
                wanted.table,
                wanted.item,
                condition_expression="attribute_not_exists(#key)",
                expression_attribute_names={"#key": key},
            )
        else:
            condition = " AND ".join([f"attribute_exists(#{key})", *([wanted.condition] if wanted.condition else [])])
            backend.update_item(
                wanted.table,
                wanted.key,
                update_expression=wanted.expression,
                condition_expression=condition,
                expression_attribute_names={
                    f"#{name}": name for name in re.findall(r"#(\w+)", f"{wanted.expression} {condition}")
                },
                expression_attribute_values=wanted.values,
            )
    except ConditionalCheckFailed:
        if isinstance(wanted, partiql.Insert):
            return _error("DuplicateItem", "Duplicate primary key exists in table")
        return _error("ConditionalCheckFailed", "The conditional request failed")
    return {"TableName": wanted.table}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}}
