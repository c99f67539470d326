"""The meaning of codes, for refusals whose words do not say more.

Enhanced status codes by RFC 3463 and the registry of RFC 5248, with RFC 7372 and 7505; replies by RFC 5321 and 7504;
and the details that receivers use beyond the registry.
"""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause

#: by subject and detail; details of 0 are missing on purpose, because they say nothing
STATUS: Final = {
    (1, 1): Cause.UNKNOWN_MAILBOX,
    (1, 2): Cause.UNKNOWN_DOMAIN,
    (1, 3): Cause.BAD_SYNTAX,
    (1, 6): Cause.MOVED,
    (1, 7): Cause.SENDER,
    (1, 8): Cause.SENDER,
    (1, 9): Cause.PROTOCOL,
    (1, 10): Cause.NO_MAIL,
    (1, 90): Cause.RATE,
    (1, 350): Cause.UNKNOWN_MAILBOX,
    (1, 351): Cause.UNKNOWN_MAILBOX,
    (2, 1): Cause.DISABLED,
    (2, 2): Cause.FULL,
    (2, 3): Cause.TOO_LARGE,
    (2, 4): Cause.POLICY,
    (2, 121): Cause.RATE,
    (2, 122): Cause.RATE,
    (3, 1): Cause.FULL,
    (3, 4): Cause.TOO_LARGE,
    (4, 2): Cause.NETWORK,
    (4, 3): Cause.NETWORK,
    (4, 4): Cause.UNKNOWN_DOMAIN,
    (4, 5): Cause.RATE,
    (4, 6): Cause.LOOP,
    (4, 7): Cause.EXPIRED,
    (4, 14): Cause.LOOP,
    (4, 300): Cause.EXPIRED,
    (4, 310): Cause.UNKNOWN_DOMAIN,
    (4, 312): Cause.NETWORK,
    (4, 316): Cause.NETWORK,
    (4, 317): Cause.NETWORK,
    (4, 318): Cause.NETWORK,
    (5, 3): Cause.RATE,
    (7, 8): Cause.AUTHENTICATION,
    (7, 9): Cause.AUTHENTICATION,
    (7, 13): Cause.DISABLED,
    (7, 17): Cause.MOVED,
    (7, 18): Cause.MOVED,
    (7, 20): Cause.AUTHENTICATION,
    (7, 21): Cause.AUTHENTICATION,
    (7, 22): Cause.AUTHENTICATION,
    (7, 23): Cause.AUTHENTICATION,
    (7, 24): Cause.AUTHENTICATION,
    (7, 25): Cause.REVERSE_DNS,
    (7, 26): Cause.AUTHENTICATION,
    (7, 27): Cause.SENDER,
    (7, 28): Cause.RATE,
}
#: the codes that are about the sender's address, whatever the words "does not exist" seem to be about
SENDERS: Final = frozenset({(1, 7), (1, 8)})
#: the meaning of a subject's other details; subjects 1 and 4 are used for too many things to have one
SUBJECT: Final = {2: Cause.DISABLED, 3: Cause.BUSY, 5: Cause.PROTOCOL, 6: Cause.CONTENT, 7: Cause.POLICY}
#: replies that say why by themselves; 550 and 554 can mean anything
REPLY: Final = {
    500: Cause.PROTOCOL,
    501: Cause.PROTOCOL,
    502: Cause.PROTOCOL,
    503: Cause.PROTOCOL,
    504: Cause.PROTOCOL,
    521: Cause.NO_MAIL,
    523: Cause.TOO_LARGE,
    530: Cause.AUTHENTICATION,
    535: Cause.AUTHENTICATION,
    541: Cause.POLICY,
    552: Cause.FULL,
    555: Cause.PROTOCOL,
    556: Cause.NO_MAIL,
    571: Cause.POLICY,
}


def of_status(subject: int, detail: int) -> Cause | None:
    """The cause that an enhanced status code of class 5 names.

    Returns:
        The cause; None for a code that says nothing.
    """
    return STATUS.get((subject, detail)) or (SUBJECT.get(subject) if detail else None)
