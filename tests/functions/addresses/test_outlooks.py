"""How bounces block an address, how many unblocks are left, and what happens next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.address import Address
from reprieve.organization import BouncePurge, Organization
from reprieve.recipients.recipient import Field, Recipient
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import (
    Permanence,
    SuppressionList,
)
from tests.support import queue
from tests.support.addresses import KEY, NOW, explain, put, soft
from tests.support.contexts import context
from tests.support.gateway import DEMO, Gateway

if TYPE_CHECKING:
    from tests.support.gateway import Calls

pytestmark = pytest.mark.usefixtures("demo")


def then(call: Gateway, organization: Organization = DEMO) -> list[tuple[str, str | None]]:
    return [(one["then"], one["at"]) for one in explain(call, organization=organization).body["next"]]


def test_soft_bounces_below_the_threshold_are_counted_and_do_not_block(call: Gateway) -> None:
    soft(SuppressionList.BLOCKS, 4)
    body = explain(call).body
    known = {"reason": "550 5.1.1 no such user ", "since": "2025-12-31T23:59:00.000Z"}
    assert body["block"] == {"kind": "none", "count": 4, **known}
    assert (body["mailed"], body["suppressions"][0]["suppresses"], then(call)) == (True, False, [("kept", None)])


def test_soft_bounces_at_the_threshold_are_a_temporary_block(call: Gateway) -> None:
    soft(SuppressionList.BLOCKS, 5)
    body = explain(call).body
    known = {"reason": "550 5.1.1 no such user ", "since": "2025-12-31T23:59:00.000Z"}
    assert body["block"] == {"kind": "temporary", "count": 5, **known}
    assert (body["mailed"], body["suppressions"][0]["suppresses"], then(call)) == (False, True, [("stays", None)])


def test_the_threshold_is_the_organizations_own(call: Gateway) -> None:
    soft(SuppressionList.BLOCKS, 2)
    strict = Organization("demo", "Demo", soft_bounce_threshold=2)
    assert explain(call, organization=strict).body["block"]["kind"] == "temporary"


@pytest.mark.parametrize("permanence", Permanence)
def test_the_bounces_list_speaks_before_the_blocks_list(call: Gateway, permanence: Permanence) -> None:
    soft(SuppressionList.BLOCKS, 5, NOW - 30)
    put(permanence=permanence)
    kind = "permanent" if permanence is Permanence.HARD else "temporary"
    known = {"reason": "550 5.1.1 no such user ", "since": "2025-12-31T23:59:00.000Z"}
    assert explain(call).body["block"] == {"kind": kind, "count": 5, **known}


def test_a_cleared_entry_does_not_block(call: Gateway) -> None:
    soft(SuppressionList.BOUNCES)
    cleared = Organization("demo", "Demo", cleared={SuppressionList.BOUNCES: NOW})
    assert explain(call, organization=cleared).body["block"] == {
        "kind": "none",
        "count": 0,
        "reason": None,
        "since": None,
    }


@pytest.mark.parametrize("name", [SuppressionList.BOUNCES, SuppressionList.BLOCKS])
def test_the_unblocks_left_go_down_with_each_and_outlive_the_block(
    call: Gateway, calls: Calls, name: SuppressionList
) -> None:
    wiring.recipients().put(DEMO, Recipient("00u1", "users", Address.parse(KEY), None, NOW, NOW))
    for number in (1, 2):
        soft(name, 5, NOW + number * 100)
        wiring.unblocks().request(
            context(DEMO, request_id=f"r{number}", now=(NOW + number * 100 + 50) * 1000),
            "users",
            ["00u1"],
            [Field.EMAIL],
        )
    calls.clear()
    body = explain(call).body
    assert body["limits"]["unblocks"] == {"limit": 5, "remaining": 3}
    assert (body["block"]["kind"], body["mailed"]) == ("none", True)
    assert calls == {"BatchGetItem": 3, "Query": 1, "GetItem": 3}


def test_what_comes_next_follows_from_the_organizations_settings(call: Gateway) -> None:
    put()
    purge = BouncePurge(enabled=True, soft_days=None, hard_days=1)
    expiring = Organization("demo", "Demo", purge=purge)
    cleared = Organization("demo", "Demo", cleared={SuppressionList.BOUNCES: NOW})
    assert then(call) == [("stays", None)]
    assert then(call, expiring) == [("expires", "2026-01-01T23:59:00.000Z")]
    assert then(call, cleared) == [("sweeps", None)]
    body = explain(call, organization=cleared).body
    assert (body["mailed"], body["suppressions"]) == (True, [])


def test_a_failed_removal_waits_for_a_person_and_a_done_one_is_remembered(call: Gateway) -> None:
    store, line, moment = wiring.suppressions(), wiring.removal_queue(), NOW * 1000
    put()
    for end in ("fail", "lift"):
        request = RemovalRequest(f"{end}-0", SuppressionList.BOUNCES, KEY, KEY, hide=True)
        store.request_removals(context(DEMO, credential="c", request_id=end, now=moment), [request])
        (removal,) = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=moment, lease=1)
        if end == "fail":
            line.settle(
                DEMO, [Settlement(removal, RemovalState.FAILED, attempts=10, answer="400: refused")], now=moment
            )
            assert then(call) == [("waits", None)]
        else:
            line.settle(DEMO, [Settlement(removal, RemovalState.DONE, removal.attempts, answer="204")], now=moment)
    body = explain(call).body
    assert (body["next"], [(one["state"], one["last_answer"]) for one in body["removals"]]) == ([], [("done", "204")])
