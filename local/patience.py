"""More time for the local AWS's functions that answer requests.

API Gateway waits for 29 seconds, which the template gives these functions. Here one machine runs them all and is AWS
as well: when several start at once on a busy one, that can be too short for what takes a second in AWS.
"""

from typing import Any, Final

from ministack.core import lambda_runtime

#: how long API Gateway waits, in seconds
GATEWAY: Final = 29
#: how many times as long a function may take here
TIMES: Final = 4


def install() -> None:
    """Give functions that start from now on more time; those that answer no requests keep theirs."""
    made = lambda_runtime.Worker.__init__

    def patient(worker: Any, name: str, config: dict[str, Any], code: bytes) -> None:  # noqa: ANN401 - as it is there
        made(worker, name, {**config, "Timeout": seconds(config["Timeout"])}, code)

    lambda_runtime.Worker.__init__ = patient


def seconds(timeout: int) -> int:
    """How long a function with this time-out may take here."""
    return timeout * TIMES if timeout <= GATEWAY else timeout
