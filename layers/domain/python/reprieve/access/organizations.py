"""Creating organizations and changing their settings.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reprieve.access.label import checked_label
from reprieve.access.log_entries import organization_changed
from reprieve.address import Address
from reprieve.errors import Conflict, InvalidInput, MalformedAddress, NotFound
from reprieve.organization import HELP_DESK_LIFTS, ORGANIZATION_ID, Membership, Organization
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.access.ports import AccessStore
    from reprieve.access.quota import Bucket
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import BouncePurge
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Organizations:
    """The organizations and their settings."""

    access: AccessStore
    log: EventLog

    def find(self, organization_id: str) -> Organization:
        """An organization by its id.

        Raises:
            NotFound: there is no such organization.
        """
        usable = ORGANIZATION_ID.fullmatch(organization_id)
        found = self.access.organization(organization_id) if usable else None
        if found is None:
            raise NotFound("organization", organization_id if usable else ascii(organization_id))
        return found

    def create(self, context: Context) -> Organization:
        """Add an organization.

        Args:
            context: who asks; its organization is the one to add (see `new_organization`).

        Raises:
            NotFound: there is no such parent.
            Conflict: the id is taken.
        """
        organization = context.organization
        if organization.parent is not None:
            self.find(organization.parent)
        if not self.access.create_organization(organization):
            raise Conflict(f"the organization {organization.id} exists already")
        self.log.append(organization, [organization_changed(EventType.ORGANIZATION_CREATE, {}, context=context)])
        return organization

    def change(
        self,
        context: Context,
        *,
        name: str | None = None,
        membership: Membership | None = None,
        domains: Iterable[str] | None = None,
        soft_bounce_threshold: int | None = None,
        modules: Iterable[str] | None = None,
        help_desk_lifts: int | None = None,
        limits: Mapping[Bucket, int | None] | None = None,
    ) -> Organization:
        """Change the settings that are given; None leaves a setting as it is.

        The number of shards cannot change: stored records would have to move.

        Args:
            context: who asks, for the organization as it was read before.
            name: the display name.
            membership: whose addresses it may lift.
            domains: all of its verified domains, in Unicode or A-labels.
            soft_bounce_threshold: how many soft bounces block an address temporarily, 1 to 32.
            modules: all of its custom CRM modules, as their API spells them.
            help_desk_lifts: how many addresses one caller of the help desk may lift per day, 0 to 10,000.
            limits: requests per minute by bucket, 1 to 1,000,000; None for the default. Other buckets keep theirs.

        Returns:
            The organization as it is now, with concurrent changes.

        Raises:
            InvalidInput: one of the values cannot be used; nothing was changed.
            NotFound: there is no such organization any more.
        """
        possible = {
            "name": None if name is None else checked_label(name),
            "membership": membership,
            "domains": None if domains is None else _domains(domains),
            "soft_bounce_threshold": soft_bounce_threshold,
            "modules": None if modules is None else frozenset(modules),
            "help_desk_lifts": help_desk_lifts,
        }
        changes = {setting: value for setting, value in possible.items() if value is not None}
        before = context.organization
        limits = limits or {}
        wanted = {bucket: limit for bucket, limit in limits.items() if limit is not None}
        _check_membership(replace(before, limits=wanted, **changes))  # type: ignore[arg-type]
        after = self.access.change_organization(before.id, changes, limits)
        if after is None:
            raise NotFound("organization", before.id)
        differences: dict[str, tuple[Any, Any]] = {
            setting: (getattr(before, setting), value) for setting, value in changes.items()
        }
        differences |= {f"limits.{bucket}": (before.limits.get(bucket), limit) for bucket, limit in limits.items()}
        entry = organization_changed(EventType.ORGANIZATION_UPDATE, differences, context=context)
        self.log.append(before, [entry])
        return after

    def change_purge(self, context: Context, changes: Mapping[str, bool | int | None]) -> BouncePurge:
        """Change when the organization's bounces expire.

        Args:
            context: who asks.
            changes: the attributes of BouncePurge that change, already checked; the others stay.

        Returns:
            The settings as they were read before, with these changes.

        Raises:
            NotFound: there is no such organization any more.
        """
        before = context.organization
        if not changes:
            return before.purge
        if not self.access.set_purge(before.id, changes):
            raise NotFound("organization", before.id)
        differences = {f"purge.{name}": (getattr(before.purge, name), value) for name, value in changes.items()}
        entry = organization_changed(EventType.PURGE_UPDATE, differences, context=context)
        self.log.append(before, [entry])
        return replace(before.purge, **changes)  # type: ignore[arg-type]


def new_organization(
    organization_id: str,
    *,
    now: Millis,
    name: str | None = None,
    membership: Membership = Membership.RECIPIENTS,
    domains: Iterable[str] = (),
    shards: int = 1,
    parent: str | None = None,
    soft_bounce_threshold: int = 5,
    modules: Iterable[str] = (),
    help_desk_lifts: int = HELP_DESK_LIFTS,
) -> Organization:
    """A new organization, not yet stored; see `Organizations.create`.

    Args:
        organization_id: 2 to 39 lower-case letters, digits and hyphens; part of every key and token.
        now: when it is created, in milliseconds.
        name: the display name; the id when not given.
        membership: whose addresses it may lift.
        domains: its verified domains, in Unicode or A-labels.
        shards: how many partitions its lists are spread over, 1 to 16; it never changes afterwards.
        parent: the id of an organization whose credentials may act for this one.
        soft_bounce_threshold: how many soft bounces block an address temporarily, 1 to 32.
        modules: its custom CRM modules, as their API spells them.
        help_desk_lifts: how many addresses one caller of the help desk may lift per day, 0 to 10,000.

    Raises:
        InvalidInput: one of the values cannot be used.
    """
    created = Organization(
        id=organization_id,
        name=checked_label(organization_id if name is None else name),
        membership=membership,
        domains=_domains(domains),
        shards=shards,
        parent=parent or None,
        created=now,
        soft_bounce_threshold=soft_bounce_threshold,
        modules=frozenset(modules),
        help_desk_lifts=help_desk_lifts,
    )
    _check_membership(created)
    return created


def _check_membership(organization: Organization) -> None:
    if organization.membership is Membership.DOMAINS and not organization.domains:
        raise InvalidInput("membership by domains needs at least one", field="domains")


def _domains(domains: Iterable[str]) -> frozenset[str]:
    """The domains in the form that addresses use: lower-case A-labels."""
    return frozenset(_domain(domain) for domain in domains)


def _domain(domain: str) -> str:
    try:
        return Address.parse(f"postmaster@{domain}").domain
    except MalformedAddress:
        raise InvalidInput(f"{domain!a} is not a domain of email addresses", field="domains") from None
