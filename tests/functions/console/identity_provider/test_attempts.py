"""An attempt to sign in at an identity provider: whose answer counts, how often, for how long, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.access import attempt
from reprieve.access.sessions import ATTEMPTS
from reprieve.clock import MINUTE
from reprieve.runtime import wiring
from tests.support.console import Browser
from tests.support.identity_provider import URL, WANTED, Provider
from tests.support.sign_ins import BROKEN, OTHER, begin, come_back, given, refused

if TYPE_CHECKING:
    from io import StringIO

    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
AGAIN = "This sign-in was used already, took too long, or was begun in another browser. Begin again."


def test_an_answer_counts_once(call: Gateway, provider: Provider) -> None:
    browser = Browser(call)
    back, held = provider.authorize(begin(browser), "ann"), browser.held
    assert come_back(browser, back).status == 303
    again = Browser(call, held=held)
    refused(again, come_back(again, back), AGAIN)
    assert len(provider.redeemed) == 1


def test_an_answer_counts_in_the_browser_alone_that_began(call: Gateway, calls: Calls, provider: Provider) -> None:
    victim, attacker = Browser(call), Browser(call)
    begin(victim)
    back = provider.authorize(begin(attacker), "bob")
    for browser in (victim, Browser(call)):
        refused(browser, come_back(browser, back), AGAIN)
        # nothing is read or written for it but the count of attempts
        assert (calls, calls.verifying, calls.leasing) == ({}, 0, 1)
    assert provider.redeemed == []


@pytest.mark.parametrize(
    "held", ["", "x", "demo.x/", f"Demo.{'A' * 43}/", f"demo.{'A' * 43}", f"demo.{'A' * 43}/a/../b"]
)
def test_what_no_browser_was_given_is_no_attempt(call: Gateway, calls: Calls, provider: Provider, held: str) -> None:
    browser = Browser(call, held=held)
    refused(browser, come_back(browser, {"code": "c", "state": "s"}), AGAIN)
    assert calls == {}


def test_an_attempt_that_was_never_begun_is_refused_before_the_issuer_is_asked(
    call: Gateway, provider: Provider
) -> None:
    made = attempt.new_attempt("demo", "/")
    browser = Browser(call, held=made.text)
    refused(browser, come_back(browser, {"code": "c", "state": made.state}), AGAIN)
    assert (provider.redeemed, provider.read[1:]) == ([], [])


def test_an_attempt_of_another_organization_is_no_attempt_here(call: Gateway, clock: Clock, provider: Provider) -> None:
    wiring.access().create_organization(OTHER)
    given(clock, WANTED, OTHER)
    browser = Browser(call)
    back = provider.authorize(begin(browser, "other"), "ann")
    browser.held = browser.held.replace("other.", "demo.")
    # its state follows from what the browser holds, and so does the record's place
    refused(browser, come_back(browser, back), AGAIN)
    moved = attempt.attempt_in(browser.held)
    assert moved
    refused(browser, come_back(browser, {**back, "state": moved.state}), AGAIN)
    assert provider.redeemed == []


def test_an_attempt_lasts_ten_minutes(call: Gateway, clock: Clock, provider: Provider) -> None:
    late, just = Browser(call), Browser(call)
    answers = [provider.authorize(begin(browser), "ann") for browser in (late, just)]
    clock.now += attempt.ATTEMPT - 1
    assert come_back(just, answers[1]).status == 303
    clock.now += 1
    refused(late, come_back(late, answers[0]), AGAIN)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("access_denied", "did not let you in (access_denied)."),
        ("<b>x</b>", "did not let you in (an error without a code)."),
    ],
)
def test_an_error_of_the_issuer_is_a_page_and_uses_the_attempt_up(
    call: Gateway, provider: Provider, log: StringIO, error: str, says: str
) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    said = {"state": back["state"], "error": error, "error_description": "secret words"}
    refused(browser, come_back(browser, said), says)
    assert "secret words" not in browser.page + log.getvalue()
    refused(browser, come_back(browser, back), AGAIN)
    assert provider.redeemed == []


@pytest.mark.parametrize("code", ["", "x" * 4_097])
def test_an_answer_without_a_usable_code_is_refused(call: Gateway, provider: Provider, code: str) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    refused(browser, come_back(browser, {**back, "code": code}), BROKEN)
    assert provider.redeemed == []


def test_an_answer_that_names_another_issuer_is_refused(call: Gateway, provider: Provider) -> None:
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    refused(browser, come_back(browser, {**back, "iss": "https://evil.example"}), BROKEN)
    assert provider.redeemed == []
    browser = Browser(call)
    back = provider.authorize(begin(browser), "ann")
    assert come_back(browser, {**back, "iss": URL}).status == 303


def test_attempts_are_few_per_minute_from_one_address_to_begin_and_to_come_back(
    call: Gateway, calls: Calls, clock: Clock, provider: Provider
) -> None:
    browser = Browser(call)
    backs = [provider.authorize(begin(browser), "ann") for _ in range(ATTEMPTS)]
    assert browser.post("/oidc", organization="demo").status == 429
    assert (calls, calls.leasing) == ({}, 1)
    for _ in range(ATTEMPTS - 1):
        assert come_back(browser, {"state": "x", "code": "c"}).status == 401
    assert come_back(browser, backs[-1]).status == 303
    assert come_back(browser, backs[-1]).status == 429
    clock.now += MINUTE
    begin(browser)
