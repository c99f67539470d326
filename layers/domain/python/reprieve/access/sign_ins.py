"""Signing a person in at their organization's identity provider: the authorization code flow with PKCE.

What decides is pinned here and asked of no one else: the issuer, the client, the nonce and the state are those of the
organization's sign-in and of the attempt, whatever the browser or the issuer says.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from reprieve.access import id_token
from reprieve.access.attempt import attempt_in, end_of_attempt, new_attempt
from reprieve.access.sign_in import Person, caller_of
from reprieve.access.sign_in_settings import secret_context
from reprieve.errors import SignInRefused, Unauthenticated

if TYPE_CHECKING:
    from reprieve.access.attempt import Answer, Attempt
    from reprieve.access.caller import Caller
    from reprieve.access.key_sets import KeySets
    from reprieve.access.ports import IdentityProviders, KeyOpener, SignInStore
    from reprieve.access.sign_in import SignIn
    from reprieve.clock import Millis

#: what is asked of the issuer: that the person is authenticated, and their name and address
ASKED: Final = "openid profile email"
#: the largest code that is redeemed, in characters; Entra's have more than a thousand
MAX_CODE: Final = 4_096
#: a code of an error, as issuers have them (RFC 6749 section 4.1.2.1)
ERROR: Final = re.compile(r"[a-z_]{1,40}")

NO_SIGN_IN: Final = (
    "No organization of this name signs in here with its own accounts. Check the name, or paste an API token."
)
AGAIN: Final = "This sign-in was used already, took too long, or was begun in another browser. Begin again."
DENIED: Final = "Your organization's identity provider did not let you in ({}). Begin again, or ask your administrator."
BROKEN: Final = "What your organization's identity provider answered cannot be accepted. Ask your administrator."
NO_GROUP: Final = (
    "Your organization knows you, but none of your groups may use this console. Ask your administrator for access."
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A person who is let in.

    Attributes:
        caller: what they may do.
        person: who they are.
        path: the page of the console to return to.
    """

    caller: Caller
    person: Person
    path: str


@dataclass(frozen=True, slots=True)
class SignIns:
    """Attempts to sign in.

    Attributes:
        redirect_uri: where issuers send browsers back to, to the letter.
        scopes: what a grant without scopes of its own allows.
    """

    store: SignInStore
    opener: KeyOpener
    providers: IdentityProviders
    keys: KeySets
    redirect_uri: str
    scopes: frozenset[str]

    def begin(self, organization_id: str, path: str, *, now: Millis) -> tuple[str, str]:
        """Begin an attempt.

        Args:
            organization_id: as a person typed it.
            path: the page of the console to return to.
            now: in milliseconds.

        Returns:
            What the browser has to hold, and the URL to send it to.

        Raises:
            SignInRefused: there is no such organization, or it has no sign-in; it does not say which.
            Unavailable: the store did not answer.
        """
        organization, sign_in = self.store.sign_in(organization_id)
        if organization is None or sign_in is None:
            raise SignInRefused(NO_SIGN_IN, "no sign-in of such an organization")
        attempt = new_attempt(organization.id, path)
        self.store.begin(organization.id, attempt.digest, ends=end_of_attempt(now))
        return attempt.text, self._authorization_url(sign_in, attempt)

    def finish(self, held: str, answer: Answer, *, now: Millis) -> Admitted:
        """Finish an attempt, which counts once, whatever comes of it.

        Args:
            held: what the browser holds.
            answer: what it was sent back with.
            now: in milliseconds.

        Raises:
            SignInRefused: no one is let in; see the sentences above.
            Unavailable: the store, the issuer or its keys did not answer; the person can begin again.
        """
        attempt = attempt_in(held)
        if attempt is None or not hmac.compare_digest(answer.state.encode(), attempt.state.encode()):
            raise SignInRefused(AGAIN, "the state is not of this browser's attempt")
        if not self.store.use(attempt.organization_id, attempt.digest, now=now):
            raise SignInRefused(AGAIN, "the attempt is over, or was used already")
        if answer.error:
            error = answer.error if ERROR.fullmatch(answer.error) else "an error without a code"
            raise SignInRefused(DENIED.format(error), f"the issuer answered {error}")
        organization, sign_in = self.store.sign_in(attempt.organization_id)
        if organization is None or sign_in is None:
            raise SignInRefused(NO_SIGN_IN, "the sign-in was removed meanwhile")
        try:
            identity = self._identity(sign_in, attempt, answer, now)
        except Unauthenticated as error:
            raise SignInRefused(BROKEN, str(error)) from None
        grant = sign_in.issuer.grant_for(identity.values)
        if grant is None:
            cause = f"{len(identity.values)} values of the claim {sign_in.issuer.claim}, none with a grant"
            raise SignInRefused(NO_GROUP, cause)
        person = Person(sign_in.digest, identity.subject, identity.name, identity.email, grant.value)
        return Admitted(caller_of(organization, sign_in, person, self.scopes), person, attempt.path)

    def _identity(self, sign_in: SignIn, attempt: Attempt, answer: Answer, now: Millis) -> id_token.Identity:
        """Who the issuer says it is, for the code in its answer."""
        if answer.issuer and answer.issuer != sign_in.issuer.url:
            raise Unauthenticated("the answer is another issuer's")
        if not 1 <= len(answer.code) <= MAX_CODE:
            raise Unauthenticated("the answer has no code")
        form = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        secret = ""
        if sign_in.sealed_secret:
            secret = self.opener.unseal(sign_in.sealed_secret, secret_context(attempt.organization_id))
        client = (sign_in.client_id, secret)
        document = self.providers.redeem(sign_in.token_url, form, client, sign_in.issuer.private_ca)
        token = document.get("id_token") if isinstance(document, dict) else None
        if not isinstance(token, str):
            raise Unauthenticated("the token endpoint answered without an ID token")
        return id_token.read(token, sign_in, self.keys, attempt, now=now)

    def _authorization_url(self, sign_in: SignIn, attempt: Attempt) -> str:
        asked = {
            "response_type": "code",
            "client_id": sign_in.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": ASKED,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        url = sign_in.authorization_url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"
