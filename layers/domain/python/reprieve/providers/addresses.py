"""Addresses as a provider's API takes them: in a path, and in the spellings under which an entry can be stored."""

from __future__ import annotations

from urllib.parse import quote

from reprieve.address import comparison_key


def segment(email: str) -> str | None:
    """Escape an address as one segment of a path.

    Args:
        email: any text.

    Returns:
        The text with everything but unreserved characters percent-encoded, in UTF-8; None for what cannot be a
        segment: an empty one or one of dots would name another resource, the list itself among them.
    """
    return None if email.strip(".") == "" else quote(email, safe="", errors="surrogatepass")


def spellings(email: str) -> list[str]:
    """List the spellings under which an entry can be found, the likeliest first.

    Args:
        email: as the provider or the caller spelled it.

    Returns:
        The spelling given, then lower case, then the comparison key, none twice. The key of a text that is not an
        address is left out: it was never stored.
    """
    key = comparison_key(email)
    known = [email, email.lower()] if key.endswith("\N{REPLACEMENT CHARACTER}") else [email, email.lower(), key]
    return list(dict.fromkeys(known))
