"""The lists in Chromium: filters, pages and many lifts, with scripts and without.

`SHOTS=directory` keeps pictures of each page; `make screenshots` does so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR, MINUTE, Millis
from reprieve.organization import Membership
from reprieve.runtime import wiring
from reprieve.suppressions.group import GroupChanges
from reprieve.suppressions.suppression import Classification, Suppression, SuppressionList
from tests.support import walks
from tests.support.browser import by_name, walk
from tests.support.console import token
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.loopback import served
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from pathlib import Path

    from reprieve.removals.follow import Following
    from tests.support.gateway import Clock

pytestmark = pytest.mark.slow
ORGANIZATION = replace(DEMO, name="Acme Inc.", membership=Membership.ANYONE)


@pytest.fixture
def bounced(clock: Clock) -> None:
    """Some 60 bounces, one of them of another domain."""
    said = ("550 5.1.1 <{0}>: Recipient address rejected: User unknown in virtual mailbox table", "5.1.1")
    wiring.suppressions().record(
        ORGANIZATION,
        [
            Suppression(
                *(SuppressionList.BOUNCES, email, email, Millis(clock.now - HOUR - number * 1_000)),
                *(said[0].format(email), said[1]),
                classification=Classification.INVALID_ADDRESS,
                provider="sendgrid",
            )
            for number, email in enumerate([*(f"user{n:02}@example.com" for n in range(60)), "ada@example.org"])
        ],
    )


def signing_in() -> list[list[str]]:
    return walks.sign_in(token(organization=ORGANIZATION, name="Grace Hopper"))


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Provider:
    """A provider that lifts; the job runs when the progress is looked at for the third time."""
    enrol(ORGANIZATION)
    made = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: made)
    looks, verbs = [0], wiring.following

    def looked() -> Following:
        looks[0] += 1
        if looks[0] == 3:
            clock.now += MINUTE
            tick()
        return verbs()

    monkeypatch.setattr(wiring, "following", looked)
    return made


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.usefixtures("bounced")
def test_five_hundred_addresses_are_pasted_checked_lifted_and_followed(provider: Provider, *, script: bool) -> None:
    pasted = ["Ann Lee <user00@example.com>", "Ann Lee", *(f"user{n:02}@example.com" for n in range(1, 499))]
    steps = [
        *signing_in(),
        *walks.check_many(pasted),
        ["says", "#about", "Lift 499 addresses"],
        ["text", ".notice"],
        ["count", "tbody tr"],
        ["path"],
        ["click", "text=Lift all 499 now"],
        ["says", ".headline", "Under way: 0 of 499 have ended."],
        *([] if script else [["click", "text=Check again"], ["click", "text=Check again"]]),
        ["wait", ".headline.good"],
        ["count", "tbody tr"],
        ["count", "[hx-trigger]"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script)
    assert by_name(steps, found, "text") == [
        "1 of what you pasted is not an email address and is left out:\n\nLine 2: “Ann Lee” is not an email address."
    ]
    assert by_name(steps, found, "count") == [499, 499, 0]
    assert by_name(steps, found, "path") == ["/console/lifts/many" if script else "/console/lifts/many/dry-run"]
    assert len(provider.asked) == 499


@pytest.mark.usefixtures("bounced", "provider")
def test_the_pages_for_many_addresses_are_as_they_should_be_in_every_width_and_colour(shots: Path | None) -> None:
    steps = [
        *signing_in(),
        ["click", "text=Lift many"],
        ["look", "many"],
        ["type", "#addresses", "user00@example.com; user01@example.com\nAnn Lee\nben@example.org"],
        ["click", "text=Check…"],
        ["says", "#about", "Lift 3 addresses"],
        ["look", "many-dry-run"],
        ["click", "text=Lift all 3 now"],
        ["says", ".headline", "Under way: 0 of 3 have ended."],
        ["look", "many-under-way"],
        ["wait", ".headline.good"],
        ["look", "many-done"],
    ]
    with served() as origin:
        assert by_name(steps, walk(origin, steps, shots=shots), "look") == [{}] * 4


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.usefixtures("bounced")
def test_the_lists_are_filtered_and_paged_and_lead_to_an_address(shots: Path | None, *, script: bool) -> None:
    steps = [
        *signing_in(),
        ["goto", "/console/lists"],
        ["count", "tbody tr"],
        ["click", "text=Next page"],
        ["says", "tbody", "ada@example.org"],
        ["count", "tbody tr"],
        ["click", "main summary"],
        ["type", "#domain", "example.org"],
        ["click", "text=Show"],
        ["says", "#about", "1 entry"],
        ["text", "tbody th"],
        *([["look", "lists"]] if script else []),
        ["click", "tbody button"],
        ["says", ".headline", "No mail goes to this address."],
        ["path"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script, shots=shots)
    assert by_name(steps, found, "count") == [50, 11]
    assert by_name(steps, found, "text") == ["ada@example.org"]
    assert by_name(steps, found, "look") == ([{}] if script else [])
    assert by_name(steps, found, "path") == ["/console/address"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_domain_is_held_and_lifted_and_a_group_leads_to_its_list(
    clock: Clock, shots: Path | None, *, script: bool
) -> None:
    by = context(ORGANIZATION, request_id="g", now=clock.now)
    wiring.unsubscribe_groups().create(by, GroupChanges(name="News", description="Every month", is_default=True))
    steps = [
        *signing_in(),
        ["click", "text=Holds"],
        ["type", "#subject", "example.org"],
        ["type", "#reason", "closes at the end of the year"],
        ["type", "#until", "2026-12-31"],
        ["click", "form button:text-is('Hold')"],
        ["says", ".headline", "example.org is on hold."],
        ["text", "tbody th"],
        *([["look", "holds"]] if script else []),
        ["click", "tbody button"],
        ["says", ".headline", "example.org is not on hold any more."],
        ["count", "tbody tr"],
        ["click", "text=Groups"],
        ["wait", "tbody"],
        *([["look", "groups"]] if script else []),
        ["click", "tbody a"],
        ["says", "#about", "0 entries"],
        ["path"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script, shots=shots)
    assert by_name(steps, found, "text") == ["example.org"]
    assert by_name(steps, found, "count") == [0]
    assert by_name(steps, found, "look") == ([{}, {}] if script else [])
    assert by_name(steps, found, "path") == ["/console/lists"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.usefixtures("bounced")
def test_a_list_is_exported_to_a_file_and_another_one_imported(shots: Path | None, *, script: bool) -> None:
    steps = [
        *signing_in(),
        *walks.filter_lists("example.org"),
        ["says", "#about", "1 entry"],
        ["click", "text=Export as CSV"],
        ["says", "#about", "Entries 1 to 1"],
        *([["look", "export"]] if script else []),
        ["download", "text=Download as CSV"],
        ["goto", "/console/lists"],
        ["click", "text=Put addresses on a list"],
        ["wait", "#file"],
        *([["look", "import"]] if script else []),
        ["choose", "#file", "list.csv", "email;reason\nada@example.net;552 5.2.2 é\nAda\n"],
        ["click", "main button:text-is('Import')"],
        ["says", ".headline", "1 row changed the list."],
        ["text", "main li"],
        *([["look", "imported"]] if script else []),
        ["click", "text=See the list"],
        ["says", "tbody", "ada@example.net"],
        ["text", "tbody q"],
        ["path"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script, shots=shots)
    ((name, text),) = by_name(steps, found, "download")
    assert name == "suppressions-2026-01-01-from-1.csv"
    assert [line.split(",")[1] for line in text.splitlines()] == ["email", "ada@example.org"]
    assert by_name(steps, found, "text") == [
        "Line 3: email: this is not an email address by RFC 3696",
        "552 5.2.2 é",
    ]
    assert by_name(steps, found, "look") == ([{}] * 3 if script else [])
