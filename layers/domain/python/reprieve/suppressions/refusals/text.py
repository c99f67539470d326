"""Reading the text of a refusal: its codes, its words, and which command it answers.

Words are compared in one form: lower case, no accents, no punctuation but the end of a sentence, no number or id, one
space between two words. Every address is a single `@`, so that no address can change a verdict; every host name is a
`#`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

#: how many characters are read: no server writes more before it says why
READ: Final = 4_000

_ATOM = r"[\w.!#$%&'*+/=?^`{|}~-]"
_ADDRESS: Final = re.compile(rf'(?:"[^"\r\n]{{0,64}}"|(?<!{_ATOM}){_ATOM}++)@(?:\[[^\]\s]{{1,64}}\]|[\w.-]*+)')
_ACCENTS: Final = re.compile(r"[\u0300-\u036f]+")
_TOP: Final = (
    "com|net|org|edu|gov|mil|int|info|biz|name|arpa|example|test|invalid|local|localdomain|lan|internal|[a-z]{2}"
)
#: a link, a host name, a number, a word, a mask, or the end of a sentence
_PART: Final = re.compile(
    rf"(?:https?://|www\.)[^\s<>\"]*+|(?:[\w-]{{1,63}}+\.){{1,12}}(?:{_TOP})(?![\w-])|\d[\d.:-]*+|[^\W_]++|@|[.!?;\u3002]++"
)
_ENDS: Final = frozenset(".!?;\u3002")
#: words with a number in them that are not ids
_NUMBERED: Final = ("rfc", "utf", "smtputf")
_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
#: a reply code, where a server's own words begin
_REPLY: Final = re.compile(r"(?:^|[:;'\"<>(\[#|\n]) ?([45]\d\d)(?=[ ,\-]|$)")
_APOSTROPHES: Final = str.maketrans("", "", "'`\u00b4\u2019\u02bc")
#: the second half of words that are written as one or as two
_HALF: Final = re.compile(r"\b(e|mail|user|black) (?=(?:mails?|box(?:es)?|names?|lists?|listed)\b)")
#: what a sending server says around the other's words: it decides nothing
_FRAMES: Final = re.compile(
    r"unknown address error|each of the following recipients was rejected by a remote mail ?server"
    r"|(?:had permanent|following) (?:fatal|delivery) errors"
)
_STAGE: Final = re.compile(
    r"(?:in (?:reply|response) to|after|during|did not like our|>>>) (?:pipelined |end of |the )?"
    r"(mail from|rcpt to|rcpt_to|data|body|helo|ehlo|initial connection|connect|starttls|auth)\b"
)
_BEFORE_RECIPIENT: Final = frozenset({"mail from", "helo", "ehlo", "initial connection", "connect", "starttls", "auth"})


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a text.

    Attributes:
        marks: the text folded, with addresses masked; codes, links and host names are still in it.
        words: its words alone.
        statuses: the enhanced status codes (RFC 3463) in their order, each as class, subject and detail.
        replies: the reply codes (RFC 5321) in their order.
        before_recipient: whether it answers a command that comes before any recipient is named.
    """

    marks: str
    words: str
    statuses: tuple[tuple[int, int, int], ...]
    replies: tuple[int, ...]
    before_recipient: bool


def read(text: str) -> Reading:
    """Read a text; of a longer one, its first `READ` characters.

    Args:
        text: a server's answer, in one line or several, or a whole report of non-delivery.
    """
    # cut twice: folding can make a text longer
    raw = _ADDRESS.sub("@", folded(_unescaped(text[:READ]))[:READ])
    marks = " ".join(raw.split())
    stages = set(_STAGE.findall(marks))
    if "refused to talk to me" in marks:
        stages.add("connect")
    return Reading(
        marks=marks,
        words=_words(marks),
        statuses=statuses(marks),
        replies=tuple(int(code) for code in _REPLY.findall(raw)),
        before_recipient=bool(stages) and stages <= _BEFORE_RECIPIENT,
    )


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    from html import unescape  # noqa: PLC0415  (a table of 2,000 names, and few texts have one)

    return unescape(text)


def statuses(text: str) -> tuple[tuple[int, int, int], ...]:
    """The enhanced status codes in a text, in their order."""
    return tuple((int(level), int(subject), int(detail)) for level, subject, detail in _STATUS.findall(text))


def folded(text: str) -> str:
    """A text without the differences of letter case, width and accent."""
    if text.isascii():
        return text.lower()
    # composed again in the end: the marks of kana are part of their letters
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())))


def _words(marks: str) -> str:
    parts = _PART.findall(marks.translate(_APOSTROPHES))
    words = " ".join([word for part in parts if (word := part if part.isalpha() else _masked(part))])
    return _FRAMES.sub(" ", _HALF.sub(r"\1", words))


def _masked(part: str) -> str:
    """The replacement for a part that is not a plain word, "" for none."""
    if part == "@":
        return part
    if part[0] in _ENDS:
        return "."
    if "." in part and part[-1].isalpha() and "/" not in part:
        return "#"
    return part if part.startswith(_NUMBERED) else ""
