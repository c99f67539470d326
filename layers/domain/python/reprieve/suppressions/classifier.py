"""The classifier: one verdict on a refused delivery, whichever way its report arrives.

The first digit of a code does not decide: of 590 labelled real bounces, "any 5.x.x is hard" finds half of the hard
ones and is right about two in five. So the evidence is asked in this order, and the first that gives a verdict counts:

1. marks that only one receiver uses, and the words of the text, which say more than any code;
2. the enhanced status code, the event's own or else the one in the text;
3. words about the circumstances: no connection, no common language;
4. the command that was refused: one before any recipient was named cannot be about the recipient;
5. what the reporting provider says, since it has seen more of the conversation than it passes on;
6. words that only hint;
7. the reply code.

A hard verdict is never given to a refusal that calls itself temporary (class 4 alone), to one before any recipient
was named, nor to one whose code is about the sender. A refusal that nothing decides is undetermined.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from reprieve.suppressions.refusals.causes import CONSEQUENCES, Cause
from reprieve.suppressions.refusals.status_codes import REPLY, SENDERS, of_status
from reprieve.suppressions.refusals.tables import CIRCUMSTANCES, ENGLISH, HINTS, MARKS, other_languages
from reprieve.suppressions.refusals.text import read, statuses
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.suppressions.refusals.rules import Table
    from reprieve.suppressions.refusals.text import Reading
    from reprieve.suppressions.suppression import Classification

_TEMPORARY: Final = 4
_PERMANENT: Final = 5


class Confidence(StrEnum):
    """The degree to which a verdict can be relied on."""

    HIGH = "high"
    """The receiver says so in words, or by a code of its own."""
    MEDIUM = "medium"
    """A standard code says so, or the command that was refused."""
    LOW = "low"
    """The provider's opinion, words that hint, or a bare reply code."""
    NONE = "none"
    """Nothing decides."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The basis of a verdict.

    Attributes:
        rule: the stable id of the rule that decided, as `english.full.quota` or `status.5.1.1`.
        words: what it found in the text, without any address; "" where the text did not decide.
    """

    rule: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of one refused delivery.

    Attributes:
        cause: what the refusal is about.
        evidence: the basis of the verdict.
        confidence: the degree to which it can be relied on.
        permanence: whether waiting could help.
    """

    cause: Cause
    evidence: Evidence
    confidence: Confidence
    permanence: Permanence

    @property
    def classification(self) -> Classification:
        """SendGrid's class of the cause."""
        return CONSEQUENCES[self.cause][1]


UNDETERMINED: Final = Verdict(Cause.UNKNOWN, Evidence(""), Confidence.NONE, Permanence.UNDETERMINED)


def classify(text: str, *, status: str = "", opinion: Permanence | None = None) -> Verdict:
    """Judge one refused delivery.

    Args:
        text: the remote server's answer, in any language and length; addresses in it do not count.
        status: the enhanced status code that the provider gives, "" for none; what is not one does not count.
        opinion: what the provider itself calls it, None when it does not say.

    Returns:
        The verdict; it is never an error.
    """
    reading = read(text)
    own = statuses(status)
    temporary = _temporary(reading, own)
    hard = not (temporary or reading.before_recipient or SENDERS & {code[1:] for code in own + reading.statuses})
    for verdict in _opinions(reading, own, opinion, hard=hard):
        if hard or verdict.permanence is not Permanence.HARD:
            return verdict
    return _verdict(Cause.BUSY, "temporary", Confidence.LOW) if temporary else UNDETERMINED


def _opinions(
    reading: Reading, own: tuple[tuple[int, int, int], ...], opinion: Permanence | None, *, hard: bool
) -> Iterator[Verdict]:
    """The verdicts that the evidence supports, strongest first."""
    yield from _found(MARKS, reading.marks, Confidence.HIGH)
    if said := _said(reading.words, hard=hard):
        yield said
    yield from _by_status(own + reading.statuses)
    yield from _found(CIRCUMSTANCES, reading.words, Confidence.MEDIUM)
    if reading.before_recipient:
        yield _verdict(Cause.SENDER, "command", Confidence.MEDIUM)
    if opinion in {Permanence.HARD, Permanence.SOFT}:
        yield Verdict(Cause.UNKNOWN, Evidence("opinion"), Confidence.LOW, opinion)
    yield from _found(HINTS, reading.words, Confidence.LOW)
    yield from (_verdict(REPLY[code], f"reply.{code}", Confidence.LOW) for code in reading.replies if code in REPLY)


def _found(table: Table, text: str, confidence: Confidence) -> Iterator[Verdict]:
    return (_verdict(rule.cause, rule.id, confidence, words) for rule, words in table.matches(text))


def _by_status(codes: tuple[tuple[int, int, int], ...]) -> Iterator[Verdict]:
    for level, subject, detail in codes:
        if level in {_TEMPORARY, _PERMANENT} and (cause := of_status(subject, detail)):
            yield _verdict(cause, f"status.{level}.{subject}.{detail}", Confidence.MEDIUM)


@lru_cache(maxsize=1024)
def _said(words: str, *, hard: bool) -> Verdict | None:
    """The verdict of words; servers repeat themselves, so the latest are kept."""
    english = _found(ENGLISH, words, Confidence.HIGH)
    for verdict in chain(english, _in_other_languages(words)):
        if hard or verdict.permanence is not Permanence.HARD:
            return verdict
    return None


def _in_other_languages(words: str) -> Iterator[Verdict]:
    yield from _found(other_languages(), words, Confidence.HIGH)


def _temporary(reading: Reading, own: tuple[tuple[int, int, int], ...]) -> bool:
    """Whether every code is of class 4; the provider's own 4.0.0 is a placeholder that does not count beside words."""
    levels = {level for level, _, _ in reading.statuses} | {reply // 100 for reply in reading.replies}
    levels |= {level for level, subject, detail in own if subject or detail}
    return levels == {_TEMPORARY}


def _verdict(cause: Cause, rule: str, confidence: Confidence, words: str = "") -> Verdict:
    return Verdict(cause, Evidence(rule, words), confidence, CONSEQUENCES[cause][0])
