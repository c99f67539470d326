"""The keys that verify the posts of providers' webhooks."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import opened_webhook_key, webhook_key_context
from reprieve.errors import Conflict, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.access.account_rules import AccountRules
    from reprieve.access.ports import AccessStore, KeyOpener

#: secrets that a process keeps in clear, so that a post costs no call of KMS
KEPT: Final = 1_000


class WebhookKeys:
    """The keys of organizations' webhooks, in clear.

    Args:
        access: has them, secrets sealed.
        opener: makes what unseals secrets; most organizations have none.
        rules: every kind of provider, with the webhook that may feed its accounts' lists (`providers.registry`).
    """

    def __init__(self, access: AccessStore, opener: Callable[[], KeyOpener], rules: Mapping[str, AccountRules]) -> None:
        self._access = access
        self._opener = opener
        self._rules = rules
        self._unsealed = lru_cache(KEPT)(self._unseal)

    def of(self, organization_id: str, kind: str) -> dict[str, str]:
        """The keys that verify the webhook of a kind of provider for an organization.

        A key of one kind of webhook never verifies another's: a public key is no secret.

        Args:
            organization_id: which need not exist.
            kind: whose webhook it is.

        Returns:
            By the name of each account that this webhook may feed, its keys with spaces between; "" when it has none.

        Raises:
            Unavailable: a secret could not be unsealed.
        """
        return {
            name: " ".join(self._unsealed(organization_id, key) for key in keys.split())
            for name, (account, keys) in self._access.webhook_keys(organization_id).items()
            if account in self._rules and self._rules[account].webhook.kind == kind
        }

    def _unseal(self, organization_id: str, key: str) -> str:
        sealed = opened_webhook_key(key)
        return key if sealed is None else self._opener().unseal(sealed, webhook_key_context(organization_id))


def only_account(keys: Mapping[str, str]) -> str:
    """The account that a post without a signature comes from.

    Args:
        keys: of each account that it may come from, by name; one at least.

    Raises:
        Conflict: there are several, and nothing says which one it is.
    """
    if len(keys) > 1:
        raise Conflict("only a signature says which of the organization's accounts the post is from: turn it on, too")
    return next(iter(keys))


def account_of(keys: Mapping[str, str], verify: Callable[[str], None]) -> str:
    """The account that a post comes from.

    Args:
        keys: of each account that it may come from, by name; one at least.
        verify: given an account's keys, raises Unauthenticated unless one of them verifies the post.

    Raises:
        Unauthenticated: no account's keys verify it.
    """
    for account in list(keys)[:-1]:
        with suppress(Unauthenticated):
            verify(keys[account])
            return account
    (*_, last) = keys
    verify(keys[last])
    return last
