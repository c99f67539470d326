"""The repetition of calls over the light transport."""

from __future__ import annotations

from typing import Any

import pytest

from reprieve.store.faults import Fault
from reprieve.store.transport import ATTEMPTS, FIRST_PAUSE
from tests.support.light_transport import Patient, answering, call, fault, heads, over, refused, said


def test_a_throttled_call_is_made_again_with_growing_pauses_of_random_length() -> None:
    with answering(*[refused("ThrottlingException")] * 3, said({"Item": {}})) as server:
        patient = Patient(over(server))
        assert call(patient) == {"Item": {}}
    assert len(patient.pauses) == ATTEMPTS - 1
    assert all(0 <= pause < FIRST_PAUSE * 2**at for at, pause in enumerate(patient.pauses))


def test_a_call_is_given_up_after_four_attempts() -> None:
    with answering(*[refused("InternalServerError", 500)] * ATTEMPTS) as server:
        patient = Patient(over(server))
        assert fault(patient) == ("InternalServerError", True)
    assert len(heads(server)) == ATTEMPTS


def test_a_call_whose_fault_does_not_pass_is_made_once() -> None:
    with answering(refused("ValidationException")) as server:
        patient = Patient(over(server))
        assert fault(patient) == ("ValidationException", False)
    assert (len(heads(server)), patient.pauses) == (1, [])


def test_a_call_whose_connection_tears_is_made_again_on_another() -> None:
    with answering(lambda talk: talk.hang_up(), said({})) as server:
        assert call(Patient(over(server))) == {}
    assert server.connections == 2


class Recording:
    """A transport that throttles everything, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def call(self, operation: str, arguments: Any) -> Any:
        self.asked.append((operation, arguments))
        raise Fault("ThrottlingException", passes=True)


def test_a_transaction_has_one_token_for_all_of_its_attempts_and_another_has_another() -> None:
    transport = Recording()
    patient = Patient(transport)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(Fault):
            patient.call("TransactWriteItems", {"TransactItems": []})
    tokens = [arguments["ClientRequestToken"] for _, arguments in transport.asked]
    assert (len(tokens), len(set(tokens[:ATTEMPTS])), len(set(tokens))) == (2 * ATTEMPTS, 1, 2)
    assert 1 <= len(tokens[0]) <= 36
