"""The policy of an organization: shown, replaced over the version that was read, given up, and refused by its path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import DAY
from reprieve.errors import Conflict
from reprieve.organization import PolicySetting
from reprieve.policies import contradictions
from reprieve.policies.policy import DEFAULT
from reprieve.policies.written import rows
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Gateway, cases, event, function
from tests.support.policies import stored

if TYPE_CHECKING:
    from tests.support.gateway import Calls

NOW = 1_767_225_600_000
HARD = {"name": "hard bounce", "when": {"permanences": ["hard"]}, "then": "hold", "hold_days": [3, 30]}
REST = {"name": "all others", "when": {}, "then": "lift"}
RULES = [HARD, REST]
BEYOND = "a policy reaches blocks, bounces, invalid_emails; the other lists are what a recipient or an operator wants"

pytestmark = pytest.mark.usefixtures("demo")


def ask(call: Gateway, method: str, body: object = None, **more: Any) -> Answer:
    return call(
        function("policies"),
        method,
        "/policies",
        body=body,
        scopes=["reprieve.policies.manage"],
        stage="reprieve",
        organization=DEMO,
        **more,
    )


def put(
    call: Gateway, rules: object = RULES, *, version: int | None = 0, enabled: object = True, **more: Any
) -> Answer:
    body = {"enabled": enabled, "rules": rules} | ({} if version is None else {"version": version})
    return ask(call, "PUT", body, **more)


def shown(version: int, rules: list[dict[str, Any]], *, enabled: bool, default: bool = False) -> Answer:
    return Answer(200, {"version": version, "enabled": enabled, "default": default, "rules": rules})


def logged() -> list[tuple[str, Any]]:
    span = Span(Order.PUBLISHED, position(0), LATEST)
    entries = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=100)]
    return [(one["eventType"], one["target"][0].get("changeDetails")) for one in entries]


def test_the_default_policy_is_shown_where_none_was_set_and_nothing_is_lifted_by_it(
    call: Gateway, calls: Calls
) -> None:
    assert ask(call, "GET") == shown(0, rows(DEFAULT), enabled=False, default=True)
    # the policy comes with the organization, which every request reads with its credential
    assert calls == {}


def test_a_policy_is_replaced_over_the_version_that_was_read_and_its_change_is_logged(
    call: Gateway, calls: Calls
) -> None:
    assert put(call) == shown(1, RULES, enabled=True)
    # the policy; the system log
    assert calls == {"UpdateItem": 1, "BatchExecuteStatement": 1}
    assert ask(call, "GET") == shown(1, RULES, enabled=True)
    assert put(call, [REST], version=None, enabled=False, headers={"If-Match": '"1"'}) == shown(
        2, [REST], enabled=False
    )
    text = json.dumps(RULES, separators=(",", ":"))
    assert sorted((one for _, one in logged()), key=lambda one: one["to"]["version"]) == [
        {
            "from": {"version": 0, "enabled": False, "rules": ""},
            "to": {"version": 1, "enabled": True, "rules": text},
        },
        {
            "from": {"version": 1, "enabled": True, "rules": text},
            "to": {"version": 2, "enabled": False, "rules": '[{"name":"all others","when":{},"then":"lift"}]'},
        },
    ]
    assert {kind for kind, _ in logged()} == {"reprieve.policy.update"}


def test_the_answer_has_the_version_as_an_entity_tag(call: Gateway) -> None:
    put(call)
    assert ask(call, "GET").headers["etag"] == ['"1"']


def test_of_two_who_change_the_same_version_the_second_is_refused_and_changes_nothing(call: Gateway) -> None:
    assert put(call).status == 200
    answer = put(call, [REST])
    assert (answer.status, answer.body["detail"]) == (409, "the policy has another version: read it again")
    assert put(call, [REST], version=7).status == 409
    assert stored().policy.version == 1
    assert len(logged()) == 1


@pytest.mark.parametrize("version", [0, 1], ids=["first", "later"])
def test_of_two_changes_at_once_the_second_is_refused(version: int) -> None:
    for number in range(version):
        wiring.policies().put(context(stored(), now=NOW), DEFAULT, enabled=False, version=number)
    both = context(stored(), now=NOW)
    after = wiring.policies().put(both, DEFAULT, enabled=True, version=version)
    with pytest.raises(Conflict):
        wiring.policies().reset(both, version=version)
    assert stored().policy == after.policy


def test_the_default_is_gone_back_to_disabled_as_one_more_version(call: Gateway) -> None:
    put(call)
    assert ask(call, "DELETE", query={"version": "0"}).status == 409
    assert ask(call, "DELETE", query={"version": "1"}) == shown(2, rows(DEFAULT), enabled=False, default=True)
    assert put(call, version=2) == shown(3, RULES, enabled=True)
    assert ask(call, "DELETE", headers={"If-Match": '"3"'}).body["version"] == 4


@pytest.mark.parametrize(
    ("rules", "field", "problem"),
    [
        ([], "rules", "1 to 20 rules"),
        ([REST, HARD], "rules[1]", "no failure gets here: 'all others' before it decides all of them"),
        (
            [HARD, HARD | {"name": "b", "when": {"permanences": ["hard"], "domains": ["x.io"]}}],
            "rules[1]",
            "no failure gets here: 'hard bounce' before it decides all of them",
        ),
        ([HARD, REST | {"name": "hard bounce"}], "rules[1].name", "another rule has this name"),
        ([HARD | {"hold_days": [30, 7]}], "rules[0].hold_days", "a later hold must not be shorter than an earlier one"),
        ([HARD | {"hold_days": []}], "rules[0].hold_days", "1 to 8 numbers of days, each 1 to 3650"),
        ([HARD | {"hold_days": [0]}], "rules[0].hold_days", "1 to 8 numbers of days, each 1 to 3650"),
        ([REST | {"hold_days": [1]}], "rules[0].hold_days", "only a rule with then 'hold' has days"),
        (
            [REST | {"when": {"lists": ["bounces", "spam_reports"]}}],
            "rules[0].when.lists",
            BEYOND,
        ),
        (
            [REST | {"when": {"lists": ["holds"]}}],
            "rules[0].when.lists",
            BEYOND,
        ),
        (
            [REST | {"when": {"lists": ["group-7"]}}],
            "rules[0].when.lists",
            BEYOND,
        ),
        ([REST | {"when": {"lists": ["blocks", "complaints"]}}], "rules[0].when.lists[1]", "is not a list"),
        ([REST | {"when": {"domains": ["a b"]}}], "rules[0].when.domains[0]", "is not a domain of email addresses"),
        ([REST | {"when": {"words": [" "]}}], "rules[0].when.words[0]", "must be printable, and not empty"),
        ([REST | {"when": {"words": "full"}}], "rules[0].when.words", "Input should be a valid list"),
        ([REST | {"when": {"lifted": 3}}], "rules[0].when.lifted", "Extra inputs are not permitted"),
        ([REST | {"then": "delete"}], "rules[0].then", "Input should be 'hold', 'lift', 'ask' or 'notify'"),
        ([{"name": "a"}], "rules[0].then", "Field required"),
        (7, "rules", "Input should be a valid list"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_the_path_of_the_member(
    call: Gateway, rules: object, field: str, problem: str
) -> None:
    answer = put(call, rules)
    assert (answer.status, answer.body["field"], answer.body["detail"]) == (400, field, problem)
    assert stored().policy == PolicySetting()
    assert logged() == []


def test_a_policy_is_as_long_as_an_organization_can_be_read_for_one_read_unit(call: Gateway) -> None:
    long = [HARD | {"name": f"{number}", "when": {"words": [f"{number:02d} " + "x" * 90]}} for number in range(20)]
    answer = put(call, long)
    assert (answer.status, answer.body["field"]) == (400, "rules")
    assert answer.body["detail"] == "at most 2048 bytes as compact JSON"
    assert stored().policy == PolicySetting()


def test_the_rules_of_a_policy_that_is_too_long_are_not_compared(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contradictions, "_covers", lambda *_: pytest.fail("they were compared"))
    words = [f"{number:03d}" for number in range(300)]
    answer = put(call, [HARD | {"name": f"{number}", "when": {"words": words}} for number in range(20)])
    assert (answer.status, answer.body["detail"]) == (400, "at most 2048 bytes as compact JSON")


@pytest.mark.parametrize(
    "name", ["lists", "permanences", "classifications", "statuses", "words", "domains", "accounts"]
)
def test_a_list_of_a_rule_has_an_end(call: Gateway, name: str) -> None:
    value = {"lists": "bounces", "permanences": "hard", "classifications": "Content", "statuses": "5.1.1"}.get(
        name, "x.io"
    )
    answer = put(call, [HARD | {"when": {name: [value] * 501}}])
    assert (answer.status, answer.body["field"]) == (400, f"rules[0].when.{name}")
    assert answer.body["detail"].startswith("List should have at most 500 items")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"version": None}, "version"),
        ({"headers": {"If-Match": "*"}}, "If-Match"),
        ({"headers": {"If-Match": '"1"'}}, "If-Match"),
        ({"version": -1}, "version"),
        ({"enabled": "yes"}, "enabled"),
    ],
)
def test_a_change_names_the_version_that_was_read(call: Gateway, more: dict[str, Any], field: str) -> None:
    answer = put(call, **more)
    assert (answer.status, answer.body["field"]) == (400, field)


def test_a_version_is_a_whole_number_and_the_only_parameter(call: Gateway) -> None:
    for query, field in (({"version": "x"}, "version"), ({"v": "1"}, "v"), ({}, "version")):
        answer = ask(call, "DELETE", query=query)
        assert (answer.status, answer.body["field"]) == (400, field)


def test_every_condition_is_kept_as_it_was_given(call: Gateway) -> None:
    when = {
        "lists": ["blocks", "bounces"],
        "permanences": ["soft", "undetermined"],
        "classifications": ["Content", "Technical Failure"],
        "statuses": ["4.", "5.2.2"],
        "words": ["Mailbox full", "over quota"],
        "domains": ["x.io", "xn--bcher-kva.example"],
        "accounts": ["frankfurt"],
        "lifted_fewer": {"times": 3, "days": 30},
    }
    given = [{"name": "all of them", "when": when | {"domains": ["X.io", "bücher.example"]}, "then": "ask"}]
    kept = [{"name": "all of them", "when": when, "then": "ask"}]
    assert put(call, given) == shown(1, kept, enabled=True)
    assert ask(call, "GET") == shown(1, kept, enabled=True)


def test_an_enabled_policy_says_until_when_and_no_longer_as_advice(call: Gateway) -> None:
    entry = Suppression(
        SuppressionList.BOUNCES,
        "a@x.io",
        "a@x.io",
        NOW - DAY,
        "550 5.1.1 no such user",
        "5.1.1",
        Permanence.HARD,
        event_id="e1",
    )
    wiring.suppressions().record(DEMO, [entry])

    said: list[str] = []

    def of_address() -> tuple[str, str, bool]:
        found = call(
            function("addresses"),
            "GET",
            "/addresses/{email+}",
            path={"email": "a@x.io"},
            scopes=["reprieve.addresses.read"],
            stage="reprieve",
            organization=DEMO,
        )
        one = found.body["suppressions"][0]
        said.append(found.body["next"][0]["then"])
        return one["until"], one["why_until"], one["until_is_advice"]

    assert of_address() == ("2026-01-07T00:00:00.000Z", "The rule 'hard bounce' holds it for a first failure.", True)
    put(call, enabled=False)
    assert of_address() == ("2026-01-03T00:00:00.000Z", "The rule 'hard bounce' holds it for a first failure.", True)
    put(call, version=1)
    assert of_address() == ("2026-01-03T00:00:00.000Z", "The rule 'hard bounce' holds it for a first failure.", False)
    wiring.access().set_purge(DEMO.id, {"enabled": True, "hard_days": 2})
    assert of_address() == ("2026-01-02T00:00:00.000Z", "The bounce purge takes it off then.", False)
    assert said == ["stays", "stays", "policy", "expires"]
    wiring.access().set_purge(DEMO.id, {"enabled": True, "hard_days": 9})
    assert of_address() == ("2026-01-03T00:00:00.000Z", "The rule 'hard bounce' holds it for a first failure.", False)


def test_the_events_of_this_function_are_answered(call: Gateway) -> None:
    expected = {"get": 200, "put": 200, "unreachable_rule": 400, "complaints": 400, "no_version": 400}
    answered = {case: call.send(function("policies"), event("policies", case)).status for case in cases("policies")}
    assert answered == expected
