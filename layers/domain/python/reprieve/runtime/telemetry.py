"""Log lines: JSON, one per request or run, never with an address or a secret in them."""

from __future__ import annotations

import os
from functools import cache
from typing import Final, Protocol

from aws_lambda_powertools import Logger

#: where Lambda passes the trace of an invocation, whether it is recorded or not
TRACE: Final = "_X_AMZN_TRACE_ID"


class Invocation(Protocol):
    """What is read here of Lambda's context object."""

    aws_request_id: str


@cache
def logger() -> Logger:
    """The process's logger; the service's name is the function's."""
    return Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "reprieve"), utc=True)


def begin(context: Invocation) -> None:
    """Have every line until the next invocation name this one, as `function_request_id`.

    Its X-Ray trace (`xray_trace_id`) is in every line anyway: the logger reads it from the environment.
    """
    logger().append_keys(function_request_id=context.aws_request_id)


def ids() -> dict[str, str]:
    """The ids of this invocation that are known, as the log lines name them."""
    trace = os.environ.get(TRACE, "").split(";")[0].removeprefix("Root=")
    found = {"function_request_id": logger().get_current_keys().get("function_request_id"), "xray_trace_id": trace}
    return {key: value for key, value in found.items() if value}
