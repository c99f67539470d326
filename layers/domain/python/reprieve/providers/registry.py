"""Every kind of provider, by the word for it. Adapters and webhooks are imported only when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.errors import Unavailable
from reprieve.providers.mail.provider import MAIL
from reprieve.providers.mailgun.provider import MAILGUN
from reprieve.providers.none import NONE
from reprieve.providers.postmark.provider import POSTMARK
from reprieve.providers.resend.provider import RESEND
from reprieve.providers.sendgrid.provider import SENDGRID
from reprieve.providers.ses.provider import SES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.access.account_rules import AccountRules
    from reprieve.providers.kind import ProviderKind
    from reprieve.suppressions.notifications import Notifications

PROVIDERS: Final[Mapping[str, ProviderKind]] = {
    one.kind: one for one in (SENDGRID, SES, RESEND, MAILGUN, POSTMARK, MAIL, NONE)
}
#: the rules that accounts are checked against
RULES: Final[Mapping[str, AccountRules]] = {kind: provider.account for kind, provider in PROVIDERS.items()}


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
