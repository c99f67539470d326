"""A fixture for many parallel writes."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run writes one at a time: moto would let two of them undo each other."""
    monkeypatch.setattr("reprieve.store.table.SIDE_BY_SIDE", 1)
