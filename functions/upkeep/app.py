"""By schedule: take off the lists what was cleared, has expired or is lifted by a policy, and have it lifted upstream.

Every 2 minutes what was cleared or has expired; every hour what is due by the policies that are enabled.
"""

from __future__ import annotations

from typing import Any

from reprieve.runtime import metrics, telemetry, wiring
from reprieve.runtime.telemetry import logger


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Sweep the lists or, for an event that says so, run the policies."""
    telemetry.begin(context)
    return run_policies(context) if event.get("policies") else sweep(context)


def sweep(context: Any) -> dict[str, Any]:  # noqa: ANN401  (as above)
    """Take off the lists what is not shown any more, and report what was done."""
    report = wiring.upkeep(context).run()
    metrics.upkeep(report)
    summary: dict[str, Any] = {
        "swept": dict(report.counts),
        "moved": report.moved,
        "near_limits": report.near_limits,
        "finished": report.finished,
        "faults": report.faults,
    }
    logger().info("upkeep", **summary)
    return summary


def run_policies(context: Any) -> dict[str, Any]:  # noqa: ANN401  (as above)
    """Lift what is due, and report what was done."""
    report = wiring.policy_run(context).run()
    metrics.policies(report)
    summary: dict[str, Any] = {
        "lifted": dict(report.lifted),
        "looked": report.looked,
        "judged": report.judged,
        "stopped": report.stopped,
        "finished": report.finished,
        "faults": report.faults,
    }
    logger().info("policies", **summary)
    return summary
