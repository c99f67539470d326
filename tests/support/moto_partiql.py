"""Teaches moto what the stores need of PartiQL: batches of INSERT with parameters.

moto hands statements to py-partiql-parser, which cannot read a `?` inside of `VALUE {...}`. While `inserting()` is in
force, moto's DynamoDB executes a batch of

    INSERT INTO "table" VALUE {'a': ?, 'b': ?}

as DynamoDB does: each statement for itself, a taken key answers with the error DuplicateItem and leaves the item alone,
and more than 25 statements are refused as a whole. Batches of anything else go where they went before.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from moto.dynamodb.exceptions import ConditionalCheckFailed, MockValidationException
from moto.dynamodb.models import DynamoDBBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

INSERT = re.compile(r"""\s*INSERT\s+INTO\s+"([^"]+)"\s+VALUE\s+\{(.*)\}\s*""", re.IGNORECASE | re.DOTALL)
FIELD = re.compile(r"\s*'([^']+)'\s*:\s*\?\s*")
MOST = 25

Statement = dict[str, Any]


@contextmanager
def inserting() -> Iterator[None]:
    """Patch moto for as long as the block runs."""
    others = DynamoDBBackend.batch_execute_statement

    def batch_execute_statement(self: DynamoDBBackend, statements: list[Statement]) -> list[dict[str, Any]]:
        inserts = [INSERT.fullmatch(statement["Statement"]) for statement in statements]
        if not any(inserts):
            return others(self, statements)
        if len(statements) > MOST:
            raise MockValidationException(f"Member must have length less than or equal to {MOST}")
        return [_insert(self, found, given) for found, given in zip(inserts, statements, strict=True)]

    with mock.patch.object(DynamoDBBackend, "batch_execute_statement", batch_execute_statement):
        yield


def _insert(backend: DynamoDBBackend, found: re.Match[str] | None, statement: Statement) -> dict[str, Any]:
    """Execute one statement: the answer that DynamoDB gives to it."""
    fields = [FIELD.fullmatch(field) for field in found[2].split(",")] if found else []
    if found is None or not all(fields):
        return _error("ValidationError", "Statement wasn't well formed, can't be processed")
    table = found[1]
    if table not in backend.tables:
        return _error("ResourceNotFound", "Requested resource not found")
    names = [field[1] for field in fields if field]
    if len(names) != len(statement.get("Parameters", ())):
        return _error("ValidationError", "Number of parameters in request and statement don't match.")
    item = dict(zip(names, statement["Parameters"], strict=True))
    # escaped, since `partition` is a reserved word in an expression
    names_of_keys = {"#key": backend.tables[table].hash_key_attr}
    try:
        backend.put_item(
            table,
            item,
            condition_expression="attribute_not_exists(#key)",
            expression_attribute_names=names_of_keys,
        )
    except ConditionalCheckFailed:
        return _error("DuplicateItem", "Duplicate primary key exists in table")
    return {"TableName": table}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}}
