"""Form data in parts (RFC 7578), as browsers, mailbox providers and Zoho's Node SDK send it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from email.message import Message

PARTS: Final = "multipart/form-data"


def is_in_parts(content_type: str) -> bool:
    """Whether a Content-Type is that of form data in parts."""
    return content_type.partition(";")[0].strip().lower() == PARTS


def of_parts(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The names and values of form data in parts; none where the parts cannot be found.

    Args:
        content_type: has the boundary.
        body: must be bounded by the caller.
    """
    named = ((name, part.get_payload()) for name, part in _fields(content_type, body))
    return [(name, value) for name, value in named if isinstance(value, str)]


def bytes_of_parts(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """The same, each value as the bytes that were sent, as those of a file have to be."""
    named = ((name, part.get_payload(decode=True)) for name, part in _fields(content_type, body))
    return [(name, value) for name, value in named if isinstance(value, bytes)]


def _fields(content_type: str, body: bytes) -> list[tuple[str, Message]]:
    from email import message_from_bytes  # noqa: PLC0415  (most requests are not in parts)

    head = f"Content-Type: {content_type}\r\n\r\n".encode("utf-8", "replace")
    message = message_from_bytes(head + body)
    # the parts of parts are no fields
    parts = cast("list[Message]", message.get_payload()) if message.is_multipart() else []
    named = ((part.get_param("name", header="content-disposition"), part) for part in parts)
    return [(name, part) for name, part in named if isinstance(name, str)]
