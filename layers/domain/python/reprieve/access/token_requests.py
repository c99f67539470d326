"""Issuing access tokens to OAuth clients, and revoking them.

Each token that is issued has an entry in the system log of its organization; what is refused has none, because its
sender is not known.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.access import access_token
from reprieve.access.access_token import AccessToken
from reprieve.access.client import MAX_LIFETIME, MAX_USE, ClientKind, organization_of_refresh_token
from reprieve.access.client_proof import prove
from reprieve.access.credential import digest_of
from reprieve.access.log_entries import token_granted, token_revoked
from reprieve.access.oauth import ClientAssertion, ClientSecret, Granted, GrantError, GrantRefused
from reprieve.clock import SECOND, Millis
from reprieve.context import NOWHERE, Actor, Context, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.client import Client
    from reprieve.access.ports import AccessStore, TokenStore
    from reprieve.access.signer import Signer
    from reprieve.system_log.ports import EventLog

#: the kinds of client that have tokens in their own name
IN_THEIR_OWN_NAME = (ClientKind.PRIVATE_KEY, ClientKind.SECRET)


@dataclass(frozen=True, slots=True)
class TokenRequests:
    """What token endpoints are asked for.

    Attributes:
        issuer: the deployment's name as an issuer.
    """

    tokens: TokenStore
    access: AccessStore
    signer: Signer
    log: EventLog
    issuer: str

    def client_credentials(
        self,
        proof: ClientSecret | ClientAssertion,
        wanted: Sequence[str],
        *,
        url: str,
        request_id: str,
        now: Millis,
        origin: Origin = NOWHERE,
    ) -> Granted:
        """A token in a client's own name (RFC 6749 section 4.4).

        Args:
            proof: shows which client asks.
            wanted: the scopes; none of them asks for all that the client was granted.
            url: the URL that was called.
            request_id: of this request.
            origin: where it came from.
            now: in milliseconds.

        Raises:
            GrantRefused: the proof is not good, or a scope was not granted to the client.
            Unavailable: there is no key to sign with, or a part did not answer.
        """
        client = prove(self.tokens, proof, kinds=IN_THEIR_OWN_NAME, url=url, now=now)
        scopes = tuple(dict.fromkeys(wanted)) or tuple(sorted(client.scopes))
        if not client.scopes.issuperset(scopes):
            raise GrantRefused(GrantError.INVALID_SCOPE, "One or more scopes were not granted to this client.")
        return self._issue(client, scopes, request_id=request_id, now=now, origin=origin)

    def refresh(
        self, proof: ClientSecret, token: str, *, request_id: str, now: Millis, origin: Origin = NOWHERE
    ) -> Granted:
        """A token for which a refresh token stands (RFC 6749 section 6); the refresh token stays as it is.

        Raises:
            GrantRefused: the proof is not good, or the refresh token is not this client's.
            Unavailable: there is no key to sign with, or a part did not answer.
        """
        client = prove(self.tokens, proof, kinds=(ClientKind.REFRESH,), url="", now=now)
        organization_id = organization_of_refresh_token(token)
        known = organization_id == client.organization_id
        found = self.tokens.refresh_token(client.organization_id, digest_of(token)) if known else None
        if found is None or found.client_id != client.id:
            raise GrantRefused(GrantError.INVALID_GRANT, "The refresh token is unknown or revoked.")
        scopes = tuple(sorted(found.scopes))
        return self._issue(client, scopes, refresh_id=found.id, request_id=request_id, now=now, origin=origin)

    def revoke_refresh_token(self, token: str, *, request_id: str, now: Millis, origin: Origin = NOWHERE) -> bool:
        """Revoke a refresh token, and with it every access token that stands for it (RFC 7009).

        Its possession is enough, so that no client has to prove anything.

        Returns:
            False when there is no such refresh token.
        """
        organization_id = organization_of_refresh_token(token)
        found = self.tokens.refresh_token(organization_id, digest_of(token)) if organization_id else None
        organization = self.access.organization(found.organization_id) if found else None
        if found is None or organization is None:
            return False
        # denied before it is deleted: a crash in between leaves a token that can be revoked again
        self.tokens.deny(found.organization_id, found.id, until=Millis(now + MAX_USE), now=now)
        if self.tokens.remove_refresh_token(found):
            context = Context(organization, _actor(found.client_id, found.client_id), request_id, now, origin=origin)
            self.log.append(organization, [token_revoked(found, context=context)])
        return True

    def _issue(
        self,
        client: Client,
        scopes: tuple[str, ...],
        *,
        request_id: str,
        now: Millis,
        origin: Origin,
        refresh_id: str = "",
    ) -> Granted:
        key = self.signer.key(now)
        organization = self.access.organization(client.organization_id)
        if organization is None:
            raise GrantRefused(GrantError.INVALID_CLIENT, "Client authentication failed.")
        lifetime = Millis(min(client.lifetime, MAX_LIFETIME) // SECOND * SECOND)
        token = AccessToken(
            id=secrets.token_hex(16),
            organization_id=client.organization_id,
            client_id=client.id,
            scopes=scopes,
            issued=now,
            expires_at=Millis(now + lifetime),
            refresh_id=refresh_id,
            role=client.role,
            name=client.name,
        )
        signed = access_token.write(token, issuer=self.issuer, key=key)
        context = Context(
            organization, _actor(client.id, client.name), request_id, now, frozenset(scopes), origin=origin
        )
        self.log.append(organization, [token_granted(client, token, context=context)])
        return Granted(signed, scopes, lifetime)


def _actor(client_id: str, name: str) -> Actor:
    return Actor(client_id, "PublicClientApp", name)
