"""Every 2 minutes, by schedule: carry acknowledged removals to the providers, then lift them here."""

from __future__ import annotations

from typing import Any

from reprieve.runtime import metrics, settings, telemetry, wiring
from reprieve.runtime.telemetry import logger

settings.require("SECRETS_KEY")


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Run once, and report what was done."""
    telemetry.begin(context)
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
