"""A row of an imported file that was left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was left out.

    Attributes:
        line: the line of the file on which the row begins, counted from 1.
        problem: why, as a sentence that never quotes the row.
    """

    line: int
    problem: str
