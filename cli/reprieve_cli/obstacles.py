"""The sentences that say why the removal job does not try an organization's removals now."""

from __future__ import annotations

from reprieve_cli.output import moment


def without_account(organization: str) -> str:
    """The sentence for an organization that has no provider account."""
    return f"{organization} has no provider account, so its removals wait: `reprieve providers set --help`"


def paused(account: str, until: int, reason: str | None) -> str:
    """The sentence for a provider account, by its title, that is paused until a moment, in milliseconds."""
    return f"{account} is paused until {moment(until)}: {reason}"
