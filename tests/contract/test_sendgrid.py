"""SendGrid's adapter on real HTTP: the requests that arrive, and the interpretation of the answers."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from reprieve.clock import SECOND
from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftOutcome
from reprieve.removals.removal import MAX_BACKOFF
from reprieve.suppressions.suppression import AnyList, GroupList, SuppressionList
from tests.support import fake_sendgrid as upstream
from tests.support.fake_sendgrid import FakeSendGrid
from tests.support.providers import BOUNCES, BUDGET, KEY, NOW, ODD, SendGridBench, assert_clean, outcomes

# ---- SendGrid: what arrives


@pytest.mark.parametrize("suppression_list", SuppressionList)
def test_every_list_is_read_and_lifted_where_it_is(sendgrid: SendGridBench, suppression_list: SuppressionList) -> None:
    for email in ("ann@example.org", "bob@example.org"):
        sendgrid.put(suppression_list, email)
    assert {e.email for e in sendgrid.provider.entries(suppression_list, start=0, end=NOW)} == {
        "ann@example.org",
        "bob@example.org",
    }
    assert outcomes(sendgrid.provider.lift(suppression_list, ["ann@example.org"], budget=BUDGET)) == [
        LiftOutcome.LIFTED
    ]
    assert sendgrid.listed(suppression_list) == {"bob@example.org"}


@pytest.mark.parametrize(
    "email", [*ODD, "a?b#c&d=e@example.org", "%2F%40@example.org", "..@example.org", "日本@example.org"]
)
def test_an_address_in_the_path_arrives_as_it_is(sendgrid: SendGridBench, email: str) -> None:
    sendgrid.put(SuppressionList.UNSUBSCRIBES, email)
    sendgrid.put(SuppressionList.UNSUBSCRIBES, "stays@example.org")
    assert outcomes(sendgrid.provider.lift(SuppressionList.UNSUBSCRIBES, [email], budget=BUDGET)) == [
        LiftOutcome.LIFTED
    ]
    assert sendgrid.listed(SuppressionList.UNSUBSCRIBES) == {"stays@example.org"}
    path = sendgrid.fake.seen[0].target.removeprefix(f"{sendgrid.fake.prefix}/v3/asm/suppressions/global/")
    assert path.isascii()
    assert not set(path) & set('/?#+@&="% '.replace("%", ""))


def test_a_member_of_a_group_is_removed_from_that_group_and_from_nothing_else(sendgrid: SendGridBench) -> None:
    group, other = GroupList.of(103), GroupList.of(104)
    for name in (group, other, SuppressionList.UNSUBSCRIBES):
        sendgrid.put(name, "ann@example.org")
    emails = ["ann@example.org", "absent@example.org"]
    assert outcomes(sendgrid.provider.lift(group, emails, budget=BUDGET)) == [LiftOutcome.LIFTED] * 2
    assert [(one.method, one.target.removeprefix(sendgrid.fake.prefix)) for one in sendgrid.fake.seen] == [
        ("DELETE", "/v3/asm/groups/103/suppressions/ann%40example.org"),
        ("DELETE", "/v3/asm/groups/103/suppressions/absent%40example.org"),
    ]
    assert sendgrid.listed(group) == set()
    assert sendgrid.listed(other) == sendgrid.listed(SuppressionList.UNSUBSCRIBES) == {"ann@example.org"}


def test_the_request_is_as_documented(sendgrid: SendGridBench) -> None:
    sendgrid.other.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    (seen,) = sendgrid.fake.seen
    assert (seen.method, seen.target) == ("DELETE", "/_aws/execute-api/abc123/v3/suppression/bounces")
    assert json.loads(seen.body) == {"emails": ["ann@example.org"]}
    expected = {
        "authorization": f"Bearer {KEY}",
        "on-behalf-of": "sub",
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
    }
    assert expected.items() <= seen.headers.items()
    assert "cookie" not in seen.headers


def test_a_single_removal_has_no_body(sendgrid: SendGridBench) -> None:
    sendgrid.provider.lift(SuppressionList.UNSUBSCRIBES, ["ann@example.org"], budget=BUDGET)
    assert sendgrid.fake.seen[0].body == b""
    assert "content-type" not in sendgrid.fake.seen[0].headers
    assert "on-behalf-of" not in sendgrid.fake.seen[0].headers


def test_one_connection_serves_call_after_call(sendgrid: SendGridBench) -> None:
    for n in range(5):
        sendgrid.provider.lift(BOUNCES, [f"n{n}@example.org"], budget=BUDGET)
        sendgrid.provider.lift(SuppressionList.UNSUBSCRIBES, [f"n{n}@example.org"], budget=BUDGET)
        list(sendgrid.provider.entries(BOUNCES, start=0, end=NOW))
    assert len({seen.port for seen in sendgrid.fake.seen}) == 1


def test_the_environment_decides_nothing(
    sendgrid: SendGridBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(netrc))
    assert outcomes(sendgrid.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.LIFTED]
    assert sendgrid.fake.seen[0].headers["authorization"] == f"Bearer {KEY}"


# ---- SendGrid: a bad address in a bulk


@pytest.mark.parametrize("place", [0, 1, 15, 30])
def test_a_poison_address_is_refused_alone(sendgrid: SendGridBench, place: int) -> None:
    emails = [f"n{n}@example.org" for n in range(31)]
    for email in emails:
        sendgrid.put(BOUNCES, email)
    sendgrid.fake.poison = {emails[place]}
    answers = sendgrid.provider.lift(BOUNCES, emails, budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.REFUSED if n == place else LiftOutcome.LIFTED for n in range(31)]
    assert sendgrid.listed(BOUNCES) == {emails[place]}
    assert_clean(answers)


def test_the_neighbour_of_a_poison_address_is_asked_for_alone(sendgrid: SendGridBench) -> None:
    sendgrid.put(BOUNCES, "listed@example.org")
    sendgrid.fake.poison = {"poison@example.org"}
    answers = sendgrid.provider.lift(BOUNCES, ["listed@example.org", "poison@example.org"], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.LIFTED, LiftOutcome.REFUSED]
    answers = sendgrid.provider.lift(BOUNCES, ["absent@example.org", "poison@example.org"], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.ABSENT, LiftOutcome.REFUSED]


def test_a_throttle_in_the_middle_of_splitting_keeps_what_is_done(sendgrid: SendGridBench) -> None:
    emails = ["a@example.org", "b@example.org", "c@example.org", "poison@example.org"]
    sendgrid.fake.poison = {emails[3]}
    work = lambda handler: handler.answer(*handler.work())  # noqa: E731
    sendgrid.fake.trouble += [work, work, upstream.throttled(NOW // 1000 + 60)]
    answers = sendgrid.provider.lift(BOUNCES, emails, budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.LIFTED] * 2 + [LiftOutcome.WAIT] * 2
    assert {answer.retry_at for answer in answers[2:]} == {NOW + 60 * SECOND}
    assert len(sendgrid.fake.seen) == 3


def test_more_than_a_batch_goes_in_several_bulks(sendgrid: SendGridBench) -> None:
    emails = [f"n{n}@example.org" for n in range(7)]
    with closing(sendgrid.adapter(batch=3)) as provider:
        assert outcomes(provider.lift(BOUNCES, emails, budget=BUDGET)) == [LiftOutcome.LIFTED] * 7
    assert [len(json.loads(seen.body)["emails"]) for seen in sendgrid.fake.seen] == [3, 3, 1]


# ---- SendGrid: statuses


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, LiftOutcome.LIFTED),
        (301, LiftOutcome.ACCOUNT_BROKEN),
        (400, LiftOutcome.REFUSED),
        (401, LiftOutcome.ACCOUNT_BROKEN),
        (403, LiftOutcome.ACCOUNT_BROKEN),
        (405, LiftOutcome.ACCOUNT_BROKEN),
        (408, LiftOutcome.RETRY),
        (413, LiftOutcome.REFUSED),
        (422, LiftOutcome.REFUSED),
        (429, LiftOutcome.WAIT),
        (451, LiftOutcome.ACCOUNT_BROKEN),
        (500, LiftOutcome.RETRY),
        (503, LiftOutcome.RETRY),
    ],
)
@pytest.mark.parametrize("name", [BOUNCES, SuppressionList.UNSUBSCRIBES])
def test_each_status_has_one_outcome_for_all_addresses_and_its_words_are_not_quoted(
    sendgrid: SendGridBench, status: int, outcome: LiftOutcome, name: SuppressionList
) -> None:
    sendgrid.fake.always = upstream.status(status)
    answers = sendgrid.provider.lift(name, ["ann@example.org", "bob@example.org"], budget=BUDGET)
    assert outcomes(answers) == [outcome] * 2
    assert_clean(answers)
    assert all(answer.detail.startswith(f"{status}: ") for answer in answers)


@pytest.mark.parametrize("name", [BOUNCES, SuppressionList.UNSUBSCRIBES])
def test_a_wrong_base_url_does_not_prove_absence(sendgrid: SendGridBench, name: SuppressionList) -> None:
    sendgrid.put(name, "ann@example.org")
    with closing(sendgrid.adapter(base_url=sendgrid.fake.url + "/wrong")) as provider:
        answers = provider.lift(name, ["ann@example.org", "bob@example.org"], budget=BUDGET)
        assert outcomes(answers) == [LiftOutcome.ACCOUNT_BROKEN] * 2
        assert sendgrid.calls() == 1
        with pytest.raises(Unavailable):
            list(provider.entries(name, start=0, end=NOW))


def test_an_absent_unsubscribe_may_be_a_404_in_the_providers_words(sendgrid: SendGridBench) -> None:
    sendgrid.fake.always = upstream.status(404)
    assert outcomes(sendgrid.provider.lift(SuppressionList.UNSUBSCRIBES, ["ann@example.org"], budget=BUDGET)) == [
        LiftOutcome.ABSENT
    ]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X_RateLimit_Reset": str(NOW // 1000 + 90)}, 90),
        ({"X_RateLimit_Reset": "45"}, 45),
        ({"X_RateLimit_Reset": str(NOW // 1000 - 90)}, 1),
        ({"X_RateLimit_Reset": "999999999999"}, MAX_BACKOFF // SECOND),
        ({"X_RateLimit_Reset": "soon", "Retry_After": "30"}, 30),
        ({"X_RateLimit_Reset": "-5"}, None),
        ({"X_RateLimit_Reset": "9" * 5000}, None),
        ({"X_RateLimit_Reset": "\N{SUPERSCRIPT TWO}"}, None),
        ({"X_RateLimit_Reset": "", "Retry_After": "Thu, 09 Oct 2025 08:53:40 GMT"}, 20),
        ({"X_RateLimit_Reset": "", "Retry_After": "Thu, 99 Foo 2025"}, None),
    ],
)
def test_when_to_come_back_after_a_429(sendgrid: SendGridBench, headers: dict[str, str], seconds: int | None) -> None:
    sendgrid.fake.always = upstream.status(429, **headers)
    (answer,) = sendgrid.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    assert answer.retry_at == (None if seconds is None else NOW + seconds * SECOND)


def test_the_rate_limit_of_a_call_that_was_not_limited_says_nothing(sendgrid: SendGridBench) -> None:
    sendgrid.fake.trouble += [upstream.status(503, X_RateLimit_Reset="900"), upstream.status(503, Retry_After="7")]
    assert sendgrid.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)[0].retry_at is None
    assert sendgrid.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)[0].retry_at == NOW + 7 * SECOND


def test_one_poisonous_unsubscribe_does_not_hold_up_the_others(sendgrid: SendGridBench) -> None:
    sendgrid.fake.trouble.append(upstream.status(500))
    answers = sendgrid.provider.lift(
        SuppressionList.UNSUBSCRIBES, [f"n{n}@example.org" for n in range(4)], budget=BUDGET
    )
    assert outcomes(answers) == [LiftOutcome.RETRY] + [LiftOutcome.LIFTED] * 3


def test_an_address_that_breaks_the_provider_stands_alone_in_the_end(sendgrid: SendGridBench) -> None:
    """The bulk that fails is cut in two, the good half is lifted, and the fault is the bad address's alone."""
    emails = [f"n{n}@example.org" for n in range(4)]
    for email in emails:
        sendgrid.put(BOUNCES, email)
    work = lambda handler: handler.answer(*handler.work())  # noqa: E731
    sendgrid.fake.trouble += [upstream.status(500), work, upstream.status(500), work, upstream.status(500)]
    answers = sendgrid.provider.lift(BOUNCES, emails, budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.LIFTED] * 3 + [LiftOutcome.RETRY]
    assert sendgrid.listed(BOUNCES) == {emails[3]}


def test_a_bulk_that_always_fails_blames_no_address(sendgrid: SendGridBench) -> None:
    sendgrid.fake.always = upstream.status(503)
    emails = [f"n{n}@example.org" for n in range(50)]
    assert outcomes(sendgrid.provider.lift(BOUNCES, emails, budget=BUDGET)) == [LiftOutcome.WAIT] * 50
    assert sendgrid.calls() == 3
    answers = sendgrid.provider.put(SuppressionList.UNSUBSCRIBES, emails, budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.WAIT] * 50
    assert sendgrid.calls() == 6


def test_a_provider_that_is_down_is_not_asked_for_every_address(sendgrid: SendGridBench) -> None:
    sendgrid.fake.always = upstream.reset
    answers = sendgrid.provider.lift(
        SuppressionList.UNSUBSCRIBES, [f"n{n}@example.org" for n in range(50)], budget=BUDGET
    )
    assert outcomes(answers) == [LiftOutcome.RETRY] * 3 + [LiftOutcome.WAIT] * 47
    assert sendgrid.calls() == 3


def test_a_redirect_is_not_followed(sendgrid: SendGridBench) -> None:
    with FakeSendGrid() as elsewhere:
        elsewhere.allow(KEY)
        sendgrid.fake.always = upstream.redirect(f"{elsewhere.url}/v3/suppression/bounces")
        assert outcomes(sendgrid.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [
            LiftOutcome.ACCOUNT_BROKEN
        ]
        with pytest.raises(Unavailable):
            list(sendgrid.provider.entries(BOUNCES, start=0, end=NOW))
        assert elsewhere.seen == []


# ---- SendGrid: additions


@pytest.mark.parametrize(
    ("name", "path"),
    [(SuppressionList.UNSUBSCRIBES, "/v3/asm/suppressions/global"), (GroupList.of(7), "/v3/asm/groups/7/suppressions")],
)
def test_an_addition_is_one_post_as_documented(sendgrid: SendGridBench, name: AnyList, path: str) -> None:
    emails = ["ann@example.org", "bob@example.org"]
    assert outcomes(sendgrid.provider.put(name, emails, budget=BUDGET)) == [LiftOutcome.LISTED] * 2
    (seen,) = sendgrid.fake.seen
    assert (seen.method, seen.target) == ("POST", sendgrid.fake.prefix + path)
    assert json.loads(seen.body) == {"recipient_emails": emails}
    assert sendgrid.listed(name) == set(emails)


def test_the_lists_that_sendgrid_fills_itself_are_not_added_to(sendgrid: SendGridBench) -> None:
    for name in SuppressionList:
        if name is not SuppressionList.UNSUBSCRIBES:
            answers = sendgrid.provider.put(name, ["ann@example.org"], budget=BUDGET)
            assert [one.detail for one in answers] == ["the provider adds to this list only itself: kept here only"]
    assert sendgrid.calls() == 0


def test_a_poison_address_is_not_added_and_holds_up_no_other(sendgrid: SendGridBench) -> None:
    emails = [f"n{n}@example.org" for n in range(9)]
    sendgrid.fake.poison.add(emails[4])
    answers = sendgrid.provider.put(SuppressionList.UNSUBSCRIBES, emails, budget=BUDGET)
    expected = [LiftOutcome.LISTED] * 9
    expected[4] = LiftOutcome.REFUSED
    assert outcomes(answers) == expected
    assert sendgrid.listed(SuppressionList.UNSUBSCRIBES) == set(emails) - {emails[4]}
    assert_clean(answers)


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (upstream.throttled(NOW // 1000 + 60), LiftOutcome.WAIT),
        (upstream.status(401), LiftOutcome.ACCOUNT_BROKEN),
        (upstream.status(404), LiftOutcome.ACCOUNT_BROKEN),
        (upstream.status(500), LiftOutcome.RETRY),
        (upstream.reset, LiftOutcome.RETRY),
    ],
)
def test_trouble_of_an_addition_means_what_it_means_of_a_removal(
    sendgrid: SendGridBench, trouble: Any, outcome: LiftOutcome
) -> None:
    sendgrid.fake.always = trouble
    answers = sendgrid.provider.put(SuppressionList.UNSUBSCRIBES, ["ann@example.org"], budget=BUDGET)
    assert outcomes(answers) == [outcome]
    assert_clean(answers)


def test_a_group_that_is_gone_refuses_the_address_and_not_the_account(sendgrid: SendGridBench) -> None:
    sendgrid.fake.always = upstream.status(404)
    answers = sendgrid.provider.put(GroupList.of(7), ["ann@example.org"], budget=BUDGET)
    assert [(one.outcome, one.detail) for one in answers] == [
        (LiftOutcome.REFUSED, "404: the provider has no such group")
    ]


def test_a_lost_answer_of_an_addition_can_be_tried_again(sendgrid: SendGridBench) -> None:
    sendgrid.lose_answers()
    for outcome in (LiftOutcome.RETRY, LiftOutcome.LISTED):
        answers = sendgrid.provider.put(SuppressionList.UNSUBSCRIBES, ["ann@example.org"], budget=BUDGET)
        assert outcomes(answers) == [outcome]
        assert sendgrid.listed(SuppressionList.UNSUBSCRIBES) == {"ann@example.org"}


# ---- one address


def test_one_addresss_unsubscribe_is_searched_because_its_own_answer_has_no_time(sendgrid: SendGridBench) -> None:
    for email in ("ann@example.org", "ann@example.org.au"):
        sendgrid.put(SuppressionList.UNSUBSCRIBES, email, 1_700_000_007)
    found = sendgrid.provider.entry_of(SuppressionList.UNSUBSCRIBES, "ann@example.org", otherwise=1)
    assert (found.email, found.created) == ("ann@example.org", 1_700_000_007_000)
    (seen,) = sendgrid.fake.seen
    assert seen.target.startswith(f"{sendgrid.fake.prefix}/v3/suppression/unsubscribes?")
    assert seen.query == {"email": "ann@example.org", "limit": "500"}


def test_of_two_rows_of_an_address_the_newest_counts_and_one_without_a_time_is_as_old_as_the_caller_says(
    sendgrid: SendGridBench,
) -> None:
    for second in (1_700_000_007, 1_700_000_009, 1_700_000_008):
        sendgrid.put(BOUNCES, "ann@example.org", second)
    sendgrid.fake.put("bounces", "bob@example.org", created="soon")  # type: ignore[arg-type]
    found = [sendgrid.provider.entry_of(BOUNCES, f"{name}@example.org", otherwise=5_500) for name in ("ann", "bob")]
    assert [one.created for one in found] == [1_700_000_009_000, 5_000]


@pytest.mark.parametrize(
    "answer",
    [
        b'404 Not Found\r\n\r\n{"message":"Not Found"}',
        b'200 OK\r\n\r\n{"email":"ann@example.org"}',
        b"200 OK\r\n\r\nnot JSON",
        b"302 Found\r\nLocation: https://elsewhere.example\r\n\r\n",
        b"500 Error\r\n\r\n[]",
    ],
)
def test_what_is_not_sendgrids_own_answer_about_the_address_is_no_answer(
    sendgrid: SendGridBench, answer: bytes
) -> None:
    sendgrid.fake.always = upstream.raw(b"HTTP/1.1 " + answer)
    with pytest.raises(Unavailable):
        sendgrid.provider.entry_of(BOUNCES, "ann@example.org", otherwise=1)
