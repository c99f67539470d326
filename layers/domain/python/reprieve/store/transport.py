"""How calls reach AWS: the interface of the transports, and what they have in common.

`light` is DynamoDB's on the request path; `boto3_transport` is over AWS's own SDK, for DynamoDB as for other services.
"""

from __future__ import annotations

import secrets
import time
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from reprieve.store.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: how many calls are under way at a time; a transport keeps as many connections
SIDE_BY_SIDE: Final = 16
#: how often a call is made before its fault counts, and the longest first pause, in seconds; each next one is twice as
#: long. The figures are those of AWS's SDKs for DynamoDB
ATTEMPTS: Final = 4
FIRST_PAUSE: Final = 0.05
#: the error codes of calls that can be made again as they are: AWS's "Error handling with DynamoDB", and what its SDKs
#: repeat (botocore's _retry.json)
PASSING: Final = frozenset(
    {
        "InternalServerError",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
#: HTTP statuses from here on are AWS's own fault
SERVER_FAULT: Final = 500


class Transport(Protocol):
    """The API of one of AWS's services, in its own words."""

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make one call.

        Args:
            operation: as AWS names it, for example `GetItem`.
            arguments: as AWS names them, those of DynamoDB with its typed values; a binary one is bytes.

        Returns:
            AWS's answer; a binary value of DynamoDB is bytes, or the same in base64 (`language.unmarshal` reads both).

        Raises:
            Fault: it was refused, or got no answer. What it asked for may be done all the same.
        """


class Late:
    """A transport that is made when the first call needs it: once, however many threads make their first calls."""

    def __init__(self, make: Callable[[], Transport]) -> None:
        self._make = make
        self._made: Transport | None = None
        self._making = Lock()

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Transport`."""
        with self._making:
            transport = self._made = self._made or self._make()
        return transport.call(operation, arguments)


class Retrying:
    """A transport of DynamoDB that makes a call again, after a pause, when its fault passes.

    A pause is drawn between nothing and its longest ("full jitter"), so that many callers do not come back at once.
    """

    def __init__(self, transport: Transport, attempts: int = ATTEMPTS) -> None:
        self._transport = transport
        self._attempts = attempts

    def wait(self, seconds: float) -> None:
        """Wait, so that the fault can pass."""
        time.sleep(seconds)

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Transport`."""
        if operation == "TransactWriteItems":
            # with one token, a transaction takes effect only once, however often it arrives
            arguments = {"ClientRequestToken": secrets.token_hex(16), **arguments}
        for attempt in range(self._attempts - 1):
            try:
                return self._transport.call(operation, arguments)
            except Fault as fault:
                if not fault.passes:
                    raise
            self.wait(FIRST_PAUSE * 2**attempt * secrets.randbelow(1_000) / 1_000)
        return self._transport.call(operation, arguments)
