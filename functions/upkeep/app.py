"""Every 2 minutes, by schedule: take off the lists what was cleared or has expired, and have it lifted upstream."""

from __future__ import annotations

from typing import Any

from reprieve.runtime import metrics, telemetry, wiring
from reprieve.runtime.telemetry import logger


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Run once, and report what was done."""
    telemetry.begin(context)
    report = wiring.upkeep(context).run()
    metrics.upkeep(report)
    summary: dict[str, Any] = {"swept": dict(report.counts), "finished": report.finished, "faults": report.faults}
    logger().info("upkeep", **summary)
    return summary
