"""Faults of AWS, and the same as errors of ours: without their text, which can quote what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprieve.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fault(Exception):
    """A call of AWS that was refused, or that got no answer.

    Args:
        code: AWS's code for the reason, such as `ConditionalCheckFailedException`; without an answer, the name of what
            went wrong.
        passes: whether the same call can succeed a moment later.
        answer: the rest of what AWS answered.
    """

    def __init__(self, code: str, *, passes: bool, answer: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.passes = passes
        self.answer = answer or {}


def unavailable(what: str, fault: Fault) -> Unavailable:
    """The error to raise for a fault: the operation that failed, and the code of the reason.

    Args:
        what: a sentence without a full stop, for example `the store did not answer Query`.
        fault: what happened.
    """
    return Unavailable(f"{what}: {fault.code}")
