"""What is asked of the organizations, their credentials, and what they have used up or sent before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.access.credential import Credential
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.quota import Quota
    from reprieve.access.repeat import Answer, Kept
    from reprieve.organization import BouncePurge, Organization


class AccessStore(Protocol):
    """Organizations, their credentials and their provider accounts."""

    def organization(self, organization_id: str) -> Organization | None:
        """The organization, or None."""
        ...

    def organizations(self) -> Iterator[Organization]:
        """All organizations."""
        ...

    def clear(self, organization_id: str, suppression_list: str, *, until: int) -> None:
        """Let everything on a list up to and with the second `until` read as gone; the mark never moves back."""
        ...

    def set_purge(self, organization_id: str, purge: BouncePurge) -> None:
        """Change when an organization's bounces expire."""
        ...

    def credential(self, organization_id: str, digest: str) -> Credential | None:
        """The credential with this digest in this organization, valid or not."""
        ...

    def provider_account(self, organization_id: str) -> ProviderAccount | None:
        """The organization's account at its upstream provider, or None."""
        ...

    def pause_provider(self, organization_id: str, *, until: int, reason: str) -> None:
        """Stop calling the organization's provider until a moment, and say why."""
        ...


class QuotaStore(Protocol):
    """How many requests an organization has made in the current minute."""

    def count(self, organization: Organization, dialect: str, *, now: int) -> Quota:
        """Count one more, and tell what is left."""
        ...

    def peek(self, organization: Organization, dialect: str, *, now: int) -> Quota:
        """Tell what is left, without counting."""
        ...


class RepeatStore(Protocol):
    """Which requests were answered, by the key that their caller gave them."""

    def begin(self, organization: Organization, key: str, fingerprint: str, *, now: int) -> Kept | None:
        """Take a key for a request; None when it is taken now, else what is known of the request that has it."""
        ...

    def finish(self, organization: Organization, key: str, answer: Answer, *, now: int) -> None:
        """Keep the answer of the request that took a key."""
        ...

    def forget(self, organization: Organization, key: str) -> None:
        """Free the key of a request that did nothing."""
        ...
