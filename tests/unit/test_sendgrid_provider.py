"""SendGrid's adapter without a network: its requests and retries."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass, field
from math import ceil, log2
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_to_bytes

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from reprieve.clock import SECOND
from reprieve.errors import InvalidInput, Unavailable
from reprieve.providers.addresses import segment
from reprieve.providers.answers import StatusKind, comeback, kind_of, sentence
from reprieve.providers.sendgrid.adapter import MAX_BATCH, SendGrid
from reprieve.providers.sendgrid.answers import selection
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import MAX_BACKOFF
from reprieve.suppressions.suppression import SuppressionList
from tests.support.providers import BUDGET

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_760_000_000_000
KEY = "SG.canary-key-that-must-stay-secret"
BOUNCES = SuppressionList.BOUNCES
BULK = [name for name in SuppressionList if name is not SuppressionList.UNSUBSCRIBES]

texts = st.text(st.characters(), min_size=1, max_size=40)
emails = st.one_of(texts, st.builds("{}@{}".format, texts, texts), st.emails())


@dataclass
class Recorder(BaseAdapter):
    """A stand-in for the network; `answer` gives the status, or raises."""

    answer: Callable[[requests.PreparedRequest], int] = lambda _: 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: list[requests.PreparedRequest] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        self.options.append(options)
        response = requests.Response()
        response.request, response.url = request, request.url
        response.status_code = self.answer(request)
        response.headers.update(self.headers)
        response.raw = HTTPResponse(io.BytesIO(self.body), preload_content=False)
        return response

    def close(self) -> None:
        pass

    def selections(self) -> list[list[str]]:
        return [json.loads(request.body)["emails"] for request in self.sent if request.body]


def provider(recorder: Recorder, **options: Any) -> SendGrid:
    given_options = {"base_url": "https://api.example.com/base/", "api_key": KEY, "clock": lambda: NOW}
    adapter = SendGrid(**(given_options | options))
    adapter._api.client.session.mount("https://", recorder)
    return adapter


def poisoned(*poison: str) -> Callable[[requests.PreparedRequest], int]:
    def answer(request: requests.PreparedRequest) -> int:
        asked = json.loads(request.body)["emails"] if request.body else [unquote(request.url.rpartition("/")[2])]
        return 400 if set(poison) & set(asked) else 204

    return answer


def addresses(count: int) -> list[str]:
    return [f"n{n}@example.org" for n in range(count)]


# ---- never everything


@given(st.sampled_from(SuppressionList), st.lists(emails, max_size=30, unique=True), st.integers(1, 8), st.randoms())
def test_no_request_can_empty_a_list(name: SuppressionList, selected: list[str], batch: int, random: Any) -> None:
    """For any selection and any answer: a request names only selected addresses, and at least one."""
    recorder = Recorder(lambda _: random.choice([204, 400, 404, 413, 500]))
    answers = provider(recorder, batch=batch).lift(name, selected, budget=BUDGET)
    assert len(answers) == len(selected)
    root = f"https://api.example.com/base/v3/{'asm/suppressions/global' if 'unsub' in name else f'suppression/{name}'}"
    for request in recorder.sent:
        assert request.method == "DELETE"
        if request.body:
            assert request.url == root
            assert request.body == json.dumps({"emails": json.loads(request.body)["emails"]}).encode()
            assert set(json.loads(request.body)) == {"emails"}
            assert json.loads(request.body)["emails"]
            assert set(json.loads(request.body)["emails"]) <= set(selected)
        else:
            assert request.url.startswith(f"{root}/")
            assert unquote_to_bytes(request.url.removeprefix(f"{root}/")).decode(errors="surrogatepass") in selected


def test_an_empty_selection_has_no_body() -> None:
    with pytest.raises(ValueError, match="empty selection"):
        selection([])


def test_an_address_called_delete_all_is_an_address() -> None:
    assert json.loads(selection(["delete_all", '"],"delete_all":true,"x":["'])) == {
        "emails": ["delete_all", '"],"delete_all":true,"x":["']
    }


@pytest.mark.parametrize("name", SuppressionList)
@pytest.mark.parametrize("email", ["", ".", "..", "..."])
def test_what_would_name_the_list_itself_is_not_a_path(name: SuppressionList, email: str) -> None:
    recorder = Recorder(lambda _: 400)
    assert provider(recorder).lift(name, [email], budget=BUDGET)[0].outcome is LiftOutcome.REFUSED
    assert all(request.body for request in recorder.sent)


# ---- escaping


@pytest.mark.parametrize(
    ("email", "escaped"),
    [
        ("a+b@example.org", "a%2Bb%40example.org"),
        ("a/b@example.org", "a%2Fb%40example.org"),
        ("50%@example.org", "50%25%40example.org"),
        ("%2F@example.org", "%252F%40example.org"),
        ('"a b"@example.org', "%22a%20b%22%40example.org"),
        ("o'x@example.org", "o%27x%40example.org"),
        ("jörg@exämple.org", "j%C3%B6rg%40ex%C3%A4mple.org"),
        ("a?b#c@example.org", "a%3Fb%23c%40example.org"),
        ("a\\b;c@example.org", "a%5Cb%3Bc%40example.org"),
        ("~a.b_c-d@example.org", "~a.b_c-d%40example.org"),
        ("..@example.org", "..%40example.org"),
    ],
)
def test_an_address_is_one_segment_of_the_path(email: str, escaped: str) -> None:
    assert segment(email) == escaped
    recorder = Recorder()
    provider(recorder).lift(SuppressionList.UNSUBSCRIBES, [email], budget=BUDGET)
    assert recorder.sent[0].url == f"https://api.example.com/base/v3/asm/suppressions/global/{escaped}"
    assert recorder.sent[0].path_url == f"/base/v3/asm/suppressions/global/{escaped}"


@given(emails)
@example("a%2541b@example.org")
@example("%7Ea@example.org")
def test_requests_leaves_the_escaping_alone(email: str) -> None:
    recorder = Recorder()
    provider(recorder).lift(SuppressionList.UNSUBSCRIBES, [email], budget=BUDGET)
    for request in recorder.sent:
        assert request.url == f"https://api.example.com/base/v3/asm/suppressions/global/{segment(email)}"


# ---- splitting


@given(st.integers(1, MAX_BATCH), st.data())
def test_one_bad_address_costs_two_calls_per_halving(count: int, data: st.DataObject) -> None:
    selected = addresses(count)
    bad = data.draw(st.sampled_from(selected))
    recorder = Recorder(poisoned(bad))
    answers = provider(recorder).lift(BOUNCES, selected, budget=BUDGET)
    assert [
        email for email, answer in zip(selected, answers, strict=True) if answer.outcome is LiftOutcome.REFUSED
    ] == [bad]
    assert {answer.outcome for answer in answers} <= {LiftOutcome.LIFTED, LiftOutcome.REFUSED}
    assert len(recorder.sent) <= 1 + max(1, 2 * ceil(log2(count)))


@given(st.sets(st.integers(0, 59), max_size=10))
def test_several_bad_addresses_are_each_refused_alone(bad: set[int]) -> None:
    selected = addresses(60)
    recorder = Recorder(poisoned(*(selected[n] for n in bad)))
    answers = provider(recorder).lift(BOUNCES, selected, budget=BUDGET)
    assert {n for n, answer in enumerate(answers) if answer.outcome is LiftOutcome.REFUSED} == bad
    assert len(recorder.sent) <= 1 + len(bad) * 2 * ceil(log2(60))


@pytest.mark.parametrize("name", BULK)
def test_without_a_fault_a_batch_is_one_call(name: SuppressionList) -> None:
    recorder = Recorder()
    answers = provider(recorder).lift(name, addresses(MAX_BATCH), budget=BUDGET)
    assert answers == [LiftAnswer(LiftOutcome.LIFTED, "204: lifted")] * MAX_BATCH
    assert recorder.selections() == [addresses(MAX_BATCH)]


def test_a_bulk_of_one_that_is_refused_is_asked_for_by_its_own_url() -> None:
    recorder = Recorder(lambda request: 400 if request.body else 404)
    assert provider(recorder).lift(BOUNCES, ["ann@example.org"], budget=BUDGET)[0].outcome is LiftOutcome.ABSENT
    assert len(recorder.sent) == 2


def test_no_time_left_is_no_call() -> None:
    ticks = iter(range(0, 1000, 4))
    recorder = Recorder()
    answers = provider(recorder, stopwatch=lambda: float(next(ticks))).lift(
        SuppressionList.UNSUBSCRIBES, addresses(50), budget=BUDGET
    )
    assert len(recorder.sent) < 6
    assert answers[-1] == LiftAnswer(LiftOutcome.WAIT, "not tried: no time was left")


# ---- what goes with every request


def test_every_request_is_bounded_and_follows_nothing() -> None:
    recorder = Recorder(body=b"[]", answer=lambda request: 200)
    adapter = provider(recorder, deadline=2_000)
    adapter.lift(BOUNCES, addresses(1), budget=BUDGET)
    list(adapter.entries(BOUNCES, start=0, end=NOW))
    for options in recorder.options:
        connect, read = options["timeout"]
        assert 0 < connect <= 2
        assert 0 < read <= 2
        assert options["stream"]
        assert options["verify"]
        assert not options["proxies"]
    recorder.headers["Location"] = "https://elsewhere.example.com/"
    recorder.answer = lambda _: 302
    assert adapter.lift(BOUNCES, addresses(1), budget=BUDGET)[0].outcome is LiftOutcome.ACCOUNT_BROKEN
    assert len(recorder.sent) == 3


def test_the_pages_of_a_list_are_asked_for_by_whole_seconds() -> None:
    recorder = Recorder(body=b"[]", answer=lambda request: 200)
    list(provider(recorder).entries(SuppressionList.BLOCKS, start=1_001, end=5_999))
    assert recorder.sent[0].path_url == "/base/v3/suppression/blocks?start_time=2&end_time=5&limit=500&offset=0"


# ---- secrets


class Leaky(requests.RequestException):
    """An error like those of requests, with the URL and the headers in it."""


def test_the_key_and_the_addresses_stay_inside(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def fail(request: requests.PreparedRequest) -> int:
        raise Leaky(f"{request.url} {request.headers} {request.body!r}")

    adapter = provider(Recorder(fail))
    answers = [
        answer
        for name in SuppressionList
        for answer in adapter.lift(name, ["ann@example.org", "bob@example.org"], budget=BUDGET)
    ]
    with pytest.raises(Unavailable) as caught:
        list(adapter.entries(BOUNCES, start=0, end=NOW))
    shown = f"{answers} {adapter!r} {adapter} {caught.value!r} {caplog.text}"
    assert {answer.outcome for answer in answers} == {LiftOutcome.RETRY}
    assert not any(secret in shown for secret in (KEY, "canary", "ann@", "example.org"))
    assert repr(adapter) == "SendGrid(api.example.com)"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("api_key", ""),
        ("api_key", "SG.canary\r\nX-Evil: 1"),
        ("api_key", "SG.canary\n"),
        ("api_key", " SG.canary"),
        ("api_key", "SG.canäry"),
        ("on_behalf_of", "canary\r\nX-Evil: 1"),
        ("base_url", "ftp://canary.example.com"),
        ("base_url", "https://user:canary@example.com"),
        ("base_url", "https://example.com/?canary"),
        ("base_url", "https://example.com/#canary"),
        ("base_url", "https://[canary"),
        ("base_url", "https://example.com:canary"),
        ("base_url", "https://example.com/can ary"),
        ("base_url", "canary"),
        ("batch", 0),
        ("batch", MAX_BATCH + 1),
    ],
)
def test_what_cannot_be_used_is_refused_without_being_quoted(option: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        provider(Recorder(), **{option: value})
    assert caught.value.field == option
    assert "can" not in repr(caught.value).replace("cannot", "")


def test_an_account_id_is_a_fine_on_behalf_of() -> None:
    recorder = Recorder()
    provider(recorder, on_behalf_of="account-id 123").lift(BOUNCES, addresses(1), budget=BUDGET)
    assert recorder.sent[0].headers["On-Behalf-Of"] == "account-id 123"


# ---- statuses and headers


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_has_a_verdict_and_a_clean_sentence(status: int) -> None:
    assert sentence(status).startswith(f"{status}: ")
    assert (kind_of(status) is StatusKind.DONE) == (200 <= status < 300)
    assert (kind_of(status) is StatusKind.FAULT) == (status < 200 or status >= 500 or status in {408, 425})


@given(
    st.integers(100, 599), st.dictionaries(st.sampled_from(["X-RateLimit-Reset", "Retry-After"]), st.text(max_size=40))
)
def test_whatever_a_header_says_we_come_back_within_bounds(status: int, headers: dict[str, str]) -> None:
    moment = comeback(status, headers, now=NOW)
    assert moment is None or NOW + SECOND <= moment <= NOW + MAX_BACKOFF
