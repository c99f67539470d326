"""Exports of organizations: what is stored comes back, by rows of any content and after any history."""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.access.credential import Credential
from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.repeat import Answer
from reprieve.address import Address, comparison_key
from reprieve.clock import Millis, Seconds
from reprieve.dialects import export_lines
from reprieve.dialects.zoho.modules import MODULES
from reprieve.email_servers.email_server import AuthType, EmailServer, OAuth, Settings, TokenAuth
from reprieve.errors import Conflict, InvalidInput, NotFound, Unavailable
from reprieve.exports import imports
from reprieve.exports.imports import Imports
from reprieve.exports.kinds import Kind, key_of, side_by_side
from reprieve.organization import BouncePurge, Membership, Organization, PolicySetting
from reprieve.providers.registry import RULES
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.store import access, keys, suppression_item
from reprieve.store.access import Access
from reprieve.store.email_servers import EmailServers
from reprieve.store.groups import GroupStore
from reprieve.store.listing import Listing
from reprieve.store.organization_rows import OrganizationRows
from reprieve.store.recipients import Recipients
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.removal_records import RemovalRecords
from reprieve.store.repeats import Repeats
from reprieve.store.suppressions import Suppressions
from reprieve.store.system_log import EventLog
from reprieve.store.table import Table
from reprieve.suppressions.group import Group
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Classification, GroupList, Permanence, Suppression, SuppressionList
from reprieve.system_log.span import LOG_RETENTION
from tests.support.contexts import context
from tests.support.dynamodb import Database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reprieve.exports.kinds import Row

NOW = Millis(1_767_225_600_000)
DIGEST = "0123456789abcdef" * 4


class Store:
    """An empty set of tables, and what works on it."""

    def __init__(self) -> None:
        client = Database().client()
        tables = {
            name: Table(client, name)
            for name in ("Suppressions", "EventLog", "Recipients", "EmailServers", "Access", "ProviderAccounts")
        }
        self.suppressions = Suppressions(tables["Suppressions"])
        self.listing = Listing(tables["Suppressions"])
        self.queue = RemovalQueue(tables["Suppressions"])
        self.records = RemovalRecords(tables["Suppressions"])
        self.groups = GroupStore(tables["Suppressions"])
        self.repeats = Repeats(tables["Suppressions"])
        self.recipients = Recipients(tables["Recipients"])
        self.servers = EmailServers(tables["EmailServers"])
        self.access = Access(tables["Access"], tables["ProviderAccounts"])
        self.log = EventLog(tables["EventLog"], lambda: NOW)
        self.rows = OrganizationRows(
            suppressions=tables["Suppressions"],
            log=tables["EventLog"],
            access=tables["Access"],
            accounts=tables["ProviderAccounts"],
            recipients=self.recipients,
            recipient_table=tables["Recipients"],
            servers=self.servers,
            modules=frozenset(MODULES),
        )
        self.waited: list[int] = []
        self.imports = Imports(self.rows, self.access, self.log, RULES, self.waited.append)

    def export(self, organization: Organization) -> dict[Kind, list[Row]]:
        """All rows, as they are after a journey through a file."""
        lines = {
            kind: [export_lines.write(kind, row) for row in self.rows.rows(organization, kind, now=NOW)]
            for kind in Kind
        }
        return {kind: [export_lines.read(kind, line) for line in each] for kind, each in lines.items()}


def run(store: Store, rows: dict[Kind, list[Row]], organization: Organization, **how: Any) -> Any:
    how.setdefault("source", organization.id)
    each = {kind: (lambda kind=kind: iter(rows[kind])) for kind in rows}
    return store.imports.run(context(organization, now=NOW), each, **how)


# ---------------------------------------------------------------- comparing


@given(
    st.dictionaries(st.integers(0, 30), st.text(max_size=2)), st.dictionaries(st.integers(0, 30), st.text(max_size=2))
)
def test_two_ordered_streams_meet_row_by_row(one: dict[int, str], other: dict[int, str]) -> None:
    def rows(held: dict[int, str]) -> Iterator[Row]:
        return ({"digest": key, "fingerprint": held[key]} for key in sorted(held))

    found = [
        tuple(row["digest"] if row else None for row in pair)
        for pair in side_by_side(Kind.ANSWERS, rows(one), rows(other))
    ]
    assert found == [(key if key in one else None, key if key in other else None) for key in sorted({*one, *other})]


# ---------------------------------------------------------------- rows of any content

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
MOMENTS = st.integers(0, 4_000_000_000_000)
FUTURE = st.integers(NOW // 1000 + 1, 253_402_300_799)
HOSTS = st.sampled_from(["x.io", "mail.example.com", "xn--bcher-kva.example"])
SPELLINGS = st.one_of(
    st.builds("{}@{}".format, st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True), HOSTS),
    TEXT.filter(lambda text: text.strip()),
)
SOME_LISTS = st.sampled_from([*(name.value for name in SuppressionList), "group-7"])


@st.composite
def suppression_rows(draw: st.DrawFn) -> Row:
    email = draw(SPELLINGS)
    row: dict[str, Any] = {
        "list": draw(st.sampled_from([*SuppressionList])).value,
        "address": comparison_key(email),
        "listed": False,
    }
    if draw(st.booleans()):
        row |= {
            "email": email,
            "listed": draw(st.booleans()),
            "bounced_at": draw(MOMENTS),
            "permanence": draw(st.sampled_from(Permanence)).value,
            "classification": draw(st.sampled_from(Classification)).value,
            **{name: draw(TEXT) for name in ("reason", "status", "provider", "ip", "event_id")},
        }
        if events := draw(st.sets(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), max_size=3)):
            row["events"] = sorted(events)
        if outcomes := draw(
            st.sets(st.from_regex(r"1[0-9]{12} [hsu][CFIMRTU] (5\.1\.1)?", fullmatch=True), max_size=3)
        ):
            row["outcomes"] = sorted(outcomes)
    if draw(st.booleans()):
        row |= {
            "removal_id": draw(st.text("abc0-", min_size=1, max_size=9)),
            "removal_state": draw(st.sampled_from(RemovalState)).value,
            "due_at": draw(MOMENTS),
            **{name: draw(MOMENTS) for name in ("requested_at", "forgiven_until")},
            **{name: draw(TEXT) for name in ("requested_by", "request_id")},
            "attempts": draw(st.integers(0, 10)),
        }
    for name, values in {
        **dict.fromkeys(("forgiven_bounce", "finished_at"), MOMENTS),
        **dict.fromkeys(("lifts", "unblocks", "retries"), st.integers(0, 9)),
        **dict.fromkeys(("kept_until", "expires_at"), FUTURE),
        "last_answer": TEXT,
        "adds": st.just(True),
    }.items():
        if draw(st.booleans()):
            row[name] = draw(values)
    return row


def ordered(kind: Kind, rows: Iterable[Row]) -> list[Row]:
    once = {key_of(kind, row): row for row in rows}
    return [once[key] for key in sorted(once)]


RECIPIENT_ROWS = st.fixed_dictionaries(
    {
        "module": st.sampled_from([USERS, "Leads", "Pets"]),
        "id": st.from_regex(r"[0-9]{1,19}", fullmatch=True),
        "created": MOMENTS,
        "updated": MOMENTS,
        "profile": st.dictionaries(TEXT.filter(lambda name: name != "login"), TEXT, max_size=3),
    },
    optional=dict.fromkeys(
        ("email", "secondary_email"), st.builds("{}@{}".format, st.text("abC", min_size=1, max_size=3), HOSTS)
    ),
)
LOG_ROWS = st.fixed_dictionaries(
    {
        "published": st.integers(NOW - 80 * 86_400_000, NOW),
        "uuid": st.uuids().map(str),
        "arrival": MOMENTS,
        "target": TEXT,
        "event": st.dictionaries(
            TEXT, st.recursive(st.none() | st.booleans() | st.integers() | TEXT, st.lists, max_leaves=3), max_size=3
        ),
    }
)
ANSWER_ROWS = st.fixed_dictionaries(
    {
        "digest": st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        "fingerprint": TEXT,
        "status": st.integers(200, 599),
        "answer": TEXT,
        "free_at": MOMENTS,
        "expires_at": FUTURE,
    }
)
REQUEST_ROWS = st.fixed_dictionaries(
    {
        "part": st.builds("{}#{}".format, st.text("abc-0", min_size=1, max_size=9), st.integers(0, 999)),
        "requested_at": MOMENTS,
        "removals": st.lists(st.tuples(st.integers(0, 999).map(str), SOME_LISTS, SPELLINGS).map(list), max_size=3),
        "expires_at": FUTURE,
    }
)
WHITELIST_ROWS = st.fixed_dictionaries(
    {"enabled": st.booleans(), "entries": st.lists(SPELLINGS, max_size=3)},
    optional={"hits_0123456789abcdef": st.integers(0, 9)},
)
GROUPS_ROWS = st.fixed_dictionaries(
    {
        "groups": st.lists(
            st.tuples(st.integers(1, 99), TEXT.filter(bool), TEXT, st.booleans()).map(list),
            max_size=3,
            unique_by=lambda one: one[0],
        ),
        "deleted": st.lists(st.tuples(st.integers(100, 199), MOMENTS, st.booleans()).map(list), max_size=3),
        "last_id": st.integers(0, 199),
    }
)
ROWS = {
    Kind.GROUPS: GROUPS_ROWS,
    Kind.WHITELIST: WHITELIST_ROWS,
    Kind.SUPPRESSIONS: suppression_rows(),
    Kind.RECIPIENTS: RECIPIENT_ROWS,
    Kind.SYSTEM_LOG: LOG_ROWS,
    Kind.ANSWERS: ANSWER_ROWS,
    Kind.REQUESTS: REQUEST_ROWS,
}


@pytest.mark.parametrize("kind", ROWS)
@given(data=st.data())
def test_a_row_of_any_content_is_stored_and_read_as_it_was(kind: Kind, data: st.DataObject) -> None:
    rows = ordered(kind, data.draw(st.lists(ROWS[kind], max_size=8)))
    organization = Organization("acme", "Acme", shards=data.draw(st.integers(1, 3)), modules=frozenset({"Pets"}))
    store = Store()
    lines = [export_lines.write(kind, row) for row in rows]
    assert store.rows.add(organization, kind, [export_lines.read(kind, line) for line in lines], now=NOW) == []
    assert [export_lines.write(kind, row) for row in store.rows.rows(organization, kind, now=NOW)] == lines
    assert store.rows.add(organization, kind, rows, now=NOW) == rows
    store.rows.remove(organization, kind, rows)
    assert list(store.rows.rows(organization, kind, now=NOW)) == []


@pytest.mark.parametrize("kind", [Kind.SUPPRESSIONS, Kind.ANSWERS, Kind.REQUESTS])
def test_what_has_expired_keeps_no_row_of_an_import_out(kind: Kind) -> None:
    row: dict[Kind, Row] = {
        Kind.SUPPRESSIONS: {"list": "bounces", "address": "a@x.io", "listed": False, "unblocks": 2},
        Kind.ANSWERS: {"digest": DIGEST, "fingerprint": "f", "status": 200, "answer": "{}", "free_at": NOW},
        Kind.REQUESTS: {"part": "q1#0", "requested_at": NOW, "removals": []},
    }
    second, store = NOW // 1000, Store()
    [expired, wanted] = [{**row[kind], "expires_at": second + more} for more in (0, 1)]
    assert store.rows.add(ACME, kind, [expired], now=NOW) == []
    settings = {"name": "Acme", "membership": "recipients", "shards": 1, "created": NOW}
    each: dict[Kind, list[Row]] = {one: [] for one in Kind} | {kind: [wanted], Kind.ORGANIZATION: [settings]}
    report = run(store, each, ACME)
    assert (report.left_out, report.added[kind]) == ([], 1)
    assert list(store.rows.rows(ACME, kind, now=NOW)) == [wanted]


def test_what_has_not_expired_is_not_replaced() -> None:
    store = Store()
    [held, other] = [
        {"list": "bounces", "address": "a@x.io", "listed": False, "unblocks": count, "expires_at": NOW // 1000 + 1}
        for count in (1, 2)
    ]
    store.rows.add(ACME, Kind.SUPPRESSIONS, [held], now=NOW)
    assert store.rows.add(ACME, Kind.SUPPRESSIONS, [other], now=NOW) == [other]
    assert list(store.rows.rows(ACME, Kind.SUPPRESSIONS, now=NOW)) == [held]


def test_an_entry_of_the_system_log_that_has_expired_is_added_again() -> None:
    store = Store()
    published = NOW - LOG_RETENTION
    row = {"published": published, "uuid": "0" * 36, "arrival": published, "target": "t", "event": {}}
    assert store.rows.add(ACME, Kind.SYSTEM_LOG, [row], now=NOW) == []
    assert store.rows.add(ACME, Kind.SYSTEM_LOG, [row], now=NOW) == []


# ---------------------------------------------------------------- after any history

EMAILS = [f"{name}@x.io" for name in ("ann", "Bob", "cem", "dee", "eva")]
KEYS = [comparison_key(email) for email in EMAILS]
LISTS = [*SuppressionList, GroupList.of(1), GroupList.of(2)]
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("bounce"), st.sampled_from(SuppressionList), st.sampled_from(EMAILS), st.integers(0, 9)),
        st.tuples(
            st.just("lift"),
            st.sampled_from(SuppressionList),
            st.sets(st.sampled_from(EMAILS), min_size=1),
            st.booleans(),
        ),
        st.tuples(st.just("work"), st.sampled_from(RemovalState)),
        st.tuples(st.just("recipient"), st.sampled_from(EMAILS), st.sampled_from([USERS, "Leads"])),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("group"), st.integers(1, 2), st.sampled_from(EMAILS)),
    ),
    max_size=14,
)


def play(store: Store, organization: Organization, actions: Iterable[tuple[Any, ...]]) -> None:
    for number, action in enumerate(actions):
        now = Millis(NOW - 1_000_000 + number * 1_000)
        match action:
            case "bounce", name, email, permanence:
                bounce = Suppression(
                    name, comparison_key(email), email, Millis(now - permanence), "no", "5.1.1", event_id=f"e{number}"
                )
                store.suppressions.record(organization, [bounce])
            case "lift", name, emails, hide:
                # two histories have a request's id in common only where it is the same request
                request = f"q{number}{name[:2]}{''.join(sorted(email[0] for email in emails))}{int(hide)}"
                requests = [
                    RemovalRequest(f"{request}-{at}", name, comparison_key(email), email, hide=hide)
                    for at, email in enumerate(sorted(emails))
                ]
                store.suppressions.request_removals(context(organization, now=now, request_id=request), requests)
            case "work", state:
                work(store, organization, state, now)
            case "recipient", email, module:
                profile = {"login": email} if module == USERS else {}
                recipient = Recipient(str(number), module, Address.parse(email), None, now, now, profile)
                try:
                    store.recipients.add(organization, recipient)
                except Conflict:
                    continue
            case "group", group_id, email:
                leave(store, organization, group_id, email, now)
            case "answer", which:
                if store.repeats.begin(organization, f"k{which}", "f", now=NOW) is None and which:
                    store.repeats.finish(organization, f"k{which}", Answer(200, "{}"), now=NOW)


def work(store: Store, organization: Organization, state: RemovalState, now: Millis) -> None:
    """Carry out up to two entries of the queue as the job does, with one outcome for all."""
    due = store.queue.due(organization, now=now, limit=2)
    claims = [one for one in store.queue.claim(organization, due, now=now, lease=Millis(10)) if one]
    settled = [
        Settlement(removal, state, attempts=1, answer="said", due_at=Millis(now + 5))
        for claim in claims
        for removal in claim.removals
    ]
    done = store.queue.settle(organization, settled, now=now)
    # a newer bounce has come, so the removal is superseded, as the job has it
    late = [replace(one, state=RemovalState.SUPERSEDED) for one, ok in zip(settled, done, strict=True) if not ok]
    done_late = store.queue.settle(organization, late, now=now)
    assert all(done_late)
    store.queue.release(claims, {one.removal.id for one in settled}, now=now)


def leave(store: Store, organization: Organization, group_id: int, email: str, now: Millis) -> None:
    """Unsubscribe an address from a group, which is made if it is not there."""
    groups = store.groups.all(organization)
    if not any(one.id == group_id for one in groups.groups):
        more = groups.putting(Group(group_id, f"Group {group_id}"))
        assert store.groups.replace(organization, replace(more, version=groups.version + 1))
    key = comparison_key(email)
    store.suppressions.record(organization, [Suppression(GroupList.of(group_id), key, email, now, event_id=f"g{now}")])


def answers(store: Store, organization: Organization) -> dict[str, Any]:
    """What every list and route would say, from the stores that they ask."""

    def plain(removal: Any) -> Any:
        return (
            replace(removal, fence=0, queued=True)
            if removal.state is RemovalState.PENDING
            else replace(removal, fence=0)
        )

    waiting = {
        state: sorted((plain(one) for one in _waiting(store, organization, state)), key=lambda one: (one.list, one.key))
        for state in (RemovalState.PENDING, RemovalState.FAILED)
    }
    return {
        "lists": {
            name: store.listing.page(organization, name, Selection(), offset=0, limit=500, now=NOW)[0] for name in LISTS
        },
        "barred": {name: store.suppressions.barred(organization, name, KEYS) for name in LISTS},
        "groups": replace(store.groups.all(organization), version=0),
        "waiting": waiting,
        "requests": {
            number: [replace(one, record=plain(one.record) if one.record else None) for one in found]
            for number in range(14)
            if (found := store.records.of_request(organization, f"q{number}"))
        },
        "members": store.recipients.members(organization, KEYS),
        "holders": {key: store.recipients.holders(organization, key) for key in KEYS},
        "named": {email: store.recipients.named(organization, email) for email in EMAILS},
        "recipients": {
            module: store.recipients.listing(organization, module, limit=50, after=None) for module in (USERS, "Leads")
        },
    }


def _waiting(store: Store, organization: Organization, state: RemovalState) -> list[Any]:
    found, cursor = [], None
    while True:
        page, cursor = store.records.waiting(organization, state, limit=50, after=cursor)
        found += page
        if cursor is None:
            return found


@given(ACTIONS, st.integers(1, 3), st.sampled_from(["acme", "other"]))
def test_after_any_history_every_answer_of_the_imported_organization_is_equal(
    actions: list[tuple[Any, ...]], shards: int, organization_id: str
) -> None:
    before, after = Store(), Store()
    organization = Organization("acme", "Acme", shards=shards, created=NOW)
    before.access.create_organization(organization)
    play(before, organization, actions)
    rows = before.export(organization)
    target = export_lines.organization_of(organization_id, rows[Kind.ORGANIZATION][0])
    report = run(after, rows, target, source="acme")
    assert report.left_out == []
    assert answers(after, target) == answers(before, organization)
    again = after.export(target)
    log = again.pop(Kind.SYSTEM_LOG)
    assert again == {kind: each for kind, each in rows.items() if kind is not Kind.SYSTEM_LOG}
    assert [row["event"]["eventType"] for row in log] == ["reprieve.organization.import"]


@given(ACTIONS, ACTIONS)
def test_overwriting_leaves_nothing_of_before_but_the_system_log(
    actions: list[tuple[Any, ...]], others: list[tuple[Any, ...]]
) -> None:
    before, after = Store(), Store()
    organization = Organization("acme", "Acme", created=NOW)
    for store, history in ((before, actions), (after, others)):
        store.access.create_organization(organization)
        play(store, organization, history)
    rows = before.export(organization)
    run(after, rows, organization, overwrite=True)
    assert answers(after, organization) == answers(before, organization)
    again = after.export(organization)
    assert {kind: again[kind] for kind in Kind if kind is not Kind.SYSTEM_LOG} == {
        kind: rows[kind] for kind in Kind if kind is not Kind.SYSTEM_LOG
    }
    kept = run(after, rows, organization, overwrite=True)
    assert sum(kept.removed.values()) == 0
    assert {kind: count for kind, count in kept.added.items() if count} == {Kind.ORGANIZATION: 1}
    assert after.waited == [30_000, 30_000]


@given(ACTIONS, st.integers(0, 12))
def test_an_import_that_is_cut_short_is_out_of_reach_and_can_be_repeated(
    actions: list[tuple[Any, ...]], calls: int
) -> None:
    before, after = Store(), Store()
    organization = Organization("acme", "Acme", created=NOW)
    before.access.create_organization(organization)
    play(before, organization, actions)
    rows = before.export(organization)
    add, left = after.rows.add, [calls]

    class Cut:
        def __getattr__(self, name: str) -> Any:
            return getattr(after.rows, name)

        def add(self, organization: Organization, kind: Kind, rows: Any, *, now: Millis) -> Any:
            left[0] -= 1
            if left[0] < 0:
                add(organization, kind, rows[: len(rows) // 2], now=now)
                raise Unavailable("cut")
            return add(organization, kind, rows, now=now)

    after.imports = replace(after.imports, stored=Cut())
    with patch.object(imports, "GROUP", 2):
        try:
            run(after, rows, organization)
        except Unavailable:
            assert after.access.organization("acme") is None or calls > len(rows)
            left[0] = 1_000
            run(after, rows, organization)
    assert answers(after, organization) == answers(before, organization)
    with pytest.raises(Conflict, match="exists already"):
        run(after, rows, organization)


# ---------------------------------------------------------------- secrets and credentials

OAUTH = OAuth(client_id="c", token_endpoint="https://x.io/t", scopes=("a", "b"), client_auth=TokenAuth.POST, key_id="k")
SERVER = EmailServer(
    id="ces" + "a" * 17,
    settings=Settings(
        alias="Main",
        host="smtp.x.io",
        port=587,
        username="u",
        auth_type=AuthType.CLIENT_CREDENTIALS,
        enabled=True,
        oauth=OAUTH,
        private_ca="PEM",
    ),
    sealed=b"sealed",
)
ACME = Organization(
    "acme",
    "Acme",
    membership=Membership.DOMAINS,
    domains=frozenset({"x.io", "y.io"}),
    created=NOW,
    modules=frozenset({"Pets"}),
    purge=BouncePurge(enabled=True, soft_days=3),
    cleared={SuppressionList.BLOCKS: Seconds(NOW // 1000 - 9)},
    provider_name="Sendgrid",
    policy=PolicySetting('[{"name":"all","when":{},"then":"lift"}]', 4, enabled=True),
)
CREDENTIAL = Credential("1", "acme", DIGEST, "admin", frozenset({"okta.users.read", "mail.send"}), NOW, Millis(NOW + 9))
ACCOUNT = ProviderAccount("sendgrid", "https://api.sendgrid.com", b"sealed", "sub", "PUBLIC")
FRANKFURT = ProviderAccount("ses", name="frankfurt", region="eu-central-1")


def equipped() -> Store:
    store = Store()
    store.access.create_organization(ACME)
    store.access.add_credential(CREDENTIAL)
    store.access.set_provider_account("acme", ACCOUNT, provider_name="Sendgrid", before=None)
    store.servers.add(ACME, SERVER, maximum=3)
    return store


def test_an_import_has_everything_but_secrets_and_uses_nothing_without_them() -> None:
    rows, after = equipped().export(ACME), Store()
    assert b"sealed" not in json.dumps(rows).encode()
    report = run(after, rows, export_lines.organization_of("acme", rows[Kind.ORGANIZATION][0]))
    assert report.secrets == [(Kind.PROVIDER_ACCOUNT, DEFAULT), (Kind.EMAIL_SERVERS, SERVER.id)]
    assert after.access.organization("acme") == ACME
    assert after.access.credentials("acme") == [CREDENTIAL]
    (paused,) = after.access.provider_accounts("acme")
    assert paused == replace(
        ACCOUNT,
        sealed_key=b"",
        paused_until=imports.KEY_MISSING_UNTIL,
        paused_reason="its API key is not part of an export: set it with `reprieve providers set`",
    )
    assert paused.is_paused(NOW)
    disabled = replace(SERVER, settings=replace(SERVER.settings, enabled=False), sealed=b"")
    assert after.servers.all(ACME) == [disabled]


def test_an_account_without_a_key_of_its_own_works_at_once() -> None:
    before, after = Store(), Store()
    before.access.create_organization(ACME)
    account = ProviderAccount("ses")
    before.access.set_provider_account("acme", account, provider_name="SES", before=None)
    report = run(after, before.export(ACME), ACME)
    assert report.secrets == []
    assert after.access.provider_accounts("acme") == [account]


def test_overwriting_keeps_the_secrets_of_what_is_the_same_and_brings_no_credential_back() -> None:
    store = equipped()
    rows = store.export(ACME)
    assert store.access.remove_credential(CREDENTIAL)
    issued = replace(CREDENTIAL, id="2", digest=DIGEST[::-1])
    store.access.add_credential(issued)
    report = run(store, rows, ACME, overwrite=True)
    assert report.secrets == []
    assert store.access.credentials("acme") == [issued]
    assert store.access.provider_accounts("acme") == [ACCOUNT]
    assert store.servers.all(ACME) == [SERVER]


def test_overwriting_an_account_or_server_that_goes_elsewhere_drops_its_secret() -> None:
    store = equipped()
    rows = store.export(ACME)
    moved = replace(ACCOUNT, base_url="https://evil.example")
    store.access.set_provider_account("acme", moved, provider_name="Sendgrid", before=ACCOUNT)
    elsewhere = replace(SERVER, settings=replace(SERVER.settings, host="smtp.evil.example"), version=2)
    store.servers.replace(ACME, SERVER, elsewhere)
    report = run(store, rows, ACME, overwrite=True)
    assert report.secrets == [(Kind.PROVIDER_ACCOUNT, DEFAULT), (Kind.EMAIL_SERVERS, SERVER.id)]
    (account,) = store.access.provider_accounts("acme")
    assert (account.base_url, account.sealed_key) == ("https://api.sendgrid.com", b"")
    assert [(one.settings.host, one.sealed) for one in store.servers.all(ACME)] == [("smtp.x.io", b"")]


ELSEWHERE = "https://elsewhere.example"


def test_an_import_leaves_a_base_url_that_is_not_the_providers_own_to_the_operator() -> None:
    before, after = equipped(), Store()
    before.access.set_provider_account("acme", replace(ACCOUNT, base_url=ELSEWHERE), provider_name="", before=ACCOUNT)
    rows = before.export(ACME)
    report = run(after, rows, ACME)
    assert (report.base_urls, report.secrets[0]) == ({DEFAULT: ELSEWHERE}, (Kind.PROVIDER_ACCOUNT, DEFAULT))
    (account,) = after.access.provider_accounts("acme")
    assert (account.base_url, account.sealed_key) == ("https://api.sendgrid.com", b"")
    assert run(before, rows, ACME, overwrite=True).base_urls == {}
    assert before.access.provider_accounts("acme") == [replace(ACCOUNT, base_url=ELSEWHERE)]


def test_each_of_several_accounts_is_exported_under_its_name_and_imported_without_its_key() -> None:
    before, after = equipped(), Store()
    london = replace(ACCOUNT, name="london", base_url=ELSEWHERE)
    for one in (FRANKFURT, london):
        before.access.set_provider_account("acme", one, provider_name="Sendgrid", before=None)
    rows = before.export(ACME)
    assert [row.get("name") for row in rows[Kind.PROVIDER_ACCOUNT]] == [None, "frankfurt", "london"]
    assert b"sealed" not in json.dumps(rows).encode()
    report = run(after, rows, ACME)
    assert report.secrets[:2] == [(Kind.PROVIDER_ACCOUNT, DEFAULT), (Kind.PROVIDER_ACCOUNT, "london")]
    assert report.base_urls == {"london": ELSEWHERE}
    default, one, other = after.access.provider_accounts("acme")
    assert (default.sealed_key, one, other.base_url) == (b"", FRANKFURT, "https://api.sendgrid.com")
    assert [default.is_paused(NOW), one.is_paused(NOW), other.is_paused(NOW)] == [True, False, True]
    assert run(before, rows, ACME, overwrite=True).secrets == []
    assert before.access.provider_accounts("acme") == [ACCOUNT, FRANKFURT, london]


def test_overwriting_leaves_an_account_at_the_providers_own_url_where_it_is() -> None:
    store = equipped()
    rows = store.export(ACME)
    rows[Kind.PROVIDER_ACCOUNT] = [{**rows[Kind.PROVIDER_ACCOUNT][0], "base_url": ELSEWHERE}]
    report = run(store, rows, ACME, overwrite=True)
    assert (report.base_urls, report.secrets) == ({DEFAULT: ELSEWHERE}, [])
    assert store.access.provider_accounts("acme") == [ACCOUNT]


def test_credentials_are_not_added_under_an_id_that_their_tokens_do_not_name() -> None:
    rows, after = equipped().export(ACME), Store()
    run(after, rows, replace(ACME, id="other"), source="acme")
    assert after.access.credentials("other") == []


# ---------------------------------------------------------------- what is refused


def test_what_is_stored_under_an_id_already_is_not_touched_unless_asked() -> None:
    rows, store = equipped().export(ACME), Store()
    play(store, ACME, [("bounce", SuppressionList.BOUNCES, "zoe@x.io", 0)])
    before = store.export(ACME)
    with pytest.raises(Conflict, match="other suppressions are stored under the id acme already"):
        run(store, rows, ACME)
    assert store.export(ACME) == before
    store.access.create_organization(replace(ACME, shards=2))
    with pytest.raises(Conflict, match="has 2 shards"):
        run(store, rows, ACME, overwrite=True)
    with pytest.raises(NotFound, match="no organization parent"):
        run(store, rows, replace(ACME, id="child", parent="parent"), source="acme")


def test_a_hold_of_a_domain_is_exported_under_its_own_key() -> None:
    row = {"list": "holds", "address": "@x.io", "email": "@x.io", "listed": False}
    assert export_lines.read(Kind.SUPPRESSIONS, export_lines.write(Kind.SUPPRESSIONS, row)) == row


def test_a_recipient_whose_login_is_taken_is_left_out_and_named() -> None:
    store = Store()
    user = {"module": USERS, "created": NOW, "updated": NOW, "profile": {"login": "ann@x.io"}}
    rows: dict[Kind, list[Row]] = {kind: [] for kind in Kind}
    rows[Kind.RECIPIENTS] = [{**user, "id": "1"}, {**user, "id": "2"}]
    rows[Kind.ORGANIZATION] = equipped().export(ACME)[Kind.ORGANIZATION]
    assert run(store, rows, ACME).left_out == [(Kind.RECIPIENTS, rows[Kind.RECIPIENTS][1])]


BOUNCE = {"list": "bounces", "address": "a@x.io", "listed": False}


@pytest.mark.parametrize(
    ("kind", "row", "problem"),
    [
        (Kind.SUPPRESSIONS, {**BOUNCE, "email": "b@x.io"}, "address: must be the comparison key of the email"),
        (Kind.SUPPRESSIONS, {**BOUNCE, "listed": True}, "bounced_at: needed where listed is true"),
        (Kind.SUPPRESSIONS, {**BOUNCE, "bounced_at": 1}, "permanence, classification: needed with bounced_at"),
        (
            Kind.SUPPRESSIONS,
            {**BOUNCE, "removal_state": "pending"},
            "removal_id, requested_at: needed with removal_state",
        ),
        (
            Kind.SUPPRESSIONS,
            {**BOUNCE, "removal_state": "failed", "removal_id": "r", "requested_at": 1},
            "due_at: needed while a removal is pending or failed",
        ),
        (Kind.SUPPRESSIONS, {**BOUNCE, "list": "nowhere"}, "list: 'nowhere' is not a valid SuppressionList"),
        (Kind.SUPPRESSIONS, {**BOUNCE, "bounced_at": "1"}, "bounced_at: Input should be a valid integer"),
        (Kind.SUPPRESSIONS, {**BOUNCE, "bounced_at": True}, "bounced_at: Input should be a valid integer"),
        (Kind.SUPPRESSIONS, {**BOUNCE, "shard": 1}, "shard: Extra inputs are not permitted"),
        (Kind.SUPPRESSIONS, {**BOUNCE, "reason": None}, "reason: must be left out where there is none"),
        (
            Kind.RECIPIENTS,
            {"module": "users", "id": "1", "email": "junk", "created": 1, "updated": 1, "profile": {}},
            "email: this is not an email address by RFC 3696",
        ),
        (Kind.ORGANIZATION, {"name": "A", "membership": "anyone", "shards": 99, "created": 1}, "shards: 1 to 16"),
        (Kind.CREDENTIALS, [1], "the line is not a JSON object"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_by_attribute(kind: Kind, row: Any, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        export_lines.read(kind, json.dumps(row).encode())
    assert str(refused.value) == problem


@pytest.mark.parametrize("line", [b"", b"{", b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff"])
def test_a_line_that_is_not_json_is_refused_as_such(line: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"^the line "):
        export_lines.read(Kind.SUPPRESSIONS, line)


@given(st.sampled_from(Kind), st.binary(max_size=60) | TEXT.map(str.encode))
def test_no_line_makes_the_reader_fail_otherwise(kind: Kind, line: bytes) -> None:
    with suppress(InvalidInput):
        export_lines.read(kind, line)


# ---------------------------------------------------------------- nothing is forgotten


def fields(kind: Kind) -> set[str]:
    return {one.alias or name for name, one in export_lines.LINES[kind].model_fields.items()}


def test_the_format_has_every_attribute_of_settings_credentials_and_accounts() -> None:
    keys_and_secrets = {"partition", "sort", "kind", "sealed_key"}
    assert fields(Kind.ORGANIZATION) == {*access.ORGANIZATION_ATTRIBUTES} - keys_and_secrets
    assert fields(Kind.CREDENTIALS) == {*access._credential_item(CREDENTIAL), "digest"} - keys_and_secrets
    assert fields(Kind.PROVIDER_ACCOUNT) == (
        {*access._account_item("acme", FRANKFURT), "name", "paused_until", "paused_reason"} - keys_and_secrets
    )
    assert fields(Kind.EMAIL_SERVERS) == {"id", *asdict(SERVER.settings)}


def test_the_format_has_every_attribute_of_the_record_of_an_address() -> None:
    described = (suppression_item.__doc__ or "").partition("keys optional:")[2]
    columns = re.findall(r"^ {4}(\w.*?)(?: {3,}.*)?$", described, re.MULTILINE)
    named = {name for column in columns for name in re.findall(r"\w+", column)}
    assert named - {
        "partition",
        "by_time",
        "slot",
        "rank",
        "queue",
        "fence",
        "lease_until",
        "ending",
        "recorded_by",
    } == fields(Kind.SUPPRESSIONS) - {
        "list",
        "listed",
    }


#: each function of store/keys that names a partition, with its kind; or why no export has it
PARTITIONS = {
    "suppressions": Kind.SUPPRESSIONS,
    "requests": Kind.REQUESTS,
    "all_requests": Kind.REQUESTS,
    "repeats": Kind.ANSWERS,
    "all_repeats": Kind.ANSWERS,
    "log": Kind.SYSTEM_LOG,
    "logs": Kind.SYSTEM_LOG,
    "whitelist": Kind.WHITELIST,
    "groups": Kind.GROUPS,
    "recipients": Kind.RECIPIENTS,
    "email_servers": Kind.EMAIL_SERVERS,
    "addresses": "follows from the recipients",
    "log_target": "an index, whose key is the entry's target",
    "links": "a secret, sealed for this stack; overwriting leaves it alone",
    "webhooks": "their signing keys are secrets; a client sets them again",
    "rates": "counts of the mail of two weeks, which go on from zero",
    "hooks": "their secrets are sealed for this stack; they are added again",
    "hook_deliveries": "a log of 30 days, of posts that this stack made",
    "connections": "counters of a day at most",
    "policy": "how far its runs have come; they begin with a walk through all lists",
    "inquiries": "what a provider is to be asked about; its next drop asks again",
}


def test_every_partition_of_an_organization_is_exported_or_has_a_reason_not_to_be() -> None:
    source = ast.parse(Path(keys.__file__).read_text(encoding="utf-8"))
    named = {
        node.name
        for node in source.body
        if isinstance(node, ast.FunctionDef) and any(one.arg.startswith("organization") for one in node.args.args)
    }
    assert named - {"shard_of"} == PARTITIONS.keys()
