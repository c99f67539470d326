"""CloudWatch, as far as alarms and dashboards need it: what is written, what AWS publishes, and when an alarm fires.

values = written(capsys.readouterr().out)      # {("removal-job", "RemovalsFailed"): [1.0]}
assert fires(alarm, values["removal-job", "RemovalsFailed"])
"""

from __future__ import annotations

import json
import operator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: the namespace of our own metrics, as the template spells it, and in tests
NAMESPACE: Final = "Reprieve/${AWS::StackName}"
TESTED: Final = "Reprieve/test"

#: AWS's own metrics, each with the sets of dimensions under which AWS publishes it; see each service's guide
OF_AWS: Final[Mapping[tuple[str, str], Sequence[set[str]]]] = {
    ("AWS/Lambda", "Errors"): ({"FunctionName"},),
    ("AWS/Lambda", "Throttles"): (set(),),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ({"QueueName"},),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ({"QueueName"},),
    ("AWS/ApiGateway", "4XXError"): ({"ApiName", "Stage"},),
    ("AWS/ApiGateway", "5XXError"): ({"ApiName", "Stage"},),
    ("AWS/ApiGateway", "Latency"): ({"ApiName", "Stage"},),
    ("AWS/DynamoDB", "ReadThrottleEvents"): ({"TableName"},),
    ("AWS/DynamoDB", "WriteThrottleEvents"): ({"TableName"},),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): ({"TableName"}, {"TableName", "GlobalSecondaryIndexName"}),
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): ({"TableName"}, {"TableName", "GlobalSecondaryIndexName"}),
}
COMPARISONS: Final = {"GreaterThanThreshold": operator.gt, "LessThanThreshold": operator.lt}
STATISTICS: Final[Mapping[str, Any]] = {
    "Sum": sum,
    "Maximum": max,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}
Values = dict[tuple[str, str], list[float]]


def written(output: str) -> Values:
    """The values that an output in embedded metric format leaves in CloudWatch, by service and metric."""
    values: Values = {}
    for line in output.splitlines():
        if '"_aws"' not in line:
            continue
        record = json.loads(line)
        (directive,) = record["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"]) == (TESTED, [["service"]])
        for metric in directive["Metrics"]:
            values.setdefault((record["service"], metric["Name"]), []).extend(record[metric["Name"]])
    return values


def fires(alarm: Mapping[str, Any], values: Sequence[float]) -> bool:
    """Whether an alarm fires over periods that all have these values."""
    if not values:
        return bool(alarm["TreatMissingData"] == "breaching")
    point = float(STATISTICS[alarm["Statistic"]](values))
    return bool(COMPARISONS[alarm["ComparisonOperator"]](point, alarm["Threshold"]))
