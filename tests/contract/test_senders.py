"""Claims on senders: a sender has one owner, on the DynamoDB of the other tests and on dynoxide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import Millis
from reprieve.store.senders import Senders
from reprieve.store.table import Table
from tests.support import dynoxide, transports
from tests.support.dynamodb import Database
from tests.support.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = Millis(1_767_225_600_000)
SET, DOMAIN, ADDRESS = "configuration-set/x", "identity/x.example", "identity/a@x.example"


@pytest.fixture(scope="module", params=["in process", "dynoxide"])
def store(request: pytest.FixtureRequest) -> Iterator[Senders]:
    if request.param == "in process":
        yield Senders(Table(Database().client(), "Access"))  # type: ignore[arg-type]
        return
    with dynoxide.running() as client, transports.over(client, "light") as transport:
        create_table(client, "Access")
        yield Senders(Table(transport, "Access"))


@pytest.fixture(autouse=True)
def nothing_claimed(store: Senders) -> Iterator[None]:
    yield
    for organization in ("acme", "other"):
        for kind, sender, _ in store.claimed(organization):
            assert store.release(organization, kind, sender)


def claim(store: Senders, organization: str, sender: str, *, kind: str = "ses", account: str = DEFAULT) -> bool:
    return store.claim(organization, kind, sender, account=account, now=NOW)


def test_the_first_claim_wins_and_may_be_repeated(store: Senders) -> None:
    assert [claim(store, name, SET) for name in ("acme", "other", "acme")] == [True, False, True]
    assert store.owner("ses", [SET]) == ("acme", DEFAULT)
    assert (store.claimed("acme"), store.claimed("other")) == ([("ses", SET, DEFAULT)], [])


def test_the_most_specific_claim_decides(store: Senders) -> None:
    claim(store, "other", DOMAIN)
    claim(store, "acme", ADDRESS)
    assert store.owner("ses", [SET, ADDRESS, DOMAIN]) == ("acme", DEFAULT)
    assert store.owner("ses", [SET, DOMAIN, ADDRESS]) == ("other", DEFAULT)


def test_a_sender_that_is_not_claimed_has_no_owner(store: Senders) -> None:
    claim(store, "acme", SET, kind="another")
    assert store.owner("ses", [SET, DOMAIN]) is None


def test_only_its_owner_releases_a_sender(store: Senders) -> None:
    claim(store, "acme", SET)
    assert not store.release("other", "ses", SET)
    assert not store.release("acme", "ses", DOMAIN)
    assert store.owner("ses", [SET]) == ("acme", DEFAULT)
    assert store.release("acme", "ses", SET)
    assert not store.release("acme", "ses", SET)
    assert (store.owner("ses", [SET]), store.claimed("acme")) == (None, [])
    assert claim(store, "other", SET)


def test_a_claim_names_the_account_and_may_be_moved_to_another_one(store: Senders) -> None:
    assert claim(store, "acme", SET, account="frankfurt")
    assert (store.owner("ses", [SET]), store.claimed("acme")) == (("acme", "frankfurt"), [("ses", SET, "frankfurt")])
    assert not claim(store, "other", SET, account="frankfurt")
    assert claim(store, "acme", SET)
    assert (store.owner("ses", [SET]), store.claimed("acme")) == (("acme", DEFAULT), [("ses", SET, DEFAULT)])
