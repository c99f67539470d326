"""The metrics that the functions write: what template.yaml's alarms watch is among them, each time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reprieve.removals.job import Tally
from reprieve.runtime import metrics
from reprieve.suppressions.ingest import Report
from tests.support.tables import template

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

WORDS = ("compared", "missing", "repaired", "unread", "left")


def written(capsys: pytest.CaptureFixture[str], write: Callable[[], None]) -> set[str]:
    write()
    (line,) = capsys.readouterr().out.splitlines()
    (group,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
    assert group["Namespace"] == metrics.NAMESPACE
    return {metric["Name"] for metric in group["Metrics"]}


def test_every_alarm_of_ours_is_on_a_metric_that_is_written_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    names = (
        written(capsys, lambda: metrics.removal_job(Tally()))
        | written(capsys, lambda: metrics.reconciliation(dict.fromkeys(WORDS, 0)))
        | written(capsys, lambda: metrics.ingest(Report(0, 0, 0, 0)))
    )
    alarms = [one["Properties"] for one in template()["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    watched = {one["MetricName"] for one in alarms if one.get("Namespace") == metrics.NAMESPACE}
    assert watched
    assert watched <= names


def test_the_job_writes_what_it_counted(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(waiting=3, oldest=2_500, paused=1, broken=["acme"], faults=["acme: x"])
    tally.counts.update(lifted=2, superseded=1, failed=1, postponed=4, lost=5)
    tally.errors.update(wait=6)
    metrics.removal_job(tally)
    (line,) = capsys.readouterr().out.splitlines()
    found = {name: value[0] for name, value in json.loads(line).items() if isinstance(value, list)}
    assert found == {
        "RemovalsLifted": 2,
        "RemovalsSuperseded": 1,
        "RemovalsFailed": 1,
        "RemovalsPostponed": 4,
        "RemovalsLost": 5,
        "RemovalsPending": 3,
        "OldestPendingAge": 2.5,
        "ProviderAccountsBroken": 1,
        "ProviderAccountsPaused": 1,
        "ProviderErrors_wait": 6,
        "ProviderErrors_retry": 0,
        "ProviderErrors_refused": 0,
        "ProviderErrors_account_broken": 0,
        "TurnsFailed": 1,
    }
