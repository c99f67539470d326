"""Every minute, by schedule: post what was logged to the hooks that hear of it."""

from __future__ import annotations

from typing import Any

from reprieve.runtime import metrics, settings, telemetry, wiring
from reprieve.runtime.telemetry import logger

settings.require("SECRETS_KEY", "EVENT_BUS")


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  (Lambda's context object)
    """Run once, and report what was done."""
    telemetry.begin(context)
    tally = wiring.hook_delivery(context).run()
    if tally.hooks:  # metrics cost by the hour in which they are written
        metrics.hook_delivery(tally)
    for fault in tally.faults:
        logger().error("no turn", detail=fault)
    for hook in tally.disabled:
        logger().warning("hook disabled", hook=hook)
    summary: dict[str, Any] = {
        **{name: tally.counts[name] for name in ("delivered", "waiting", "given_up")},
        "hooks": tally.hooks,
        "failing": tally.failing,
        "finished": tally.finished,
    }
    logger().info("hooks", **summary)
    return summary
