"""Once a day, by schedule: take over from the providers' lists what a missed webhook left out."""

from __future__ import annotations

import secrets
from typing import Any, Final

from reprieve.clock import DAY, MINUTE
from reprieve.context import RECONCILIATION, Context
from reprieve.errors import ReprieveError
from reprieve.runtime import metrics, settings, wiring
from reprieve.runtime.telemetry import logger

#: two days, so that one run that failed leaves no gap
RANGE: Final = 2 * DAY


settings.require("SECRETS_KEY")


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Compare every organization, and tell what was found; one that cannot be compared hinders no other."""
    now = wiring.now()
    summary: dict[str, Any] = {"compared": 0, "missing": 0, "repaired": 0, "unread": 0, "left": 0}
    for organization in wiring.access().organizations():
        if context.get_remaining_time_in_millis() < MINUTE:
            summary["left"] += 1
            continue
        try:
            asked = Context(organization, RECONCILIATION, secrets.token_hex(16), now)
            found = wiring.reconciliation().run(asked, start=now - RANGE, end=now)
        except ReprieveError as error:
            logger().error("not compared", organization=organization.id, detail=str(error))
            summary["unread"] += 1
            continue
        for name, problem in found.unread.items():
            logger().error("not compared", organization=organization.id, list=name, detail=problem)
        summary["compared"] += found.compared
        summary["missing"] += len(found.missing)
        summary["repaired"] += found.repaired
        summary["unread"] += len(found.unread)
    metrics.reconciliation(summary)
    logger().info("reconciled", **summary)
    return summary
