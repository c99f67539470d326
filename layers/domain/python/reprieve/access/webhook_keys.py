"""The keys that verify the posts of providers' webhooks."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import opened_webhook_key
from reprieve.access.provider_accounts import webhook_key_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.access.ports import AccessStore, KeyOpener
    from reprieve.access.provider_account import AccountRules

#: secrets that a process keeps in clear, so that a post costs no call of KMS
KEPT: Final = 1_000


class WebhookKeys:
    """The keys of organizations' webhooks, in clear.

    Args:
        access: has them, secrets sealed.
        opener: makes what unseals secrets; most organizations have none.
        rules: every kind of provider, and the webhook that may feed its accounts' lists (`providers.registry`).
    """

    def __init__(self, access: AccessStore, opener: Callable[[], KeyOpener], rules: Mapping[str, AccountRules]) -> None:
        self._access = access
        self._opener = opener
        self._rules = rules
        self._unsealed = lru_cache(KEPT)(self._unseal)

    def of(self, organization_id: str, kind: str) -> str | None:
        """The keys that verify the webhook of a kind of provider for an organization, with spaces between.

        A key of one kind of webhook never verifies another's: a public key is no secret.

        Args:
            organization_id: which need not exist.
            kind: whose webhook it is.

        Returns:
            "" when none is set; None when the organization has no account that this webhook may feed.

        Raises:
            Unavailable: a secret could not be unsealed.
        """
        found = self._access.webhook_key(organization_id)
        webhook = self._rules[found[0]].webhook if found and found[0] in self._rules else None
        if found is None or webhook is None or webhook.kind != kind:
            return None
        return " ".join(self._unsealed(organization_id, key) for key in found[1].split())

    def _unseal(self, organization_id: str, key: str) -> str:
        sealed = opened_webhook_key(key)
        return key if sealed is None else self._opener().unseal(sealed, webhook_key_context(organization_id))
