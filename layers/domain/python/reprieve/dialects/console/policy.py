"""The page of an organization's policy: what happens by itself to failed deliveries, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY
from reprieve.dialects.console import page, session, words
from reprieve.dialects.console.site import MANAGE_POLICY
from reprieve.errors import Conflict
from reprieve.policies.brakes import FAILED_SHARE, PER_DAY, PER_DOMAIN, SHARE, WATCH
from reprieve.policies.policy import Then
from reprieve.policies.written import policy_of
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.dialects.exchange import Request, Response
    from reprieve.organization import Organization
    from reprieve.policies.policy import Rule, When
    from reprieve.policies.verdict import Decision
    from reprieve.suppressions.suppression import AnyList

#: entries of a list that a dry run looks at; more take longer than a page may
MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule: its name, to which failures it applies, and what happens then."""

    name: str
    when: list[str]
    then: str


@dataclass(frozen=True, slots=True)
class ListCount:
    """How many entries of one list a policy would have in each state; `more` if the list has further ones."""

    name: str
    counts: Mapping[Decision, int]
    more: bool


def check_version(request: Request) -> None:
    """Refuse to enable another policy than the one that was shown.

    Raises:
        InvalidInput: the form has no version.
        Conflict: the policy was changed meanwhile.
    """
    if session.field(request, "version", most=20) != str(request.organization.policy.version):
        raise Conflict("The policy was changed meanwhile. Read it again")


def counts(found: Mapping[AnyList, Mapping[Decision, int]]) -> list[ListCount]:
    """What a dry run found, list by list."""
    return [
        ListCount(words.list_name(name), states, more=sum(states.values()) >= MOST) for name, states in found.items()
    ]


def render(organization: Organization, request: Request, report: list[ListCount] | None = None) -> Response:
    """The page, with the report of a dry run where there was one."""
    setting = organization.policy
    return page.render(
        "policy",
        request,
        rules=[rule_words(one) for one in policy_of(organization).rules],
        setting=setting,
        per_day=PER_DAY,
        per_domain=PER_DOMAIN,
        share=f"{SHARE:.0%}",
        failed_share=f"{FAILED_SHARE:.0%}",
        watch_days=WATCH // DAY,
        report=report,
        most=MOST,
        manages=page.may(request, MANAGE_POLICY, Permission.CHANGE),
    )


def render_done() -> Response:
    """An answer that leads to the policy as it is now."""
    return page.redirect("/policy")


def rule_words(rule: Rule) -> RuleWords:
    """A rule in words."""
    return RuleWords(rule.name, _conditions(rule.when), _consequence(rule))


def _conditions(when: When) -> list[str]:
    """The conditions of a rule; none for a rule that applies to any failure."""
    found = [
        ("it is on the", _sorted(words.list_name(one) for one in when.lists)),
        ("the failure is", _sorted(when.permanences)),
        ("its class is", _sorted(one.lower() for one in when.classifications)),
        ("its status begins with", list(when.statuses)),
        ("the server's words contain", [f"“{one}”" for one in when.words]),
        ("the domain is", _sorted(when.domains)),
        ("it was reported by the account", _sorted(when.accounts)),
    ]
    said = [f"{begins} {' or '.join(members)}" for begins, members in found if members]
    if when.lifted_fewer:
        times, within = when.lifted_fewer
        said.append(f"it was lifted fewer than {times} times in {within} days")
    return said


def _sorted(members: Iterable[str]) -> list[str]:
    return sorted(str(one) for one in members)


def _consequence(rule: Rule) -> str:
    match rule.then:
        case Then.ASK:
            return "it stays suppressed until a person decides."
        case Then.LIFT:
            return "it is lifted."
        case Then.NOTIFY:
            return "it stays suppressed, and your own systems hear of it."
    first, *others = rule.hold_days
    if not others:
        return f"it is held for {first} {'day' if first == 1 else 'days'}, and lifted then."
    held = "".join(f", then {days}" for days in others)
    return f"it is held for {first}{held} days for each further failure, and lifted then."
