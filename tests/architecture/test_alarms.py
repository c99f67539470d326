"""Every alarm is on a metric that is written, dimension by dimension, fires for its fault, and has a page."""

from __future__ import annotations

import json
import operator
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.removals.job import Tally
from reprieve.removals.upkeep import UpkeepReport
from reprieve.runtime import metrics
from reprieve.suppressions.ingest import Report
from tests.support.translated import resources

if TYPE_CHECKING:
    from collections.abc import Callable

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook"
ALARMS = {name: dict(properties) for name, properties in resources("AWS::CloudWatch::Alarm").items()}
NAMESPACE = {"Fn::Sub": "Reprieve/${AWS::StackName}"}

#: AWS's own metrics, each with the dimensions under which AWS publishes it; see each service's guide
OF_AWS = {
    ("AWS/Lambda", "Errors"): {"FunctionName"},
    ("AWS/Lambda", "Throttles"): set(),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName"},
    ("AWS/ApiGateway", "5XXError"): {"ApiName", "Stage"},
    ("AWS/DynamoDB", "ReadThrottleEvents"): {"TableName"},
    ("AWS/DynamoDB", "WriteThrottleEvents"): {"TableName"},
}
COMPARISONS = {"GreaterThanThreshold": operator.gt, "LessThanThreshold": operator.lt}
Values = dict[tuple[str, str], list[float]]
#: a day on which nothing went wrong
GOOD_DAY = {"compared": 10, "missing": 0, "repaired": 0, "unread": 0, "left": 0}


def nothing() -> None:
    """The metrics of a job that does not run."""


def written(capsys: pytest.CaptureFixture[str], write: Callable[[], None]) -> Values:
    """The values that a write leaves in CloudWatch, by service and metric."""
    capsys.readouterr()
    write()
    values: Values = {}
    for line in capsys.readouterr().out.splitlines():
        record = json.loads(line)
        (directive,) = record["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"]) == ("Reprieve/test", [["service"]])
        for metric in directive["Metrics"]:
            values.setdefault((record["service"], metric["Name"]), []).extend(record[metric["Name"]])
    return values


def three_refusals() -> None:
    for _ in range(3):
        metrics.webhook_refused()


def an_hour() -> None:
    """The metrics of every function after an hour without faults, and of a refused webhook."""
    metrics.removal_job(Tally())
    metrics.upkeep(UpkeepReport())
    metrics.reconciliation(GOOD_DAY)
    metrics.ingest(Report(0, 0, 0, 0))
    metrics.webhook_refused()


@pytest.fixture(autouse=True)
def _namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_NAMESPACE", "Reprieve/test")


def ours() -> dict[str, tuple[str, str]]:
    """The alarms on our own metrics, with the service and the metric of each."""
    return {
        name: (alarm["Dimensions"][0]["Value"], alarm["MetricName"])
        for name, alarm in ALARMS.items()
        if alarm["Namespace"] == NAMESPACE
    }


#: per alarm on a metric of ours: the faults that make it fire, and those that must not
CASES: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
    "RemovalsFailedAlarm": (
        lambda: metrics.removal_job(Tally(counts=Counter(failed=1))),
        lambda: metrics.removal_job(Tally(counts=Counter(lifted=9, superseded=1, postponed=3, lost=1))),
    ),
    "OldestPendingAlarm": (
        lambda: metrics.removal_job(Tally(waiting=1, oldest=901_000)),
        lambda: metrics.removal_job(Tally(waiting=1, oldest=899_000)),
    ),
    "ProviderBrokenAlarm": (
        lambda: metrics.removal_job(Tally(broken=["acme"])),
        lambda: metrics.removal_job(Tally(paused=1)),
    ),
    "RemovalTurnsFailedAlarm": (
        lambda: metrics.removal_job(Tally(faults=["acme: the store did not answer"])),
        lambda: metrics.removal_job(Tally()),
    ),
    "RemovalJobSilentAlarm": (nothing, lambda: metrics.removal_job(Tally())),
    "UpkeepFaultsAlarm": (
        lambda: metrics.upkeep(UpkeepReport(faults=["acme: the store did not answer"])),
        lambda: metrics.upkeep(UpkeepReport(Counter(bounces=3), finished=False)),
    ),
    "UpkeepSilentAlarm": (nothing, lambda: metrics.upkeep(UpkeepReport())),
    "ReconciliationUnreadAlarm": (
        lambda: metrics.reconciliation(GOOD_DAY | {"unread": 1}),
        lambda: metrics.reconciliation(GOOD_DAY | {"missing": 5, "repaired": 5}),
    ),
    "ReconciliationLeftAlarm": (
        lambda: metrics.reconciliation(GOOD_DAY | {"left": 1}),
        lambda: metrics.reconciliation(GOOD_DAY),
    ),
    "ReconciliationSilentAlarm": (nothing, lambda: metrics.reconciliation(GOOD_DAY)),
    "WebhooksRefusedAlarm": (
        three_refusals,
        metrics.webhook_refused,
    ),
}


def statistic(alarm: dict[str, Any], values: list[float]) -> float | None:
    """The alarm's statistic over one period; None without data."""
    if not values:
        return None
    kinds = {"Sum": sum, "Maximum": max, "SampleCount": len}
    return float(kinds[alarm["Statistic"]](values))


def fires(alarm: dict[str, Any], values: list[float]) -> bool:
    point = statistic(alarm, values)
    if point is None:
        return bool(alarm["TreatMissingData"] == "breaching")
    return bool(COMPARISONS[alarm["ComparisonOperator"]](point, alarm["Threshold"]))


def test_every_alarm_of_ours_has_a_case() -> None:
    assert set(CASES) == set(ours())


@pytest.mark.parametrize("name", CASES)
def test_an_alarm_fires_for_its_fault_and_for_nothing_else(capsys: pytest.CaptureFixture[str], name: str) -> None:
    fault, fine = CASES[name]
    metric = ours()[name]
    assert fires(ALARMS[name], written(capsys, fault).get(metric, []))
    assert not fires(ALARMS[name], written(capsys, fine).get(metric, []))


def test_an_alarm_of_ours_is_on_a_metric_that_is_written_with_its_dimensions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert set(ours().values()) <= set(written(capsys, an_hour))
    for name in ours():
        assert [it["Name"] for it in ALARMS[name]["Dimensions"]] == ["service"]
    for function in resources("AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"]["METRICS_NAMESPACE"] == NAMESPACE


def test_any_other_alarm_is_on_a_metric_that_aws_publishes_with_its_dimensions() -> None:
    for name, alarm in ALARMS.items():
        if name in ours():
            continue
        dimensions = {it["Name"] for it in alarm.get("Dimensions", ())}
        assert OF_AWS[alarm["Namespace"], alarm["MetricName"]] == dimensions, name


def test_every_table_is_watched_for_throttles_of_reads_and_writes() -> None:
    kinds = ("ReadThrottleEvents", "WriteThrottleEvents")
    watched = sorted(
        (alarm["Dimensions"][0]["Value"]["Ref"], alarm["MetricName"])
        for alarm in ALARMS.values()
        if alarm["MetricName"] in kinds
    )
    assert watched == sorted((table, kind) for table in resources("AWS::DynamoDB::Table") for kind in kinds)


def test_every_api_is_watched_for_its_share_of_5xx() -> None:
    watched = {
        (alarm["Dimensions"][0]["Value"]["Fn::Sub"], alarm["Dimensions"][1]["Value"])
        for alarm in ALARMS.values()
        if alarm["MetricName"] == "5XXError"
    }
    names = {name: it["Name"]["Fn::Sub"] for name, it in resources("AWS::ApiGateway::RestApi").items()}
    stages = resources("AWS::ApiGateway::Stage").values()
    assert watched == {(names[it["RestApiId"]["Ref"]], it["StageName"]) for it in stages}


def test_every_alarm_notifies_the_topic_and_the_email_that_were_given() -> None:
    actions = [
        {"Fn::If": [f"HasAlarm{kind}", {"Ref": topic}, {"Ref": "AWS::NoValue"}]}
        for kind, topic in (("Topic", "AlarmTopic"), ("Email", "AlarmEmails"))
    ]
    assert [name for name, alarm in ALARMS.items() if alarm["AlarmActions"] != actions] == []


def test_every_alarm_names_its_page_and_every_page_belongs_to_an_alarm() -> None:
    named = set()
    for name, alarm in ALARMS.items():
        found = re.search(r" See docs/runbook/([a-z-]+)\.md$", alarm["AlarmDescription"])
        assert found, name
        named.add(found[1])
        text = (RUNBOOK / f"{found[1]}.md").read_text(encoding="utf-8")
        assert name in text, f"{found[1]}.md does not name {name}"
        assert [line for line in text.splitlines() if line.startswith("## ")] == ["## What it means", "## What to do"]
    index = (RUNBOOK / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(([a-z-]+)\.md\)", index)) == named
    assert {path.stem for path in RUNBOOK.glob("*.md")} == named | {"README"}
    assert [name for name in ALARMS if name not in index] == []
