"""Reading a filter; its grammar is in `tree`.

A caller can cause only bounded work: `MAX_LENGTH`, `MAX_TERMS` and `MAX_DEPTH` cap the expression (and with it every
recursion over it), and reading it takes time proportional to its length.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NoReturn

from reprieve.system_log.filter.fields import ENTRY
from reprieve.system_log.filter.tree import (
    And,
    Comparison,
    InvalidFilter,
    Not,
    Operator,
    Or,
    Presence,
    UnsupportedCombination,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.system_log.filter.tree import Expression, Value, Vocabulary

#: characters; more than any gateway lets through in a URL, so that only a hand-made call meets it
MAX_LENGTH: Final = 8_192
#: comparisons in one filter
MAX_TERMS: Final = 200
#: parentheses within parentheses
MAX_DEPTH: Final = 32
#: characters of one number; Python refuses to read some thousand digits, and no event holds such a number
MAX_NUMBER: Final = 64


class _Kind(Enum):
    """The kind of a token."""

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


# possessive, so that no text makes the expression backtrack
_TOKEN: Final = re.compile(
    r'(?P<SPACE>[ \t\r\n]++)|(?P<OPEN>\()|(?P<CLOSE>\))|(?P<STRING>"(?:[^"\\]++|\\.)*+")'
    r'|(?P<WORD>[^ \t\r\n()"\[\]]++)',
    re.DOTALL,
)
_NUMBER: Final = re.compile(r"-?+(?:0|[1-9][0-9]*+)(?P<fraction>\.[0-9]++)?+(?P<exponent>[eE][+-]?+[0-9]++)?+")
_CONSTANTS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}
#: Okta's list, which leaves out `ne` and `ew` although both work
_EXPECTED_OPERATORS: Final = "eq,co,sw,pr,gt,ge,lt,le"


def parse(text: str, vocabulary: Vocabulary = ENTRY) -> Expression:
    """Read a filter.

    Args:
        text: the filter as the caller wrote it.
        vocabulary: the fields that it can use; by default those of entries of the system log.

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
    return _Parser(text, vocabulary).whole()


class _Parser:
    """One pass over the tokens, a method for each rule of the grammar; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text = text
        self._vocabulary = vocabulary
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
            self._refuse(f"more than {MAX_DEPTH} parentheses within each other", self._token.position)
        self._take()
        expression = self._or()
        self._require(_Kind.CLOSE, "')'")
        self._take()
        self._depth -= 1
        return expression

    def _comparison(self) -> Comparison | Presence:
        self._terms += 1
        if self._terms > MAX_TERMS:
            self._refuse(f"more than {MAX_TERMS} comparisons", self._token.position)
        self._require(_Kind.WORD, "an attribute name, 'not' or '('")
        name = self._take()
        # Okta's sample of a bad operator has a bad field too: the operator is complained about first
        operation = self._operator()
        if operation is None:
            return Presence(self._field(name))
        value = self._value()
        field = self._field(name)
        if not self._vocabulary.go_together(operation, field, value):
            raise UnsupportedCombination(operation, field, name.position)
        return Comparison(field, operation, value)

    def _field(self, name: _Token) -> str:
        try:
            return self._vocabulary.field_named(name.text)
        except InvalidFilter as refusal:
            refusal.position = name.position
            raise

    def _operator(self) -> Operator | None:
        """The next operator; None stands for `pr`."""
        self._require(_Kind.WORD, "an attribute operator")
        token = self._take()
        if token.says("pr"):
            return None
        try:
            return Operator(token.text.lower())
        except ValueError:
            where = f"at position {token.position}"
            sentence = f"Unrecognized attribute operator '{token.text}' {where}. Expected: {_EXPECTED_OPERATORS}"
            self._refuse(f"unrecognized attribute operator {where}", token.position, sentence=sentence)

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
            self._refuse(f"number out of range at position {token.position}", token.position)
        return int(token.text) if whole else float(token.text)

    def _string(self, token: _Token) -> str:
        try:
            value = json.loads(token.text)
            # half of a surrogate pair is valid JSON, but no text that could be stored or answered
            value.encode()
        except ValueError:
            self._refuse(f"not a valid JSON string at position {token.position}", token.position)
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
            what = "unterminated string" if unclosed else "unexpected character"
            self._refuse(f"{what} at position {position}", position)
        yield _Token(_Kind.END, "", position)

    def _expected(self, what: str) -> NoReturn:
        self._refuse(f"expected {what} at position {self._token.position}", self._token.position)

    def _refuse(self, problem: str, position: int | None = None, *, sentence: str | None = None) -> NoReturn:
        reason = sentence or problem[0].upper() + problem[1:]
        raise InvalidFilter(problem, summary=f"Invalid filter '{self._text}': {reason}", position=position)
