"""Display names."""

from __future__ import annotations

from typing import Final

from reprieve.errors import InvalidInput

MAX_NAME: Final = 100


def checked_label(text: str, *, field: str = "name") -> str:
    """A name as it was given.

    Args:
        text: the name.
        field: the input's name, for the error.

    Raises:
        InvalidInput: it is empty or long, or a terminal would not show it as it is.
    """
    if not 1 <= len(text) <= MAX_NAME or not text.isprintable() or text != text.strip():
        raise InvalidInput(f"1 to {MAX_NAME} printable characters, no space around them", field=field)
    return text
