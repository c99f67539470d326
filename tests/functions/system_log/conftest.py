"""A log at midnight, empty or with one entry per hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR
from tests.support.system_log import MIDNIGHT, Log, delivery

if TYPE_CHECKING:
    from reprieve.system_log.entry import LogEntry
    from tests.support.gateway import Clock, Gateway


@pytest.fixture
def logs(call: Gateway, clock: Clock) -> Log:
    clock.now = MIDNIGHT
    return Log(call, clock)


@pytest.fixture
def hourly(logs: Log) -> list[LogEntry]:
    """Ten deliveries to one address, an hour between them, the last of them an hour ago."""
    entries = [delivery(number, at=MIDNIGHT - (10 - number) * HOUR) for number in range(10)]
    for entry in entries:
        logs.write(entry, arrived=entry.published)
    return entries
