"""The one place that names the adapters.

It goes from room to room in the order of the arrows: what all share, then for each subject its stores and its verbs.

What is cached, clients and most stores, is made once per process, when first needed. The rest is made for each call.

Imports are inside the functions on purpose: a function pays at its cold start only for what it uses.

It is one module, however long: each function is one construction and calls the others by name, so that a test that
replaces one, such as the clock or a client, replaces it for all that is built on it. A module per room would need these
names in each, and a replacement in one would leave the others as they are.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from reprieve import clock
from reprieve.errors import Unavailable
from reprieve.runtime import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.clients import Clients
    from reprieve.access.credential import Credential
    from reprieve.access.credentials import Credentials
    from reprieve.access.event_webhooks import EventWebhooks
    from reprieve.access.issuer import Issuer
    from reprieve.access.issuers import Issuers
    from reprieve.access.key_sets import KeySets
    from reprieve.access.organizations import Organizations
    from reprieve.access.ports import WebhookPoster
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.provider_accounts import ProviderAccounts
    from reprieve.access.quotas import Quotas
    from reprieve.access.repeats import Repeats
    from reprieve.access.senders import Senders
    from reprieve.access.sessions import Sessions
    from reprieve.access.sign_in_settings import SignInSettings
    from reprieve.access.sign_ins import SignIns
    from reprieve.access.signer import Signer
    from reprieve.access.signing_keys import SigningKeys
    from reprieve.access.token_requests import TokenRequests
    from reprieve.access.trust import Trust
    from reprieve.access.webhook_keys import WebhookKeys
    from reprieve.addresses.explain import Addresses
    from reprieve.addresses.prospects import Prospects
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.email_servers.manage import EmailServers
    from reprieve.exports.export import Exports
    from reprieve.exports.imports import Imports
    from reprieve.hooks.deliver import HookDelivery
    from reprieve.hooks.forms import Posters
    from reprieve.hooks.manage import Hooks
    from reprieve.hooks.manage_event_hooks import EventHooks
    from reprieve.hooks.stored import StoredHooks
    from reprieve.net.guard import HostPolicy
    from reprieve.net.identity_provider import IdentityProviders
    from reprieve.net.mail_hosts import MailHosts
    from reprieve.net.post import HookPoster
    from reprieve.organization import Organization
    from reprieve.policies.dry_run import DryRuns
    from reprieve.policies.manage import Policies
    from reprieve.policies.run import PolicyRun
    from reprieve.policies.term import Terms
    from reprieve.providers.connecting import Connection, Wish
    from reprieve.providers.kind import ProviderKind, Surroundings
    from reprieve.rates.overview import Rates
    from reprieve.rates.watch import RateWatch
    from reprieve.recipients.imports import RecipientImports
    from reprieve.recipients.records import Records
    from reprieve.removals.allowance import Allowance
    from reprieve.removals.confirmation import ConfirmationLinks
    from reprieve.removals.follow import Following
    from reprieve.removals.holds import Holds
    from reprieve.removals.job import RemovalJob
    from reprieve.removals.lists import Lists
    from reprieve.removals.ports import Provider
    from reprieve.removals.prompts import Prompts
    from reprieve.removals.rehearsal import Rehearsals
    from reprieve.removals.request import Removals
    from reprieve.removals.unblock import Unblocks
    from reprieve.removals.upkeep import Upkeep
    from reprieve.store.access import Access
    from reprieve.store.dead_letters import DeadLetters
    from reprieve.store.event_bus import EventBus
    from reprieve.store.groups import GroupStore
    from reprieve.store.holds import Holds as HoldStore
    from reprieve.store.hooks import Hooks as HookStore
    from reprieve.store.inquiries import Inquiries as InquiryStore
    from reprieve.store.link_keys import LinkKeys
    from reprieve.store.listing import Listing
    from reprieve.store.mailbox import Mailbox
    from reprieve.store.organization_rows import OrganizationRows
    from reprieve.store.policy_progress import PolicyProgress
    from reprieve.store.rates import Rates as RateStore
    from reprieve.store.recipients import Recipients
    from reprieve.store.removal_queue import RemovalQueue
    from reprieve.store.senders import Senders as SenderStore
    from reprieve.store.sign_ins import SignIns as SignInStore
    from reprieve.store.suppressions import Suppressions
    from reprieve.store.system_log import EventLog, LogReader
    from reprieve.store.table import Table
    from reprieve.store.tokens import Tokens
    from reprieve.store.transport import Transport
    from reprieve.store.vault import Vault
    from reprieve.store.whitelists import Whitelists as WhitelistStore
    from reprieve.suppressions.dead_letters import DeadLetters as DeadLetterVerbs
    from reprieve.suppressions.groups import UnsubscribeGroups
    from reprieve.suppressions.imports import ListImports
    from reprieve.suppressions.ingest import Ingest
    from reprieve.suppressions.links import UnsubscribeLinks
    from reprieve.suppressions.notifications import NotificationIngest
    from reprieve.suppressions.ports import ProviderGroups
    from reprieve.suppressions.reconcile import Reconciliation
    from reprieve.suppressions.replay import Replay
    from reprieve.suppressions.scheduled import ScheduledReconciliation
    from reprieve.suppressions.take_over import TakeOver
    from reprieve.suppressions.unsubscribe import Unsubscribes
    from reprieve.suppressions.whitelists import Whitelists
    from reprieve.system_log.query import SystemLog

#: as many as `store.transport` has calls under way at a time
CONNECTIONS = 16
#: organizations that a scheduled function works for at a time: 60 providers that hang for a turn of 20 s fit one run
LANES = 16
#: in seconds; together they are shorter than `span.SETTLING`
CONNECT_TIMEOUT = 2
READ_TIMEOUT = 5
#: the same for a prompt run, which an answer waits for; in seconds
PROMPT_TIMEOUT = 1


def now() -> Millis:
    """The present moment."""
    return clock.now()


def wait(duration: Millis) -> None:
    """Wait for a duration in milliseconds."""
    import time

    time.sleep(duration / clock.SECOND)


@cache
def client(service: str) -> Any:  # noqa: ANN401  (a boto3 client's type depends on its name)
    """A boto3 client with timeouts that fit inside a request, and few retries of its own; none for DynamoDB."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        # `store.transport.Retrying` is the one that repeats, except for entries of the system log
        retries={"total_max_attempts": 1 if service == "dynamodb" else 4},
        max_pool_connections=CONNECTIONS,
        # the stores build their arguments themselves; checking each again costs a quarter of a large webhook's time
        parameter_validation=False,
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


@cache
def provider_client(service: str, region: str) -> Any:  # noqa: ANN401
    """A boto3 client for a provider: one attempt per call, because the job decides whether to try again.

    Args:
        service: as boto3 calls it.
        region: "" for the deployment's own.
    """
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
    return boto3.client(service, config=config, region_name=region or None)  # type: ignore[call-overload]


def late(service: str) -> Transport:
    """A boto3 client that is made when it is first needed, as a transport."""
    from reprieve.store.transport import Late

    def make() -> Transport:
        from reprieve.store.boto3_transport import Boto3

        return Boto3(client(service))

    return Late(make)


@cache
def dynamodb() -> Transport:
    """DynamoDB, each call made once, over the transport that the settings choose."""
    if settings.dynamodb_transport() == "light":
        from reprieve.store.light import SERVICE, Light
        from reprieve.store.signed import endpoint_of

        region = settings.region()
        times = {"connect_timeout": CONNECT_TIMEOUT, "read_timeout": READ_TIMEOUT}
        return Light(region, endpoint_of(SERVICE, region), **times)
    from reprieve.store.boto3_transport import Boto3

    return Boto3(client("dynamodb"))


def table(name: str, suffix: str = "") -> Table:
    """A table by its name in the template; with a suffix, the one whose name has that besides."""
    from reprieve.store.table import Table
    from reprieve.store.transport import Retrying

    return Table(Retrying(dynamodb()), settings.table(name) + suffix)


@cache
def event_log() -> EventLog:
    """The system log. Its calls are not repeated by themselves: see `store.system_log`."""
    from reprieve.store.system_log import EventLog
    from reprieve.store.table import Table

    return EventLog(Table(dynamodb(), settings.table("EVENT_LOG")), now)


@cache
def log_reader() -> LogReader:
    """The reader of the system log."""
    from reprieve.store.system_log import LogReader

    return LogReader(table("EVENT_LOG"))


def system_log() -> SystemLog:
    """The queries of the system log."""
    from reprieve.system_log.query import SystemLog

    return SystemLog(log_reader(), now)


@cache
def access(suffix: str = "") -> Access:
    """Organizations, credentials, provider accounts; see `organization_rows` for the suffix."""
    from reprieve.store.access import Access

    return Access(table("ACCESS", suffix), table("PROVIDER_ACCOUNTS", suffix))


@cache
def vault() -> Vault:
    """Secrets under KMS."""
    from reprieve.store.vault import Vault

    return Vault(late("kms"), settings.key_id())


@cache
def tokens() -> Tokens:
    """OAuth clients, refresh tokens, signing keys."""
    from reprieve.store.tokens import Tokens

    return Tokens(table("TOKENS"), table("ACCESS"))


@cache
def quotas() -> Quotas:
    """The quotas, with what this process has leased of them."""
    from reprieve.access.quotas import Quotas
    from reprieve.store.quotas import Leases

    return Quotas(Leases(table("ACCESS")))


@cache
def sender_store() -> SenderStore:
    """The claims on senders."""
    from reprieve.store.senders import Senders

    return Senders(table("PROVIDER_ACCOUNTS"))


def organizations() -> Organizations:
    """The verbs for organizations and their settings."""
    from reprieve.access.organizations import Organizations

    return Organizations(access(), event_log())


def credentials(
    check_scopes: Callable[[frozenset[str]], None], among: Callable[[Credential], bool] = lambda _: True
) -> Credentials:
    """The verbs for credentials; see `Credentials` for the arguments."""
    from reprieve.access.credentials import Credentials

    return Credentials(access(), event_log(), check_scopes, among)


def clients(check_scopes: Callable[[frozenset[str]], None]) -> Clients:
    """The verbs for OAuth clients; see `Clients` for the check."""
    from reprieve.access.clients import Clients

    return Clients(tokens(), event_log(), check_scopes)


def token_requests() -> TokenRequests:
    """The verbs of the token endpoints."""
    from reprieve.access.token_requests import TokenRequests

    return TokenRequests(tokens(), access(), signer(), event_log(), settings.token_issuer())


def signing_keys() -> SigningKeys:
    """The verbs for the keys that sign access tokens."""
    from reprieve.access.signing_keys import SigningKeys

    return SigningKeys(tokens(), access(), vault(), event_log())


@cache
def signer() -> Signer:
    """The key that signs access tokens."""
    from reprieve.access.signer import Signer

    return Signer(tokens(), vault())


@cache
def trust() -> Trust:
    """The verifier of access tokens. Most callers have none, so only the first one of a process loads it."""
    from reprieve.access.outside_token import OutsideTokens
    from reprieve.access.trust import Trust
    from reprieve.store.tokens import Trust as Store

    store = Store(table("ACCESS"))
    return Trust(store, settings.token_issuer(), OutsideTokens(store, issuer_keys(None)))


def chosen_hosts(own_port: int | None = None) -> HostPolicy:
    """The rules for URLs that users chose; a port of this deployment's own is allowed too, as the local stack's is."""
    from reprieve.net.guard import HostPolicy

    ports = (*settings.token_ports(), *((own_port,) if own_port else ()))
    return HostPolicy(ports=ports, private_networks=settings.private_mail_networks())


def identity_providers(own_port: int | None) -> IdentityProviders:
    """HTTP with identity providers; see `chosen_hosts` for the port."""
    from reprieve.net.identity_provider import IdentityProviders

    return IdentityProviders(chosen_hosts(own_port))


@cache
def issuer_keys(own_port: int | None) -> KeySets:
    """The keys of issuers, with those that this process has read; see `chosen_hosts` for the port."""
    from reprieve.access.key_sets import KeySets

    def fetch(issuer: Issuer) -> object:
        return identity_providers(own_port).document(issuer.jwks_url, issuer.private_ca)

    return KeySets(fetch)


@cache
def sign_in_store() -> SignInStore:
    """Where the people of organizations sign in."""
    from reprieve.store.sign_ins import SignIns

    return SignIns(table("ACCESS"))


def sign_in_settings(check_scopes: Callable[[frozenset[str]], None], url: str | None = None) -> SignInSettings:
    """The verbs for where people sign in.

    Args:
        check_scopes: see `SignInSettings`.
        url: this deployment's own, where it is a local stack.
    """
    from urllib.parse import urlsplit

    from reprieve.access.sign_in_settings import SignInSettings

    own_port = urlsplit(url).port if url else None
    return SignInSettings(sign_in_store(), vault(), identity_providers(own_port), event_log(), check_scopes)


def sign_ins(redirect_uri: str) -> SignIns:
    """The verbs that sign people in; issuers send them back to that URI, which is this deployment's own."""
    from urllib.parse import urlsplit

    from reprieve.access.sign_ins import SignIns
    from reprieve.dialects.console.dialect import DIALECT

    port = urlsplit(redirect_uri).port
    return SignIns(sign_in_store(), vault(), identity_providers(port), issuer_keys(port), redirect_uri, DIALECT.scopes)


def issuers(check_scopes: Callable[[frozenset[str]], None]) -> Issuers:
    """The verbs for outside issuers; see `Issuers` for the check."""
    from reprieve.access.issuers import Issuers
    from reprieve.store.issuers import Issuers as Store

    return Issuers(Store(table("ACCESS")), event_log(), check_scopes)


def trusted_issuers(organization: Organization) -> list[Issuer]:
    """The outside issuers that an organization trusts, oldest first."""
    return issuers(lambda _: None).of(organization)


def provider_accounts() -> ProviderAccounts:
    """The verbs for provider accounts."""
    from reprieve.access.provider_accounts import ProviderAccounts
    from reprieve.providers.registry import RULES

    return ProviderAccounts(access(), vault(), event_log(), RULES)


@cache
def webhook_keys() -> WebhookKeys:
    """The keys that verify the posts of providers' webhooks."""
    from reprieve.access.webhook_keys import WebhookKeys
    from reprieve.providers.registry import RULES

    return WebhookKeys(access(), vault, RULES)


def event_webhooks() -> EventWebhooks:
    """The verbs for event webhooks."""
    from reprieve.access.event_webhooks import EventWebhooks
    from reprieve.store.event_webhooks import EventWebhooks as Store

    return EventWebhooks(Store(table("SUPPRESSIONS")), vault(), vault(), event_log())


def webhook_poster(url: str) -> WebhookPoster:
    """What tries event webhooks out; it may also post to the port of this deployment's own URL."""
    from urllib.parse import urlsplit

    from reprieve.net.post import Poster

    return Poster(chosen_hosts(urlsplit(url).port))


def sessions() -> Sessions:
    """The verbs for sessions of the console."""
    from reprieve.access.sessions import Sessions
    from reprieve.dialects.console.dialect import DIALECT
    from reprieve.store.quotas import Leases
    from reprieve.store.sessions import Sessions as Store

    counts = Leases(table("ACCESS"))
    return Sessions(Store(table("ACCESS")), access(), sign_in_store(), counts, event_log(), DIALECT.scopes)


def senders() -> Senders:
    """The verbs for what organizations send mail with."""
    from reprieve.access.senders import Senders
    from reprieve.providers.registry import PROVIDERS

    rules = {one.kind: one.notifications().checked_sender for one in PROVIDERS.values() if one.notifications}
    return Senders(sender_store(), access(), event_log(), rules)


def repeats() -> Repeats:
    """Requests that come with an idempotency key."""
    from reprieve.access.repeats import Repeats
    from reprieve.store.repeats import Repeats as Store

    return Repeats(Store(table("SUPPRESSIONS")))


@cache
def recipients() -> Recipients:
    """The recipients and their addresses."""
    from reprieve.store.recipients import Recipients

    return Recipients(table("RECIPIENTS"))


def records() -> Records:
    """The verbs for the records of CRM modules."""
    from reprieve.recipients.records import Records

    return Records(recipients(), event_log())


def recipient_imports() -> RecipientImports:
    """The verb that imports recipients."""
    from reprieve.recipients.imports import RecipientImports

    return RecipientImports(recipients(), event_log())


@cache
def suppressions() -> Suppressions:
    """The suppression records."""
    from reprieve.store.suppressions import Suppressions

    return Suppressions(table("SUPPRESSIONS"))


@cache
def listing() -> Listing:
    """The lists as they are shown."""
    from reprieve.store.listing import Listing

    return Listing(table("SUPPRESSIONS"))


@cache
def whitelist_store() -> WhitelistStore:
    """The address whitelists."""
    from reprieve.store.whitelists import Whitelists

    return Whitelists(table("SUPPRESSIONS"))


@cache
def group_store() -> GroupStore:
    """The unsubscribe groups."""
    from reprieve.store.groups import GroupStore

    return GroupStore(table("SUPPRESSIONS"))


@cache
def link_keys() -> LinkKeys:
    """The keys of unsubscribe links."""
    from reprieve.store.link_keys import LinkKeys

    return LinkKeys(table("SUPPRESSIONS"), vault())


@cache
def dead_letters() -> DeadLetters:
    """The dead-letter queue."""
    from reprieve.store.dead_letters import DeadLetters

    return DeadLetters(late("sqs"), settings.dead_letter_queue())


def ingest() -> Ingest:
    """The verb that takes in delivery events."""
    from reprieve.suppressions.ingest import Ingest

    log, letters = event_log(), dead_letters()
    return Ingest(suppressions(), unsubscribe_groups(), whitelist_store(), log, letters, inquiry_store(), rate_store())


def replay() -> Replay:
    """The verb that takes in events out of files."""
    from reprieve.suppressions.replay import Replay

    return Replay(ingest())


def notification_ingest(kind: str) -> NotificationIngest:
    """The verb that takes in the notifications of one kind of provider, which has some."""
    from reprieve.providers.registry import notifications_of, provider_of
    from reprieve.suppressions.notifications import NotificationIngest

    provider_name = provider_of(kind).name
    return NotificationIngest(
        kind, provider_name, notifications_of(kind), access(), sender_store(), ingest(), dead_letters()
    )


@cache
def mailbox() -> Mailbox:
    """The mails that Amazon SES received."""
    from reprieve.store.mailbox import Mailbox

    return Mailbox(late("s3"))


def dead_letter_verbs() -> DeadLetterVerbs:
    """The verbs on the dead-letter queue."""
    from reprieve.providers.registry import PROVIDERS
    from reprieve.suppressions.dead_letters import DeadLetters as DeadLetterVerbs
    from reprieve.suppressions.dead_letters import Reader

    readers = {one.kind: Reader(one.name, one.webhook().read) for one in PROVIDERS.values() if one.webhook}
    for one in PROVIDERS.values():
        if one.notifications:
            readers[one.kind] = Reader(one.name, one.notifications().read, notification_ingest(one.kind).owner)
    return DeadLetterVerbs(dead_letters(), access(), ingest(), readers)


def whitelists() -> Whitelists:
    """The verbs for address whitelists."""
    from reprieve.suppressions.whitelists import Whitelists

    return Whitelists(whitelist_store(), event_log())


def unsubscribe_groups() -> UnsubscribeGroups:
    """The verbs for unsubscribe groups."""
    from reprieve.suppressions.groups import UnsubscribeGroups

    return UnsubscribeGroups(group_store(), event_log(), provider_groups)


def unsubscribes() -> Unsubscribes:
    """The verb that unsubscribes addresses."""
    from reprieve.suppressions.unsubscribe import Unsubscribes

    return Unsubscribes(suppressions(), suppressions(), event_log())


def unsubscribe_links() -> UnsubscribeLinks:
    """The verbs for unsubscribe links."""
    from reprieve.suppressions.links import UnsubscribeLinks

    return UnsubscribeLinks(access(), link_keys(), group_store(), listing(), unsubscribes())


def list_imports() -> ListImports:
    """The verb that imports suppression lists."""
    from reprieve.suppressions.imports import ListImports

    return ListImports(take_over(), whitelist_store())


def take_over() -> TakeOver:
    """The verb that takes over entries of files and of providers' lists."""
    from reprieve.suppressions.take_over import TakeOver

    return TakeOver(suppressions(), event_log())


def reconciliation() -> Reconciliation:
    """The comparison with the providers' lists."""
    from reprieve.store.comparison import Comparison
    from reprieve.suppressions.reconcile import Reconciliation

    comparison = Comparison(table("SUPPRESSIONS"))
    groups = unsubscribe_groups()
    return Reconciliation(access(), take_over(), whitelist_store(), hold_store(), comparison, groups, provider_for)


@cache
def inquiry_store() -> InquiryStore:
    """The inquiries."""
    from reprieve.store.inquiries import Inquiries

    return Inquiries(table("SUPPRESSIONS"))


def scheduled_reconciliation(context: Any) -> ScheduledReconciliation:  # noqa: ANN401  (Lambda's context object)
    """One run over every organization, bounded by the time that Lambda gives it."""
    import random

    from reprieve.lanes import threads
    from reprieve.suppressions.inquiries import Inquiries
    from reprieve.suppressions.scheduled import ScheduledReconciliation

    comparing = reconciliation()
    return ScheduledReconciliation(
        access=access(),
        reconciliation=comparing,
        groups=unsubscribe_groups(),
        inquiries=Inquiries(access(), inquiry_store(), comparing, provider_for),
        remaining=context.get_remaining_time_in_millis,
        spread=random.SystemRandom().random,
        lanes=threads(LANES),
    )


@cache
def removal_queue() -> RemovalQueue:
    """The removal queue."""
    from reprieve.store.removal_queue import RemovalQueue

    return RemovalQueue(table("SUPPRESSIONS"))


@cache
def hold_store() -> HoldStore:
    """The holds."""
    from reprieve.store.holds import Holds

    return Holds(table("SUPPRESSIONS"))


def removals() -> Removals:
    """The verb that requests removals."""
    from reprieve.removals.request import Removals

    return Removals(suppressions(), recipients(), event_log(), allowance())


def allowance() -> Allowance:
    """What the help desk may still lift."""
    from reprieve.removals.allowance import Allowance
    from reprieve.store.lift_counts import LiftCounts

    return Allowance(LiftCounts(table("ACCESS")))


def rehearsals() -> Rehearsals:
    """The verb that rehearses lifts of many addresses."""
    from reprieve.removals.rehearsal import Rehearsals

    return Rehearsals(listing(), hold_store(), recipients(), allowance())


def lists() -> Lists:
    """The verbs for owners of lists."""
    from reprieve.removals.lists import Lists

    return Lists(suppressions(), listing(), access(), event_log(), allowance())


def holds() -> Holds:
    """The verbs for holds."""
    from reprieve.removals.holds import Holds

    return Holds(hold_store(), listing(), suppressions(), event_log())


def following() -> Following:
    """The verbs that follow removals."""
    from reprieve.removals.follow import Following
    from reprieve.store.removal_records import RemovalRecords

    return Following(RemovalRecords(table("SUPPRESSIONS")), removal_queue(), event_log())


def unblocks() -> Unblocks:
    """The verb that unblocks records' addresses."""
    from reprieve.removals.unblock import Unblocks
    from reprieve.store.unblocks import Unblocks as Store

    return Unblocks(Store(table("SUPPRESSIONS")), recipients(), event_log(), allowance())


def confirmation_links() -> ConfirmationLinks:
    """The verbs for confirmation links."""
    from reprieve.removals.confirmation import ConfirmationLinks

    return ConfirmationLinks(access(), link_keys(), unblocks())


@cache
def prompts() -> Prompts | None:
    """The prompt runs that this process asks for; None where it asks for none."""
    job = settings.removal_job()
    if job is None:
        return None
    from reprieve.removals.prompts import Prompts
    from reprieve.store.job_runs import JobRuns

    return Prompts(JobRuns(job_service(), *job))


def job_service() -> Transport:
    """Lambda, each call made once and in a moment, over the transport that the settings choose for DynamoDB."""
    if settings.dynamodb_transport() == "light":
        from reprieve.store.job_runs import SERVICE, LightLambda
        from reprieve.store.signed import Sender, endpoint_of

        region = settings.region()
        times = {"connect_timeout": PROMPT_TIMEOUT, "read_timeout": PROMPT_TIMEOUT}
        return LightLambda(Sender(SERVICE, region, endpoint_of(SERVICE, region), **times))
    import boto3
    from botocore.config import Config

    from reprieve.store.boto3_transport import Boto3

    config = Config(connect_timeout=PROMPT_TIMEOUT, read_timeout=PROMPT_TIMEOUT, retries={"total_max_attempts": 1})
    return Boto3(boto3.client("lambda", config=config))


def removal_job(context: Any) -> RemovalJob:  # noqa: ANN401  (Lambda's context object)
    """One run of the job, bounded by the time that Lambda gives it."""
    import random

    from reprieve.lanes import threads
    from reprieve.removals.job import RemovalJob

    return RemovalJob(
        access=access(),
        queue=removal_queue(),
        log=event_log(),
        groups=group_store(),
        provider_for=provider_for,
        clock=now,
        remaining=context.get_remaining_time_in_millis,
        spread=random.SystemRandom().random,
        lanes=threads(LANES),
    )


def upkeep(context: Any) -> Upkeep:  # noqa: ANN401  (Lambda's context object)
    """One run of the upkeep, bounded by the time that Lambda gives it."""
    from reprieve.removals.upkeep import Upkeep
    from reprieve.store.old_queue import OldQueue

    old_queue = OldQueue(table("SUPPRESSIONS"))
    remaining, look = context.get_remaining_time_in_millis, rate_watch().look
    return Upkeep(access(), suppressions(), listing(), old_queue, look, now, remaining)


@cache
def rate_store() -> RateStore:
    """The counts of delivery events. Its calls are not repeated by themselves: see `store.rates`."""
    from reprieve.store.rates import Rates
    from reprieve.store.table import Table

    return Rates(Table(dynamodb(), settings.table("SUPPRESSIONS")))


def rate_watch() -> RateWatch:
    """What warns of rates that come near the limits of providers."""
    from reprieve.rates.watch import RateWatch

    return RateWatch(rate_store(), event_log(), log_reader())


def rates() -> Rates:
    """The rates of bounces and complaints."""
    from reprieve.rates.overview import Rates

    return Rates(rate_store())


def policies() -> Policies:
    """The verbs for policies."""
    from reprieve.policies.manage import Policies

    return Policies(access(), event_log())


def policy_progress() -> PolicyProgress:
    """How far the runs of policies have come, and their brakes."""
    from reprieve.store.policy_progress import PolicyProgress

    return PolicyProgress(table("SUPPRESSIONS"))


def policy_run(context: Any) -> PolicyRun:  # noqa: ANN401  (Lambda's context object)
    """One run of the policies, bounded by the time that Lambda gives it."""
    import random

    from reprieve.policies.run import PolicyRun
    from reprieve.store.evidence import EvidenceStore

    evidence, progress = EvidenceStore(table("SUPPRESSIONS")), policy_progress()
    return PolicyRun(
        access=access(),
        listing=listing(),
        evidence=evidence,
        holds=hold_store(),
        removals=suppressions(),
        progress=progress,
        policies=policies(),
        reader=log_reader(),
        log=event_log(),
        clock=now,
        remaining=context.get_remaining_time_in_millis,
        spread=random.SystemRandom().random,
        listening=listening,
    )


def listening() -> frozenset[str]:
    """The ids of the organizations with a hook that hears of the ends of holds."""
    from reprieve.hooks.notice import NoticeType
    from reprieve.system_log.entry import EventType

    hooks = hook_store().enabled()
    expiring = ((one, EventType.POLICY_EXPIRING if one.event_hook else NoticeType.EXPIRING) for one in hooks)
    return frozenset(one.organization_id for one, kind in expiring if one.hears_of(kind))


def terms() -> Terms:
    """The terms of entries."""
    from reprieve.policies.term import Terms
    from reprieve.store.evidence import EvidenceStore

    return Terms(EvidenceStore(table("SUPPRESSIONS")))


def dry_runs() -> DryRuns:
    """The dry runs of policies."""
    from reprieve.policies.dry_run import DryRuns
    from reprieve.store.evidence import EvidenceStore

    return DryRuns(listing(), EvidenceStore(table("SUPPRESSIONS")), log_reader())


def addresses() -> Addresses:
    """The verb that explains an address."""
    from reprieve.addresses.explain import Addresses

    stores = listing(), group_store(), whitelist_store(), hold_store(), log_reader(), recipients(), quotas()
    return Addresses(*stores, mail_hosts())


@cache
def mail_hosts() -> MailHosts:
    """Where domains take mail; what was found out is kept for as long as the DNS says."""
    from reprieve.net.mail_hosts import MailHosts

    return MailHosts()


def prospects() -> Prospects:
    """What is to be expected of lifts."""
    from reprieve.addresses.prospects import Prospects
    from reprieve.store.evidence import EvidenceStore

    return Prospects(EvidenceStore(table("SUPPRESSIONS")), mail_hosts())


@cache
def hook_store() -> HookStore:
    """The hooks."""
    from reprieve.store.hooks import Hooks

    return Hooks(table("SUPPRESSIONS"))


def hook_poster() -> HookPoster:
    """What posts to hooks, by the rules for every address that a user chose."""
    from reprieve.net.post import HookPoster

    return HookPoster(chosen_hosts())


def event_bus() -> EventBus:
    """The deployment's event bus. One attempt per call: the delivery decides whether to try again."""
    from reprieve.hooks.event_bus import region_of
    from reprieve.store.event_bus import EventBus
    from reprieve.store.transport import Late

    arn = settings.event_bus()

    def events() -> Transport:
        from reprieve.store.boto3_transport import Boto3

        return Boto3(provider_client("events", region_of(arn)))

    return EventBus(Late(events), arn)


def posters() -> Posters:
    """What posts to hooks, of whichever form."""
    from reprieve.hooks.forms import Posters

    return Posters(hook_poster(), event_bus())


def hooks() -> Hooks:
    """The verbs for hooks."""
    from reprieve.hooks.manage import Hooks

    return Hooks(stored_hooks(), vault(), vault(), posters())


def event_hooks() -> EventHooks:
    """The verbs for event hooks of Okta's form."""
    from reprieve.hooks.manage_event_hooks import EventHooks

    return EventHooks(stored_hooks(), vault(), vault(), hook_poster())


def stored_hooks() -> StoredHooks:
    """The hooks, and the entry in the system log for each of their changes."""
    from reprieve.hooks.stored import StoredHooks

    return StoredHooks(hook_store(), event_log())


def hook_delivery(context: Any) -> HookDelivery:  # noqa: ANN401  (Lambda's context object)
    """One run over every hook, bounded by the time that Lambda gives it."""
    import random

    from reprieve.hooks.deliver import HookDelivery
    from reprieve.lanes import threads

    return HookDelivery(
        hooks=hook_store(),
        access=access(),
        reader=log_reader(),
        log=event_log(),
        opener=vault(),
        posters=posters(),
        clock=now,
        remaining=context.get_remaining_time_in_millis,
        chance=random.SystemRandom().random,
        lanes=threads(LANES),
    )


@cache
def email_servers() -> EmailServers:
    """The verbs for the organizations' own SMTP servers."""
    from reprieve.email_servers.manage import EmailServers
    from reprieve.net.guard import HostPolicy
    from reprieve.smtp.courier import Courier
    from reprieve.store.email_servers import EmailServers as Store

    courier = Courier(
        servers=HostPolicy(ports=settings.mail_ports(), private_networks=settings.private_mail_networks()),
        token_endpoints=chosen_hosts(),
        client_name=settings.mail_client_name(),
    )
    return EmailServers(
        store=Store(table("EMAIL_SERVERS")),
        vault=vault(),
        courier=courier,
        log=event_log(),
        maximum=settings.max_email_servers(),
    )


def organization_rows(suffix: str = "") -> OrganizationRows:
    """Everything that is stored of organizations.

    Args:
        suffix: of the tables' names, after those of the stack; restored tables have one.
    """
    from reprieve.dialects.zoho.modules import MODULES
    from reprieve.store.email_servers import EmailServers
    from reprieve.store.organization_rows import OrganizationRows
    from reprieve.store.recipients import Recipients

    people = table("RECIPIENTS", suffix)
    return OrganizationRows(
        suppressions=table("SUPPRESSIONS", suffix),
        log=table("EVENT_LOG", suffix),
        access=table("ACCESS", suffix),
        accounts=table("PROVIDER_ACCOUNTS", suffix),
        recipients=Recipients(people),
        recipient_table=people,
        servers=EmailServers(table("EMAIL_SERVERS", suffix)),
        modules=frozenset(MODULES),
    )


def exports(suffix: str = "") -> Exports:
    """The verb that exports organizations; see `organization_rows` for the suffix."""
    from reprieve.exports.export import Exports

    return Exports(organization_rows(suffix), event_log())


def imports() -> Imports:
    """The verb that imports organizations."""
    from reprieve.exports.imports import Imports
    from reprieve.providers.registry import RULES

    return Imports(organization_rows(), access(), event_log(), RULES, wait)


def provider_groups(organization: Organization, name: str) -> ProviderGroups | None:
    """The unsubscribe groups of an organization's account of that name; None where it or its provider has none.

    Raises:
        Unavailable: the account is paused, or its key could not be unsealed.
    """
    from reprieve.access.provider_account import named

    account = named(access().provider_accounts(organization.id), name)
    if account is None:
        return None
    provider, key, surroundings = _opened(organization, account)
    if provider.groups is None:
        return None
    if account.is_paused(now()):
        raise Unavailable("the provider account is paused")
    return provider.groups(account, key, surroundings)


def provider_for(organization: Organization, account: ProviderAccount) -> Provider:
    """The adapter of an organization's account at its provider, with the key unsealed.

    Raises:
        Unavailable: the key could not be unsealed, or this version does not know the kind of provider.
    """
    provider, key, surroundings = _opened(organization, account)
    return provider.adapter(account, key, surroundings)


def connection(
    context: Context, account: ProviderAccount, wish: Wish, *, api_key: str | None = None
) -> Connection | None:
    """The plan that connects an account at its provider; None where there is nothing to connect.

    Args:
        context: who asks, for which organization.
        account: as it is stored, or is about to be.
        wish: what the connection is to be.
        api_key: in clear, for an account that is not stored yet; None for the stored one.

    Raises:
        Unavailable: the key could not be unsealed, or this version does not know the kind of provider.
    """
    from reprieve.providers.connecting import Means
    from reprieve.providers.registry import provider_of

    plan = provider_of(account.kind).connection
    if plan is None:
        return None
    key = _opened(context.organization, account)[1] if api_key is None else api_key
    return plan(Means(context, account, key, provider_client, wish, provider_accounts(), senders()))


def _opened(organization: Organization, account: ProviderAccount) -> tuple[ProviderKind, str, Surroundings]:
    """An account's kind of provider, its key in clear, and what an adapter needs besides."""
    from reprieve.access.provider_accounts import provider_key_context
    from reprieve.providers.kind import Surroundings
    from reprieve.providers.registry import provider_of

    provider, key = provider_of(account.kind), ""
    if provider.account.has_key:
        key = vault().unseal(account.sealed_key, provider_key_context(organization.id, account.name))
    return provider, key, Surroundings(clock=now, aws=provider_client)


settings.require(*settings.COMMON)
if settings.is_for_snapshot():
    # What every function needs to reach DynamoDB is most of a cold start, so the snapshot is to hold it. It has no
    # connection yet, its credentials renew themselves, and nothing draws from a generator that a snapshot repeats.
    dynamodb()
    if settings.dynamodb_transport() == "light":
        from reprieve.store.connection import authorities

        authorities()
