"""Once a day, by schedule: take over from the providers' lists what a missed webhook left out."""

from __future__ import annotations

from typing import Any, Final

from reprieve.clock import Millis, days
from reprieve.runtime import metrics, settings, telemetry, wiring
from reprieve.runtime.telemetry import logger

#: two days, so that one run that failed leaves no gap
RANGE: Final = days(2)


settings.require("SECRETS_KEY")


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Compare every organization, and report what was found."""
    telemetry.begin(context)
    now = wiring.now()
    found = wiring.daily_reconciliation(context).run(start=Millis(now - RANGE), end=now)
    for organization, problem in found.faults.items():
        logger().error("not compared", organization=organization, detail=problem)
    for organization, differences in found.differences.items():
        for name, problem in differences.unread.items():
            logger().error("not compared", organization=organization, list=name, detail=problem)
    each = found.differences.values()
    summary: dict[str, Any] = {
        "compared": sum(one.compared for one in each),
        "missing": sum(len(one.missing) for one in each),
        "repaired": sum(one.repaired for one in each),
        "unread": sum(len(one.unread) for one in each) + len(found.faults),
        "left": found.left,
    }
    metrics.reconciliation(summary)
    logger().info("reconciled", **summary)
    return summary
