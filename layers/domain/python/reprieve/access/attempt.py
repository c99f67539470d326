"""An attempt to sign in at an identity provider: what binds its answer to the browser that was sent there.

The browser holds one secret text, and state, nonce and code verifier all follow from it, so that nothing but its digest
is stored. Each is the text's HMAC under its own word: the issuer, which sees two of them, learns nothing of the third.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from reprieve.access.credential import digest_of
from reprieve.clock import Millis, minutes
from reprieve.organization import ORGANIZATION_ID

#: how long the answer may take: a password, a second factor, a call to the help desk
ATTEMPT: Final = minutes(10)
#: a path of the console: words between slashes
PATH: Final = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*)?")
MAX_PATH: Final = 200
#: the organization's id, so that the record's key begins with it, 256 random bits, and the path to return to
TEXT: Final = re.compile(rf"({ORGANIZATION_ID.pattern})\.[A-Za-z0-9_-]{{43}}({PATH.pattern})")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt.

    Attributes:
        text: what the browser holds; a secret.
        organization_id: at whose identity provider.
        path: the page of the console to return to, below its stage.
    """

    text: str
    organization_id: str
    path: str

    @property
    def digest(self) -> str:
        """The digest by which it is stored."""
        return digest_of(self.text)

    @property
    def state(self) -> str:
        """What the issuer's answer must repeat (RFC 6749 section 10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the ID token must repeat (OpenID Connect Core, section 3.1.2.1)."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What redeems the code (RFC 7636)."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What the issuer is given of the verifier beforehand (S256)."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())

    def _derived(self, word: str) -> str:
        return _base64(hmac.digest(self.text.encode(), word.encode(), "sha256"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What an issuer sends a browser back with; whatever is missing is "".

    Attributes:
        state: what it repeats.
        code: what can be redeemed.
        error: why there is no code.
        issuer: who says that it answers (RFC 9207).
    """

    state: str
    code: str
    error: str = ""
    issuer: str = ""


def new_attempt(organization_id: str, path: str) -> Attempt:
    """A new attempt; a path that is no page's leads to the first page instead."""
    path = path if is_path(path) else "/"
    return Attempt(f"{organization_id}.{secrets.token_urlsafe(32)}{path}", organization_id, path)


def attempt_in(text: str) -> Attempt | None:
    """The attempt that a browser's text is of; None if it is not of one. Whether it was begun, its digest says."""
    found = TEXT.fullmatch(text)
    return Attempt(text, found[1], found[2]) if found and is_path(found[2]) else None


def is_path(text: str) -> bool:
    """Whether a text is a path of the console, so that it can lead nowhere else."""
    return len(text) <= MAX_PATH and PATH.fullmatch(text) is not None


def end_of_attempt(now: Millis) -> Millis:
    """Until when an attempt that begins now can be answered."""
    return Millis(now + ATTEMPT)


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
