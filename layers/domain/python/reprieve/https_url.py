"""The URLs that users name and that we call: a token endpoint, an issuer's keys, a webhook."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

#: `urlsplit` drops tabs and line ends silently, so they are refused before it sees them; parsers disagree
#: about a backslash, which could end the host for one and not for another
_CHARACTERS: Final = re.compile(r'[!-"$-\[\]-~]{1,2048}')


def is_plain_https(url: str) -> bool:
    """Whether a text is an https URL of at most 2,048 characters without a user, a fragment, a space or a backslash.

    Which hosts and ports may be connected to is the guard's decision (`net`).
    """
    return _is_plain(url, "https")


def is_plain_http(url: str) -> bool:
    """The same for an http URL."""
    return _is_plain(url, "http")


def _is_plain(url: str, scheme: str) -> bool:
    if not _CHARACTERS.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == scheme and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # brackets that do not match, or a port that is not one
        return False
