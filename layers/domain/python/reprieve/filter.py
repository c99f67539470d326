"""The System Log's filter: which log events a SCIM expression asks for.

    or        = and *("or" and)
    and       = operand *("and" operand)
    operand   = comparison / ["not"] "(" or ")"
    comparison = field "pr" / field operator value
    value     = JSON string / number / true / false / null

Sources: RFC 7644 section 3.4.2.2 without its `[ ]`, and Okta's pages "System log query" and "Core Okta API, Filter".
Operators and `and`, `or`, `not` are read in any case, field names only in their own.

What those sources leave open is decided here:

- Strings compare without case (`fold`), as RFC 7643 has it for every attribute that is not caseExact: mail addresses
  differ only by accident, and Okta's own article asks for the reason "DEFERRED" where events say "deferred".
- Two strings that are both complete date-times compare as instants, any other two by code point.
- A field reaches through arrays, and a comparison holds if it holds for any of the values that are reached.
- `ne` is exactly `not eq`: `target.id ne "x"` asks for the events without x among their targets, and a field without
  any value is not equal to anything. "Some value differs" would hold for nearly every event with two targets.
- `eq null` is exactly `not pr`. Every other comparison fails where there is no value, or one of another JSON type.
- An operator that could not hold for its value (`gt true`, `co 1`) or its field (`actor eq "x"`, an object) is refused
  instead of finding nothing.

What a caller can make us do is bounded: `MAX_LENGTH`, `MAX_TERMS` and `MAX_DEPTH` cap the expression (and with it every
recursion here), and reading it takes time proportional to its length.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any, Final, NoReturn, TypeAlias

from reprieve.errors import InvalidInput

#: characters; more than any gateway lets through in a URL, so that only a hand-made call meets it
MAX_LENGTH: Final = 8_192
#: comparisons in one filter
MAX_TERMS: Final = 200
#: parentheses within parentheses
MAX_DEPTH: Final = 32
#: characters of one number; Python refuses to read some thousand digits, and no event holds such a number
MAX_NUMBER: Final = 64


class InvalidFilter(InvalidInput):
    """The text is not a filter, names a field that cannot be asked for, or exceeds a bound (Okta's E0000053).

    Args:
        problem: what is wrong, without a word of the filter: a filter holds addresses, and this may be logged.
        summary: Okta's sentence for the caller, which may quote the filter. Show it, never log it.
    """

    def __init__(self, problem: str, *, summary: str) -> None:
        super().__init__(problem, field="filter")
        self.summary = summary


class UnsupportedCombination(InvalidInput):
    """The filter is well-formed, but this operator does not go with this field or value (Okta's E0000031).

    Args:
        operation: the operator in lower case, for example `co`.
        attribute: the dotted name of the field.

    `summary` is Okta's sentence for the caller, who named the field: show it, never log it.
    """

    def __init__(self, operation: str, attribute: str) -> None:
        problem = "The supplied combination of operator and field is not currently supported."
        super().__init__(problem, field="filter")
        self.operation = operation
        self.attribute = attribute
        self.summary = f"{problem} Operator: {operation}, Field: {attribute}"


class Operator(StrEnum):
    """How the values of a field are held against the value in the filter (`pr` needs none: see `Presence`)."""

    #: a value is the same
    EQ = "eq"
    #: no value is the same
    NE = "ne"
    #: a value comes after
    GT = "gt"
    #: a value comes after or is the same
    GE = "ge"
    #: a value comes before
    LT = "lt"
    #: a value comes before or is the same
    LE = "le"
    #: a text starts with it
    SW = "sw"
    #: a text ends with it
    EW = "ew"
    #: a text has it somewhere
    CO = "co"


Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator value`, for example `target.id eq "user@domain.com"`."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Presence:
    """`field pr`: there is something in it besides null, empty text, empty arrays and empty objects."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not match."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All of the operands match; there are two or more."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the operands matches; there are two or more."""

    operands: tuple[Expression, ...]


Expression: TypeAlias = Comparison | Presence | Not | And | Or


# ---- fields: the members of LogEvent, as Okta's OpenAPI file (2026.06.3) lists them


def _members(parent: str, names: str) -> frozenset[str]:
    return frozenset(f"{parent}.{name}" for name in names.split())


def _place(parent: str) -> frozenset[str]:
    return _members(parent, "city country postalCode state geolocation.lat geolocation.lon")


def _network(parent: str) -> frozenset[str]:
    categories = _members("ipServiceCategories", "isAnonymous operator type")
    return _members(parent, f"asNumber asOrg domain isp {' '.join(categories)}")


#: what a value can be asked of. `published` is missing because it would argue with since, until and after, and
#: `target.changeDetails` because Okta runs no queries on it
_SCALARS: Final = (
    frozenset({"displayMessage", "eventType", "legacyEventType", "severity", "uuid", "version"})
    | _members("actor", "alternateId displayName id type")
    | _members(
        "authenticationContext",
        "authenticationProvider authenticationStep credentialProvider credentialType externalSessionId interface"
        " issuer.id issuer.type",
    )
    | _members("client", "device id ipAddress zone userAgent.browser userAgent.os userAgent.rawUserAgent")
    | _place("client.geographicalContext")
    | _members("outcome", "reason result")
    | _members("request.ipChain", "ip source version")
    | _place("request.ipChain.geographicalContext")
    | _network("request.ipChain.ipDetails")
    | _members("securityContext", "asNumber asOrg domain isp isProxy botProtection.level")
    | _network("securityContext.ipDetails")
    | _members("securityContext.risk", "detectionName issuer level previousLevel reasons")
    | _members("securityContext.userBehaviors", "id name result")
    | _members("target", "alternateId displayName id type")
    | _members("transaction", "id type")
)

#: objects whose members nobody lists (`device` is in Okta's samples, but not in its schema)
_OPEN: Final = frozenset(
    {"actor.detailEntry", "debugContext.debugData", "device", "target.detailEntry", "transaction.detail"}
)


def _ancestors(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


#: only `pr` can be asked of these
_OBJECTS: Final = _OPEN | {parent for name in _SCALARS | _OPEN for parent in _ancestors(name)}

#: Okta's page asks with this older spelling in one of its samples
_ALIASES: Final = {"event_type": "eventType"}

#: Okta refuses these by name
_REFUSED: Final = frozenset(
    {(Operator.CO, "debugContext.debugData.url"), (Operator.CO, "debugContext.debugData.requestUri")}
)

#: RFC 7644's attrName, any number of them
_NAMES: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*+(?:\.[A-Za-z][A-Za-z0-9_-]*+)*+")


def _is_field(name: str) -> bool:
    within_open = any(name.startswith(f"{parent}.") for parent in _OPEN)
    return name in _SCALARS or name in _OBJECTS or (within_open and _NAMES.fullmatch(name) is not None)


# ---- reading


class _Kind(Enum):
    """What a token is."""

    #: (
    OPEN = auto()
    #: )
    CLOSE = auto()
    #: a JSON string, its quotes included
    STRING = auto()
    #: a field, an operator, a number, true, false, null, and, or, not
    WORD = auto()
    #: after the last character
    END = auto()


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text and where it begins, counted from 0."""

    kind: _Kind
    text: str
    position: int

    def says(self, word: str) -> bool:
        """Whether this is that word, in any case."""
        return self.kind is _Kind.WORD and self.text.lower() == word


# possessive, so that no text makes the expression try anything twice
_TOKEN: Final = re.compile(
    r'(?P<SPACE>[ \t\r\n]++)|(?P<OPEN>\()|(?P<CLOSE>\))|(?P<STRING>"(?:[^"\\]++|\\.)*+")'
    r'|(?P<WORD>[^ \t\r\n()"\[\]]++)',
    re.DOTALL,
)
_NUMBER: Final = re.compile(r"-?+(?:0|[1-9][0-9]*+)(?P<fraction>\.[0-9]++)?+(?P<exponent>[eE][+-]?+[0-9]++)?+")
_CONSTANTS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}
#: Okta's list, which leaves out `ne` and `ew` although both work
_EXPECTED_OPERATORS: Final = "eq,co,sw,pr,gt,ge,lt,le"
_PRESENT: Final = "pr"
_TEXTUAL: Final = frozenset({Operator.SW, Operator.EW, Operator.CO})
_EQUALITY: Final = frozenset({Operator.EQ, Operator.NE})


def parse(text: str) -> Expression:
    """Read a filter.

    Returns:
        The expression; parentheses survive only as structure, `event_type` becomes `eventType`.

    Raises:
        InvalidFilter: it breaks the grammar, names a field that does not exist or cannot be asked for, or is longer,
            deeper or has more terms than a filter may.
        UnsupportedCombination: an operator that does not go with its field or value.
    """
    if len(text) > MAX_LENGTH:
        problem = f"longer than {MAX_LENGTH} characters"
        raise InvalidFilter(problem, summary=f"Invalid filter: {problem}")
    return _Parser(text).whole()


class _Parser:
    """One pass over the tokens, a method for each rule of the grammar; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenize()
        self._token = next(self._tokens)
        self._depth = 0
        self._terms = 0

    def whole(self) -> Expression:
        expression = self._or()
        self._require(_Kind.END, "'and', 'or' or the end")
        return expression

    def _or(self) -> Expression:
        operands = [self._and()]
        while self._token.says("or"):
            self._take()
            operands.append(self._and())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _and(self) -> Expression:
        operands = [self._operand()]
        while self._token.says("and"):
            self._take()
            operands.append(self._operand())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _operand(self) -> Expression:
        if self._token.kind is _Kind.OPEN:
            return self._group()
        if self._token.says("not"):
            self._take()
            return Not(self._group())
        return self._comparison()

    def _group(self) -> Expression:
        self._require(_Kind.OPEN, "'('")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(f"more than {MAX_DEPTH} parentheses within each other")
        self._take()
        expression = self._or()
        self._require(_Kind.CLOSE, "')'")
        self._take()
        self._depth -= 1
        return expression

    def _comparison(self) -> Comparison | Presence:
        self._terms += 1
        if self._terms > MAX_TERMS:
            self._refuse(f"more than {MAX_TERMS} comparisons")
        self._require(_Kind.WORD, "an attribute name, 'not' or '('")
        name = self._take().text
        # Okta's sample of a bad operator has a bad field too: the operator is complained about first
        operation = self._operator()
        if operation is None:
            return Presence(_field(name))
        value = self._value()
        field = _field(name)
        if not _go_together(operation, field, value):
            raise UnsupportedCombination(operation, field)
        return Comparison(field, operation, value)

    def _operator(self) -> Operator | None:
        """The operator that is next; None stands for `pr`."""
        self._require(_Kind.WORD, "an attribute operator")
        token = self._take()
        if token.says(_PRESENT):
            return None
        try:
            return Operator(token.text.lower())
        except ValueError:
            where = f"at position {token.position}"
            sentence = f"Unrecognized attribute operator '{token.text}' {where}. Expected: {_EXPECTED_OPERATORS}"
            self._refuse(f"unrecognized attribute operator {where}", sentence=sentence)

    def _value(self) -> Value:
        token = self._token
        if token.kind is _Kind.STRING:
            return self._string(self._take())
        if token.kind is _Kind.WORD and token.text in _CONSTANTS:
            return _CONSTANTS[self._take().text]
        number = _NUMBER.fullmatch(token.text) if token.kind is _Kind.WORD else None
        if number is None:
            self._expected("a string in double quotes, a number, true, false or null")
        self._take()
        whole = not (number["fraction"] or number["exponent"])
        if len(token.text) > MAX_NUMBER or (not whole and math.isinf(float(token.text))):
            self._refuse(f"number out of range at position {token.position}")
        return int(token.text) if whole else float(token.text)

    def _string(self, token: _Token) -> str:
        try:
            value = json.loads(token.text)
            # half of a surrogate pair is valid JSON, but no text that could be stored or answered
            value.encode()
        except ValueError:
            self._refuse(f"not a valid JSON string at position {token.position}")
        return str(value)

    def _take(self) -> _Token:
        token = self._token
        self._token = next(self._tokens)
        return token

    def _require(self, kind: _Kind, what: str) -> None:
        if self._token.kind is not kind:
            self._expected(what)

    def _tokenize(self) -> Iterator[_Token]:
        position = 0
        while found := _TOKEN.match(self._text, position):
            if found.lastgroup is not None and found.lastgroup != "SPACE":
                yield _Token(_Kind[found.lastgroup], found.group(), position)
            position = found.end()
        if position < len(self._text):
            unclosed = self._text[position] == '"'
            self._refuse(f"{'unterminated string' if unclosed else 'unexpected character'} at position {position}")
        yield _Token(_Kind.END, "", position)

    def _expected(self, what: str) -> NoReturn:
        self._refuse(f"expected {what} at position {self._token.position}")

    def _refuse(self, problem: str, *, sentence: str | None = None) -> NoReturn:
        reason = sentence or problem[0].upper() + problem[1:]
        raise InvalidFilter(problem, summary=f"Invalid filter '{self._text}': {reason}")


def _field(name: str) -> str:
    name = _ALIASES.get(name, name)
    if not _is_field(name):
        raise InvalidFilter("field is not valid", summary=f"field is not valid: {name}")
    return name


def _go_together(operation: Operator, field: str, value: Value) -> bool:
    """Whether this comparison could ever hold, and Okta allows it.

    RFC 7644 wants an error for `gt` and its kin on booleans; order and parts of a null, parts of a number and the value
    of a whole object are the same kind of mistake.
    """
    if field in _OBJECTS or (operation, field) in _REFUSED:
        return False
    if operation in _TEXTUAL:
        return isinstance(value, str)
    return operation in _EQUALITY or not (value is None or isinstance(value, bool))


# ---- writing


def render(expression: Expression) -> str:
    """Write an expression as a filter, with no more parentheses than it needs.

    Returns:
        A text for which `parse(render(expression)) == expression`, provided that it stays within the bounds.
    """
    match expression:
        case Comparison(field, operation, value):
            return f"{field} {operation} {json.dumps(value, ensure_ascii=False)}"
        case Presence(field):
            return f"{field} {_PRESENT}"
        case Not(operand):
            return f"not ({render(operand)})"
        case And(operands):
            return " and ".join(_grouped(operand, (And, Or)) for operand in operands)
        case Or(operands):
            return " or ".join(_grouped(operand, (Or,)) for operand in operands)


def _grouped(expression: Expression, loose: tuple[type, ...]) -> str:
    """In parentheses if it is one of the `loose` kinds, which the operator around it would tear apart."""
    text = render(expression)
    return f"({text})" if isinstance(expression, loose) else text


# ---- matching


def matches(expression: Expression, event: Mapping[str, Any]) -> bool:
    """Whether the filter asks for this event.

    Args:
        expression: what `parse` gave.
        event: a LogEvent as JSON has it: text, int, float, bool, None, lists and mappings. Any member may be missing.
    """
    match expression:
        case Comparison():
            return _holds(expression, event)
        case Presence(field):
            return _is_present(_values(event, field))
        case Not(operand):
            return not matches(operand, event)
        case And(operands):
            return all(matches(operand, event) for operand in operands)
        case Or(operands):
            return any(matches(operand, event) for operand in operands)


def fold(text: str) -> str:
    """The form in which two texts are equal when they differ only in case; an index for `eq` holds this form."""
    return text.casefold()


def leaves(value: object) -> Iterator[object]:
    """Everything in a JSON value that is neither null, an array nor an object, however deep; in no set order."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)
        elif item is not None:
            yield item


def _values(event: Mapping[str, Any], field: str) -> list[object]:
    """What the field reaches, arrays taken apart."""
    found: list[object] = [event]
    for name in field.split("."):
        found = [item[name] for item in _elements(found) if isinstance(item, Mapping) and name in item]
    return list(_elements(found))


def _elements(values: Iterable[object]) -> Iterator[object]:
    pending = list(values)
    while pending:
        item = pending.pop()
        if isinstance(item, list | tuple):
            pending.extend(item)
        else:
            yield item


def _is_present(values: list[object]) -> bool:
    return any(leaf != "" for leaf in leaves(values))


def _holds(comparison: Comparison, event: Mapping[str, Any]) -> bool:
    values = _values(event, comparison.field)
    negated = comparison.operator is Operator.NE
    if comparison.value is None:
        return _is_present(values) is negated
    test = _TESTS[comparison.operator]
    return any(test(value, comparison.value) for value in values) is not negated


def _ordered(relation: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def test(value: object, operand: object) -> bool:
        pair = _comparable(value, operand)
        return pair is not None and relation(*pair)

    return test


def _textual(relation: Callable[[str, str], bool]) -> Callable[[object, object], bool]:
    def test(value: object, operand: object) -> bool:
        return isinstance(value, str) and isinstance(operand, str) and relation(fold(value), fold(operand))

    return test


_TESTS: Final[Mapping[Operator, Callable[[object, object], bool]]] = {
    Operator.EQ: _ordered(operator.eq),
    # `_holds` turns the answer round
    Operator.NE: _ordered(operator.eq),
    Operator.GT: _ordered(operator.gt),
    Operator.GE: _ordered(operator.ge),
    Operator.LT: _ordered(operator.lt),
    Operator.LE: _ordered(operator.le),
    Operator.SW: _textual(str.startswith),
    Operator.EW: _textual(str.endswith),
    Operator.CO: _textual(operator.contains),
}


def _comparable(value: object, operand: object) -> tuple[object, object] | None:
    """The two as things that Python compares as the filter means it, or None if they are of different kinds."""
    if isinstance(value, str) and isinstance(operand, str):
        instants = _instants(value, operand)
        return instants or (fold(value), fold(operand))
    # to Python, True is a number
    if isinstance(value, bool) or isinstance(operand, bool):
        return (value, operand) if isinstance(value, bool) and isinstance(operand, bool) else None
    numbers = isinstance(value, int | float) and isinstance(operand, int | float)
    return (value, operand) if numbers else None


#: RFC 3339 to the second or finer, with its offset: without either, it would not be one instant
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


def _instants(value: str, operand: str) -> tuple[datetime, datetime] | None:
    # few operands are date-times, so that most values need no look
    right = _instant(operand)
    left = right and _instant(value)
    return (left, right) if left and right else None


def _instant(text: str) -> datetime | None:
    if _DATE_TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


# ---- analysis


def required_equalities(expression: Expression) -> Mapping[str, frozenset[str]]:
    """What every matching event is certain to have, so that the store can read an index instead of the log.

    Only text compared by `eq`, alone or under `and`s, is claimed; nothing is concluded from `or`, `not`, numbers or
    date-times (which are equal in several spellings).

    Returns:
        For each field, the values (in the form of `fold`) that an event must all have there to match. Empty when
        nothing is certain.
    """
    required: dict[str, frozenset[str]] = {}
    pending = [expression]
    while pending:
        match pending.pop():
            case And(operands):
                pending.extend(operands)
            case Comparison(field, Operator.EQ, str(value)) if _instant(value) is None:
                required[field] = required.get(field, frozenset()) | {fold(value)}
    return required
