"""What moto needs where many writes are sent side by side."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is no database: two writes at a time undo each other."""
    monkeypatch.setattr("reprieve.store.table.SIDE_BY_SIDE", 1)
