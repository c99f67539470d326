"""What a webhook's post must be before a key is tried: of a size that its provider sends, and signed lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.clock import SECOND
from reprieve.errors import LimitExceeded, Unauthenticated

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.suppressions.ingest import Post


def check_size(post: Post, most: int) -> None:
    """Refuse a post whose body is too large.

    Args:
        post: as it came.
        most: octets of the largest body that is read.

    Raises:
        LimitExceeded: it has more.
    """
    if len(post.body) > most:
        raise LimitExceeded("too large", field="body")


def has_token(post: Post) -> bool:
    """Whether a post carries an access token (RFC 6750), good or not."""
    return post.headers.get("authorization", "").lstrip().lower().startswith("bearer")


def check_signing_time(seconds: str, now: Millis, *, oldest: Millis, newest: Millis) -> None:
    """Refuse a post that was signed too long ago or in the future.

    Args:
        seconds: when it was signed, in seconds since the epoch, as the post has it.
        now: our clock, in milliseconds.
        oldest: how long ago that may be, in milliseconds.
        newest: how far a clock ahead of ours may be, in milliseconds.

    Raises:
        Unauthenticated: it was, or it does not say when.
    """
    if not seconds.isascii() or not seconds.isdigit():
        raise Unauthenticated("the webhook's timestamp is missing or not a number")
    if not -newest <= now - int(seconds[:15]) * SECOND <= oldest:
        raise Unauthenticated("the webhook's timestamp is outside the accepted window")
