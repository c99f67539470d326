"""One provider and its upstream, for the tests of a single adapter."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.providers import SendGridBench, SesBench

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sendgrid() -> Iterator[SendGridBench]:
    with ExitStack() as stack:
        yield SendGridBench(stack)


@pytest.fixture
def ses() -> SesBench:
    return SesBench(ExitStack())
