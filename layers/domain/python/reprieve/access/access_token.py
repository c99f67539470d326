"""Access tokens: what one says, and how it is verified (RFC 9068).

Issuer, audience, type and algorithm are fixed, and each is checked: a token of another deployment, an ID token or a
client's assertion is not an access token, even if our own key signed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reprieve.access import claims, jose
from reprieve.clock import to_seconds
from reprieve.errors import Unauthenticated
from reprieve.organization import ORGANIZATION_ID
from reprieve.role import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.access.jose import Key
    from reprieve.clock import Millis

#: the header's `typ`
TYPE: Final = "at+jwt"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token says.

    Attributes:
        id: its `jti`.
        organization_id: the organization that it speaks for.
        client_id: the client that it was issued to.
        scopes: what it allows, in the dialects' own spellings.
        role: how far it may go with them.
        name: of the person or program that it was issued to, for people; "" where the token does not have it.
        issued: in milliseconds.
        expires_at: in milliseconds.
        refresh_id: the id of the refresh token that it stands for; "" for one in the client's own name.
    """

    id: str
    organization_id: str
    client_id: str
    scopes: tuple[str, ...]
    issued: Millis
    expires_at: Millis
    refresh_id: str = ""
    role: Role = Role.ADMIN
    name: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The ids under which it can be revoked."""
        return frozenset({self.id, self.client_id, self.refresh_id}) - {""}


def audience(issuer: str) -> str:
    """The audience of access tokens: every API of the deployment that issued them."""
    return f"{issuer}:api"


def write(token: AccessToken, *, issuer: str, key: Key) -> str:
    """The signed form of an access token.

    Args:
        token: what it is to say.
        issuer: the deployment's name as an issuer.
        key: the key that signs at this moment.
    """
    said: dict[str, Any] = {
        "iss": issuer,
        "aud": audience(issuer),
        "sub": token.client_id,
        "client_id": token.client_id,
        "org": token.organization_id,
        "scope": " ".join(token.scopes),
        "role": token.role.value,
        "iat": to_seconds(token.issued),
        "exp": to_seconds(token.expires_at),
        "jti": token.id,
    }
    if token.refresh_id:
        said["refresh"] = token.refresh_id
    if token.name:
        said["client_name"] = token.name
    return jose.sign(said, key=key, kind=TYPE)


def read(text: str, keys: Iterable[Key], *, issuer: str, now: Millis) -> AccessToken:
    """What an access token says, if all of it holds.

    Args:
        text: the token.
        keys: the public keys that verify at this moment.
        issuer: the deployment's name as an issuer.
        now: in milliseconds.

    Raises:
        Unauthenticated: it is not an access token of this deployment that counts at this moment.
    """
    said = jose.claims_of(text, keys, algorithms=(jose.OWN_ALGORITHM,), types=(TYPE,))
    if said.get("iss") != issuer or said.get("aud") != audience(issuer):
        raise Unauthenticated("an access token of another issuer, or for another audience")
    end = claims.check_time(said, now)
    organization_id = claims.text(said, "org")
    if not ORGANIZATION_ID.fullmatch(organization_id):
        raise Unauthenticated("an access token of no organization")
    return AccessToken(
        id=claims.text(said, "jti"),
        organization_id=organization_id,
        client_id=claims.text(said, "client_id"),
        scopes=tuple(claims.text(said, "scope").split(" ")),
        issued=claims.moment(said, "iat") or now,
        expires_at=end,
        refresh_id=_text(said, "refresh"),
        role=_role(said),
        name=_text(said, "client_name"),
    )


def _text(said: Mapping[str, Any], name: str) -> str:
    """A claim that may be missing, or "" where it is."""
    value = said.get(name, "")
    return value if isinstance(value, str) else ""


def _role(said: Mapping[str, Any]) -> Role:
    # tokens that were issued before there were roles have none
    role = said.get("role", Role.ADMIN.value)
    if role not in tuple(Role):
        raise Unauthenticated("an access token of no role")
    return Role(role)
