"""A deployment that issues access tokens, on DynamoDB in process: clients, keys, the verifier, a clock by hand.

world = World()
client, secrets = world.client(ClientKind.SECRET)
granted = world.requests().client_credentials(...)
world.caller(granted.token)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from reprieve.access import jose
from reprieve.access.authenticate import authenticate
from reprieve.access.client import MAX_LIFETIME, Client, ClientKind, Secrets
from reprieve.access.clients import Clients
from reprieve.access.key_sets import KeySets
from reprieve.access.oauth import ClientAssertion, ClientSecret, Granted
from reprieve.access.outside_token import OutsideTokens
from reprieve.access.signer import Signer
from reprieve.access.signing_keys import SigningKeys
from reprieve.access.token_requests import TokenRequests
from reprieve.access.trust import Trust
from reprieve.clock import Millis, to_seconds
from reprieve.context import OPERATOR, Context
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.store.access import Access
from reprieve.store.table import Table
from reprieve.store.tokens import Tokens
from reprieve.store.tokens import Trust as TrustStore
from tests.support.dynamodb import Database

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.access.caller import Caller
    from reprieve.access.issuer import Issuer
    from reprieve.access.jose import Key
    from reprieve.system_log.entry import LogEntry

ISSUER = "urn:reprieve:test:stack"
URL = "https://reprieve.example.com/oauth2/v1/token"
SCOPES = ("okta.logs.read", "okta.orgs.manage")
NOW = Millis(1_767_225_600_000)
ACME = Organization("acme", "Acme", created=NOW)


class Log:
    """A system log that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, LogEntry]] = []

    def append(self, organization: Organization, entries: Sequence[LogEntry]) -> frozenset[str]:
        self.entries += [(organization.id, entry) for entry in entries]
        return frozenset(entry.uuid for entry in entries)

    def types(self) -> list[object]:
        return [entry.event["eventType"] for _, entry in self.entries]


class Vault:
    """A vault that seals by writing the context beside the secret; a wrong context does not open it."""

    def __init__(self) -> None:
        self.unsealed = 0

    def seal(self, secret: str, context: Mapping[str, str]) -> bytes:
        return json.dumps([dict(context), secret]).encode()

    def unseal(self, sealed: bytes, context: Mapping[str, str]) -> str:
        self.unsealed += 1
        wanted, secret = json.loads(sealed)
        assert wanted == dict(context)
        return str(secret)


class World:
    """One deployment, with the organization `acme`."""

    def __init__(self) -> None:
        self.now = NOW
        self.database = Database()
        client: Any = self.database.client()
        self.calls: list[str] = []
        client.observe = lambda operation, _: self.calls.append(operation)
        self.tables = {name: Table(client, name) for name in ("Access", "Tokens", "EventLog")}
        self.access = access_store(client)
        self.tokens = Tokens(self.tables["Tokens"], self.tables["Access"])
        self.log, self.vault = Log(), Vault()
        self.outside: dict[str, object] = {}
        self.fetched: list[str] = []
        self.access.create_organization(ACME)
        self.signer = Signer(self.tokens, self.vault)
        self.trust = self.verifier()

    def verifier(self) -> Trust:
        """The verifier of a new process."""
        store = TrustStore(self.tables["Access"])
        return Trust(store, ISSUER, OutsideTokens(store, KeySets(self.published)))

    def published(self, issuer: Issuer) -> object:
        """What an outside issuer's URL answers with; None where it does not answer."""
        self.fetched.append(issuer.jwks_url)
        document = self.outside.get(issuer.jwks_url)
        if document is None:
            raise Unavailable("no answer")
        return document

    def asking(self, organization: Organization) -> Context:
        return Context(organization, OPERATOR, "r", self.now)

    def keys(self) -> SigningKeys:
        return SigningKeys(self.tokens, self.access, self.vault, self.log)

    def rotate(self, *, at_once: bool = False) -> str:
        """A new signing key's name."""
        return self.keys().rotate(self.asking, now=self.now, at_once=at_once)[-1].kid

    def clients(self) -> Clients:
        return Clients(self.tokens, self.log, lambda _: None)

    def client(
        self,
        kind: ClientKind = ClientKind.PRIVATE_KEY,
        *,
        scopes: Sequence[str] = SCOPES,
        keys: Sequence[Key] = (),
        lifetime: Millis = MAX_LIFETIME,
        organization: Organization = ACME,
    ) -> tuple[Client, Secrets]:
        """A client, and a key to sign its tokens with."""
        self.keys().ensure(self.asking, now=self.now)
        return self.clients().create(
            self.asking(organization), kind, name="SDK", scopes=scopes, keys=keys, lifetime=lifetime
        )

    def requests(self) -> TokenRequests:
        return TokenRequests(self.tokens, self.access, self.signer, self.log, ISSUER)

    def granted(self, proof: ClientSecret | ClientAssertion, *wanted: str) -> Granted:
        """A token in a client's own name."""
        return self.requests().client_credentials(proof, wanted, url=URL, request_id="r", now=self.now)

    def token(self, *wanted: str) -> Granted:
        """A token of a new client with a secret."""
        client, secrets = self.client(ClientKind.SECRET)
        return self.granted(ClientSecret(client.id, secrets.secret), *wanted)

    def caller(self, token: str) -> Caller:
        """The caller that a token speaks for, in a process that has been running."""
        return authenticate(self.access, f"Bearer {token}", schemes={"Bearer"}, tokens=lambda: self.trust, now=self.now)

    def signing(self) -> Key:
        """The key that signs at this moment."""
        return self.signer.key(self.now)

    def restart(self) -> None:
        """A new process: nothing is remembered."""
        self.signer = Signer(self.tokens, self.vault)
        self.trust = self.verifier()

    def assertion(self, client_id: str, key: Key, *, alg: str = "", kid: str | None = "", **changes: Any) -> str:
        """A client's assertion; a claim that is changed to None is left out."""
        said = {
            "iss": client_id,
            "sub": client_id,
            "aud": URL,
            "iat": to_seconds(self.now),
            "exp": to_seconds(self.now) + 300,
            "jti": "j1",
            **changes,
        }
        claims = {name: value for name, value in said.items() if value is not None}
        alg = alg or ("RS256" if isinstance(key, RSAKey) else "ES256")
        header = {"alg": alg} | ({"kid": key.kid if kid == "" else kid} if kid is not None else {})
        return jwt.encode(header, claims, key, algorithms=[alg])


def access_store(client: Any) -> Access:
    """The store of organizations."""
    return Access(Table(client, "Access"), Table(client, "ProviderAccounts"))


def private(secrets: Secrets) -> Key:
    """The key pair that was made for a client."""
    return jose.own_key(secrets.private_jwk)


def pair_for(alg: str) -> Key:
    """A new key pair for an algorithm, with a name."""
    curve = jose.CURVES.get(alg)
    key: Key = ECKey.generate_key(curve) if curve else RSAKey.generate_key(2048)
    key.ensure_kid()
    return key


def public(key: Key) -> tuple[Key, ...]:
    """A key's public half."""
    return jose.public_keys(jose.public_jwk(key))
