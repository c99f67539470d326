"""The tables that the classifier asks, and the order in which their rules count: in each, the first that matches.

A rule that must come before a rule of another module belongs in the module that comes first. Accents and letter case do
not count in any language.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from reprieve.suppressions.refusals import receiving_hosts
from reprieve.suppressions.refusals.english import circumstances, full, hints, message, recipient, sender, sending_queue
from reprieve.suppressions.refusals.rules import Table

#: what only one receiver says
MARKS: Final = Table(receiving_hosts.RULES)

#: words that leave no doubt and beat every code: "no such user" is an unknown mailbox whatever number precedes it
ENGLISH: Final = Table(
    (
        # what is about the sender comes before what is about the recipient, and what passes before what stays
        *sender.RULES,
        *full.RULES,
        *sending_queue.RULES,
        *recipient.RULES,
        *message.RULES,
    )
)

#: words that count where no code decides
CIRCUMSTANCES: Final = Table(circumstances.RULES)

#: words that count only where the provider does not decide either
HINTS: Final = Table(hints.RULES)


@cache
def other_languages() -> Table:
    """The same as ENGLISH in other languages, for texts in which no English rule decides; loaded for the first one."""
    from reprieve.suppressions.refusals import (  # noqa: PLC0415
        chinese,
        dutch,
        french,
        german,
        italian,
        japanese,
        russian,
        spanish_and_portuguese,
    )

    return Table(
        (
            # in each, as in English: who is meant, what passes, what stays
            *german.RULES,
            *french.RULES,
            *spanish_and_portuguese.RULES,
            *italian.RULES,
            *dutch.RULES,
            *russian.RULES,
            *japanese.RULES,
            *chinese.RULES,
        )
    )
