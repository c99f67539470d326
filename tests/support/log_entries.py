"""A log entry of each type, and of each kind within a type, by the functions that make them."""

from __future__ import annotations

from dataclasses import replace

from reprieve.access.access_token import AccessToken
from reprieve.access.client import Client, ClientKind, RefreshToken
from reprieve.access.credential import Credential
from reprieve.access.event_webhook import EventWebhook
from reprieve.access.issuer import Grant, Issuer
from reprieve.access.log_entries import (
    client_changed,
    credential_changed,
    event_webhook_changed,
    issuer_changed,
    organization_changed,
    provider_account_changed,
    provider_account_removed,
    provider_paused,
    provider_resumed,
    sender_changed,
    session_changed,
    sign_in_changed,
    signing_key_rotated,
    token_granted,
    token_revoked,
)
from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.sign_in import SignIn
from reprieve.access.signing_key import SigningKey
from reprieve.address import Address
from reprieve.clock import DAY, EPOCH, HOUR, MINUTE, Millis
from reprieve.context import POLICY, Actor
from reprieve.email_servers.email_server import AuthType, EmailServer, Settings
from reprieve.email_servers.log_entries import MESSAGE, server_entry
from reprieve.exports import log_entries as export_entries
from reprieve.hooks.hook import Hook, Progress, Secret
from reprieve.hooks.log_entries import MESSAGE as HOOK_MESSAGE
from reprieve.hooks.log_entries import hook_changed, hook_disabled
from reprieve.organization import Organization, PolicySetting
from reprieve.policies.announce import announcement
from reprieve.policies.log_entries import lifted, policy_changed, policy_stopped
from reprieve.policies.verdict import Decision, Ground, Verdict
from reprieve.rates.log_entries import rate_warning
from reprieve.rates.rate import Counts, Crossing, Measure, Window
from reprieve.recipients import log_entries as recipient_entries
from reprieve.recipients.log_entries import recipient_changed
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.log_entries import (
    held,
    hold_lifted,
    list_cleared,
    removal_done,
    removal_failed,
    removal_requested,
    removal_retried,
    removal_superseded,
    removals_done,
    unblocks_reset,
)
from reprieve.removals.removal import Removal, RemovalState
from reprieve.role import Role
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.evidence import Evidence, Outcome
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.log_entries import (
    addresses_listed,
    delivery_entry,
    group_created,
    group_deleted,
    groups_changed,
    whitelist_changed,
)
from reprieve.suppressions.suppression import HOLDS, Suppression, SuppressionList
from reprieve.system_log.entry import EventType, LogEntry
from tests.support.contexts import context

NOW = Millis(1_767_225_600_123)
CROSSING = Crossing(DEFAULT, Measure.BOUNCES, Window.DAY, Counts(delivered=960, bounces=40))
WHO = context(Organization("acme", "Acme", provider_name="Sendgrid"), now=NOW, credential="cred-1", request_id="r1")

DELIVERY = DeliveryEvent(
    "event-1",
    DeliveryKind.BOUNCE,
    "Name@Company.com",
    "name@company.com",
    NOW,
    "550 5.1.1 no such user ",
    "5.1.1",
    provider="sendgrid",
    message_id="m1",
)
USER = Recipient(
    "00u1", USERS, Address.parse("ann@x.org"), None, EPOCH, NOW, {"firstName": "Ann", "lastName": "Lee", "login": "ann"}
)
LEAD = replace(USER, id="4711", module="Leads")
SERVER = EmailServer(
    id="ces1",
    settings=Settings(
        alias="Mail", host="mail.x.org", port=587, username="ann", auth_type=AuthType.BASIC, enabled=False
    ),
    sealed=b"",
)
ACCOUNT = ProviderAccount("sendgrid", "https://api.sendgrid.com", b"sealed", "", "key")
GROUP = Group(7, "News", "monthly")


def a_removal(number: int = 0) -> Removal:
    email = f"Name{number}@Company.com"
    return Removal(
        id=f"r1-{number}",
        list=SuppressionList.BOUNCES,
        key=email.casefold(),
        email=email,
        state=RemovalState.PENDING,
        requested_at=Millis(NOW - MINUTE),
        requested_by="cred-1",
        request_id="r1",
        forgiven_until=EPOCH,
        forgiven_bounce=EPOCH,
        bounced_at=None,
        attempts=1,
        fence=2,
        due_at=NOW,
    )


def entries() -> dict[str, LogEntry]:
    """One entry of each type, and of each kind within a type, by name."""
    return {
        **_of_suppressions(),
        **_of_removals(),
        **_of_access(),
        **_of_recipients(),
        **_of_email_servers(),
        **_of_hooks(),
    }


def _of_suppressions() -> dict[str, LogEntry]:
    found = {
        f"{EventType.EMAIL_DELIVERY} {kind}": delivery_entry(replace(DELIVERY, kind=kind), provider_name="Sendgrid")
        for kind in DeliveryKind
        if "group" not in kind
    }
    for kind in (DeliveryKind.GROUP_UNSUBSCRIBE, DeliveryKind.GROUP_RESUBSCRIBE):
        found[f"{EventType.EMAIL_DELIVERY} {kind}"] = delivery_entry(
            replace(DELIVERY, kind=kind, group=7, message="", status=""), provider_name="Sendgrid"
        )
    found[EventType.WHITELIST_UPDATE] = whitelist_changed(
        {"enabled": True, "entries": []}, {"enabled": True, "entries": ["x.org"]}, context=WHO
    )
    found[EventType.POLICY_UPDATE] = policy_changed(
        PolicySetting(version=1), PolicySetting('[{"name":"a","when":{},"then":"lift"}]', 2, enabled=True), context=WHO
    )
    entry = Suppression(SuppressionList.BOUNCES, "a@x.org", "A@x.org", Millis(NOW - 8 * DAY), status="5.1.1")
    evidence = Evidence((Outcome.of(entry),), 1, Millis(NOW - 40 * DAY))
    verdict = Verdict(Decision.LIFT, Ground.RELAPSED, Millis(NOW - DAY), "hard bounce", 1)
    found[EventType.POLICY_STOP] = policy_stopped(20, 5, context=replace(WHO, actor=POLICY))
    found[EventType.POLICY_LIFT] = lifted(entry, evidence, verdict, context=replace(WHO, actor=POLICY))
    held = replace(verdict, decision=Decision.HOLD, until=Millis(NOW + DAY))
    found[EventType.POLICY_EXPIRING] = announcement(entry, held, context=replace(WHO, actor=POLICY))
    told = Verdict(Decision.NOTIFY, Ground.RULE, rule="partners")
    found[EventType.POLICY_NOTIFY] = announcement(entry, told, context=replace(WHO, actor=POLICY))
    found[EventType.RATE_WARNING] = rate_warning(WHO.organization, CROSSING, level=80, now=NOW)
    found[EventType.GROUP_CREATE] = group_created(GROUP, context=WHO)
    (found[EventType.GROUP_UPDATE],) = groups_changed(
        Groups((GROUP,)), Groups((replace(GROUP, name="Offers"),)), context=WHO
    )
    found[EventType.GROUP_DELETE] = group_deleted(GROUP, context=WHO)
    (found[EventType.SUPPRESSION_ADD],) = addresses_listed(
        ["a@x.org", "B@x.org"], SuppressionList.UNSUBSCRIBES, "api", context=WHO
    )
    return found


def _of_hooks() -> dict[str, LogEntry]:
    progress, secrets = Progress("1"), (Secret(b"sealed"),)
    url = "https://x.example/hook"
    hook = Hook("acme", "hook-1", 0, url, "", frozenset(), True, "", secrets, NOW, NOW, progress)
    found = {event_type: hook_changed(event_type, hook, context=WHO) for event_type in HOOK_MESSAGE}
    found[EventType.HOOK_DISABLE] = hook_disabled(hook, "it answered 410 Gone", now=NOW)
    return {str(name): one for name, one in found.items()}


def _of_removals() -> dict[str, LogEntry]:
    found: dict[str, LogEntry] = {}
    (found[EventType.BOUNCE_REMOVAL],) = removal_requested(["a@x.org", "B@x.org"], SuppressionList.BOUNCES, context=WHO)
    (found[EventType.SUPPRESSION_REMOVAL],) = removal_requested(["a@x.org"], SuppressionList.BLOCKS, context=WHO)
    found[EventType.LIST_CLEARED] = list_cleared(SuppressionList.SPAM_REPORTS, context=WHO)
    (found[f"{EventType.REMOVAL_DONE} one"],) = removals_done([a_removal()], now=NOW)
    (found[f"{EventType.REMOVAL_DONE} several"],) = removals_done([a_removal(), a_removal(1)], now=NOW)
    found[EventType.REMOVAL_FAILED] = removal_failed(a_removal(), now=NOW, reason="400: refused")
    hold = Suppression(HOLDS, "a@x.org", "A@x.org", NOW, "asked by phone", author="operator", until=Millis(NOW + 1))
    found[EventType.HOLD_CREATE] = held(hold, context=WHO)
    found[EventType.HOLD_LIFT] = hold_lifted(hold, context=WHO)
    found[EventType.ADDITION_DONE] = removal_done(replace(a_removal(), adds=True), now=NOW)
    found[EventType.ADDITION_FAILED] = removal_failed(replace(a_removal(), adds=True), now=NOW, reason="400: refused")
    found[EventType.REMOVAL_SUPERSEDED] = removal_superseded(a_removal(), now=NOW)
    found[EventType.REMOVAL_RETRY] = removal_retried(a_removal(), context=WHO)
    found[EventType.UNBLOCKS_RESET] = unblocks_reset("a@x.org", 3, context=WHO)
    return found


def _of_access() -> dict[str, LogEntry]:
    found: dict[str, LogEntry] = {}
    for event_type in (EventType.TOKEN_CREATE, EventType.TOKEN_REVOKE):
        credential = Credential("cred-2", "acme", "0" * 64, "for a test", frozenset(), NOW)
        found[event_type] = credential_changed(event_type, credential, context=WHO)
    limited = replace(credential, name="for another", scopes=frozenset({"okta.logs.read"}), role=Role.VIEWER)
    found[EventType.TOKEN_UPDATE] = credential_changed(EventType.TOKEN_UPDATE, limited, context=WHO, before=credential)
    for event_type in (EventType.SESSION_START, EventType.SESSION_END):
        found[event_type] = session_changed(event_type, context=WHO)
    client = Client("rpc_acme_1", "acme", ClientKind.REFRESH, "CRM", frozenset({"ZohoCRM.org.READ"}), NOW)
    for event_type in (EventType.CLIENT_CREATE, EventType.CLIENT_REVOKE):
        found[event_type] = client_changed(event_type, client, context=WHO)
    narrowed = replace(client, role=Role.HELP_DESK)
    found[EventType.CLIENT_UPDATE] = client_changed(EventType.CLIENT_UPDATE, narrowed, context=WHO, before=client)
    issuer = Issuer("acme", "https://a.okta.com/oauth2/default", "api://r", "https://a.okta.com/keys", "groups", ())
    for event_type in (EventType.ISSUER_TRUST, EventType.ISSUER_DISTRUST):
        found[event_type] = issuer_changed(event_type, issuer, context=WHO)
    grants = (Grant("Mail team", Role.ADMIN, frozenset()), Grant("Help desk", Role.VIEWER, frozenset({"a", "b"})))
    sign_in = SignIn(replace(issuer, grants=grants), "https://a.okta.com/a", "https://a.okta.com/t", b"sealed")
    for event_type in (EventType.SIGN_IN_SET, EventType.SIGN_IN_REMOVE):
        found[event_type] = sign_in_changed(event_type, sign_in, None, context=WHO)
    ann = Actor("00u1", "User", "Ann Lee", "ann@acme.example", is_person=True)
    found["user.session.start of a person"] = session_changed(EventType.SESSION_START, context=replace(WHO, actor=ann))
    token = AccessToken("t1", "acme", client.id, ("ZohoCRM.org.READ",), NOW, Millis(NOW + HOUR))
    found[EventType.TOKEN_GRANT] = token_granted(client, token, context=WHO)
    refresh = RefreshToken("f1", "acme", "0" * 64, client.id, client.scopes, NOW)
    found[EventType.REFRESH_REVOKE] = token_revoked(refresh, context=WHO)
    found[EventType.KEY_ROTATE] = signing_key_rotated(SigningKey("kid-1", "{}", NOW, NOW), context=WHO)
    for event_type in (EventType.ORGANIZATION_CREATE, EventType.ORGANIZATION_UPDATE, EventType.PURGE_UPDATE):
        found[event_type] = organization_changed(event_type, {"name": ("Acme", "Acme Inc.")}, context=WHO)
    for event_type in export_entries.MESSAGE:
        found[event_type] = export_entries.organization_moved(event_type, context=WHO, debug={"recipients": "3"})
    found[EventType.PROVIDER_UPDATE] = provider_account_changed(None, ACCOUNT, context=WHO)
    other = replace(ACCOUNT, name="frankfurt", region="eu-central-1")
    found[f"{EventType.PROVIDER_UPDATE} another"] = provider_account_changed(None, other, context=WHO)
    found[EventType.PROVIDER_REMOVE] = provider_account_removed(other, context=WHO)
    found[EventType.PROVIDER_PAUSE] = provider_paused(WHO.organization, DEFAULT, "401: unauthorized", now=NOW)
    found[EventType.PROVIDER_RESUME] = provider_resumed(DEFAULT, context=WHO)
    webhook = EventWebhook("77d4a5da", "https://x.example/hook", True, frozenset({"bounce"}), "", NOW, NOW, "key", b"s")
    for event_type in (EventType.EVENT_WEBHOOK_CREATE, EventType.EVENT_WEBHOOK_UPDATE, EventType.EVENT_WEBHOOK_DELETE):
        found[event_type] = event_webhook_changed(event_type, webhook, context=WHO)
    for event_type in (EventType.SENDER_CLAIM, EventType.SENDER_RELEASE):
        found[event_type] = sender_changed(event_type, "ses", "configuration-set/news", context=WHO)
    return found


def _of_recipients() -> dict[str, LogEntry]:
    found: dict[str, LogEntry] = {}
    for event_type in recipient_entries.MESSAGE:
        if event_type not in recipient_entries.OF_RECORDS.values():
            found[event_type] = recipient_changed(event_type, USER, context=WHO)
    for of_users, of_records in recipient_entries.OF_RECORDS.items():
        found[of_records] = recipient_changed(of_users, LEAD, context=WHO)
    return found


def _of_email_servers() -> dict[str, LogEntry]:
    found: dict[str, LogEntry] = {}
    for event_type in MESSAGE:
        found[event_type] = server_entry(event_type, SERVER, context=WHO)
    changed = replace(SERVER, settings=replace(SERVER.settings, alias="Post", enabled=True))
    found[f"{EventType.EMAIL_SERVER_UPDATE} changed"] = server_entry(
        EventType.EMAIL_SERVER_UPDATE, changed, context=WHO, before=SERVER
    )
    found[f"{EventType.EMAIL_SERVER_TEST} failed"] = server_entry(
        EventType.EMAIL_SERVER_TEST, SERVER, context=WHO, failure="the server did not answer"
    )
    return found
