"""Ports for policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reprieve.organization import Organization, PolicySetting
    from reprieve.policies.brakes import Brakes
    from reprieve.policies.progress import Progress


class PolicyStore(Protocol):
    """Where an organization's policy is kept: with the organization."""

    def set_policy(self, organization_id: str, after: PolicySetting) -> bool:
        """Store a policy, which is one version further; False, and nothing changed, when another change came first."""
        ...


class ProgressStore(Protocol):
    """How far the runs of an organization's policy have come."""

    def progress(self, organization: Organization) -> Progress:
        """As it was kept; nothing was looked at where none was."""
        ...

    def keep(self, organization: Organization, progress: Progress) -> Progress:
        """Keep it in the place of the one that was read or kept before; it is one turn further then.

        Raises:
            Conflict: another run has kept one meanwhile; nothing is changed.
        """
        ...

    def brakes(self, organization: Organization) -> Brakes:
        """What the brakes know, as it was kept; nothing was lifted where none was."""
        ...

    def keep_brakes(self, organization: Organization, brakes: Brakes) -> Brakes:
        """The same for what the brakes know."""
        ...
