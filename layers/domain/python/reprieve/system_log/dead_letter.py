"""What could not be read, set aside whole: a letter, and how it is kept until it can be taken in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprieve.clock import Millis


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that a provider posted and that could not be read.

    Attributes:
        organization_id: whose it is.
        provider: the kind of the provider that posted it, which says how to read it.
        reason: why it could not be read, as a sentence without the offending value.
        content: the bytes as they were posted, in the form of a whole post.
        account: the name of the organization's provider account; "" for the default one, or where nothing says which.
    """

    organization_id: str
    provider: str
    reason: str
    content: bytes
    account: str = ""

    @property
    def id(self) -> str:
        """The same for the same content of the same organization, so that a repeated post makes no other letter."""
        name = f"{self.organization_id}#{self.provider}#".encode()
        return hashlib.sha256(name + self.content).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class HeldLetter:
    """A letter in the queue, held back from other readers until it is released or deleted.

    Attributes:
        letter: what it says; None for what is not a letter of ours (a failed invocation), or not all of whose parts
            are there.
        since: when the first copy of it came, in milliseconds.
        organization_id: whose it is; "" when it does not say.
        reason: why it is there.
        receipts: what it is deleted or released by, one for each message.
    """

    letter: DeadLetter | None
    since: Millis
    organization_id: str
    reason: str
    receipts: tuple[str, ...]
