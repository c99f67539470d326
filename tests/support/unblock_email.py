"""Zoho's Unblock Email, for tests: records, bounces and whole answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprieve.address import Address
from reprieve.clock import DAY, Millis
from reprieve.recipients.recipient import Recipient
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve.store.unblocks import Unblocks
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support import queue
from tests.support.gateway import DEMO, Answer, Gateway, function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization

MANY = "/{version}/{module}/actions/unblock_email"


ONE = "/{version}/{module}/{record_id}/actions/unblock_email"


SCOPES = ["ZohoCRM.modules.leads.UPDATE"]


BASE = Millis(1_700_000_000_000)


#: later than the watermark of any request of these tests
LATER = Millis(wiring.now() + DAY)


MUCH_LATER = Millis(LATER + DAY)


THRESHOLD = DEMO.soft_bounce_threshold


def rid(number: int) -> str:
    return str(2423488000000000000 + number)


def enrol(number: int, email: str | None, secondary: str | None = None, module: str = "Leads") -> str:
    first, second = (Address.parse(text) if text else None for text in (email, secondary))
    wiring.recipients().add(DEMO, Recipient(rid(number), module, first, second, Millis(1), Millis(1)))
    return rid(number)


def bounce(
    email: str,
    *,
    at: Millis = BASE,
    hard: bool = False,
    permanence: Permanence = Permanence.SOFT,
    organization: Organization = DEMO,
) -> None:
    permanence = Permanence.HARD if hard else permanence
    one = Suppression(
        SuppressionList.BOUNCES, email, email, at, "mailbox full", permanence=permanence, event_id=f"b{at}"
    )
    wiring.suppressions().record(organization, [one])


def block(email: str, count: int = THRESHOLD, *, at: Millis = BASE) -> None:
    wiring.suppressions().record(
        DEMO,
        [
            Suppression(
                SuppressionList.BLOCKS,
                email,
                email,
                Millis(at + n),
                "try later",
                permanence=Permanence.SOFT,
                event_id=f"s{at}{n}",
            )
            for n in range(count)
        ],
    )


def ask(
    call: Gateway,
    ids: Sequence[str] | None = None,
    fields: Sequence[str] = ("Email",),
    *,
    module: str = "Leads",
    organization: Organization = DEMO,
    scopes: Sequence[str] = SCOPES,
    **more: Any,
) -> Answer:
    body = {"unblock_fields": list(fields)} | ({} if ids is None else {"ids": list(ids)})
    path = {"version": "v8", "module": module}
    return call(
        function("unblock_email"),
        "POST",
        MANY,
        **{"path": path, "body": body, "scopes": scopes, "organization": organization, "stage": "crm", **more},
    )


def one(call: Gateway, record_id: str, body: object, **more: Any) -> Answer:
    path = {"version": "v6", "module": "Leads", "record_id": record_id}
    return call(function("unblock_email"), "POST", ONE, path=path, body=body, scopes=SCOPES, stage="crm", **more)


def success(identifier: str) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": {"id": identifier}, "message": "Unblocked successfully", "status": "success"}


def refusal(code: str, message: str, **details: Any) -> dict[str, Any]:
    return {"code": code, "details": details, "message": message, "status": "error"}


def refused(index: int, identifier: str, code: str, message: str) -> dict[str, Any]:
    return refusal(code, message, id=identifier, api_name="ids", json_path=f"$.ids[{index}]")


FREE = ("NOT_ALLOWED", "Email is already unblocked")


PERMANENT = ("NOT_ALLOWED", "Cannot unblock, Email is blocked permanently")


EXHAUSTED = ("NOT_ALLOWED", "Cannot unblock, email has been unblocked 5 times already")


UNKNOWN = ("INVALID_DATA", "Invalid record provided")


def left(email: str) -> int:
    return Unblocks(wiring.table("SUPPRESSIONS")).block_states(DEMO, [email], now=LATER)[email].remaining


def lift(now: Millis) -> None:
    """Settle as the job does after the provider's answer."""
    rows = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=now)
    settlements = [Settlement(row, RemovalState.DONE, 0) for row in rows]
    assert all(wiring.removal_queue().settle(DEMO, settlements, now=now))


MANDATORY = ("MANDATORY_NOT_FOUND", "required field not found")


WRONG = ("INVALID_DATA", "invalid data")
