"""A transport that is made late is made once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.store.faults import Fault
from reprieve.store.transport import Late

if TYPE_CHECKING:
    from collections.abc import Mapping

THREADS = 8


class Echo:
    """Answers with what it was asked."""

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"operation": operation, **arguments}


def test_threads_that_make_their_first_calls_together_share_one_transport() -> None:
    made: list[Echo] = []
    together = Barrier(THREADS)

    def make() -> Echo:
        made.append(Echo())
        time.sleep(0.05)  # the others ask meanwhile
        return made[0]

    late = Late(make)

    def ask(number: int) -> Mapping[str, Any]:
        together.wait()
        return late.call("Get", {"number": number})

    assert made == []
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, range(THREADS)))
    assert answers == [{"operation": "Get", "number": number} for number in range(THREADS)]
    assert len(made) == 1


def test_one_that_could_not_be_made_is_made_by_the_next_call() -> None:
    outcomes: list[Any] = [Fault("NoCredentialsError", passes=False), Echo()]

    def make() -> Echo:
        found = outcomes.pop(0)
        if isinstance(found, Fault):
            raise found
        return Echo()

    late = Late(make)
    with pytest.raises(Fault):
        late.call("Get", {})
    assert late.call("Get", {}) == {"operation": "Get"}
