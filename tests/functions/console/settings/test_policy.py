"""The pages of the policy: its rules in words, its dry run, and that it is enabled or disabled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY, Millis
from reprieve.dialects.console import policy as policy_page
from reprieve.policies.policy import Rule, Then, When
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support.console import logged, seen, signed_in, text_of
from tests.support.gateway import DEMO

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo", "key")


def test_the_policy_is_said_in_words_in_the_order_of_its_rules(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    said = seen(browser, "/policy")
    assert calls == {"GetItem": 1}
    assert said.partition("lifted by it. ")[2] == (
        "The policy is not in force. Its rules are advice on the page of an address, and nothing is lifted by itself. "
        "The default policy, version 0. Its rules are changed by PUT /reprieve/policies . "
        "invalid address If it is on the list of invalid addresses: it stays suppressed until a person decides. "
        "hard bounce If the failure is hard: it is held for 7, then 30, then 365 days for each further failure, and "
        "lifted then. "
        "passing failure For any other failure: it is held for 1, then 2, then 4, then 8, then 16, then 32, then 64 "
        "days for each further failure, and lifted then. "
        "What limits it It lifts at most 1,000 addresses per day, at most 100 of one domain, and at most 10% of all "
        "entries. It is stopped when more than 20% of its lifts fail again within 7 days. "
        "Dry run A dry run says what the rules would do with what is on the lists now. It changes nothing. "
        "See the dry run Enable the policy From the next hour on, it lifts what the dry run counts as “Lift”."
    )


def test_every_condition_and_consequence_of_a_rule_has_words() -> None:
    when = When(
        lists=frozenset({SuppressionList.BLOCKS, SuppressionList.BOUNCES}),
        permanences=frozenset({Permanence.SOFT}),
        classifications=frozenset({Classification.FREQUENCY}),
        statuses=("4.",),
        words=("greylisted", "later"),
        domains=frozenset({"x.io"}),
        accounts=frozenset({"eu"}),
        lifted_fewer=(3, 30),
    )
    assert policy_page.rule_words(Rule("r", Then.LIFT, when)) == policy_page.RuleWords(
        "r",
        [
            "it is on the block list or bounce list",
            "the failure is soft",
            f"its class is {Classification.FREQUENCY.lower()}",
            "its status begins with 4.",
            "the server's words contain “greylisted” or “later”",
            "the domain is x.io",
            "it was reported by the account eu",
            "it was lifted fewer than 3 times in 30 days",
        ],
        "it is lifted.",
    )
    assert policy_page.rule_words(Rule("r", Then.HOLD, When(), (1,))).then == "it is held for 1 day, and lifted then."


def test_the_dry_run_counts_what_is_on_the_lists_and_looks_at_so_many_entries_only(
    call: Gateway, calls: Calls, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        Suppression(SuppressionList.BOUNCES, f"n{number}@x.io", f"n{number}@x.io", Millis(clock.now - number * DAY))
        for number in range(1, 4)
    ]
    wiring.suppressions().record(DEMO, [replace(one, permanence=Permanence.SOFT) for one in entries])
    browser = signed_in(call)
    said = seen(browser, "/policy/dry-run")
    assert "block list 0 0 0 0 0 bounce list 3 0 0 0 0" in said
    assert calls["BatchGetItem"] == 1
    monkeypatch.setattr(policy_page, "MOST", 2)
    assert "bounce list (the newest 2 entries) 2 0 0 0 0" in seen(browser, "/policy/dry-run")


def test_the_policy_that_was_shown_is_enabled_and_no_other_and_any_is_disabled(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    answer = browser.post("/policy/enable", version="0")
    assert (answer.status, answer.headers["location"]) == (303, ["/console/policy"])
    assert calls == {"GetItem": 1, "UpdateItem": 1, "BatchExecuteStatement": 1}
    assert "The policy is in force. Every hour, what its rules release is lifted." in seen(browser, "/policy")
    (entry,) = logged("reprieve.policy.update")
    assert entry["actor"]["id"] == "desk-1"
    assert browser.post("/policy/disable").status == 303
    assert "The policy is not in force." in seen(browser, "/policy")
    answer = browser.post("/policy/enable", version="0")
    assert (answer.status, "The policy was changed meanwhile. Read it again." in text_of(browser.page)) == (409, True)
    assert browser.post("/policy/enable").status == 400
