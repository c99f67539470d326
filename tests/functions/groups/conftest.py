"""The organization whose groups are asked for, on a clock that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.runtime import wiring
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.gateway import Clock


@pytest.fixture(autouse=True)
def organization(clock: Clock) -> None:
    wiring.access().create_organization(DEMO)
