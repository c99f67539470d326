"""Ports for organizations, credentials, OAuth clients, provider accounts, senders, quotas and repeated requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprieve.access.client import Client, RefreshToken
    from reprieve.access.credential import Credential
    from reprieve.access.event_webhook import EventWebhookSet
    from reprieve.access.issuer import Issuer
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.quota import Bucket
    from reprieve.access.repeat import Answer, Kept
    from reprieve.access.session import Session
    from reprieve.access.sign_in import SignIn
    from reprieve.access.signing_key import SigningKey
    from reprieve.clock import Millis, Seconds
    from reprieve.organization import Organization
    from reprieve.role import Role


class AccessStore(Protocol):
    """Organizations, their credentials and their provider accounts."""

    def organization(self, organization_id: str) -> Organization | None:
        """The organization, or None."""
        ...

    def organizations(self) -> Iterator[Organization]:
        """All organizations."""
        ...

    def create_organization(self, organization: Organization) -> bool:
        """Add an organization; False when the id is taken."""
        ...

    def change_organization(
        self,
        organization_id: str,
        changes: Mapping[str, str | int | frozenset[str]],
        limits: Mapping[Bucket, int | None] | None = None,
    ) -> Organization | None:
        """Change some of an organization's settings, and nothing else.

        Args:
            organization_id: which organization.
            changes: by the name of the attribute of Organization, already checked.
            limits: by bucket, already checked; None for the default. Other buckets keep theirs.

        Returns:
            The organization as it is afterwards; None when it does not exist.
        """
        ...

    def clear(self, organization_id: str, suppression_list: str, *, until: Seconds) -> None:
        """Mark everything on a list up to and including the second `until` as cleared; the mark never moves back."""
        ...

    def set_purge(self, organization_id: str, changes: Mapping[str, bool | int | None]) -> bool:
        """Change some of the attributes of an organization's BouncePurge; False when there is no such organization."""
        ...

    def credential(self, organization_id: str, digest: str) -> tuple[Organization | None, Credential | None]:
        """The organization, and the credential with this digest in it, valid or not; by one read, whatever exists."""
        ...

    def add_credential(self, credential: Credential) -> None:
        """Store a new credential's record."""
        ...

    def credentials(self, organization_id: str) -> Sequence[Credential]:
        """All credentials of an organization as they are at this moment, oldest first."""
        ...

    def change_credential(self, before: Credential, *, name: str, scopes: frozenset[str] | None) -> bool:
        """Write a credential's name and, unless they are None, its scopes.

        Returns:
            False when there is no such credential or, where scopes are given, it no longer has those of `before`;
            nothing was written then.
        """
        ...

    def set_role(self, credential: Credential, role: Role) -> bool:
        """Write a credential's role; False when there is no such credential."""
        ...

    def remove_credential(self, credential: Credential) -> bool:
        """Delete a credential; False when it was gone already."""
        ...

    def provider_accounts(self, organization_id: str) -> list[ProviderAccount]:
        """The organization's accounts at upstream providers, read consistently: the default one first, then by name."""
        ...

    def has_provider_account(self, organization_id: str, name: str) -> bool:
        """Whether the organization has an account of that name; nothing else of it is read."""
        ...

    def webhook_keys(self, organization_id: str) -> dict[str, tuple[str, str]]:
        """The kinds of an organization's accounts, by name, and what verifies their webhooks, without the rest."""
        ...

    def set_provider_account(
        self, organization_id: str, account: ProviderAccount, *, provider_name: str, before: ProviderAccount | None
    ) -> bool:
        """Write an account without a pause, and with it a provider's name in the organization's settings.

        Args:
            organization_id: whose account.
            account: the new account.
            provider_name: the name of the provider that logs show, which is that of the first account.
            before: the account that it replaces, None when there is none; its pause is not compared.

        Returns:
            False when the stored account is not `before`, or there is no such organization; nothing was written then.
        """
        ...

    def remove_provider_account(self, organization_id: str, account: ProviderAccount, *, provider_name: str) -> bool:
        """Delete an account, and write a provider's name into the organization's settings, as above.

        Returns:
            False when the stored account is not `account`, whose pause is not compared; nothing was changed then.
        """
        ...

    def pause_provider(self, organization_id: str, name: str, *, until: Millis, reason: str) -> None:
        """Pause calls to one of the organization's accounts until a moment, and record the reason."""
        ...


class SenderStore(Protocol):
    """What mail is sent with, and the organization that has claimed it."""

    def claim(self, organization_id: str, kind: str, sender: str, *, account: str, now: Millis) -> bool:
        """Record a claim on a sender of a kind of provider for an account; False when another organization has it."""
        ...

    def release(self, organization_id: str, kind: str, sender: str) -> bool:
        """Delete a claim; False when the organization does not have it."""
        ...

    def claimed(self, organization_id: str) -> list[tuple[str, str, str]]:
        """What an organization has claimed: kind of provider, sender and account's name, sorted."""
        ...

    def owner(self, kind: str, senders: Sequence[str]) -> tuple[str, str] | None:
        """The organization that owns the first of these senders on which there is a claim, and its account's name."""
        ...


class EventWebhookStore(Protocol):
    """Where delivery events are to be posted."""

    def event_webhooks(self, organization: Organization) -> EventWebhookSet:
        """An organization's webhooks; none where none was ever set."""
        ...

    def replace_event_webhooks(self, organization: Organization, after: EventWebhookSet) -> bool:
        """Store the webhooks, which are one version further; False, and nothing written, when another change came."""
        ...


class WebhookPoster(Protocol):
    """Posts to URLs that users chose."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Post a body.

        Raises:
            InvalidInput: the URL may not be posted to, did not answer, or did not answer with a success; it says which,
                and nothing that the server said.
        """
        ...


class KeyVault(Protocol):
    """Seals API keys."""

    def seal(self, secret: str, context: Mapping[str, str]) -> bytes:
        """Encrypt at most 4,096 bytes; the same context is needed to decrypt them.

        Raises:
            Unavailable: it could not be sealed.
        """
        ...


class KeyOpener(Protocol):
    """Unseals what a `KeyVault` has sealed."""

    def unseal(self, sealed: bytes, context: Mapping[str, str]) -> str:
        """Decrypt a secret, under the context that it was sealed with.

        Raises:
            Unavailable: it could not be unsealed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Trusted:
    """What access tokens are verified by.

    Attributes:
        organization: None if there is none.
        keys: the published keys; () where they were not asked for.
        denied: what has been revoked, by id of an access token, a client or a refresh token, and until when it could
            still be in use; {} where it was not asked for.
    """

    organization: Organization | None
    keys: Sequence[SigningKey] = ()
    denied: Mapping[str, Millis] = field(default_factory=dict)


class TrustStore(Protocol):
    """The published keys and what has been revoked."""

    def trusted(self, organization_id: str, *, keys: bool, denied: bool) -> Trusted:
        """The organization and, by the same read, the published keys and its revocations."""
        ...

    def issuer(self, url: str, audience: str) -> Issuer | None:
        """The outside issuer that an organization trusts for an audience, by one read; None if none does."""
        ...


class IssuerStore(Protocol):
    """The outside issuers that organizations trust."""

    def add(self, issuer: Issuer) -> bool:
        """Store an issuer; False when an organization trusts it for its audience already."""
        ...

    def of(self, organization_id: str) -> Sequence[Issuer]:
        """The issuers that an organization trusts."""
        ...

    def remove(self, issuer: Issuer) -> bool:
        """Delete an issuer of its organization; False when it was gone already."""
        ...


class TokenStore(Protocol):
    """OAuth clients, refresh tokens, used assertions and signing keys."""

    def client(self, organization_id: str, client_id: str) -> Client | None:
        """A client, or None."""
        ...

    def add_client(self, client: Client, refresh_token: RefreshToken | None) -> None:
        """Store a new client, with its refresh token if it has one."""
        ...

    def set_client_role(self, client: Client, role: Role) -> bool:
        """Write a client's role; False when there is no such client."""
        ...

    def remove_client(self, organization_id: str, client_id: str) -> Client | None:
        """Delete a client and its refresh tokens, and return it; None when there is none of that id."""
        ...

    def refresh_token(self, organization_id: str, digest: str) -> RefreshToken | None:
        """The refresh token with this digest, or None."""
        ...

    def remove_refresh_token(self, token: RefreshToken) -> bool:
        """Delete a refresh token; False when it was gone already."""
        ...

    def deny(self, organization_id: str, name: str, *, until: Millis, now: Millis) -> None:
        """Refuse access tokens by an id of theirs, their client or their refresh token, until a moment.

        Raises:
            RateLimited: the organization has revoked too many in an hour.
        """
        ...

    def spend(self, organization_id: str, client_id: str, jti: str, *, until: Millis) -> bool:
        """Record that a client's assertion was used; False when it had been."""
        ...

    def signing_keys(self) -> Sequence[SigningKey]:
        """The signing keys with their sealed halves, oldest first."""
        ...

    def set_signing_keys(self, keys: Sequence[SigningKey], *, before: Sequence[SigningKey]) -> bool:
        """Replace the signing keys, sealed and published; False when they are not `before` any more."""
        ...


class QuotaStore(Protocol):
    """How much of an organization's requests in a window of one minute is leased, by bucket."""

    def lease(self, organization_id: str, bucket: Bucket, size: int, *, start: Millis) -> int:
        """Lease some requests of the window that begins at `start`; returns how many are now leased in all.

        Raises:
            Unavailable: the store did not answer; the lease may stand.
        """
        ...

    def leased(self, organization_id: str, bucket: Bucket, *, start: Millis) -> int:
        """How many requests of the window that begins at `start` are leased in all."""
        ...


class SessionStore(Protocol):
    """The sessions of the console, by the digests of their ids."""

    def add(self, session: Session) -> None:
        """Store a new session."""
        ...

    def find(self, organization_id: str, digest: str) -> Session | None:
        """A session, read consistently; None when there is none, or it was closed. It may be over."""
        ...

    def close(self, organization_id: str, digest: str) -> None:
        """Delete what a session holds, so that it is not found any more."""
        ...


class SignInStore(Protocol):
    """Where the people of organizations sign in, and their attempts to, by the digests of what browsers hold."""

    def sign_in(self, organization_id: str) -> tuple[Organization | None, SignIn | None]:
        """An organization and its sign-in, by one consistent read, whatever exists."""
        ...

    def set_sign_in(self, sign_in: SignIn) -> None:
        """Store an organization's sign-in in place of the one before."""
        ...

    def remove_sign_in(self, organization_id: str) -> bool:
        """Delete an organization's sign-in; False when it has none."""
        ...

    def begin(self, organization_id: str, digest: str, *, ends: Millis) -> None:
        """Store a new attempt."""
        ...

    def use(self, organization_id: str, digest: str, *, now: Millis) -> bool:
        """Use an attempt up; False when there is none that has not ended, or it was used already."""
        ...


class IdentityProviders(Protocol):
    """HTTP with identity providers, which users chose."""

    def may_call(self, url: str) -> bool:
        """Whether a URL may be called at all; which hosts may be connected to, each call decides."""
        ...

    def document(self, url: str, private_ca: str) -> object:
        """A JSON document.

        Raises:
            Unavailable: it could not be read, or is not JSON.
        """
        ...

    def redeem(self, url: str, form: Mapping[str, str], client: tuple[str, str], private_ca: str) -> object:
        """Redeem a code.

        Args:
            url: of the token endpoint.
            form: the request, without what identifies the client.
            client: its id, and its secret, which is sent by HTTP Basic; "" for a public client.
            private_ca: see `Issuer`.

        Returns:
            The answer, parsed.

        Raises:
            Unauthenticated: the endpoint refused it; it says nothing that the endpoint said but the error's code.
            Unavailable: there was no answer.
        """
        ...


class RepeatStore(Protocol):
    """Answers to requests, by the idempotency key that their caller chose."""

    def begin(self, organization: Organization, key: str, fingerprint: str, *, now: Millis) -> Kept | None:
        """Take a key for a request; None when it is now taken, else the state of the request that already has it."""
        ...

    def finish(self, organization: Organization, key: str, answer: Answer, *, now: Millis) -> None:
        """Store the answer of the request that took a key."""
        ...

    def forget(self, organization: Organization, key: str) -> None:
        """Release the key of a request that changed nothing."""
        ...

    def spend(self, organization: Organization, key: str, fingerprint: str, *, until: Millis) -> bool:
        """Record that a key stands for a content until a moment; False, and nothing changed, if it has another one's.

        Args:
            organization: whose key it is.
            key: which nothing else that is kept here can have.
            fingerprint: identifies the content.
            until: in milliseconds; the key is free again within days after it.
        """
        ...
