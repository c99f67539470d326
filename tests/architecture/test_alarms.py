"""Every alarm and every line of the dashboard is on a metric that is written, with its dimensions; alarms have pages.

That each alarm fires for its fault is in tests/functions/test_alarms.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.hooks.deliver import Tally as HookTally
from reprieve.removals.tally import Tally
from reprieve.removals.upkeep import UpkeepReport
from reprieve.runtime import metrics
from reprieve.suppressions.ingest import Report
from tests.support.cloudwatch import NAMESPACE, OF_AWS, TESTED, written
from tests.support.translated import resources

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook"
ALARMS = {name: dict(properties) for name, properties in resources("AWS::CloudWatch::Alarm").items()}


@pytest.fixture
def ours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Every metric that the functions write, by service and name."""
    monkeypatch.setenv("METRICS_NAMESPACE", TESTED)
    capsys.readouterr()
    metrics.removal_job(Tally())
    metrics.upkeep(UpkeepReport())
    metrics.reconciliation(dict.fromkeys(("compared", "missing", "repaired", "unread", "left"), 0))
    metrics.ingest(Report(events=1, listed=0, malformed=0, ignored=0, uncounted=1), service="event-webhook")
    metrics.webhook_refused()
    metrics.prompt_failed()
    metrics.hook_delivery(HookTally())
    return set(written(capsys.readouterr().out))


def resolved(value: Any) -> str:
    """A reference as `Fn::Sub` would spell it."""
    match value:
        case {"Fn::Sub": text}:
            return str(text)
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case _:
            return str(value)


def check(namespace: str, metric: str, dimensions: Mapping[str, str], ours: set[tuple[str, str]]) -> None:
    """Fail unless the metric exists under these dimensions, and they name something of the stack."""
    if namespace == NAMESPACE:
        assert set(dimensions) == {"service"}
        assert (dimensions["service"], metric) in ours
        return
    assert set(dimensions) in OF_AWS[namespace, metric], (namespace, metric)
    apis, stages = resources("AWS::ApiGateway::RestApi"), resources("AWS::ApiGateway::Stage").values()
    tables = resources("AWS::DynamoDB::Table")
    known = {
        "service": set[str](),
        "FunctionName": {f"${{{name}}}" for name in resources("AWS::Lambda::Function")},
        "QueueName": {f"${{{name}.QueueName}}" for name in resources("AWS::SQS::Queue")},
        "ApiName": {resolved(it["Name"]) for it in apis.values()},
        "Stage": {it["StageName"] for it in stages},
        "TableName": {f"${{{name}}}" for name in tables},
        "GlobalSecondaryIndexName": {
            index["IndexName"]
            for name, table in tables.items()
            if dimensions.get("TableName") == f"${{{name}}}"
            for index in table.get("GlobalSecondaryIndexes", ())
        },
    }
    assert {name: value for name, value in dimensions.items() if value not in known[name]} == {}
    pairs = {(resolved(apis[it["RestApiId"]["Ref"]]["Name"]), it["StageName"]) for it in stages}
    assert "ApiName" not in dimensions or (dimensions["ApiName"], dimensions["Stage"]) in pairs


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_on_a_metric_that_is_written_under_its_dimensions(name: str, ours: set[tuple[str, str]]) -> None:
    alarm = ALARMS[name]
    dimensions = {it["Name"]: resolved(it["Value"]) for it in alarm.get("Dimensions", ())}
    check(resolved(alarm["Namespace"]), alarm["MetricName"], dimensions, ours)


def test_every_function_writes_its_metrics_where_the_alarms_look() -> None:
    for function in resources("AWS::Lambda::Function").values():
        assert resolved(function["Environment"]["Variables"]["METRICS_NAMESPACE"]) == NAMESPACE


def widgets() -> list[dict[str, Any]]:
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    found: list[dict[str, Any]] = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    return found


def test_the_dashboard_has_what_operators_look_at_first() -> None:
    assert [one["properties"]["title"] for one in widgets()] == [
        "Oldest pending removal (s), and how many wait",
        "Removals: lifted, superseded, failed",
        "Providers' answers other than success",
        "Ingest lag: age of the oldest event of a post (s)",
        "Dead letters, and the age of the oldest (s)",
        "4xx and 5xx per API",
        "p95 of the response time per API (ms)",
        "DynamoDB units per hour, which most of the bill is made of",
    ]


@pytest.mark.parametrize("widget", widgets(), ids=lambda widget: widget["properties"]["title"])
def test_every_line_of_the_dashboard_is_a_metric_that_is_written(
    widget: dict[str, Any], ours: set[tuple[str, str]]
) -> None:
    properties = widget["properties"]
    assert (widget["type"], properties["region"]) == ("metric", "${AWS::Region}")
    for line in properties["metrics"]:
        namespace, metric, *rest = [cell for cell in line if isinstance(cell, str)]
        check(namespace, metric, dict(zip(rest[::2], rest[1::2], strict=True)), ours)


def test_no_two_widgets_are_in_one_place() -> None:
    places = [(one["x"], one["y"]) for one in widgets()]
    assert places == [(12 * column, 6 * row) for row in range(4) for column in range(2)]
    assert {(one["width"], one["height"]) for one in widgets()} == {(12, 6)}


def test_the_dashboard_shows_the_units_of_every_table_and_index_and_the_answers_of_every_api() -> None:
    lines = [tuple(cell for cell in line if isinstance(cell, str)) for line in widgets()[-1]["properties"]["metrics"]]
    tables = resources("AWS::DynamoDB::Table")
    assert sorted(lines) == sorted(
        ("AWS/DynamoDB", f"Consumed{verb}CapacityUnits", "TableName", f"${{{name}}}", *index)
        for verb in ("Read", "Write")
        for name, table in tables.items()
        for index in [
            (),
            *(("GlobalSecondaryIndexName", one["IndexName"]) for one in table.get("GlobalSecondaryIndexes", ())),
        ]
    )
    apis = len(resources("AWS::ApiGateway::Stage"))
    assert [len(widget["properties"]["metrics"]) for widget in widgets()[5:7]] == [2 * apis, apis]


def test_the_dashboard_is_named_after_its_stack_and_region() -> None:
    """Dashboards are of an account: a stack of the same name in another region has one too."""
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    assert dashboard["DashboardName"] == {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}


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


def test_silence_is_noticed_within_ten_minutes_of_what_runs_every_two() -> None:
    silent = {name: alarm for name, alarm in ALARMS.items() if alarm["TreatMissingData"] == "breaching"}
    assert {name: alarm["Period"] * alarm["EvaluationPeriods"] for name, alarm in silent.items()} == {
        "RemovalJobSilentAlarm": 600,
        "UpkeepSilentAlarm": 600,
        "ReconciliationSilentAlarm": 2 * 86_400,
    }


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
    assert {path.stem for path in RUNBOOK.glob("*.md")} == named | {"README"}


def test_one_page_says_for_each_alarm_whether_it_can_wait_and_where_to_begin() -> None:
    rows: dict[str, list[str]] = {}
    for line in (RUNBOOK / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows |= dict.fromkeys(re.findall(r"`(\w+Alarm)`", cells[0]), cells[1:])
    assert set(rows) == set(ALARMS)
    for name, (means, waits, begin, page) in rows.items():
        assert all((means, begin)), name
        assert re.match(r"(yes|no|\d+ (hours|days))\b", waits), name
        assert f"See docs/runbook/{page.rsplit('(', 1)[1].rstrip(')')}" in ALARMS[name]["AlarmDescription"]
