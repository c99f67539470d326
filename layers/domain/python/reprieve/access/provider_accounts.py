"""Setting, changing, removing and resuming organizations' accounts at their upstream providers.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.access.label import checked_label
from reprieve.access.log_entries import provider_account_changed, provider_account_removed, provider_resumed
from reprieve.access.provider_account import (
    ACCOUNT_NAME,
    DEFAULT,
    MAX_ACCOUNTS,
    ProviderAccount,
    account_title,
    named,
    sealed_webhook_key,
    webhook_key_context,
)
from reprieve.clock import EPOCH
from reprieve.errors import Conflict, InvalidInput, LimitExceeded, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.access.account_rules import AccountRules
    from reprieve.access.ports import AccessStore, KeyVault
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: more than any provider's key has, and less than what KMS seals in one call (4,096 bytes)
MAX_API_KEY: Final = 1_000
#: the most keys that verify an account's webhook: the one in use and, while they are rotated, the other one
MAX_WEBHOOK_KEYS: Final = 2
#: the form of an AWS region's name; whether there is one of that name is not checked
_REGION: Final = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """Changes to a provider account; None leaves an attribute as it is.

    Attributes:
        kind: the kind of provider; attributes that the new kind does not have are dropped.
        base_url: without the version segment; "" for the provider's own.
        api_key: in plain text.
        on_behalf_of: the account to act for, "" for none.
        webhook_key: one key, or two with a space between, secrets in plain text or as the account has them sealed; ""
            for none.
        region: where the account is; "" for the region of the deployment.
    """

    kind: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    on_behalf_of: str | None = None
    webhook_key: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderAccounts:
    """The organizations' accounts at their upstream providers, each with a name; DEFAULT is the one that most have.

    Attributes:
        rules: every kind of provider, and what an account at it needs (`providers.registry`).
    """

    access: AccessStore
    vault: KeyVault
    log: EventLog
    rules: Mapping[str, AccountRules]

    def all(self, organization: Organization) -> list[ProviderAccount]:
        """An organization's accounts, the default one first, then by name."""
        return self.access.provider_accounts(organization.id)

    def find(self, organization: Organization, name: str = DEFAULT) -> ProviderAccount:
        """One of an organization's accounts.

        Raises:
            NotFound: it has none of that name.
        """
        return _found(self.all(organization), organization, name)

    def loses_key(self, organization: Organization, changes: AccountChanges, name: str = DEFAULT) -> bool:
        """Whether these changes would delete a stored API key without bringing another one."""
        before = named(self.all(organization), name)
        return bool(before and before.sealed_key and changes.kind is not None and not self._rules(changes.kind).has_key)

    def set(self, context: Context, changes: AccountChanges, name: str = DEFAULT) -> ProviderAccount:
        """Create an account, or change what is given; either ends a pause.

        A stored API key stays with its kind and base URL: it never moves to another host.

        Args:
            context: who asks, for which organization.
            changes: what to change. A new account needs a kind.
            name: which account: up to 32 lower-case letters, digits and hyphens.

        Returns:
            The account as it is now.

        Raises:
            InvalidInput: a value is missing, cannot be used, or has no meaning for this kind; it is named, not quoted.
            LimitExceeded: the organization has `MAX_ACCOUNTS` others.
            Conflict: another change of the account came first; nothing was changed.
            Unavailable: the key could not be sealed.
        """
        organization = context.organization
        accounts = self.all(organization)
        before = named(accounts, name)
        if before is None:
            if not ACCOUNT_NAME.fullmatch(name):
                raise InvalidInput("up to 32 lower-case letters and digits, with hyphens between them", field="account")
            if len(accounts) >= MAX_ACCOUNTS:
                raise LimitExceeded(f"an organization has at most {MAX_ACCOUNTS} provider accounts")
        kind = changes.kind or (before.kind if before else "")
        rules = self._rules(kind)
        after = _changed(before or ProviderAccount("", name=name), kind, rules, changes)
        after = replace(after, webhook_key=self._webhook_keys(organization.id, changes.webhook_key, before, rules))
        rules.check(after, changes.api_key or "")
        if changes.api_key is not None:
            sealed = self.vault.seal(changes.api_key, provider_key_context(organization.id, name))
            after = replace(after, sealed_key=sealed)
        others = [one for one in accounts if one.name != name]
        shown = self._shown_name([*others, after])
        if not self.access.set_provider_account(organization.id, after, provider_name=shown, before=before):
            raise Conflict("the provider account was changed meanwhile; look at it and try again")
        self.log.append(organization, [provider_account_changed(before, after, context=context)])
        return after

    def remove(self, context: Context, name: str) -> None:
        """Delete an account with its key. What waits for it alone is done without it.

        What its provider has reported stays on the lists, and what the provider itself withholds stays with it.

        Raises:
            NotFound: the organization has none of that name.
            Conflict: another change of the account came first; nothing was changed.
        """
        organization = context.organization
        accounts = self.all(organization)
        account = _found(accounts, organization, name)
        shown = self._shown_name([one for one in accounts if one.name != name])
        if not self.access.remove_provider_account(organization.id, account, provider_name=shown):
            raise Conflict("the provider account was changed meanwhile; look at it and try again")
        self.log.append(organization, [provider_account_removed(account, context=context)])

    def resume(self, context: Context, name: str = DEFAULT) -> bool:
        """End a pause; False when there was none. Removals are tried again when each is due.

        Raises:
            NotFound: the organization has no account of that name.
        """
        organization = context.organization
        if not self.find(organization, name).is_paused(context.now):
            return False
        self.access.pause_provider(organization.id, name, until=EPOCH, reason="")
        self.log.append(organization, [provider_resumed(name, context=context)])
        return True

    def _webhook_keys(
        self, organization_id: str, given: str | None, before: ProviderAccount | None, rules: AccountRules
    ) -> str:
        """The keys that verify the webhook from now on: those that were given, or else those that still apply.

        A secret is sealed, unless it is one that the account has sealed already.
        """
        stays = before is not None and before.kind in self.rules and self.rules[before.kind].webhook == rules.webhook
        known = before.webhook_key.split() if before and stays else []
        wanted = known if given is None else given.split()
        if len(wanted) > MAX_WEBHOOK_KEYS:
            raise InvalidInput(f"at most {MAX_WEBHOOK_KEYS} keys", field="webhook_key")
        for key in wanted:
            if key not in known:
                rules.webhook.check(key)
        return " ".join(key if key in known else self._sealed(organization_id, key, rules) for key in wanted)

    def _sealed(self, organization_id: str, webhook_key: str, rules: AccountRules) -> str:
        if not rules.webhook.is_secret:
            return webhook_key
        return sealed_webhook_key(self.vault.seal(webhook_key, webhook_key_context(organization_id)))

    def _shown_name(self, accounts: Sequence[ProviderAccount]) -> str:
        """The provider's name that logs show for an organization: that of its default account, or else its first."""
        first = min(accounts, key=lambda one: (one.name != DEFAULT, one.name), default=None)
        return self.rules[first.kind].name if first and first.kind in self.rules else ""

    def _rules(self, kind: str) -> AccountRules:
        if kind not in self.rules:
            raise InvalidInput(f"must be one of: {', '.join(self.rules)}", field="kind")
        return self.rules[kind]


def checked_account(access: AccessStore, organization_id: str, name: str) -> str:
    """The name of the account that events are said to come from; the default one need not be set.

    Raises:
        InvalidInput: the organization has no other account of that name.
    """
    if name != DEFAULT and not (ACCOUNT_NAME.fullmatch(name) and access.has_provider_account(organization_id, name)):
        raise InvalidInput("the organization has no provider account of that name", field="account")
    return name


def provider_key_context(organization_id: str, name: str) -> dict[str, str]:
    """The encryption context of a provider's key: it cannot be unsealed for another organization, account or purpose.

    The default account's is that of the time when there was one account.
    """
    account = {} if name == DEFAULT else {"account": name}
    return {"organization": organization_id, "purpose": "provider-key", **account}


def _found(accounts: Sequence[ProviderAccount], organization: Organization, name: str) -> ProviderAccount:
    account = named(accounts, name)
    if account is None:
        raise NotFound("provider account of", account_title(organization.id, name))
    return account


def _changed(before: ProviderAccount, kind: str, rules: AccountRules, changes: AccountChanges) -> ProviderAccount:
    """The account with the given changes, and those other attributes that still apply, but for its keys' changes."""
    same = before if before.kind == kind else ProviderAccount(kind)
    if changes.base_url and not rules.base_url:
        raise InvalidInput("this kind of provider has none", field="base_url")
    if changes.on_behalf_of and not rules.acts_for:
        raise InvalidInput("has no meaning with this kind of provider", field="on_behalf_of")
    if changes.api_key is not None and not rules.has_key:
        raise InvalidInput("this kind of provider has none", field="api_key")
    region = same.region if changes.region is None else changes.region
    if changes.region and not rules.regional:
        raise InvalidInput("has no meaning with this kind of provider", field="region")
    if changes.region and not _REGION.fullmatch(changes.region):
        raise InvalidInput("must be a region, for example eu-west-1", field="region")
    base_url = same.base_url if changes.base_url is None else changes.base_url.rstrip("/")
    base_url = base_url or rules.base_url
    if rules.has_key:
        _check_key(changes.api_key, is_stored=bool(same.sealed_key) and same.base_url == base_url)
    on_behalf_of = same.on_behalf_of if changes.on_behalf_of is None else changes.on_behalf_of
    return ProviderAccount(
        kind=kind,
        base_url=base_url,
        sealed_key=same.sealed_key if rules.has_key else b"",
        on_behalf_of=on_behalf_of and checked_label(on_behalf_of, field="on_behalf_of"),
        name=before.name,
        region=region,
    )


def _check_key(api_key: str | None, *, is_stored: bool) -> None:
    if api_key is None and not is_stored:
        raise InvalidInput("needed, because none is stored for this base URL", field="api_key")
    if api_key is not None and not 1 <= len(api_key) <= MAX_API_KEY:
        raise InvalidInput(f"1 to {MAX_API_KEY} characters", field="api_key")
