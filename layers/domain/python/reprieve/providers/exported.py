"""Reading events out of files: what a provider's webhook posts or publishes, and mails.

A file of JSON has a value on each line, an event or an array of them, or one value in all, of at most `MAX_WHOLE`
octets. Any other file is one mail. A file has no signature: that a provider wrote it is the operator's word.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from reprieve.errors import InvalidInput
from reprieve.providers.mail.opening import MAX_OCTETS
from reprieve.providers.mail.provider import MAIL
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.replay import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from reprieve.clock import Millis
    from reprieve.providers.kind import ProviderKind

#: octets of a line, and of a file that is one value; a file of lines has no limit
MAX_LINE: Final = 4_000_000
MAX_WHOLE: Final = 32_000_000


def is_mail(kind: ProviderKind) -> bool:
    """Whether a kind's files are mails."""
    return kind is MAIL


def rows(kind: ProviderKind, file: BinaryIO, *, first: int, now: Millis) -> Iterator[Row]:
    """The rows of a file, read as they are asked for.

    Args:
        kind: the provider whose events they are.
        file: at its beginning.
        first: the first line that counts, from 1; mails and files of one value have only the first.
        now: the time in milliseconds.

    Raises:
        InvalidInput: the kind has no events, or the file is neither lines of JSON nor one value.
    """
    if is_mail(kind):
        from reprieve.providers.mail.reports import parse_report  # noqa: PLC0415  (imports flufl.bounce)

        yield Row(1, parse_report(Post({}, file.read(MAX_OCTETS), now)))
        return
    read = _reader(kind, now)
    for line, value in _values(file):
        if line >= first:
            yield Row(line, _joined(read(value)) if value is not None else _broken(kind))


def _values(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    """The values of a file with their lines; None for a line that is none."""
    begun, beginning = _first_line(file)
    if begun and _value(beginning) is None and beginning.lstrip().startswith((b"{", b"[")):
        content = beginning + file.read(MAX_WHOLE + 1)
        if len(content) > MAX_WHOLE:
            raise InvalidInput(f"has more than {MAX_WHOLE} octets and not one event per line", field="file")
        whole = _value(content)
        if whole is not None:
            yield begun, whole
            return
        lines = iter(content.splitlines())
    else:
        lines = chain([beginning], iter(lambda: file.readline(MAX_LINE), b""))
    for number, line in enumerate(lines, start=begun):
        if line.strip():
            yield number, _value(line)


def _first_line(file: BinaryIO) -> tuple[int, bytes]:
    """The first line that is not empty, with its number; 0 and nothing at the end of the file."""
    for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), start=1):
        if line.strip():
            return number, line.removeprefix(b"\xef\xbb\xbf")
    return 0, b""


def _value(text: bytes) -> Any:  # noqa: ANN401  (JSON)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _reader(kind: ProviderKind, now: Millis) -> Callable[[Any], Iterator[Batch]]:
    """Reads a value, an event or an array of them, as posts of the provider."""
    if kind.webhook is not None:
        webhook = kind.webhook()

        def posted(value: Any) -> Iterator[Batch]:  # noqa: ANN401
            events = value if isinstance(value, list) else [value]
            for one in [events] if webhook.lists else events:
                yield webhook.read(Post({}, json.dumps(one).encode(), now))

        return posted
    if kind.notifications is not None:
        notifications = kind.notifications()

        def published(value: Any) -> Iterator[Batch]:  # noqa: ANN401
            for one in value if isinstance(value, list) else [value]:
                message = json.dumps(one).encode()
                try:
                    inner = notifications.unwrapped(message)
                except InvalidInput as problem:
                    yield Batch([], [Unreadable(kind.kind, str(problem), message)])
                else:
                    yield Batch([], ignored=1) if inner is None else notifications.read(Post({}, inner, now))

        return published
    raise InvalidInput("has no events to take in", field=f"kind {kind.kind}")


def _joined(batches: Iterator[Batch]) -> Batch:
    found = list(batches)
    return Batch(
        [event for one in found for event in one.events],
        [part for one in found for part in one.unreadable],
        sum(one.ignored for one in found),
    )


def _broken(kind: ProviderKind) -> Batch:
    return Batch([], [Unreadable(kind.kind, "not an event in JSON", b"")])
