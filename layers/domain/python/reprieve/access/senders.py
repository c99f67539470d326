"""Claims on what mail is sent with, where the provider's notifications do not name the organization.

Amazon SES says of a mail by which configuration set, tenant and identity it was sent, and nothing of us. So an
organization claims those that are its own, and a claim has one owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.access.log_entries import sender_changed
from reprieve.access.provider_account import DEFAULT, account_title, named
from reprieve.errors import Conflict, InvalidInput, NotFound
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.access.ports import AccessStore, SenderStore
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Senders:
    """The senders that organizations have claimed.

    Attributes:
        rules: by the kind of provider whose notifications name senders: returns a sender in the form in which they are
            compared, or raises InvalidInput.
    """

    senders: SenderStore
    access: AccessStore
    log: EventLog
    rules: Mapping[str, Callable[[str], str]]

    def claim(self, context: Context, kind: str, sender: str, account: str = DEFAULT) -> str:
        """Claim a sender; an organization may claim what it has claimed already, for another account, too.

        Args:
            context: who asks, for which organization.
            kind: the kind of provider.
            sender: what the provider's notifications call it, as `configuration-set/marketing`.
            account: the name of the provider account that sends with it; the default one need not be set.

        Returns:
            The sender in the form in which it is kept.

        Raises:
            InvalidInput: no such kind or no such sender.
            NotFound: the organization has no such account.
            Conflict: it belongs to another organization.
        """
        organization, checked = context.organization, self._checked(kind, sender)
        if account != DEFAULT and named(self.access.provider_accounts(organization.id), account) is None:
            raise NotFound("provider account of", account_title(organization.id, account))
        if not self.senders.claim(organization.id, kind, checked, account=account, now=context.now):
            raise Conflict(f"another organization has claimed {checked}")
        entry = sender_changed(EventType.SENDER_CLAIM, kind, checked, context=context, account=account)
        self.log.append(organization, [entry])
        return checked

    def release(self, context: Context, kind: str, sender: str) -> str:
        """Give up a claim: what is sent with it belongs to no organization from now on.

        Raises:
            InvalidInput: no such kind or no such sender.
            NotFound: the organization has not claimed it.
        """
        checked = self._checked(kind, sender)
        if not self.senders.release(context.organization.id, kind, checked):
            raise NotFound("sender", ascii(checked))
        entry = sender_changed(EventType.SENDER_RELEASE, kind, checked, context=context)
        self.log.append(context.organization, [entry])
        return checked

    def claimed(self, organization: Organization) -> list[tuple[str, str, str]]:
        """What an organization has claimed: kind of provider, sender and account's name, sorted."""
        return self.senders.claimed(organization.id)

    def _checked(self, kind: str, sender: str) -> str:
        if kind not in self.rules:
            raise InvalidInput(f"must be one of: {', '.join(self.rules)}", field="kind")
        return self.rules[kind](sender)
