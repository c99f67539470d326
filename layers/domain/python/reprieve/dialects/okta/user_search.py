"""The search of Okta users: `search`, `filter` and `q`, each as a selection for the domain.

`filter` and `search` are one language: `eq`, `gt`, `ge`, `lt`, `le`, `and`, `or` over `FIELDS`. `q` is the beginning of
a first name, last name or email, or a whole address, and leaves out deactivated users as at Okta. Everything else is
E0000031, because a search that ignores a part of its question misleads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import Address, comparison_key, fold
from reprieve.clock import EPOCH, timestamp
from reprieve.dialects.okta.moments import moment_in
from reprieve.dialects.okta.user_profile import shown
from reprieve.errors import InvalidInput, MalformedAddress
from reprieve.recipients.users import Named, Selection, Status, status_of
from reprieve.system_log.filter.matching import matches
from reprieve.system_log.filter.parser import parse
from reprieve.system_log.filter.tree import (
    And,
    Comparison,
    InvalidFilter,
    Operator,
    Or,
    UnsupportedCombination,
    Vocabulary,
)

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request
    from reprieve.recipients.recipient import Recipient
    from reprieve.system_log.filter.tree import Expression, Value

#: characters of a search, filter or q
MAX_QUESTION: Final = 4_000
#: the fields that are addresses, and the names of their comparison keys in the facts that a filter is compared with
KEYS: Final = {f"profile.{member}": f"key.{member}" for member in ("login", "email", "secondEmail")}
#: the fields that a filter can use, and how
FIELDS: Final = frozenset({"id", "status", "lastUpdated", "profile.firstName", "profile.lastName", *KEYS})
OPERATORS: Final = frozenset({Operator.EQ, Operator.GT, Operator.GE, Operator.LT, Operator.LE})
#: the properties that `q` is the beginning of
FREE: Final = ("firstName", "lastName", "email")


class InvalidSearch(InvalidInput):
    """A search, filter or q that cannot be read, or is not answered here."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query of the list of users, in the caller's words.

    Attributes:
        word: `search`, `filter` or `q`; empty if there is no question.
        text: its value.
    """

    word: str = ""
    text: str = ""


def question_in(request: Request) -> Question:
    """The question of a request; blank if it has none.

    Raises:
        InvalidSearch: there are several, or one is too long.
    """
    asked = [Question(word, text) for word in ("search", "filter", "q") if (text := request.parameter(word))]
    if len(asked) > 1:
        raise InvalidSearch("search, filter and q exclude each other")
    if asked and len(asked[0].text) > MAX_QUESTION:
        raise InvalidSearch(f"longer than {MAX_QUESTION} characters", field=asked[0].word)
    return asked[0] if asked else Question()


def selection_of(asked: Question) -> Selection:
    """The users that a question asks for; without a question, all that are in use.

    Raises:
        InvalidSearch: it cannot be read, or is not answered here.
    """
    match asked:
        case Question(word=""):
            return Selection(_in_use)
        case Question("q", text):
            return _beginning(text)
        case Question(word, text):
            expression = _prepared(_parsed(text, word), word)
            return Selection(lambda user: matches(expression, _facts(user)), sparse=True, named=_named(expression))


def _in_use(user: Recipient) -> bool:
    return status_of(user) is not Status.DEPROVISIONED


def _beginning(text: str) -> Selection:
    """Users in use, by a whole address or by the beginning of a property in `FREE`."""
    try:
        key = Address.parse(text).key
    except MalformedAddress:
        prefix = fold(text.strip())
        return Selection(
            lambda user: _in_use(user) and any(fold(shown(user).get(name, "")).startswith(prefix) for name in FREE),
            sparse=True,
        )
    return Selection(
        lambda user: _in_use(user) and user.email is not None and user.email.key == key,
        named=Named(keys=frozenset({key})),
    )


def _parsed(text: str, word: str) -> Expression:
    try:
        return parse(text, Vocabulary(_field_named, _go_together))
    except (InvalidFilter, UnsupportedCombination) as refusal:
        raise InvalidSearch(refusal.problem, field=word) from None


def _field_named(name: str) -> str:
    if name not in FIELDS:
        problem = f"the fields are {', '.join(sorted(FIELDS))}"
        raise InvalidFilter(problem, summary=problem)
    return name


def _go_together(operation: Operator, field: str, value: Value) -> bool:
    if field == "lastUpdated" and not (isinstance(value, str) and moment_in(value) is not None):
        return False
    return operation in OPERATORS and isinstance(value, str)


def _prepared(expression: Expression, word: str) -> Expression:
    """The filter for `_facts`: an address is equal by its comparison key, and moments are all of one form.

    Raises:
        InvalidSearch: `pr` or `not` is in it.
    """
    match expression:
        case Comparison("lastUpdated", _, str(text)):
            return replace(expression, value=timestamp(max(EPOCH, moment_in(text) or EPOCH)))
        case Comparison(field, Operator.EQ, str(text)) if field in KEYS:
            return replace(expression, field=KEYS[field], value=comparison_key(text))
        case Comparison():
            return expression
        case And(operands) | Or(operands):
            return replace(expression, operands=tuple(_prepared(operand, word) for operand in operands))
    raise InvalidSearch("pr and not are not answered here", field=word)


def _named(expression: Expression) -> Named | None:
    """The keys of all users that a prepared filter can match; None if it does not limit them by a key."""
    match expression:
        case Comparison("id", Operator.EQ, str(identifier)):
            return Named(ids=frozenset({identifier}))
        case Comparison(field, Operator.EQ, str(key)) if field in KEYS.values():
            return Named(keys=frozenset({key}))
        case And(operands):
            limits = [one for operand in operands if (one := _named(operand))]
            return min(limits, key=lambda one: len(one.ids) + len(one.keys), default=None)
        case Or(operands):
            every = [_named(operand) for operand in operands]
            known = [one for one in every if one]
            if len(known) == len(every):
                return Named(
                    frozenset().union(*(one.ids for one in known)), frozenset().union(*(one.keys for one in known))
                )
    return None


def _facts(user: Recipient) -> dict[str, Any]:
    """The facts that a prepared filter is compared with."""
    profile = shown(user)
    return {
        "id": user.id,
        "status": status_of(user),
        "lastUpdated": timestamp(user.updated),
        "profile": profile,
        "key": {name: comparison_key(profile[name]) for name in ("login", "email", "secondEmail") if name in profile},
    }
