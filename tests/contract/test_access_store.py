"""The store of organizations and their accounts: a change writes only the fields that it names.

On the DynamoDB of the other tests, on dynoxide, and on one that a developer supplies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.organizations import Organizations
from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.errors import NotFound
from reprieve.organization import BouncePurge, Membership, Organization
from reprieve.store.access import Access
from reprieve.store.table import Table
from reprieve.suppressions.suppression import SuppressionList
from tests.support import dynoxide, supplied, transports
from tests.support.contexts import context
from tests.support.dynamodb import Database
from tests.support.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprieve.system_log.entry import LogEntry

BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS
ACME = Organization(
    "acme",
    "Acme",
    Membership.DOMAINS,
    frozenset({"acme.example"}),
    modules=frozenset({"Projects"}),
    purge=BouncePurge(enabled=True, soft_days=5),
    cleared={BLOCKS: 1_000},
)
ACCOUNT = ProviderAccount("sendgrid", "https://api.sendgrid.com", b"\x00sealed", "shop", "MFkw")


@pytest.fixture(scope="module", params=["in process", "dynoxide by light", "dynoxide by boto3", "supplied by light"])
def tables(request: pytest.FixtureRequest) -> Iterator[tuple[Table, Table]]:
    """The tables Access and ProviderAccounts."""
    names = ("Access", "ProviderAccounts")
    if request.param == "in process":
        here: Any = Database().client()
        yield Table(here, names[0]), Table(here, names[1])
        return
    engine, transport = request.param.split(" by ")
    with (
        (dynoxide if engine == "dynoxide" else supplied).running() as client,
        transports.over(client, transport, adapted=engine == "dynoxide") as over,
    ):
        for name in names:
            create_table(client, name)
        yield Table(over, names[0]), Table(over, names[1])


@pytest.fixture
def store(tables: tuple[Table, Table]) -> Iterator[Access]:
    access = Access(*tables)
    assert access.create_organization(ACME)
    yield access
    for table, sort in zip(tables, ("organization", "provider"), strict=True):
        table.delete({"partition": "acme", "sort": sort})


class Entries:
    """A system log in memory."""

    def __init__(self) -> None:
        self.types: list[str] = []

    def append(self, _: Organization, entries: Sequence[LogEntry]) -> int:
        self.types += [str(entry.event["eventType"]) for entry in entries]
        return len(entries)


def stored(store: Access) -> Organization:
    found = store.organization("acme")
    assert found is not None
    return found


def test_an_organization_is_read_as_it_was_created(store: Access) -> None:
    assert stored(store) == ACME
    assert not store.create_organization(replace(ACME, name="Another"))
    assert stored(store) == ACME


#: concurrent changes of the settings while an operator changes the name, and the expected result
OTHERS: dict[str, tuple[Callable[[Access], Any], dict[str, Any]]] = {
    "delete_all": (
        lambda store: store.clear("acme", BOUNCES, until=5_000),
        {"cleared": {BLOCKS: 1_000, BOUNCES: 5_000}},
    ),
    "bounce purge": (lambda store: store.set_purge("acme", {"hard_days": 30}), {"purge": BouncePurge(True, 5, 30)}),
    "provider account": (
        lambda store: store.set_provider_account("acme", ACCOUNT, provider_name="Sendgrid", before=None),
        {"provider_name": "Sendgrid"},
    ),
    "another setting": (
        lambda store: store.change_organization("acme", {"domains": frozenset({"b.example"})}),
        {"domains": frozenset({"b.example"})},
    ),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", ["the other", "the change"])
def test_a_change_and_what_others_do_meanwhile_both_stand_in_either_order(
    store: Access, other: str, first: str
) -> None:
    act, left = OTHERS[other]
    log = Entries()
    verb = Organizations(store, log)
    # the operator has read the organization before the other change
    seen = context(stored(store), now=1)
    if first == "the other":
        act(store)
        assert verb.change(seen, name="Acme Inc.") == replace(ACME, name="Acme Inc.", **left)
    else:
        assert verb.change(seen, name="Acme Inc.") == replace(ACME, name="Acme Inc.")
        act(store)
    assert stored(store) == replace(ACME, name="Acme Inc.", **left)
    assert log.types == ["reprieve.organization.update"]


def test_two_changes_of_the_bounce_purge_both_stand(store: Access) -> None:
    verb, seen = Organizations(store, Entries()), context(stored(store), now=1)
    assert verb.change_purge(seen, {"hard_days": 30}) == BouncePurge(enabled=True, soft_days=5, hard_days=30)
    # it was read before the other change, which is kept all the same
    assert verb.change_purge(seen, {"soft_days": None}) == BouncePurge(enabled=True)
    assert stored(store).purge == BouncePurge(enabled=True, hard_days=30)


def test_a_set_of_names_can_become_empty(store: Access) -> None:
    changed = store.change_organization("acme", {"modules": frozenset()})
    assert changed == stored(store) == replace(ACME, modules=frozenset())


def test_what_is_not_there_is_neither_changed_nor_made(tables: tuple[Table, Table]) -> None:
    store, log = Access(*tables), Entries()
    verb, seen = Organizations(store, log), context(ACME, now=1)
    with pytest.raises(NotFound):
        verb.change(seen, name="Acme Inc.")
    with pytest.raises(NotFound):
        verb.change_purge(seen, {"enabled": False})
    assert not store.set_provider_account("acme", ACCOUNT, provider_name="Sendgrid", before=None)
    assert (store.organization("acme"), store.provider_accounts("acme"), log.types) == (None, [], [])


def test_an_account_and_the_name_that_logs_show_are_written_together_or_not_at_all(store: Access) -> None:
    other = replace(ACCOUNT, sealed_key=b"another")
    assert store.set_provider_account("acme", ACCOUNT, provider_name="Sendgrid", before=None)
    assert (store.provider_accounts("acme"), stored(store).provider_name) == ([ACCOUNT], "Sendgrid")
    for before in (None, other, replace(ACCOUNT, webhook_key=""), replace(ACCOUNT, on_behalf_of="")):
        assert not store.set_provider_account("acme", ProviderAccount("ses"), provider_name="SES", before=before)
    assert (store.provider_accounts("acme"), stored(store).provider_name) == ([ACCOUNT], "Sendgrid")
    assert store.set_provider_account("acme", ProviderAccount("ses"), provider_name="SES", before=ACCOUNT)
    assert (store.provider_accounts("acme"), stored(store).provider_name) == ([ProviderAccount("ses")], "SES")
    # a region is an attribute only where there is one
    regional = ProviderAccount("ses", region="eu-west-1")
    assert store.set_provider_account("acme", regional, provider_name="SES", before=ProviderAccount("ses"))
    assert not store.set_provider_account("acme", ACCOUNT, provider_name="Sendgrid", before=ProviderAccount("ses"))
    assert not store.remove_provider_account("acme", ProviderAccount("ses"), provider_name="")


def test_an_account_that_is_set_again_is_no_longer_paused(store: Access) -> None:
    assert store.set_provider_account("acme", ACCOUNT, provider_name="Sendgrid", before=None)
    store.pause_provider("acme", DEFAULT, until=9_000, reason="401")
    paused = replace(ACCOUNT, paused_until=9_000, paused_reason="401")
    assert store.provider_accounts("acme") == [paused]
    assert store.set_provider_account("acme", paused, provider_name="Sendgrid", before=paused)
    assert store.provider_accounts("acme") == [ACCOUNT]


def test_an_organization_from_before_the_name_was_kept_has_none(tables: tuple[Table, Table], store: Access) -> None:
    item = tables[0].get({"partition": "acme", "sort": "organization"})
    assert item is not None
    assert "provider_name" not in item
    assert stored(store).provider_name == ""
