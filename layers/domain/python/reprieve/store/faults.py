"""Faults of AWS as errors of ours: without their text, which can quote what was sent."""

from __future__ import annotations

from botocore.exceptions import ClientError

from reprieve.errors import Unavailable


def unavailable(what: str, fault: Exception) -> Unavailable:
    """The error to raise for a fault: the operation that failed, and AWS's code for the reason.

    Args:
        what: a sentence without a full stop, for example `the store did not answer query`.
        fault: a ClientError, or anything of botocore's for a call that got no answer.
    """
    reason = fault.response["Error"]["Code"] if isinstance(fault, ClientError) else type(fault).__name__
    return Unavailable(f"{what}: {reason}")
