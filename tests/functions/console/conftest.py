"""What the tests of the console in a browser share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def shots() -> Path | None:
    """The directory for pictures, where `SHOTS` names one."""
    made = Path(os.environ["SHOTS"]).resolve() if "SHOTS" in os.environ else None
    if made:
        made.mkdir(parents=True, exist_ok=True)
    return made
