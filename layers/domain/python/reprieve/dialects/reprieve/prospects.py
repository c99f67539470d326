"""What is to be expected of a lift, in words: for Reprieve's own API, the console and the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reprieve.addresses.mail_domain import TAKES_NONE, Mail
from reprieve.addresses.prospect import Because, Expected
from reprieve.suppressions.suppression import Classification, GroupList, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.addresses.mail_domain import MailDomain
    from reprieve.addresses.prospect import Prospect
    from reprieve.suppressions.suppression import Suppression

#: of a domain, after its name
MAIL: Final[Mapping[Mail, str]] = {
    Mail.MX: "names mail servers",
    Mail.NULL_MX: "says that it takes no mail (null MX, RFC 7505)",
    Mail.ADDRESS_ONLY: "names no mail server, only a host, which mail is then tried at",
    Mail.NO_HOST: "names neither a mail server nor a host, so no mail can reach it",
    Mail.MISSING: "does not exist",
    Mail.UNKNOWN: "could not be looked up in the DNS",
}
EXPECTED: Final[Mapping[Expected, str]] = {
    Expected.BOUNCES: "It is likely to bounce again",
    Expected.MAY_WORK: "It may work",
    Expected.UNKNOWN: "Unknown",
}
#: why a lift is expected to end so
WHY: Final[Mapping[Because, str]] = {
    Because.NO_MAIL: "the domain of the address takes no mail.",
    Because.DELIVERED: "a message was delivered after the latest failure.",
    Because.WISH: "no server refused the mail. Ask the recipient first.",
    Because.MISSPELT: "the domain is probably misspelt.",
    Because.RELAPSED: "it has failed again after a lift before.",
    Because.NO_MAILBOX: "the latest answer was that there is no such mailbox.",
    Because.SENDER: "the receiving server did not trust the sender, and mail works only where that has changed.",
    Because.PASSES: "the cause can pass by itself, or was about one message.",
    Because.UNCLEAR: "the receiving server did not say clearly why it refused the mail.",
}

#: what a help desk can say to the owner of an address, by the class of the refusal
TELL_OF_CLASS: Final[Mapping[Classification, str]] = {
    Classification.INVALID_ADDRESS: (
        "Our mail came back because your mail server says that this mailbox does not exist. Please check the spelling "
        "of your address, or ask the administrator of your mail."
    ),
    Classification.MAILBOX_UNAVAILABLE: (
        "Our mail came back because your mailbox could not take it: it is full, or switched off. Tell us when it takes "
        "mail again, and we will start sending."
    ),
    Classification.REPUTATION: (
        "Your mail server refused our mail because of where it comes from, not because of you. Your mail administrator "
        "can allow our domain."
    ),
    Classification.CONTENT: "Your mail server refused the content of one of our messages, not your address.",
    Classification.FREQUENCY: "Your mail server asked us to send more slowly. This passes by itself.",
    Classification.TECHNICAL: (
        "Your mail server could not be reached, or had a fault, when we sent. Your mail administrator may know more."
    ),
    Classification.UNCLASSIFIED: (
        "Your mail server refused our mail and did not say clearly why. Please check that other senders' mail reaches "
        "you."
    ),
}
#: the same by the list, of those whose entries have no class
TELL_OF_LIST: Final[Mapping[SuppressionList, str]] = {
    SuppressionList.INVALID_EMAILS: "The address that we have for you cannot receive mail. Please check its spelling.",
    SuppressionList.SPAM_REPORTS: (
        "One of our messages was marked as spam at your address, so we stopped sending. If that was a mistake, please "
        "confirm that you want our mail again."
    ),
    SuppressionList.UNSUBSCRIBES: (
        "You asked us to stop all mail to this address. We can start again if you ask us to."
    ),
}
TELL_OF_GROUP: Final = (
    "You unsubscribed from this kind of mail. Other mail still reaches you, and we can start it again if you ask us to."
)


def tell(entry: Suppression) -> str:
    """What a help desk can say to the owner of an address that is on a list."""
    if isinstance(entry.list, GroupList):
        return TELL_OF_GROUP
    return TELL_OF_LIST.get(SuppressionList(entry.list)) or TELL_OF_CLASS[entry.classification]


def of_domain(domain: MailDomain) -> str:
    """What is found out about a domain, as a sentence."""
    meant = f" Probably {domain.meant} is meant." if domain.meant else ""
    return f"The domain {domain.name} {MAIL[domain.mail]}.{meant}"


def known_of(domain: MailDomain | None) -> str:
    """The same; "" where nothing was found out."""
    return of_domain(domain) if domain and (domain.meant or domain.mail is not Mail.UNKNOWN) else ""


def wrong_with(domain: MailDomain | None) -> str:
    """The same; "" where nothing is known to be wrong with it."""
    return of_domain(domain) if domain and (domain.meant or domain.mail in TAKES_NONE) else ""


def of_prospect(found: Prospect) -> str:
    """What is to be expected, as a sentence."""
    return f"{EXPECTED[found.expected]}: {WHY[found.because]}"


def domain_member(domain: MailDomain | None) -> dict[str, Any] | None:
    """A domain as a member of an answer's JSON."""
    if domain is None:
        return None
    return {
        "name": domain.name,
        "mail_servers": domain.mail,
        "probably_meant": domain.meant or None,
        "sentence": of_domain(domain),
    }


def members(found: Prospect, entry: Suppression) -> dict[str, Any]:
    """What is to be expected of the lift of an entry, as members of its JSON."""
    return {
        "bounced_again": found.bounced_again,
        "expected": found.expected,
        "why_expected": of_prospect(found),
        "tell": tell(entry),
    }
