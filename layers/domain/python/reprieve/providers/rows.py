"""Rows of a provider's list: those that can be an entry of ours, and when they were created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from reprieve.address import MAX_KEY_OCTETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import AnyList


def has_address(row: object, name: str) -> TypeGuard[Mapping[str, Any]]:
    """Whether a row has an address, and no longer one than an event may have.

    Args:
        row: as it was decoded.
        name: of the member that has it.
    """
    email = row.get(name) if isinstance(row, Mapping) else None
    return isinstance(email, str) and 0 < len(email.encode("utf-8", "surrogatepass")) <= MAX_KEY_OCTETS


def created(value: object, read: Callable[[str], Millis], *, otherwise: Millis) -> Millis:
    """The time of creation that a row gives.

    Args:
        value: what the row has.
        read: reads a text, in milliseconds; a ValueError or OverflowError means that it cannot.
        otherwise: the time of a row without one that can be read, in milliseconds.
    """
    try:
        at = read(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        return otherwise
    return at if at > 0 else otherwise


def kept_together(words: Mapping[AnyList, str], suppression_list: AnyList) -> tuple[AnyList, ...]:
    """The other lists of ours that are the same at the provider (`suppressions.ports.ProviderLists.kept_with`).

    Args:
        words: the provider's word for each list of ours that it keeps.
        suppression_list: which list.
    """
    word = words.get(suppression_list)
    return tuple(one for one in words if one != suppression_list and words[one] == word)
