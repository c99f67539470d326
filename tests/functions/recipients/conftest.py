"""A client of the routes, on a clock that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.recipients import Client

if TYPE_CHECKING:
    from tests.support.gateway import Clock, Gateway


@pytest.fixture(autouse=True)
def frozen(clock: Clock) -> Clock:
    return clock


@pytest.fixture
def users(call: Gateway) -> Client:
    return Client(call)
