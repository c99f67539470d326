"""The DynamoDB calls of an unblock of five hundred records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reprieve.address import Address
from reprieve.recipients.recipient import Recipient
from reprieve.runtime import wiring
from reprieve.store.recipients import _item, _recipient_key
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support.gateway import DEMO, Answer, Calls, Gateway
from tests.support.unblock_email import BASE, ask, block, bounce, rid, success


@pytest.mark.slow
@pytest.mark.parametrize("place", [bounce, block])
def test_five_hundred_records_cost_fifteen_reads_and_a_transaction_per_hundred_writes(
    call: Gateway, calls: Calls, place: Any
) -> None:
    emails = [f"user{number}@example.org" for number in range(500)]
    people = [Recipient(rid(n), "Leads", Address.parse(email), None, 1, 1) for n, email in enumerate(emails)]
    wiring.table("RECIPIENTS").insert_many(
        [_item(_recipient_key(DEMO, one.module, one.id), one) | {"version": 1} for one in people]
    )
    kind = SuppressionList.BOUNCES if place is bounce else SuppressionList.BLOCKS
    wiring.suppressions().record(
        DEMO, [Suppression(kind, email, email, BASE, permanence=Permanence.SOFT, event_id="e") for email in emails]
    )
    answer = ask(call, [rid(n) for n in range(500)], organization=replace(DEMO, soft_bounce_threshold=1))
    assert answer == Answer(200, {"data": [success(rid(n)) for n in range(500)]})
    writes = 10 if place is bounce else 5
    assert calls == {"BatchGetItem": 5 + 10, "TransactWriteItems": writes, "BatchExecuteStatement": 1, "UpdateItem": 1}


@pytest.mark.slow
def test_two_addresses_per_record_double_the_reads_of_suppressions(call: Gateway, calls: Calls) -> None:
    people = [
        Recipient(rid(n), "Leads", Address.parse(f"user{n}@example.org"), Address.parse(f"other{n}@example.org"), 1, 1)
        for n in range(500)
    ]
    wiring.table("RECIPIENTS").insert_many(
        [_item(_recipient_key(DEMO, one.module, one.id), one) | {"version": 1} for one in people]
    )
    calls.clear()
    answer = ask(call, [rid(n) for n in range(500)], ["Email", "Secondary_Email"])
    assert answer.status == 400
    assert calls == {"BatchGetItem": 5 + 20}
