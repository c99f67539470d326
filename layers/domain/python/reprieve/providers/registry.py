"""Every kind of provider, by the word for it. Adapters and webhooks are imported only when they are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reprieve.errors import Unavailable
from reprieve.providers.none import NONE
from reprieve.providers.sendgrid.provider import SENDGRID, check_webhook_key
from reprieve.providers.ses.provider import SES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.access.provider_account import AccountRules, ProviderAccount
    from reprieve.providers.kind import ProviderKind
    from reprieve.suppressions.notifications import Notifications

PROVIDERS: Final[Mapping[str, ProviderKind]] = {one.kind: one for one in (SENDGRID, SES, NONE)}


def _with_webhook_key(rules: AccountRules) -> AccountRules:
    """The rules, and that of the webhook's key: SendGrid's webhook may feed the lists of any organization."""

    def check(account: ProviderAccount, api_key: str) -> None:
        check_webhook_key(account.webhook_key)
        rules.check(account, api_key)

    return replace(rules, check=check)


#: the rules that accounts are checked against
RULES: Final[Mapping[str, AccountRules]] = {
    kind: _with_webhook_key(provider.account) for kind, provider in PROVIDERS.items()
}


def provider_of(kind: str) -> ProviderKind:
    """The provider of a stored account.

    Raises:
        Unavailable: this version does not know the kind; a later one stored it.
    """
    found = PROVIDERS.get(kind)
    if found is None:
        raise Unavailable(f"this version does not know the provider {kind!a}")
    return found


def notifications_of(kind: str) -> Notifications:
    """How the notifications of a kind of provider are read.

    Raises:
        Unavailable: this version does not know the kind, or it has none.
    """
    found = provider_of(kind).notifications
    if found is None:
        raise Unavailable(f"the provider {kind!a} has no notifications")
    return found()
