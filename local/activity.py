"""The activity of a running stack, one line each: API requests, runs of the removal job, warnings and errors."""

import json
import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.console import paint, say
from local.deploy import client
from local.place import STACK_NAME, Place
from reprieve.clock import MINUTE, now

GREEN, YELLOW, RED = 32, 33, 31
JOB = "removal-job"
#: Fields of a function's log line that are not printed.
NOT_SHOWN = {"level", "location", "message", "timestamp", "service", "cold_start", "xray_trace_id", "_aws"}


def show_request(request: dict[str, Any]) -> None:
    """Print one API request that the server reported."""
    status = request["status"]
    colour = GREEN if status < 400 else YELLOW if status < 500 else RED  # noqa: PLR2004
    line = f"{request['method']:<6} {request['path']}"
    show(f"{line:<64} {paint(str(status), colour)}  {request['ms']} ms")


def show(text: str) -> None:
    """Print one line with the time of day."""
    say(f"  {time.strftime('%H:%M:%S')}  {text}")


class Logs:
    """The functions' logs from now on."""

    def __init__(self, place: Place) -> None:
        self._logs = client(place, "logs")
        self._groups = list(log_groups(place))
        self._since = int(now())
        self._seen: set[str] = set()

    def show_news(self) -> None:
        """Print new log lines: each run of the removal job, and every warning and error."""
        looked = now()
        for group in self._groups:
            for event in self._events(group):
                # The local AWS gives log events no ids, but a line has its own time and request id.
                identity = f"{event['logStreamName']} {event['timestamp']} {event['message']}"
                if identity not in self._seen:
                    self._seen.add(identity)
                    show_record(event["message"])
        # Events arrive a little after their timestamp: read the last minute again, and skip what was shown.
        self._since = max(self._since, looked - MINUTE)

    def _events(self, group: str) -> list[dict[str, Any]]:
        try:
            found = self._logs.filter_log_events(logGroupName=group, startTime=self._since)
        except (BotoCoreError, ClientError):  # the stack is starting or stopping; the next call reads it
            return []
        events: list[dict[str, Any]] = found["events"]
        return events


def show_record(line: str) -> None:
    """Print a line of a function's log if it is an error, a warning or from the removal job."""
    try:
        record = json.loads(line)
    except ValueError:
        return
    if not isinstance(record, dict) or "level" not in record:
        return
    service, level = record.get("service", "?"), record["level"]
    details = {key: value for key, value in record.items() if key not in NOT_SHOWN and value}
    text = f"{service}: {record.get('message', '')}" + "".join(f"  {key}={short(it)}" for key, it in details.items())
    if level in {"ERROR", "CRITICAL"}:
        show(paint(text, RED))
    elif level == "WARNING":
        show(paint(text, YELLOW))
    elif service == JOB:
        show(text)


def short(value: object) -> str:
    """A value as text of at most 100 characters."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return text if len(text) <= 100 else f"{text[:100]}..."  # noqa: PLR2004


def log_groups(place: Place) -> Iterator[str]:
    """The names of the stack's log groups."""
    pages = client(place, "cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Logs::LogGroup":
                yield resource["PhysicalResourceId"]
