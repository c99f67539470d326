"""Runs of the removal job that a function asks Lambda for: one of its aliases, invoked asynchronously."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from reprieve.store.faults import Fault, unavailable
from reprieve.store.transport import PASSING, SERVER_FAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis
    from reprieve.store.signed import Sender
    from reprieve.store.transport import Transport

SERVICE: Final = "lambda"
#: what Lambda answers to an asynchronous call once it has the event
ACCEPTED: Final = 202


class LightLambda:
    """`transport.Transport` of Lambda by HTTP, for asynchronous calls of `Invoke`."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def call(self, _operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `transport.Transport`."""
        path = f"/2015-03-31/functions/{arguments['FunctionName']}/invocations"
        headers = {"content-type": "application/json", "x-amz-invocation-type": arguments["InvocationType"]}
        query = f"Qualifier={arguments['Qualifier']}"
        answer = self._sender.post(headers, arguments["Payload"], path=path, query=query)
        if answer.status == ACCEPTED:
            return {}
        code = answer.headers.get("x-amzn-errortype", "").partition(":")[0] or f"HTTP {answer.status}"
        raise Fault(code, passes=code in PASSING or answer.status >= SERVER_FAULT)


class JobRuns:
    """`removals.ports.JobRuns` on Lambda.

    Args:
        transport: of Lambda.
        function: the job's name.
        alias: which of its versions to run.
    """

    def __init__(self, transport: Transport, function: str, alias: str) -> None:
        self._transport = transport
        self._called = {"FunctionName": function, "Qualifier": alias, "InvocationType": "Event"}

    def start(self, *, after: Millis) -> None:
        """See the port."""
        payload = json.dumps({"after": after}).encode()
        try:
            self._transport.call("Invoke", {**self._called, "Payload": payload})
        except Fault as fault:
            raise unavailable("Lambda did not take the event", fault) from fault
