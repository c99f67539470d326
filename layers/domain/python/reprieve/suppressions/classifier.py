"""Whether a bounce is hard or soft.

The first digit of a status code does not tell: of 590 labelled real bounces, "any 5.x.x is hard" finds half of the hard
ones and is right about two in five. So the tables are asked in this order, and the first that has an opinion counts:

1. the provider's own type, for the provider has seen more of the conversation than it passes on;
2. the enhanced status code, the event's own or else the one in the text;
3. the words of the text;
4. what the provider calls the whole event, which the caller gives as `otherwise`.

Hard means that the address itself is bad: no such mailbox, no such domain, moved away, or a domain that takes no mail.
Full, disabled, busy, blocked, distrusted or too large can pass, so they are soft, whatever their code.

Sources: SendGrid's event and bounce classification reference; Amazon SES's notification contents (bounce types);
RFC 3463 and the registry of RFC 5248 with RFC 7505 (null MX); for the words, the reasons that the labelled bounces of
Sisimai's and flufl.bounce's test suites carry.
"""

from __future__ import annotations

import re
from typing import Final

from reprieve.suppressions.suppression import Classification, Permanence

HARD, SOFT = Permanence.HARD, Permanence.SOFT

#: the provider's own type: (provider, type in lower case) -> verdict; a type that is missing decides nothing.
#: SES's "Undetermined" is missing on purpose, and SendGrid's "bounce", which it also calls a full mailbox.
PROVIDER_TYPE: Final = {
    ("sendgrid", "blocked"): SOFT,
    ("sendgrid", "expired"): SOFT,
    ("ses", "permanent"): HARD,
    ("ses", "transient"): SOFT,
}
#: SendGrid's classification of a bounce, finer than its type
CLASSIFIED: Final = {
    Classification.INVALID_ADDRESS: HARD,
    Classification.MAILBOX_UNAVAILABLE: SOFT,
    Classification.CONTENT: SOFT,
    Classification.FREQUENCY: SOFT,
    Classification.REPUTATION: SOFT,
    Classification.TECHNICAL: SOFT,
}
#: enhanced status codes of class 5 by subject and detail (RFC 3463 sections 3.2 to 3.8); class 4 is soft altogether
STATUS: Final = {
    "1.1": HARD,  # bad destination mailbox address
    "1.2": HARD,  # bad destination system address
    "1.3": HARD,  # bad destination mailbox address syntax
    "1.6": HARD,  # destination mailbox has moved, no forwarding address
    "1.10": HARD,  # recipient address has null MX (RFC 7505)
    "1.7": SOFT,  # bad sender's mailbox address syntax: not the recipient's fault, like the next
    "1.8": SOFT,  # bad sender's system address
    "1.9": SOFT,  # message relayed to non-compliant mailer
    "4.4": HARD,  # unable to route: the domain leads nowhere
}
#: subjects whose other details are all soft: mailbox, mail system, content, security and policy
SOFT_SUBJECTS: Final = frozenset("2367")
#: subject 4 (network): its details that say anything; 4.0 and 4.1 are used for unknown users too
SOFT_NETWORK: Final = frozenset({"4.2", "4.3", "4.5", "4.6", "4.7"})

_WHO: Final = r"(user|recipient|mailbox|address|account|domain|host)"
#: words of the text, first match counts: what passes before what does not, as "temporarily rejected: user unknown" does
TEXT: Final = (
    (SOFT, r"mailbox (is )?full|full mailbox|over ?quota|quota (is )?exceeded|exceeded .{0,20}quota"),
    (SOFT, r"out of (storage|space)|insufficient (system )?storage|disk full"),
    (SOFT, r"try(ing)? (again|later)|temporar|gr[ea]ylist|rate.?limit|too (many|much|fast)|throttl|deferred"),
    (SOFT, r"timed? ?out|connection (refused|reset|lost)|not reachable|network is unreachable|\b(start)?tls\b"),
    (SOFT, r"\bspam|black ?list|block ?list|blocked|reputation|\b(dmarc|spf|dkim)\b|policy|access denied|banned|virus"),
    (SOFT, r"too (large|big)|size limit|message size|exceeds .{0,20}(size|limit)"),
    (SOFT, r"suspended|disabled|deactivated|inactive|not active|out of (the )?office"),
    (HARD, rf"(no such|unknown|invalid|bad|non-?existent|unrouteable) (local )?{_WHO}"),
    (
        HARD,
        rf"{_WHO}\W+(name )?(is |was |has been )?(unknown|not found|not known|invalid|undeliverable|removed|closed)",
    ),
    (HARD, r"(does not|doesn.t|did not|not) (exist|have an? .{0,30}account)|no mailbox here|not our customer"),
    (HARD, r"no longer (valid|in use|available|works|employed|accepts)|null mx|nxdomain|no mx|has moved"),
)
_PATTERNS: Final = tuple((verdict, re.compile(words, re.IGNORECASE)) for verdict, words in TEXT)
_CODE: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
#: a reply code at the very start of the text, where servers put it
_REPLY: Final = re.compile(r"\s*4\d\d[\s-]")
#: no text of a server is longer than this where it still says why
_READ: Final = 2_000


def permanence(
    *,
    provider: str = "",
    kind: str = "",
    classification: Classification = Classification.UNCLASSIFIED,
    status: str = "",
    text: str = "",
    otherwise: Permanence = SOFT,
) -> Permanence:
    """Judge one refused delivery.

    Args:
        provider: who tells ("sendgrid", "ses").
        kind: the provider's own type of the bounce, in any letter case ("blocked", "Permanent").
        classification: SendGrid's reason.
        status: the enhanced status code, "" when the provider gave none.
        text: the remote server's answer.
        otherwise: the verdict when nothing decides it.
    """
    opinions = (
        PROVIDER_TYPE.get((provider, kind.casefold())),
        CLASSIFIED.get(classification),
        _by_status(status),
        _by_status(text[:_READ]),
        SOFT if _REPLY.match(text) else None,
        _by_words(text[:_READ]),
    )
    return next((opinion for opinion in opinions if opinion), otherwise)


def _by_status(text: str) -> Permanence | None:
    found = _CODE.search(text)
    if found is None:
        return None
    level, subject, detail = found.groups()
    code = f"{int(subject)}.{int(detail)}"
    if level == "4":
        return SOFT
    if level != "5":
        return None
    if code in STATUS:
        return STATUS[code]
    return SOFT if (subject in SOFT_SUBJECTS and detail != "0") or code in SOFT_NETWORK else None


def _by_words(text: str) -> Permanence | None:
    return next((verdict for verdict, words in _PATTERNS if words.search(text)), None)
