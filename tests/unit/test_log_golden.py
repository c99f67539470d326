"""Each type of log entry whole, against the recorded ones in tests/unit/log_entries.json.

`PYTHONPATH=layers/domain/python:. python -m tests.unit.test_log_golden` writes it anew; read what has changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.system_log.entry import EventType
from tests.support.log_entries import entries

if TYPE_CHECKING:
    from reprieve.system_log.entry import LogEntry

GOLDEN = Path(__file__).with_name("log_entries.json")


def written(entry: LogEntry) -> dict[str, Any]:
    return {"uuid": entry.uuid, "published": entry.published, "target": entry.target, "event": entry.event}


def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


@pytest.mark.parametrize("name", entries())
def test_an_entry_is_as_it_was_written_down(name: str) -> None:
    assert written(entries()[name]) == golden()[name]


def test_every_type_of_entry_is_written_down_and_nothing_else() -> None:
    assert set(golden()) == set(entries())
    assert {entry.event["eventType"] for entry in entries().values()} == {one.value for one in EventType}


if __name__ == "__main__":
    every = {name: written(entry) for name, entry in entries().items()}
    GOLDEN.write_text(json.dumps(every, indent=2, ensure_ascii=False) + "\n")
