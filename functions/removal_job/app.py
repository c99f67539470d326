"""Carry acknowledged removals to the providers, then lift them here: every 2 minutes, and when a function asks."""

from __future__ import annotations

from typing import Any

from reprieve.removals.prompts import waiting_time
from reprieve.runtime import metrics, settings, telemetry, wiring
from reprieve.runtime.telemetry import logger

settings.require("SECRETS_KEY")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Run once, and report what was done."""
    telemetry.begin(context)
    wiring.wait(waiting_time(event))
    tally = wiring.removal_job(context).run()
    metrics.removal_job(tally)
    summary: dict[str, Any] = {
        "counts": dict(tally.counts),
        "errors": dict(tally.errors),
        "waiting": tally.waiting,
        "oldest": tally.oldest,
    }
    logger().info("tick", broken=tally.broken, faults=tally.faults, **summary)
    return summary
