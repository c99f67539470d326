"""The secrets of hooks, sealed and unsealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.hooks.hook import Secret

if TYPE_CHECKING:
    from reprieve.access.ports import KeyOpener, KeyVault
    from reprieve.clock import Millis
    from reprieve.hooks.hook import Hook


def secret_context(organization_id: str) -> dict[str, str]:
    """The encryption context of a hook's secret: it cannot be unsealed for another organization or purpose."""
    return {"organization": organization_id, "purpose": "hook"}


def sealed(vault: KeyVault, value: str, organization_id: str) -> Secret:
    """A secret as it is stored, until it is replaced."""
    return Secret(vault.seal(value, secret_context(organization_id)))


def unsealed(opener: KeyOpener, hook: Hook, now: Millis) -> list[str]:
    """The secrets that sign at a moment.

    Raises:
        Unavailable: one could not be unsealed.
    """
    return [opener.unseal(one.sealed, secret_context(hook.organization_id)) for one in hook.signing(now)]
