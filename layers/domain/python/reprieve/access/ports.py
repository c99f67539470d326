"""Ports for organizations, credentials, provider accounts, quotas and repeated requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.access.credential import Credential
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.quota import Quota
    from reprieve.access.repeat import Answer, Kept
    from reprieve.clock import Millis, Seconds
    from reprieve.organization import Organization


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
        self, organization_id: str, changes: Mapping[str, str | int | frozenset[str]]
    ) -> Organization | None:
        """Change some of an organization's settings, and nothing else.

        Args:
            organization_id: which organization.
            changes: by the name of the attribute of Organization, already checked.

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

    def revoke_credential(self, organization_id: str, credential_id: str) -> Credential | None:
        """Delete a credential and return it; None when no credential has that id."""
        ...

    def provider_account(self, organization_id: str) -> ProviderAccount | None:
        """The organization's account at its upstream provider, or None."""
        ...

    def set_provider_account(
        self, organization_id: str, account: ProviderAccount, *, provider_name: str, before: ProviderAccount | None
    ) -> bool:
        """Write an account without a pause, and with it the provider's name in the organization's settings.

        Args:
            organization_id: whose account.
            account: the new account.
            provider_name: the provider's name as logs show it.
            before: the account that it replaces, None when there is none; its pause is not compared.

        Returns:
            False when the stored account is not `before`, or there is no such organization; nothing was written then.
        """
        ...

    def pause_provider(self, organization_id: str, *, until: Millis, reason: str) -> None:
        """Pause calls to the organization's provider until a moment, and record the reason."""
        ...


class KeyVault(Protocol):
    """Seals API keys."""

    def seal(self, secret: str, context: Mapping[str, str]) -> bytes:
        """Encrypt at most 4,096 bytes; the same context is needed to decrypt them.

        Raises:
            Unavailable: it could not be sealed.
        """
        ...


class QuotaStore(Protocol):
    """Counts of the requests that an organization has made in the current minute."""

    def count(self, organization: Organization, dialect: str, *, now: Millis) -> Quota:
        """Count one request, and return the quota."""
        ...

    def peek(self, organization: Organization, dialect: str, *, now: Millis) -> Quota:
        """Return the quota without counting."""
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
