"""Mailgun's adapter: its three lists, tags, pages, and the three meanings of a 404."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftOutcome
from reprieve.suppressions.suppression import HOLDS, Permanence, SuppressionList
from tests.support.providers import BOUNCES, BUDGET, NOW, SPAM, MailgunBench, outcomes
from tests.support.upstream import foreign, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.suppressions.suppression import AnyList

UNSUBSCRIBES = SuppressionList.UNSUBSCRIBES
LIFTED, ABSENT, BROKEN = LiftOutcome.LIFTED, LiftOutcome.ABSENT, LiftOutcome.ACCOUNT_BROKEN


@pytest.fixture
def mailgun() -> Iterator[MailgunBench]:
    with ExitStack() as stack:
        yield MailgunBench(stack)


@pytest.mark.parametrize("name", [BOUNCES, SPAM, UNSUBSCRIBES, HOLDS])
def test_an_entry_is_lifted_by_one_call_and_lower_case_is_tried_before_absence_is_believed(
    mailgun: MailgunBench, name: AnyList
) -> None:
    mailgun.put(name, "Ann@example.org")
    mailgun.put(name, "bob@example.org")
    assert outcomes(mailgun.provider.lift(name, ["Ann@example.org"], budget=BUDGET)) == [LIFTED]
    assert mailgun.calls() == 1
    assert outcomes(mailgun.provider.lift(name, ["Bob@Example.org", "cem@example.org"], budget=BUDGET)) == [
        LIFTED,
        ABSENT,
    ]


def test_an_unsubscribe_from_a_tag_is_neither_read_nor_lifted(mailgun: MailgunBench) -> None:
    mailgun.fake.put("acme.test", "unsubscribes", "ann@example.org", tags=["news"])
    mailgun.fake.put("acme.test", "unsubscribes", "bob@example.org", tags=["news", "*"])
    assert [one.email for one in mailgun.provider.entries(UNSUBSCRIBES, start=0, end=NOW)] == ["bob@example.org"]
    answers = mailgun.provider.lift(UNSUBSCRIBES, ["ann@example.org", "bob@example.org"], budget=BUDGET)
    assert outcomes(answers) == [ABSENT, LIFTED]
    kept = {email: one["tags"] for email, one in mailgun.fake.lists["acme.test", "unsubscribes"].items()}
    assert kept == {"ann@example.org": ["news"], "bob@example.org": ["news"]}


def test_a_domain_that_the_account_lacks_breaks_the_account_and_blames_no_address(mailgun: MailgunBench) -> None:
    mailgun.fake.domains.clear()
    for verb in ("lift", "put"):
        answers = getattr(mailgun.provider, verb)(HOLDS, ["a@example.org", "b@example.org"], budget=BUDGET)
        assert outcomes(answers) == [BROKEN] * 2
    assert mailgun.calls() == 2
    with pytest.raises(Unavailable, match="Mailgun: 404"):
        list(mailgun.provider.entries(BOUNCES, start=0, end=NOW))


def test_a_404_of_something_else_than_mailgun_is_about_the_base_url(mailgun: MailgunBench) -> None:
    mailgun.fake.always = foreign(404)
    assert outcomes(mailgun.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [BROKEN]


def test_pages_are_followed_by_their_parameters_and_never_to_another_host(mailgun: MailgunBench) -> None:
    for n in range(10):
        mailgun.fake.put("acme.test", "bounces", f"n{n}@example.org", code="550", error="5.1.1 user unknown")
    mailgun.fake.trouble += [None, status(429, Retry_After="2")]
    found = list(mailgun.provider.entries(BOUNCES, start=0, end=NOW))
    assert [one.email for one in found] == [f"n{n}@example.org" for n in range(10)]
    assert {(one.reason, one.permanence) for one in found} == {("550 5.1.1 user unknown", Permanence.HARD)}
    assert {one.target.split("?")[0] for one in mailgun.fake.seen} == {"/v3/acme.test/bounces"}


def test_a_row_with_words_of_a_full_mailbox_is_soft_and_one_without_a_time_gets_the_end(
    mailgun: MailgunBench,
) -> None:
    mailgun.fake.put("acme.test", "bounces", "a@x.io", code=552, error="5.2.2 mailbox full", created_at="soon")
    (entry,) = mailgun.provider.entries(BOUNCES, start=0, end=NOW)
    assert (entry.created, entry.permanence, entry.reason) == (NOW, Permanence.SOFT, "552 5.2.2 mailbox full")


@pytest.mark.parametrize("answer", [[], {"items": None}, "text"])
def test_what_is_not_a_page_is_an_unread_list(mailgun: MailgunBench, answer: object) -> None:
    mailgun.fake.always = lambda handler: handler.answer(200, answer)
    with pytest.raises(Unavailable, match=r"^Mailgun: "):
        list(mailgun.provider.entries(BOUNCES, start=0, end=NOW))


def test_pages_that_form_a_circle_are_an_unread_list(mailgun: MailgunBench) -> None:
    row = {"address": "ann@example.org", "created_at": "Tue, 14 Nov 2023 22:13:20 UTC"}
    page = {"items": [row], "paging": {"next": "https://api.mailgun.net/v3/acme.test/bounces?page=next"}}
    mailgun.fake.always = lambda handler: handler.answer(200, page)
    with pytest.raises(Unavailable, match="Mailgun: the list's pages form a circle"):
        list(mailgun.provider.entries(BOUNCES, start=0, end=NOW))
