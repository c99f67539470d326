"""A kind of provider as one value: what an account needs, its adapter, and how its webhook is verified and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.account_rules import AccountRules
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.clock import Millis
    from reprieve.providers.connecting import Connection, Means
    from reprieve.removals.ports import Provider
    from reprieve.suppressions.ingest import Batch, Post
    from reprieve.suppressions.notifications import Notifications
    from reprieve.suppressions.ports import ProviderGroups


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The means that an adapter has besides its account.

    Attributes:
        clock: the time in milliseconds.
        aws: makes the boto3 client of an AWS service by its name and region ("" for the deployment's): one attempt per
            call, short timeouts.
    """

    clock: Callable[[], Millis]
    aws: Callable[[str, str], Any]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A provider's webhook: how its posts are verified and read.

    Attributes:
        check: raises Unauthenticated or LimitExceeded for a post that nothing could prove; it reads nothing stored.
        verify: given a post and the account's public key, raises Unauthenticated unless the provider sent the post.
        read: the events in a post; what cannot be read is in the batch as it came.
        lists: whether a post is an array of events, and not one event.
        by_token: whether a post is unsigned and carries an access token instead, which the provider has got from us
            (OAuth 2.0); None for a provider that gets none.
        nonce: the text of a verified post that proves it once: a post with other content that has it, too, is refused.
            None for a signature that covers the content itself.
    """

    check: Callable[[Post], None]
    verify: Callable[[Post, str], None]
    read: Callable[[Post], Batch]
    nonce: Callable[[Post], str] | None = None
    lists: bool = False
    by_token: Callable[[Post], bool] | None = None


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """One kind of provider. Making the value imports neither an adapter nor a webhook: its functions do.

    Attributes:
        kind: the word for it in accounts, paths and exported lists; lower-case letters and digits.
        account: what an account at it needs.
        adapter: makes the adapter of an account with its API key in clear ("" where the account has none).
        webhook: loads its Webhook; None when it has no webhook here.
        groups: opens an account's unsubscribe groups, as `adapter` does its lists; None when the provider has none.
        notifications: loads its Notifications; None when it has none.
        connection: the plan that connects an account; None when there is nothing to connect.
        keeps_lists: whether it keeps lists of its own, which a lift changes and the reconciliation reads.
    """

    kind: str
    account: AccountRules
    adapter: Callable[[ProviderAccount, str, Surroundings], Provider]
    webhook: Callable[[], Webhook] | None = None
    groups: Callable[[ProviderAccount, str, Surroundings], ProviderGroups] | None = None
    notifications: Callable[[], Notifications] | None = None
    connection: Callable[[Means], Connection] | None = None
    keeps_lists: bool = True

    @property
    def name(self) -> str:
        """The provider's name as the system log shows it."""
        return self.account.name
