"""The verified email address, and the key by which two spellings of one mailbox meet.

The rules are those of RFC 3696 sections 2 and 3 with the verified errata 246 (a backslash quotes only inside quotes),
1003 and 1690 (254 octets in all), and of RFC 5321 where those are silent. `email-validator` does the parsing of all but
ordinary addresses; what it leaves out or sees differently is said here, once:

- a domain has a dot and its top-level label is not all digits, but no list of top-level domains is asked;
- special-use domains (`.test`, `.local`) are fine: whoever mails there knows why;
- address literals (`user@[192.0.2.1]`) are refused: RFC 3696 discourages them outside tests;
- quoted local parts are accepted, and what is counted against 64 octets is the raw text with its quotes;
- a UTF-8 local part is accepted (RFC 6531) and counted in octets; control, format and unassigned characters are not;
- a domain is mapped by UTS #46 and encoded by IDNA2008; it fits only if its Unicode and its ASCII spelling both do, for
  either may go over the wire;
- U+FFFD is refused: it stands for text that was damaged on its way, and marks the keys of what is no address.
"""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

from reprieve.errors import MalformedAddress

if TYPE_CHECKING:
    from types import ModuleType

#: RFC 3696 erratum 1690: a path of RFC 5321 has 256 octets, and two of them are its angle brackets;
#: what that leaves a domain is less than the 255 octets of its own limit
MAX_OCTETS = 254
#: RFC 3696 section 3
MAX_LOCAL_OCTETS = 64
#: more than any valid key needs (folding can lengthen a local part), and far below what a DynamoDB sort key may hold
MAX_KEY_OCTETS = 320

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#: no two hyphens in a row: A-labels and their reserved kin are the library's business
_LABEL = r"(?![^.]{64})[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
#: nearly every address there is; the library would say the same, at twenty times the cost and after a slow import
_ORDINARY = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})*)")

_DAMAGED = "\N{REPLACEMENT CHARACTER}"
#: what would break a line or a terminal, and the lone surrogates that UTF-8 cannot say
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Address:
    """An address that passed `parse`.

    Equality is of all fields, because the spelling matters upstream (SES wants the exact letter case); to ask whether
    two addresses are the same mailbox, compare their keys. The repr shows the domain alone, so that it can be logged.

    Attributes:
        spelling: exactly what was submitted.
        local: the part before the @ as submitted, quotes and case included.
        domain: the domain as lower-case IDNA2008 A-labels.
        key: equal for all spellings of one mailbox: letter case (by Unicode's full folding, so that ß meets ss),
            needless quotes and composed or decomposed characters make no difference. Dots, plus signs and the width
            of a letter do: only the mailbox's own host may equate those (RFC 5321 section 2.3.11).
    """

    spelling: str = field(repr=False)
    local: str = field(repr=False)
    domain: str
    key: str = field(repr=False)

    @classmethod
    def parse(cls, text: object, *, field: str = "email") -> Address:
        """Verify an address; nothing is trimmed or repaired, and no DNS is asked.

        Args:
            text: what the caller submitted, of whatever type.
            field: the name that the caller knows the input by, for the error.

        Returns:
            The address, its spelling untouched.

        Raises:
            MalformedAddress: it is not a string or not an address by the rules above; the message never quotes it.
        """
        if not isinstance(text, str):
            raise MalformedAddress("an email address must be a string", field=field)
        if _octets(text) > MAX_OCTETS:  # before any parsing, whose time may grow faster than the text
            raise MalformedAddress(f"an email address has at most {MAX_OCTETS} octets", field=field)
        local = text.rpartition("@")[0]
        if _octets(local) > MAX_LOCAL_OCTETS:
            raise MalformedAddress(f"the part before the @ has at most {MAX_LOCAL_OCTETS} octets", field=field)
        parts = _parts(text)
        if parts is None:
            raise MalformedAddress("this is not an email address by RFC 3696", field=field)
        bare_local, domain = parts
        parent, _, top = domain.rpartition(".")
        if not parent or top.isdigit():
            raise MalformedAddress("the domain needs a dot and a top-level label that is not a number", field=field)
        return cls(spelling=text, local=local, domain=domain, key=f"{fold(bare_local)}@{domain}")


def is_address(text: str) -> bool:
    """Whether a text is an address by the rules of `Address.parse`."""
    try:
        Address.parse(text)
    except MalformedAddress:
        return False
    return True


def comparison_key(text: str) -> str:
    """Give the key of whatever a provider calls an address, valid or not.

    Args:
        text: the address as the provider spelled it.

    Returns:
        `Address.parse(text).key` if there is one. Otherwise the text without unprintable characters, folded alike, cut,
        and ended by U+FFFD: no valid address has it, so that junk can never be taken for somebody's mailbox. Never
        empty and never more than `MAX_KEY_OCTETS`, as a DynamoDB key must be. The key of a key is itself
        (except where folding lengthens a UTF-8 local part past its limit).
    """
    with suppress(MalformedAddress):
        return Address.parse(text).key
    folded = fold(_UNPRINTABLE.sub("", text[:MAX_KEY_OCTETS])).encode()
    return folded[: MAX_KEY_OCTETS - len(_DAMAGED.encode())].decode(errors="ignore").rstrip(_DAMAGED) + _DAMAGED


def _parts(text: str) -> tuple[str, str] | None:
    """Return the local part without needless quotes and the domain as A-labels, or None if the syntax is wrong."""
    if ordinary := _ORDINARY.fullmatch(text):
        return ordinary[1], ordinary[2].lower()
    if _DAMAGED in text:
        return None
    library = _email_validator()
    # None and not the library's error, which quotes the address and would follow ours into every traceback
    with suppress(library.EmailNotValidError):
        parsed = library.validate_email(
            text, allow_quoted_local=True, globally_deliverable=False, check_deliverability=False
        )
        return parsed.local_part, parsed.ascii_domain
    return None


@cache
def _email_validator() -> ModuleType:
    """Import the library when an address first needs it: that takes longer than the rest of a small cold start."""
    import email_validator  # noqa: PLC0415

    # the way its manual gives; no argument does it
    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    return email_validator


def _octets(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def fold(text: str) -> str:
    """Fold case as Unicode's canonical caseless matching does (D145), then compose; a second time changes nothing."""
    return normalize("NFC", normalize("NFD", text).casefold())


def digest(key: str) -> int:
    """A number of 32 bits by which comparison keys are spread and found; different keys can have the same."""
    return zlib.crc32(key.encode())
