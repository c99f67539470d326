"""What an operator watches, as CloudWatch's embedded metric format: a log line that becomes metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

if TYPE_CHECKING:
    from reprieve.service.ingest import Report
    from reprieve.service.removal_job import Tally

NAMESPACE: Final = "Reprieve"


def removal_job(tally: Tally) -> None:
    """The metrics of one run of the job; template.yaml's alarms are on these names."""
    metrics = EphemeralMetrics(namespace=NAMESPACE, service="removal-job")
    for word in ("lifted", "superseded", "failed", "postponed", "lost"):
        metrics.add_metric(f"Removals{word.capitalize()}", MetricUnit.Count, tally.counts[word])
    metrics.add_metric("RemovalsPending", MetricUnit.Count, tally.waiting)
    metrics.add_metric("OldestPendingAge", MetricUnit.Seconds, tally.oldest / 1000)
    metrics.add_metric("ProviderAccountsBroken", MetricUnit.Count, len(tally.broken))
    for kind, count in tally.errors.items():
        metrics.add_metric(f"ProviderErrors_{kind}", MetricUnit.Count, count)
    metrics.flush_metrics()


def ingest(report: Report) -> None:
    """The metrics of one webhook."""
    metrics = EphemeralMetrics(namespace=NAMESPACE, service="event-webhook")
    metrics.add_metric("EventsTaken", MetricUnit.Count, report.events)
    metrics.add_metric("EventsMalformed", MetricUnit.Count, report.malformed)
    metrics.flush_metrics()
