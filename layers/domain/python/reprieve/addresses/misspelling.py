"""The well-known domain that a misspelt one probably stands for.

A domain is taken for a misspelling of a large mailbox provider's when one slip leads from that to it: a letter that is
missing, added, wrong, or in the place of its neighbour (Damerau-Levenshtein distance 1). Every rule here leaves out
misspellings so that it never hits a real domain:

- the first letter is not taken for a wrong one, or for one too many: ymail.com is not gmail.com;
- the part after the name differs only where it is "com" (gmail.con): yahoo.fi may well be meant, instead of yahoo.fr;
- names of four letters or fewer are not targets (nearly every domain of that length exists), nor are those that are
  one slip from a word;
- what is known to be real is never a misspelling.
"""

from __future__ import annotations

from typing import Final

#: domains of large mailbox providers with names that are long and peculiar enough
TARGETS: Final = frozenset(
    {
        *("gmail.com", "googlemail.com", "icloud.com", "rocketmail.com", "protonmail.com", "fastmail.com"),
        *("yahoo.com", "yahoo.co.uk", "yahoo.co.in", "yahoo.co.jp", "yahoo.com.br", "yahoo.com.au", "yahoo.com.ar"),
        *("yahoo.com.mx", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.it", "yahoo.ca", "yahoo.in"),
        *("hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it", "hotmail.es", "hotmail.nl"),
        *("outlook.com", "outlook.fr", "outlook.de", "outlook.es", "outlook.it", "outlook.com.br"),
        *("comcast.net", "verizon.net", "sbcglobal.net", "bellsouth.net", "btinternet.com"),
        *("t-online.de", "freenet.de", "wanadoo.fr", "laposte.net", "bluewin.ch", "seznam.cz", "virgilio.it"),
        *("yandex.ru", "yandex.com", "rediffmail.com", "hanmail.net"),
    }
)
#: real domains that take mail for many people, and that one slip leads to or nearly so
REAL: Final = frozenset(
    {
        *("mail.com", "email.com", "ymail.com", "gmx.com", "cloud.com", "fastmail.fm", "fastmail.net", "online.de"),
        *("hotmail.be", "hotmail.se", "hotmail.no", "hotmail.dk", "hotmail.ch", "hotmail.ca", "hotmail.com.br"),
        *("yahoo.co.id", "yahoo.co.kr", "yahoo.co.nz", "yahoo.co.th", "yahoo.co.za", "yahoo.co.il", "yahoo.com.ph"),
        *("yahoo.com.sg", "yahoo.com.hk", "yahoo.com.tw", "yahoo.com.vn", "yahoo.com.tr", "yahoo.com.co"),
        *("yahoo.com.pe", "yahoo.com.my", "yahoo.cn", "yahoo.ie", "yahoo.dk", "yahoo.se", "yahoo.no", "yahoo.pl"),
        *("yahoo.ro", "yahoo.gr", "yahoo.at", "yahoo.nl", "yahoo.be", "yahoo.fi", "yahoo.pt", "yahoo.hu", "yahoo.ch"),
        *("yandex.by", "yandex.kz", "yandex.ua", "yandex.net", "ya.ru", "comcast.com", "verizon.com", "freenet.net"),
    }
)


def meant_by(domain: str) -> str:
    """The well-known domain that a domain, in lower-case A-labels, is a misspelling of; "" when it is of none."""
    if domain in TARGETS or domain in REAL:
        return ""
    return next((target for target in sorted(TARGETS) if _is_slip(domain, target)), "")


def _is_slip(domain: str, target: str) -> bool:
    (name, _, rest), (known, _, end) = domain.partition("."), target.partition(".")
    if rest == end:
        return is_one_slip(name, known) and name[1:] not in {known, known[1:]}
    return name == known and end == "com" and "." not in rest and is_one_slip(rest, end)


def is_one_slip(text: str, other: str) -> bool:
    """Whether the restricted Damerau-Levenshtein distance of two texts is exactly 1."""
    start = next((at for at, (one, two) in enumerate(zip(text, other, strict=False)) if one != two), None)
    if start is None:
        return abs(len(text) - len(other)) == 1
    left, right = text[start:], other[start:]
    return (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )
