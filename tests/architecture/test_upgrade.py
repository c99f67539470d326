"""DynamoDB creates or deletes one index of a table per update, so a version changes at most one of each table.

`indexes.json` has the indexes of the last release; when one is made, write it anew:
`PYTHONPATH=layers/domain/python:. python -m tests.architecture.test_upgrade`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.tables import tables

RELEASED = Path(__file__).with_name("indexes.json")


def indexes() -> dict[str, dict[str, Any]]:
    return {
        name: {one["IndexName"]: one for one in table.get("GlobalSecondaryIndexes", ())}
        for name, table in tables().items()
    }


@pytest.mark.parametrize("table", indexes())
def test_a_version_changes_at_most_one_index_of_a_table(table: str) -> None:
    # a new table has all of its indexes from the start
    before = json.loads(RELEASED.read_text()).get(table)
    after = indexes()[table]
    if before is not None:
        deleted = [name for name, one in before.items() if after.get(name) != one]
        created = [name for name, one in after.items() if before.get(name) != one]
        assert len(deleted) + len(created) <= 1, f"deleted or changed: {deleted}, created or changed: {created}"


def test_no_table_of_the_last_release_is_gone() -> None:
    assert json.loads(RELEASED.read_text()).keys() <= indexes().keys()


if __name__ == "__main__":
    RELEASED.write_text(json.dumps(indexes(), indent=2) + "\n")
