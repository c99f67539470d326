"""Setting, changing and resuming organizations' accounts at their upstream providers.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.access.label import checked_label
from reprieve.access.log_entries import provider_account_changed, provider_resumed
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import EPOCH
from reprieve.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.access.ports import AccessStore, KeyVault
    from reprieve.access.provider_account import AccountRules
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: more than any provider's key has, and less than what KMS seals in one call (4,096 bytes)
MAX_API_KEY: Final = 1_000


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """Changes to a provider account; None leaves an attribute as it is.

    Attributes:
        kind: the kind of provider; attributes that the new kind does not have are dropped.
        base_url: without the version segment; "" for the provider's own.
        api_key: in plain text.
        on_behalf_of: the account to act for, "" for none.
        webhook_key: one key, or two with a space between; "" for none.
    """

    kind: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    on_behalf_of: str | None = None
    webhook_key: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderAccounts:
    """The organizations' accounts at their upstream providers.

    Attributes:
        rules: every kind of provider, and what an account at it needs (`providers.registry`).
    """

    access: AccessStore
    vault: KeyVault
    log: EventLog
    rules: Mapping[str, AccountRules]

    def find(self, organization: Organization) -> ProviderAccount:
        """An organization's account.

        Raises:
            NotFound: it has none.
        """
        account = self.access.provider_account(organization.id)
        if account is None:
            raise NotFound("provider account of", organization.id)
        return account

    def loses_key(self, organization: Organization, changes: AccountChanges) -> bool:
        """Whether these changes would delete a stored API key without bringing another one."""
        before = self.access.provider_account(organization.id)
        return bool(before and before.sealed_key and changes.kind is not None and not self._rules(changes.kind).has_key)

    def set(self, context: Context, changes: AccountChanges) -> ProviderAccount:
        """Create an account, or change what is given; either ends a pause.

        A stored API key stays with its kind and base URL: it never moves to another host.

        Args:
            context: who asks, for which organization.
            changes: what to change. A new account needs a kind.

        Returns:
            The account as it is now.

        Raises:
            InvalidInput: a value is missing, cannot be used, or has no meaning for this kind; it is named, not quoted.
            Conflict: another change of the account came first; nothing was changed.
            Unavailable: the key could not be sealed.
        """
        organization = context.organization
        before = self.access.provider_account(organization.id)
        kind = changes.kind or (before.kind if before else "")
        rules = self._rules(kind)
        after = _changed(before, kind, rules, changes)
        rules.check(after, changes.api_key or "")
        if changes.api_key is not None:
            sealed = self.vault.seal(changes.api_key, provider_key_context(organization.id))
            after = replace(after, sealed_key=sealed)
        if not self.access.set_provider_account(organization.id, after, provider_name=rules.name, before=before):
            raise Conflict("the provider account was changed meanwhile; look at it and try again")
        self.log.append(organization, [provider_account_changed(before, after, context=context)])
        return after

    def resume(self, context: Context) -> bool:
        """End a pause; False when there was none. Removals are tried again when each is due.

        Raises:
            NotFound: the organization has no account.
        """
        organization = context.organization
        if not self.find(organization).is_paused(context.now):
            return False
        self.access.pause_provider(organization.id, until=EPOCH, reason="")
        self.log.append(organization, [provider_resumed(context=context)])
        return True

    def _rules(self, kind: str) -> AccountRules:
        if kind not in self.rules:
            raise InvalidInput(f"must be one of: {', '.join(self.rules)}", field="kind")
        return self.rules[kind]


def provider_key_context(organization_id: str) -> dict[str, str]:
    """The encryption context of a provider's key: it cannot be unsealed for another organization or purpose."""
    return {"organization": organization_id, "purpose": "provider-key"}


def _changed(
    before: ProviderAccount | None, kind: str, rules: AccountRules, changes: AccountChanges
) -> ProviderAccount:
    """The account with the given changes, and those other attributes that still apply; a new key is not yet sealed."""
    same = before if before is not None and before.kind == kind else ProviderAccount(kind)
    if changes.base_url and not rules.base_url:
        raise InvalidInput("this kind of provider has none", field="base_url")
    if changes.on_behalf_of and not rules.acts_for:
        raise InvalidInput("has no meaning with this kind of provider", field="on_behalf_of")
    if changes.api_key is not None and not rules.has_key:
        raise InvalidInput("this kind of provider has none", field="api_key")
    base_url = same.base_url if changes.base_url is None else changes.base_url.rstrip("/")
    base_url = base_url or rules.base_url
    if rules.has_key:
        _check_key(changes.api_key, is_stored=bool(same.sealed_key) and same.base_url == base_url)
    on_behalf_of = same.on_behalf_of if changes.on_behalf_of is None else changes.on_behalf_of
    webhook_key = before.webhook_key if before and changes.webhook_key is None else changes.webhook_key or ""
    return ProviderAccount(
        kind=kind,
        base_url=base_url,
        sealed_key=same.sealed_key if rules.has_key else b"",
        on_behalf_of=on_behalf_of and checked_label(on_behalf_of, field="on_behalf_of"),
        webhook_key=webhook_key,
    )


def _check_key(api_key: str | None, *, is_stored: bool) -> None:
    if api_key is None and not is_stored:
        raise InvalidInput("needed, because none is stored for this base URL", field="api_key")
    if api_key is not None and not 1 <= len(api_key) <= MAX_API_KEY:
        raise InvalidInput(f"1 to {MAX_API_KEY} characters", field="api_key")
