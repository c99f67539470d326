"""Until when an entry stays on its list, and why, in words: for Reprieve's own API, CSV and command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reprieve.dialects.reprieve.dialect import moment
from reprieve.policies.verdict import Decision, Ground

if TYPE_CHECKING:
    from reprieve.policies.term import Term

#: why, by what would happen; `until` is the moment
SENTENCE: Final = {
    (Decision.STAY, Ground.WISH): "It is there by the recipient's or an operator's wish, which no policy lifts.",
    (Decision.STAY, Ground.NO_RULE): "No rule is about one of its failures, so it stays until it is lifted.",
    (Decision.ASK, Ground.SPAM_TRAP): (
        "Its mailbox did not exist at two attempts, a day or more apart, so only a person should lift it: an address "
        "that is left like that can become a spam trap."
    ),
    (Decision.ASK, Ground.OFTEN): "It has failed eight times or more, so only a person should lift it.",
    (Decision.ASK, Ground.NO_RULE): "Nothing is known of its failures, so only a person should lift it.",
    (Decision.ASK, Ground.RULE): "The rule {rule!r} leaves it to a person.",
    (Decision.NOTIFY, Ground.RULE): "The rule {rule!r} reports it, so it stays until it is lifted.",
    (Decision.LIFT, Ground.DELIVERED): "A message was delivered after its latest failure, so it can be lifted.",
    (Decision.LIFT, Ground.RULE): "The rule {rule!r} lifts it.",
    (Decision.LIFT, Ground.FIRST): "The rule {rule!r} held it for a first failure; that time is over.",
    (Decision.LIFT, Ground.REPEATED): "The rule {rule!r} held it for {failures} failures; that time is over.",
    (Decision.LIFT, Ground.RELAPSED): "The rule {rule!r} held it for failing again after a lift; that time is over.",
    (Decision.HOLD, Ground.FIRST): "The rule {rule!r} holds it for a first failure.",
    (Decision.HOLD, Ground.REPEATED): "The rule {rule!r} holds it for longer, because it has failed {failures} times.",
    (Decision.HOLD, Ground.RELAPSED): "The rule {rule!r} holds it for longer, because it failed again after a lift.",
}
EXPIRES: Final = "The bounce purge takes it off then."


def why_until(term: Term) -> str:
    """Why an entry stays until then, as a sentence."""
    if term.expires is not None:
        return EXPIRES
    found = term.verdict
    return SENTENCE[found.decision, found.ground].format(rule=found.rule, failures=found.failures)


def members(term: Term) -> dict[str, Any]:
    """The term of an entry as members of its JSON."""
    return {"until": moment(term.until), "why_until": why_until(term), "until_is_advice": term.is_advice}
