"""By schedule: take over from the providers' lists what a missed webhook left out.

Once a day all of the lists' latest entries; every 10 minutes single addresses that a provider withholds.
"""

from __future__ import annotations

from typing import Any, Final

from reprieve.clock import Millis, days
from reprieve.runtime import metrics, settings, telemetry, wiring
from reprieve.runtime.telemetry import logger

#: two days, so that one run that failed leaves no gap
RANGE: Final = days(2)


settings.require("SECRETS_KEY")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Compare every organization's lists or, for an event that says so, carry out the inquiries."""
    telemetry.begin(context)
    return ask(context) if event.get("inquiries") else compare(context)


def compare(context: Any) -> dict[str, Any]:  # noqa: ANN401  (as above)
    """Compare every organization, and report what was found."""
    now = wiring.now()
    found = wiring.scheduled_reconciliation(context).compare(start=Millis(now - RANGE), end=now)
    for organization, problem in found.faults.items():
        logger().error("not compared", organization=organization, detail=problem)
    for organization, differences in found.results.items():
        for name, problem in differences.unread.items():
            logger().error("not compared", organization=organization, list=name, detail=problem)
    each = found.results.values()
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


def ask(context: Any) -> dict[str, Any]:  # noqa: ANN401  (as above)
    """Ask accounts about the addresses that are due, and report what was found."""
    found = wiring.scheduled_reconciliation(context).ask(now=wiring.now())
    for organization, problem in found.faults.items():
        logger().error("not asked", organization=organization, detail=problem)
    for asked in found.results.values():
        for account, problem in asked.problems.items():
            logger().error("not asked", account=account, detail=problem)
    each = found.results.values()
    summary: dict[str, Any] = {
        "answered": sum(one.answered for one in each),
        "repaired": sum(one.differences.repaired for one in each),
        "postponed": sum(one.postponed for one in each),
        "given_up": sum(one.given_up for one in each),
        "left": found.left,
    }
    metrics.inquiries(summary)
    logger().info("asked", **summary)
    return summary
