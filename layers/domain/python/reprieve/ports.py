"""What the domain needs from the outside world, as protocols; adapters live in `store/` and `providers/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reprieve.block import Standing
    from reprieve.email_server import EmailServer, Settings
    from reprieve.listing import Filter, Place, Selection, Since
    from reprieve.log import LogEntry, Span, Stored
    from reprieve.organization import BouncePurge, Credential, Organization, ProviderAccount
    from reprieve.outlook import AddressRecord
    from reprieve.quota import Quota
    from reprieve.recipient import Recipient
    from reprieve.removal import (
        Claim,
        Due,
        Followed,
        LiftAnswer,
        Part,
        Removal,
        RemovalRequest,
        RemovalState,
        Requester,
        Settlement,
    )
    from reprieve.repeat import Answer, Kept
    from reprieve.suppression import Suppression, SuppressionList


class Provider(Protocol):
    """An upstream email provider's suppression lists, under one organization's account."""

    #: how many addresses one call of `lift` may carry
    batch: int

    def lift(
        self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int | None = None
    ) -> list[LiftAnswer]:
        """Take addresses off one list.

        Args:
            suppression_list: which list.
            emails: exact spellings, at most `batch`, no two alike.
            budget: milliseconds that this may take; the adapter's own bound when that is less. What it does not reach
                is answered WAIT.

        Returns:
            One answer an address, in the same order. Never raises for what a provider or a network can do.
        """
        ...

    def entries(self, suppression_list: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        """What the provider's list holds, by time of creation, both ends included, in milliseconds.

        Raises:
            Unavailable: the provider did not answer, or refused the account.
        """
        ...

    def close(self) -> None:
        """Give back what is kept between calls; it may be called once, at the end."""
        ...


class SuppressionStore(Protocol):
    """The suppression records of all organizations; each method touches one organization."""

    def record(self, organization: Organization, suppressions: Sequence[Suppression]) -> int:
        """Put events on their lists, whatever the order in which they arrive.

        An entry is stored only if it is newer than the one that is there and than what an acknowledged removal forgave.

        Returns:
            How many changed a list; the rest were old news. When it returns, all of them are durable.
        """
        ...

    def request_removals(
        self, organization: Organization, requests: Sequence[RemovalRequest], requester: Requester, *, now: int
    ) -> None:
        """Record removals of one request and their watermark, one conditional write an address; durable by then."""
        ...

    def request_listed(
        self,
        organization: Organization,
        requests: Sequence[RemovalRequest],
        requester: Requester,
        *,
        since: Since,
        hidden: bool,
        forgiven_until: int,
        now: int,
    ) -> list[bool]:
        """Record removals of entries that are on their list, and of nothing else.

        Args:
            organization: whose lists.
            requests: all of one list.
            requester: who asks.
            since: from when on the list's entries are shown.
            hidden: whether those that are not shown are meant, instead of those that are.
            forgiven_until: the watermark, in milliseconds.
            now: in milliseconds.

        Returns:
            Whether each was there, in order; those that were are durable.
        """
        ...

    def get(self, organization: Organization, suppression_list: SuppressionList, key: str) -> Suppression | None:
        """The entry of one address on one list; None when it is not listed (a lifted one is not)."""
        ...


class RemovalQueue(Protocol):
    """The removals that wait, of all organizations; each method touches one organization."""

    def due(self, organization: Organization, *, now: int, limit: int) -> list[Due]:
        """What may be tried now, longest due first (eventually consistent)."""
        ...

    def claim(self, organization: Organization, entries: Sequence[Due], *, now: int, lease: int) -> list[Claim | None]:
        """Take entries for this worker until `now + lease`, each for itself.

        Returns:
            What was got, in order; None for an entry that another worker has, or that has left the queue.
        """
        ...

    def settle(self, organization: Organization, settlements: Sequence[Settlement], *, now: int) -> list[bool]:
        """End removals or let them wait on their own, each for itself.

        Returns:
            Whether it was done, in order. False when somebody else has written meanwhile, or when a bounce newer than
            what the removal forgave stands where it should be lifted; then nothing was changed.
        """
        ...

    def release(self, parts: Sequence[tuple[Part, int | None]], *, now: int) -> None:
        """Let claimed parts leave the queue (None) or wait until a moment; what was lost to another is left alone."""
        ...

    def retry(self, organization: Organization, failed: Removal, *, now: int) -> bool:
        """Put a failed removal back into the queue; False when it is no longer this one, or has not failed."""
        ...


class RemovalRecords(Protocol):
    """Removals as they stand, for whoever follows them."""

    def of_request(self, organization: Organization, request_id: str) -> list[Followed]:
        """Every removal that a request asked for, in order; none when the request is unknown."""
        ...

    def one(self, organization: Organization, removal_id: str) -> Followed | None:
        """One removal by its id, read consistently; None when it is unknown."""
        ...

    def of_address(self, organization: Organization, key: str) -> list[Removal]:
        """The latest removal of an address on each list."""
        ...

    def waiting(
        self, organization: Organization, state: RemovalState, *, limit: int, after: str | None
    ) -> tuple[list[Removal], str | None]:
        """A page of what is pending or failed, longest due first, and where to go on; None when there is no more.

        Raises:
            InvalidInput: `after` is not what an earlier page gave.
        """
        ...


class Comparison(Protocol):
    """What a provider's list holds against what we hold."""

    def missing(self, organization: Organization, entries: Sequence[Suppression]) -> list[Suppression]:
        """Those entries that are neither listed here, nor older than what we know, nor forgiven; read consistently."""
        ...


class UnblockStore(Protocol):
    """How addresses stand on the lists of bounces and blocks, and removals that are counted."""

    def standings(self, organization: Organization, keys: Sequence[str], *, now: int) -> dict[str, Standing]:
        """How each of these addresses stands now, by comparison key; no two keys alike."""
        ...

    def request_unblocks(
        self,
        organization: Organization,
        standings: Mapping[str, tuple[Standing, RemovalRequest]],
        requester: Requester,
        *,
        now: int,
    ) -> set[str]:
        """Record removals and count them, an address wholly or not at all; durable when it returns.

        Args:
            organization: whose.
            standings: by key, how each address stood when it was judged, and what to record; the request's list does
                not matter, an address is taken off both.
            requester: who asks.
            now: in milliseconds.

        Returns:
            The keys that were recorded. The others stand differently by now, and must be judged again.
        """
        ...

    def reset(self, organization: Organization, key: str) -> int:
        """Forget how often an address was unblocked, and tell how often that was."""
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


class ListingStore(Protocol):
    """The lists as they are shown: newest first, ties by address, without what was cleared or has expired."""

    def get(
        self, organization: Organization, suppression_list: SuppressionList, key: str, *, now: int
    ) -> Suppression | None:
        """The entry of one address, read consistently; None when it is not shown."""
        ...

    def records(self, organization: Organization, key: str) -> list[AddressRecord]:
        """What is stored of one address, read consistently: the lists it is or has been on, in the order of lists."""
        ...

    def page(
        self,
        organization: Organization,
        suppression_list: SuppressionList,
        selection: Selection,
        *,
        offset: int,
        limit: int,
        now: int,
    ) -> tuple[list[Suppression], bool]:
        """Up to `limit` entries behind the first `offset`, and whether there are more.

        Raises:
            LimitExceeded: more would have to be read than one request may.
        """
        ...

    def count(
        self, organization: Organization, suppression_list: SuppressionList, selection: Selection, *, now: int
    ) -> int:
        """How many entries there are."""
        ...

    def each(
        self, organization: Organization, suppression_list: SuppressionList, selection: Selection, *, now: int
    ) -> Iterator[Suppression]:
        """Every entry, a page at a time."""
        ...

    def search(
        self, organization: Organization, wanted: Filter, *, after: Place | None, limit: int, now: int
    ) -> tuple[list[Suppression], bool]:
        """Up to `limit` entries of several lists behind a place, and whether there are more."""
        ...

    def total(self, organization: Organization, wanted: Filter, *, now: int) -> tuple[int, bool]:
        """How many entries of several lists there are, and whether that is all of them or as many as were counted."""
        ...

    def hidden(
        self, organization: Organization, suppression_list: SuppressionList, *, now: int
    ) -> Iterator[Suppression]:
        """The entries that are on a list but not shown any more, oldest first."""
        ...

    def newest(self, organization: Organization, suppression_list: SuppressionList) -> int | None:
        """When the newest entry on a list was created, in milliseconds, shown or not."""
        ...


class EventLog(Protocol):
    """The system log."""

    def append(self, organization: Organization, entries: Sequence[LogEntry]) -> int:
        """Add entries; one that is there already stays as it is. Returns how many were new; durable by then."""
        ...


class LogReader(Protocol):
    """The system log, read."""

    def entries(self, organization: Organization, span: Span, *, first: int) -> Iterator[Stored]:
        """The entries of a stretch, in its order; what is not consumed is not read.

        Args:
            organization: whose log.
            span: the stretch.
            first: how many are probably wanted.
        """
        ...


class RecipientStore(Protocol):
    """Who belongs to an organization.

    No two recipients of an organization have the same login (`profile["login"]`), whatever its letter case.
    """

    def members(self, organization: Organization, keys: Iterable[str]) -> set[str]:
        """Those of the comparison keys that are an email or secondary email of a recipient."""
        ...

    def get(self, organization: Organization, module: str, identifier: str) -> Recipient | None:
        """One recipient, or None."""
        ...

    def get_many(self, organization: Organization, module: str, identifiers: Sequence[str]) -> list[Recipient]:
        """Those of the recipients that are there, in order of id."""
        ...

    def listing(
        self, organization: Organization, module: str, *, limit: int, after: str | None
    ) -> tuple[list[Recipient], str | None]:
        """A page of recipients in order of id, from behind the id `after`.

        Returns:
            At most `limit` recipients, and the id to go on from; None when there is no more.
        """
        ...

    def holders(self, organization: Organization, key: str) -> list[tuple[str, str]]:
        """Who holds an address: pairs of module and id."""
        ...

    def named(self, organization: Organization, login: str) -> str | None:
        """The id of the recipient with this login, in any letter case, or None."""
        ...

    def add(self, organization: Organization, recipient: Recipient) -> None:
        """Create a recipient under a new id, with its addresses and its login, in one transaction.

        Raises:
            Conflict: another recipient has the login.
        """
        ...

    def add_many(self, organization: Organization, recipients: Sequence[Recipient]) -> None:
        """Create recipients without logins, each as `add` does; when it returns, all of them are there."""
        ...

    def put(self, organization: Organization, recipient: Recipient) -> None:
        """Create or replace a recipient, its addresses and its login in one transaction.

        Raises:
            Conflict: another recipient has the login.
        """
        ...

    def change(
        self,
        organization: Organization,
        module: str,
        identifier: str,
        to: Callable[[Recipient], Recipient | None],
    ) -> Recipient | None:
        """Change or delete a recipient in one transaction.

        Args:
            organization: whose recipient it is.
            module: where it is.
            identifier: its id.
            to: what the stored recipient shall become; None deletes it. It is asked again, about what is stored then,
                if somebody else changes the recipient meanwhile.

        Returns:
            The recipient as it is now, or as it was when it was deleted; None when there is none.

        Raises:
            Conflict: another recipient has the login.
        """
        ...


class AccessStore(Protocol):
    """Organizations, their credentials and their provider accounts."""

    def organization(self, organization_id: str) -> Organization | None:
        """The organization, or None."""
        ...

    def organizations(self) -> Iterator[Organization]:
        """All organizations."""
        ...

    def clear(self, organization_id: str, suppression_list: SuppressionList, *, until: int) -> None:
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


class DeadLetters(Protocol):
    """Where what cannot be processed is kept for a person to look at."""

    def put(self, organization_id: str, kind: str, bodies: Sequence[Mapping[str, object]]) -> None:
        """Keep each body; durable when it returns."""
        ...


class EmailServerStore(Protocol):
    """The organizations' own SMTP servers, of which at most one each is enabled."""

    def all(self, organization: Organization) -> list[EmailServer]:
        """The organization's servers, in order of id."""
        ...

    def get(self, organization: Organization, identifier: str) -> EmailServer | None:
        """One server, or None."""
        ...

    def add(self, organization: Organization, server: EmailServer, *, maximum: int) -> None:
        """Enrol a server under a new id, in one transaction with the rules.

        Raises:
            AnotherEnabled: it is enabled, and another is.
            TooManyServers: there are `maximum` already.
        """
        ...

    def replace(self, organization: Organization, before: EmailServer, after: EmailServer) -> None:
        """Change a server, in one transaction with the rules.

        Raises:
            AnotherEnabled: it becomes enabled, and another is.
            Conflict: it is no longer as it was `before`.
        """
        ...

    def remove(self, organization: Organization, server: EmailServer) -> None:
        """Delete a server.

        Raises:
            Conflict: it is no longer as it was.
        """
        ...

    def count_connection(self, organization: Organization, *, now: int) -> None:
        """Count a connection that is about to be made.

        Raises:
            RateLimited: the organization has made as many as it may for now.
        """
        ...


class Secrets(Protocol):
    """Seals short texts, and unseals them under the same context only."""

    def seal(self, secret: str, context: Mapping[str, str]) -> bytes:
        """Encrypt at most 4,096 bytes."""
        ...

    def unseal(self, sealed: bytes, context: Mapping[str, str]) -> str:
        """Decrypt; Unavailable when the context is another one."""
        ...


class Courier(Protocol):
    """Talks to the servers that organizations chose, each time within ten seconds of wall-clock time."""

    def probe(self, settings: Settings, secret: str) -> None:
        """Connect, encrypt and log in.

        Raises:
            ServerFailed: it did not work.
        """
        ...

    def send_test(self, settings: Settings, secret: str, *, sender: str, recipient: str) -> None:
        """Send the one fixed test mail; the server has taken it on when this returns.

        Raises:
            ServerFailed: it did not work.
        """
        ...
