"""The permanence and classification of a list's entry, the same whichever way it arrives.

A webhook's event, a row of the provider's list and a line of a CSV file are all judged by their content alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reprieve.suppressions.classifier import classify
from reprieve.suppressions.suppression import Classification, Permanence, SuppressionList

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import Suppression

#: the permanence that follows from SendGrid's classes
OPINION_OF: Final = {
    Classification.INVALID_ADDRESS: Permanence.HARD,
    Classification.MAILBOX_UNAVAILABLE: Permanence.SOFT,
    Classification.CONTENT: Permanence.SOFT,
    Classification.FREQUENCY: Permanence.SOFT,
    Classification.REPUTATION: Permanence.SOFT,
    Classification.TECHNICAL: Permanence.SOFT,
}


def judged(entry: Suppression, *, opinion: Permanence | None = None) -> Suppression:
    """The entry with its permanence, and with a class if it had none.

    Args:
        entry: its list, reason, status and class decide; its own permanence does not count.
        opinion: the provider's own verdict, None when it gives none; its class is an opinion too.

    Returns:
        The entry. A bounce gets the classifier's verdict. A block is soft, because the provider continues to mail the
        address. On the other lists an entry is hard, and keeps its class.
    """
    if entry.list not in {SuppressionList.BOUNCES, SuppressionList.BLOCKS}:
        return replace(entry, permanence=Permanence.HARD)
    verdict = classify(entry.reason, status=entry.status, opinion=opinion or OPINION_OF.get(entry.classification))
    given = entry.classification
    return replace(
        entry,
        permanence=Permanence.SOFT if entry.list is SuppressionList.BLOCKS else verdict.permanence,
        classification=verdict.classification if given is Classification.UNCLASSIFIED else given,
    )
