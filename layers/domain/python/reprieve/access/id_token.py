"""ID tokens: who signed in, by OpenID Connect Core section 3.1.3.7.

The token comes from the issuer itself over TLS; it is verified as if it had not, so that a token endpoint that is
misdirected, or answers with another's token, lets no one in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reprieve.access import claims, jose
from reprieve.access.attempt import ATTEMPT
from reprieve.clock import SKEW_ALLOWANCE
from reprieve.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.access.attempt import Attempt
    from reprieve.access.key_sets import KeySets
    from reprieve.access.sign_in import SignIn
    from reprieve.clock import Millis

#: how ID tokens may be signed: the one that every issuer must offer, and the one on an elliptic curve
ALGORITHMS: Final = ("RS256", "ES256")
TYPES: Final = (None, "jwt")
#: OpenID Connect Core, section 2
MAX_SUBJECT: Final = 255
#: the claims that name a person, the best first
NAMES: Final = ("name", "preferred_username", "email", "sub")
MAX_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified ID token says of a person.

    Attributes:
        subject: the issuer's name for them.
        name: for people.
        email: "" if it does not say.
        values: those of the claim that decides what the person may do.
    """

    subject: str
    name: str
    email: str
    values: tuple[str, ...]


def read(text: str, sign_in: SignIn, keys: KeySets, attempt: Attempt, *, now: Millis) -> Identity:
    """What an ID token says, if all of it holds.

    Args:
        text: the token.
        sign_in: what it must be of.
        keys: has the issuer's keys.
        attempt: what it must answer.
        now: in milliseconds.

    Raises:
        Unauthenticated: something of it does not hold; it says what, and nothing of the token.
        Unavailable: the issuer's keys could not be read.
    """
    known = keys.keys(sign_in.issuer, jose.header_of(text).get("kid"), now)
    said = jose.claims_of(text, known, algorithms=ALGORITHMS, types=TYPES)
    _check(said, sign_in, attempt, now)
    subject, email = claims.text(said, "sub"), said.get("email")
    if len(subject) > MAX_SUBJECT or not (subject.strip() and subject.isascii() and subject.isprintable()):
        raise Unauthenticated(f"the claim sub must be at most {MAX_SUBJECT} ASCII characters, and not spaces alone")
    shown = _shown(email) if isinstance(email, str) else ""
    return Identity(subject, _name(said), shown, claims.texts(said, sign_in.issuer.claim))


def _check(said: Mapping[str, Any], sign_in: SignIn, attempt: Attempt, now: Millis) -> None:
    audiences = claims.texts(said, "aud")
    if said.get("iss") != sign_in.issuer.url:
        raise Unauthenticated("the claim iss is of another issuer")
    if sign_in.client_id not in audiences:
        raise Unauthenticated("the claim aud is of another client")
    # who asked for it, where it is for several
    if said.get("azp", sign_in.client_id if len(audiences) == 1 else None) != sign_in.client_id:
        raise Unauthenticated("the claim azp is of another client")
    if said.get("nonce") != attempt.nonce:
        raise Unauthenticated("the claim nonce is of another attempt")
    if said.get("token_use", "id") != "id":
        raise Unauthenticated("not an ID token")
    claims.check_time(said, now)
    issued = claims.moment(said, "iat")
    if issued is None or issued < now - ATTEMPT - SKEW_ALLOWANCE:
        raise Unauthenticated("the claim iat is missing, or older than the attempt")


def _name(said: Mapping[str, Any]) -> str:
    names = (said.get(claim) for claim in NAMES)
    return next(shown for one in names if isinstance(one, str) and (shown := _shown(one)))


def _shown(text: str) -> str:
    """A text that is the issuer's choice, in a form that a log and a page can show."""
    return "".join(one if one.isprintable() else "?" for one in text.strip())[:MAX_NAME].strip()
