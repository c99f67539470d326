"""Connecting an account: what has to be so, at its provider and here, for its events to arrive.

A provider's plan is data: steps, each with a check that only reads and a change that makes it so. One loop carries them
out, the same loop without the changes is the dry run, and the checks alone are how a deployment's drift is noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.provider_accounts import ProviderAccounts
    from reprieve.access.senders import Senders
    from reprieve.context import Context


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that has to be so.

    Attributes:
        title: what it is about, in a few words.
        missing: reads, and returns what is not so yet as a sentence; "" when nothing is missing.
        apply: makes it so, which is safe to repeat; returns what it did.
    """

    title: str
    missing: Callable[[], str]
    apply: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Trial:
    """How a connection proves itself.

    Attributes:
        trigger: has the provider send an event; returns what it asked for.
        recipient: whose events come of it; "" for every recipient's.
    """

    trigger: Callable[[], str]
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """What connects one account.

    Attributes:
        steps: in the order in which they lose no event.
        trial: None where nothing can be triggered.
        by_hand: what a person has to do at the provider, in order.
    """

    steps: Sequence[Step] = ()
    trial: Trial | None = None
    by_hand: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a connection is to be.

    Attributes:
        posts_to: the URL that the provider's webhook is to post to.
        topic: the ARN of the topic that Amazon SES is to publish to.
        configuration_set: the one of Amazon SES that mail is sent with; "" for those that are claimed already.
        sender: the address that a trial mail is from; "" sends none.
    """

    posts_to: str
    topic: str = ""
    configuration_set: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Means:
    """What a plan is made of, and works with.

    Attributes:
        context: who asks, for which organization.
        account: as it is stored, or is about to be.
        api_key: in clear; "" where the account has none.
        aws: makes boto3's client of an AWS service by its name and region ("" for the deployment's).
        wish: what the connection is to be.
        accounts: the verbs for provider accounts, for the webhook's key.
        senders: the verbs for claims on senders.
    """

    context: Context
    account: ProviderAccount
    api_key: str
    aws: Callable[[str, str], Any]
    wish: Wish
    accounts: ProviderAccounts
    senders: Senders
