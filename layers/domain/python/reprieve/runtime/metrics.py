"""The metrics that an operator watches, in CloudWatch's embedded metric format: log lines that become metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from reprieve.clock import SECOND
from reprieve.removals.lift import LiftOutcome
from reprieve.runtime import settings, telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.hooks.deliver import Tally as HookTally
    from reprieve.policies.run import PolicyReport
    from reprieve.removals.tally import Tally
    from reprieve.removals.upkeep import UpkeepReport
    from reprieve.suppressions.ingest import Report


def removal_job(tally: Tally) -> None:
    """The metrics of one run of the job; template.yaml's alarms are on these names."""
    metrics = _metrics("removal-job")
    for word in ("lifted", "listed", "superseded", "failed", "postponed", "lost"):
        metrics.add_metric(f"Removals{word.capitalize()}", MetricUnit.Count, tally.counts[word])
    metrics.add_metric("RemovalsPending", MetricUnit.Count, tally.waiting)
    metrics.add_metric("OldestPendingAge", MetricUnit.Seconds, tally.oldest / SECOND)
    metrics.add_metric("ProviderAccountsBroken", MetricUnit.Count, len(tally.broken))
    metrics.add_metric("ProviderAccountsPaused", MetricUnit.Count, tally.paused)
    # every kind each time, so that a graph or an alarm on one has a zero to return to
    for kind in LiftOutcome:
        if not kind.carried_out:
            metrics.add_metric(f"ProviderErrors_{kind.value}", MetricUnit.Count, tally.errors[kind.value])
    metrics.add_metric("TurnsFailed", MetricUnit.Count, len(tally.faults))
    metrics.flush_metrics()


def prompt_failed() -> None:
    """The metric of a prompt run that could not be asked for."""
    metrics = _metrics("removal-job")
    metrics.add_metric("PromptRunsFailed", MetricUnit.Count, 1)
    metrics.flush_metrics()


def upkeep(report: UpkeepReport) -> None:
    """The metrics of one run of the upkeep."""
    metrics = _metrics("upkeep")
    metrics.add_metric("UpkeepSwept", MetricUnit.Count, report.counts.total())
    metrics.add_metric("UpkeepFaults", MetricUnit.Count, len(report.faults))
    metrics.add_metric("RatesNearLimits", MetricUnit.Count, report.near_limits)
    metrics.flush_metrics()


def policies(report: PolicyReport) -> None:
    """The metrics of one run of the policies; a fault of it counts as one of the upkeep."""
    metrics = _metrics("upkeep")
    metrics.add_metric("PolicyLifts", MetricUnit.Count, report.lifted.total())
    metrics.add_metric("PolicyLooks", MetricUnit.Count, report.looked)
    metrics.add_metric("UpkeepFaults", MetricUnit.Count, len(report.faults))
    metrics.flush_metrics()


def reconciliation(summary: Mapping[str, int]) -> None:
    """The metrics of a day's comparison with the providers' lists."""
    metrics = _metrics("reconciliation")
    for word in ("compared", "missing", "repaired", "unread", "left"):
        metrics.add_metric(f"Reconciliation{word.capitalize()}", MetricUnit.Count, summary[word])
    metrics.flush_metrics()


def inquiries(summary: Mapping[str, int]) -> None:
    """The metrics of one run of the inquiries; one that is given up is an entry that could not be compared."""
    metrics = _metrics("reconciliation")
    for word, name in (("answered", "Answered"), ("repaired", "Repaired"), ("postponed", "Postponed")):
        metrics.add_metric(f"Inquiries{name}", MetricUnit.Count, summary[word])
    if summary["given_up"]:
        metrics.add_metric("ReconciliationUnread", MetricUnit.Count, summary["given_up"])
    metrics.flush_metrics()


def hook_delivery(tally: HookTally) -> None:
    """The metrics of one run of the delivery to hooks."""
    metrics = _metrics("hook-delivery")
    for word, name in (("delivered", "Delivered"), ("waiting", "Postponed"), ("given_up", "GivenUp")):
        metrics.add_metric(f"Notices{name}", MetricUnit.Count, tally.counts[word])
    metrics.add_metric("HooksFailing", MetricUnit.Count, len(tally.failing))
    metrics.add_metric("HooksDisabled", MetricUnit.Count, len(tally.disabled))
    metrics.add_metric("HookTurnsFailed", MetricUnit.Count, len(tally.faults))
    metrics.add_metric("UndeliveredAge", MetricUnit.Seconds, tally.oldest / SECOND)
    metrics.flush_metrics()


def ingest(report: Report, *, service: str) -> None:
    """The metrics of one webhook's post, or of one notification."""
    metrics = _metrics(service)
    metrics.add_metric("EventsTaken", MetricUnit.Count, report.events)
    metrics.add_metric("EventsMalformed", MetricUnit.Count, report.malformed)
    if report.uncounted:
        metrics.add_metric("EventsUncounted", MetricUnit.Count, report.uncounted)
        metrics.add_metadata("why_uncounted", report.why_uncounted)
    if report.events:
        metrics.add_metric("IngestLag", MetricUnit.Seconds, report.lag / SECOND)
    metrics.flush_metrics()


def webhook_refused() -> None:
    """The metric of a webhook that names an organization and does not prove that it comes from its provider."""
    metrics = _metrics("event-webhook")
    metrics.add_metric("WebhooksRefused", MetricUnit.Count, 1)
    metrics.flush_metrics()


def _metrics(service: str) -> EphemeralMetrics:
    metrics = EphemeralMetrics(namespace=settings.metrics_namespace(), service=service)
    for key, value in telemetry.ids().items():
        metrics.add_metadata(key, value)
    return metrics
