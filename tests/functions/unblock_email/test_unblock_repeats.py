"""Our additions to Zoho's API: the dry run, and the idempotency key that makes a retry safe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.gateway import DEMO, Answer, Calls, Gateway
from tests.support.unblock_email import (
    LATER,
    PERMANENT,
    UNKNOWN,
    WRONG,
    ask,
    bounce,
    enrol,
    left,
    refusal,
    refused,
    rid,
    success,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_a_dry_run_reports_the_outcome_and_changes_nothing(call: Gateway, calls: Calls) -> None:
    enrol(1, "soft@example.org")
    enrol(2, "hard@example.org")
    bounce("soft@example.org")
    bounce("hard@example.org", hard=True)
    answer = ask(call, [rid(1), rid(2)], query={"dry_run": "true"})
    assert calls == {"BatchGetItem": 2}
    yes, no = answer.body["data"]
    assert answer.status == 207
    assert yes["details"] == {
        "id": rid(1),
        "fields": [
            {
                "api_name": "Email",
                "code": "SUCCESS",
                "message": "Unblocked successfully",
                "block": "temporary",
                "remaining": 4,
            }
        ],
        "remaining": 4,
    }
    assert (no["message"], no["details"]["remaining"], no["details"]["json_path"]) == (PERMANENT[1], 5, "$.ids[1]")
    assert left("soft@example.org") == 5
    assert ask(call, [rid(1)], query={"dry_run": "false"}) == Answer(200, {"data": [success(rid(1))]})


def test_a_dry_run_is_true_or_false(call: Gateway) -> None:
    expected = refusal(*WRONG, api_name="dry_run", supported_values=["true", "false"])
    assert ask(call, [rid(1)], query={"dry_run": "yes"}) == Answer(400, expected)


def keyed(call: Gateway, ids: Sequence[str], key: str = "k1", **more: Any) -> Answer:
    return ask(call, ids, headers={"Idempotency-Key": key}, **more)


def test_a_key_gives_the_same_answer_again_and_does_nothing(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    first = keyed(call, [rid(1), rid(2)])
    bounce("ann@example.org", at=LATER)
    again = keyed(call, [rid(1), rid(2)])
    assert first == again == Answer(207, {"data": [success(rid(1)), refused(1, rid(2), *UNKNOWN)]})
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == ["true"]
    assert left("ann@example.org") == 4
    assert keyed(call, [rid(1)], key="k2").status == 200


def test_a_key_of_another_request_is_refused(call: Gateway) -> None:
    keyed(call, [rid(1)])
    assert keyed(call, [rid(2)]) == Answer(400, refusal(*WRONG, api_name="Idempotency-Key"))


def test_a_key_belongs_to_its_organization(call: Gateway) -> None:
    keyed(call, [rid(1)])
    other = replace(DEMO, id="other")
    assert keyed(call, [rid(2)], organization=other).body == {"data": [refused(0, rid(2), *UNKNOWN)]}


@pytest.mark.parametrize("key", ["", "a" * 256, "white space", "\u00fc"])
def test_a_key_is_printable_and_not_too_long(call: Gateway, key: str) -> None:
    expected = refusal(*WRONG, api_name="Idempotency-Key", maximum_length=255)
    assert keyed(call, [rid(1)], key=key) == Answer(400, expected)


def test_a_request_that_was_cut_short_is_finished_by_its_repetition(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    with monkeypatch.context() as broken:
        broken.setattr("reprieve.store.system_log.EventLog.append", lambda *_: 1 / 0)
        assert keyed(call, [rid(1)]).status == 500
    assert left("ann@example.org") == 4
    assert keyed(call, [rid(1)]).status == 409
    monkeypatch.setattr("reprieve.store.repeats.UNDER_WAY", -1)
    monkeypatch.setattr("reprieve.store.repeats.FREE", "attribute_exists(#partition) OR #free_at <= :now")
    assert keyed(call, [rid(1)]) == Answer(200, {"data": [success(rid(1))]})
    assert left("ann@example.org") == 4
