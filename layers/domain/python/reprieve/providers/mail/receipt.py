"""What Amazon SES says about a mail that it received, in the fields that it puts in front of the mail's own.

In their order: Return-Path, Received (with the recipient), X-SES-Spam-Verdict, X-SES-Virus-Verdict, Received-SPF,
Authentication-Results, X-SES-RECEIPT. AWS documents the verdicts and not the fields; their order was seen in mails of
several years and regions. What comes after X-SES-RECEIPT was written by the sender, whatever it is called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.providers.mail.opening import fields

if TYPE_CHECKING:
    from email.message import Message

_RECEIPT: Final = "x-ses-receipt"
_VERDICTS: Final = ("x-ses-spam-verdict", "x-ses-virus-verdict")
#: the name that SES gives itself as a checker (RFC 8601)
_CHECKER: Final = "amazonses.com"
_RESULT: Final = re.compile(r";\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})", re.IGNORECASE)
_RECIPIENT: Final = re.compile(
    r"\bby inbound-smtp\.[a-z0-9-]{1,30}\.amazonaws\.com(?:\.cn)?\b.*\sfor <?([^\s<>;]{3,254})>?;"
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """SES's word on a mail.

    Attributes:
        recipient: whom it was received for; "" when SES does not say, or it was received for several.
        proved: whether a domain vouches for the host that sent it (SPF) or for its content (DKIM), and nothing speaks
            against it: neither DMARC nor SES's filters for spam and viruses.
    """

    recipient: str = ""
    proved: bool = False


def receipt(mail: Message) -> Receipt:
    """SES's receipt of a mail; an empty one for a mail that does not begin as SES's do."""
    names = [name.lower() for name in mail.keys()]  # noqa: SIM118  (a mail is no mapping: a name may occur twice)
    if _RECEIPT not in names or names.count("received") == 0:
        return Receipt()
    own = set(names[: names.index(_RECEIPT)])
    if "received" not in own:
        return Receipt()
    found = _RECIPIENT.search(fields(mail, "received")[0])
    return Receipt(found[1] if found else "", _proved(mail, own))


def _proved(mail: Message, own: set[str]) -> bool:
    if any(name not in own or fields(mail, name)[0].upper() == "FAIL" for name in _VERDICTS):
        return False
    if "authentication-results" not in own:
        return False
    checker, _, results = fields(mail, "authentication-results")[0].partition(";")
    if checker.strip().lower() != _CHECKER:
        return False
    verdicts = {(method.lower(), result.lower()) for method, result in _RESULT.findall(f";{results}")}
    return bool({("spf", "pass"), ("dkim", "pass")} & verdicts) and ("dmarc", "fail") not in verdicts
