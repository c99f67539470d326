"""The sign-in of an organization's people: at its own identity provider, by OpenID Connect.

A person is believed for as long as the organization's sign-in names the same issuer and client, and grants something to
the group that they came with; how far they may go follows from the grant as it is at each request.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.access.caller import Caller
from reprieve.access.issuer import digest_of_pair
from reprieve.context import Actor
from reprieve.errors import Unauthenticated

if TYPE_CHECKING:
    from reprieve.access.issuer import Issuer
    from reprieve.organization import Organization


@dataclass(frozen=True, slots=True)
class SignIn:
    """Where an organization's people sign in.

    Attributes:
        issuer: the identity provider: its name (`iss`), the id of this deployment's client there, which is the audience
            of its ID tokens, its keys, and what the values of a claim grant. A grant without scopes is for every page.
        authorization_url: where a browser is sent.
        token_url: where a code is redeemed.
        sealed_secret: the client's secret; b"" of a public client.
    """

    issuer: Issuer
    authorization_url: str
    token_url: str
    sealed_secret: bytes = b""

    @property
    def client_id(self) -> str:
        """The id of this deployment's client at the issuer."""
        return self.issuer.audience

    @property
    def digest(self) -> str:
        """The digest of issuer and client, by which a session of a person names them."""
        return digest_of_pair(self.issuer.url, self.issuer.audience)


@dataclass(frozen=True, slots=True)
class Person:
    """A person who has signed in.

    Attributes:
        sign_in: the digest of the issuer and the client that they signed in by.
        subject: the issuer's name for them (`sub`).
        name: for people.
        email: "" if the issuer did not say.
        group: the value of the claim that counted.
    """

    sign_in: str
    subject: str
    name: str
    email: str
    group: str


def caller_of(organization: Organization, sign_in: SignIn, person: Person, scopes: frozenset[str]) -> Caller:
    """The caller that a person is at this moment.

    Args:
        organization: whose sign-in it is.
        sign_in: as it is now.
        person: as they signed in.
        scopes: what a grant without scopes of its own allows.

    Raises:
        Unauthenticated: it is another issuer or client now, or nothing is granted to the person's group any more.
    """
    grant = sign_in.issuer.grant_for((person.group,))
    if person.sign_in != sign_in.digest or grant is None:
        raise Unauthenticated("the organization's sign-in was changed")
    # what goes into function logs must not be an address, which a subject can be
    digest = hashlib.sha256(person.subject.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Caller(
        organization,
        f"{sign_in.issuer.id}.{digest}",
        grant.scopes or scopes,
        role=grant.role,
        name=person.name,
        actor=Actor(person.subject, "User", person.name, person.email or person.name, is_person=True),
    )
