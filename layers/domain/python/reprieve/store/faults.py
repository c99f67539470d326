"""How a fault of AWS becomes one of ours: without its text, which can quote what was sent."""

from __future__ import annotations

from botocore.exceptions import ClientError

from reprieve.errors import Unavailable


def unavailable(what: str, fault: Exception) -> Unavailable:
    """The error to raise for a fault: what was wanted, and AWS's code for why it was not had.

    Args:
        what: a sentence without a full stop, for example `the store did not answer query`.
        fault: a ClientError, or anything of botocore's for a call that got no answer.
    """
    reason = fault.response["Error"]["Code"] if isinstance(fault, ClientError) else type(fault).__name__
    return Unavailable(f"{what}: {reason}")
