"""What is to be expected of a lift: whether the next message will bounce again, from what is known before it.

A pure function of the entry, the evidence about it, and its domain. It promises nothing: a server can change its mind.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprieve.addresses.mail_domain import TAKES_NONE
from reprieve.policies.verdict import relapses
from reprieve.suppressions.evidence import OF_FAILURES
from reprieve.suppressions.suppression import Classification, Permanence, SuppressionList

if TYPE_CHECKING:
    from reprieve.addresses.mail_domain import MailDomain
    from reprieve.suppressions.evidence import Evidence
    from reprieve.suppressions.suppression import Suppression


class Expected(StrEnum):
    """What is to be expected of the next message after a lift."""

    BOUNCES = "likely_to_bounce_again"
    MAY_WORK = "may_work"
    UNKNOWN = "unknown"


class Because(StrEnum):
    """Why; the first of these that is so decides."""

    NO_MAIL = "no_mail"
    """Its domain takes no mail."""
    DELIVERED = "delivered"
    """A message was delivered after its latest failure."""
    WISH = "wish"
    """No server refused it; the recipient or an operator did."""
    MISSPELT = "misspelt"
    """Its domain is probably a misspelling."""
    RELAPSED = "relapsed"
    """It failed again after it was lifted."""
    NO_MAILBOX = "no_mailbox"
    """The server, or the provider, says that there is no such mailbox."""
    SENDER = "sender"
    """The server does not trust the sender."""
    PASSES = "passes"
    """The cause can pass by itself, or was about one message."""
    UNCLEAR = "unclear"
    """The server's answer does not say why."""


EXPECTED: Final = {
    Because.NO_MAIL: Expected.BOUNCES,
    Because.DELIVERED: Expected.MAY_WORK,
    Because.WISH: Expected.MAY_WORK,
    Because.MISSPELT: Expected.BOUNCES,
    Because.RELAPSED: Expected.BOUNCES,
    Because.NO_MAILBOX: Expected.BOUNCES,
    Because.SENDER: Expected.UNKNOWN,
    Because.PASSES: Expected.MAY_WORK,
    Because.UNCLEAR: Expected.UNKNOWN,
}
#: classes of refusals that were not about the address
PASSING: Final = frozenset({Classification.CONTENT, Classification.FREQUENCY, Classification.TECHNICAL})


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is to be expected of a lift.

    Attributes:
        because: why.
        bounced_again: how often it failed again after a lift.
    """

    because: Because
    bounced_again: int = 0

    @property
    def expected(self) -> Expected:
        """The expectation."""
        return EXPECTED[self.because]


def prospect(entry: Suppression, evidence: Evidence, domain: MailDomain | None) -> Prospect:
    """What is to be expected of a lift of an entry.

    Args:
        entry: on its list.
        evidence: about the same address on the same list.
        domain: of the address; None for what is not an address.
    """
    again = relapses(evidence)
    found: dict[Because, bool] = {
        Because.NO_MAIL: domain is not None and domain.mail in TAKES_NONE,
        Because.DELIVERED: _delivered_since(entry, evidence),
        Because.WISH: entry.list not in OF_FAILURES,
        Because.MISSPELT: domain is not None and bool(domain.meant),
        Because.RELAPSED: again > 0,
        Because.NO_MAILBOX: entry.list is SuppressionList.INVALID_EMAILS
        or (entry.classification is Classification.INVALID_ADDRESS and entry.permanence is Permanence.HARD),
        Because.SENDER: entry.classification is Classification.REPUTATION,
        Because.PASSES: entry.classification in PASSING or entry.permanence is Permanence.SOFT,
        Because.UNCLEAR: True,
    }
    return Prospect(next(because for because, is_so in found.items() if is_so), again)


def _delivered_since(entry: Suppression, evidence: Evidence) -> bool:
    latest = max((one.at for one in evidence.outcomes), default=entry.created)
    return evidence.delivered_at is not None and evidence.delivered_at > max(latest, entry.created)
