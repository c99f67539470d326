"""AWS through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from reprieve.store.faults import Fault
from reprieve.store.transport import PASSING, SERVER_FAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient


class Boto3:
    """`transport.Transport` over a boto3 client."""

    def __init__(self, client: BaseClient) -> None:
        self.client = client

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `transport.Transport`."""
        try:
            return getattr(self.client, xform_name(operation))(**arguments)  # type: ignore[no-any-return]
        except (BotoCoreError, ClientError) as error:
            raise _fault(error) from error


def _fault(error: BotoCoreError | ClientError) -> Fault:
    """What happened, for an error of a boto3 client."""
    if isinstance(error, ClientError):
        answer: Mapping[str, Any] = error.response
        code = answer["Error"]["Code"]
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Fault(code, passes=code in PASSING or status >= SERVER_FAULT, answer=answer)
    return Fault(type(error).__name__, passes=isinstance(error, HTTPClientError))
