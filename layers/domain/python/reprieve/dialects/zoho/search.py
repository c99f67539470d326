"""Zoho's Search Records: records of a module by criteria, email, phone or word.

Source: Zoho's reference of Search Records, v2 to v8. A record is searched as it is shown, with whatever members it was
given; no layout says which of them there are, so a name that no record has finds nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import Address, comparison_key
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import modules
from reprieve.dialects.zoho.dialect import InvalidQuery, InvalidValue, MissingParameter, whole_number
from reprieve.dialects.zoho.modules import FIELDS
from reprieve.dialects.zoho.recipients import PAGE, PER_PAGE, person_of, record
from reprieve.errors import Forbidden, LimitExceeded, MalformedAddress
from reprieve.paging import WholeNumber
from reprieve.recipients.records import Search
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.recipients.recipient import Recipient

    #: whether a record, as it is shown, is wanted
    Test = Callable[[Mapping[str, Any]], bool]

#: what a search takes beside the module's READ
SCOPES: Final = ("ZohoSearch.securesearch.READ",)
#: what can be searched by; of several that are given the first counts
PARAMETERS: Final = ("criteria", "email", "phone", "word")
#: records that the pages of one search can reach
REACH: Final = 2_000
PAGE_NUMBER: Final = WholeNumber("page", 1, REACH)
#: conditions in criteria, values of one `in`, and levels of brackets
CONDITIONS: Final = 10
VALUES: Final = 100
LEVELS: Final = 20
SHORTEST: Final = 2
PHONES: Final = frozenset({"Phone", "Mobile", "Home_Phone", "Other_Phone", "Asst_Phone", "Fax"})
STATES: Final = ("true", "false", "both")


@dataclass(frozen=True, slots=True)
class _Condition:
    """One condition of criteria; a test that can say which address it demands."""

    test: Test
    key: str | None = None


def permission(request: Request) -> Permission:
    """What a search asks of the caller's role: less where it is for one address."""
    return Permission.LOOK_UP if _parameter(request) == "email" else Permission.READ


def module_of(request: Request) -> str:
    """The module that is searched, which the caller may read; the right to search is the route's.

    Raises:
        NoSuchRoute: no such version.
        UnknownModule: neither supported nor registered.
        Forbidden: the caller may not read there.
    """
    name, scopes = modules.module(request), modules.allowing("READ")(request)
    if not request.context.may(*scopes):
        raise Forbidden(scopes[0])
    return name


def parse(request: Request, module: str) -> Search:
    """What is searched for.

    Raises:
        Refused: none of the parameters is given, or one cannot be meant; it is named.
        LimitExceeded: the page is behind what a search can reach.
    """
    name = _parameter(request)
    if name is None:
        raise MissingParameter({"param_names": list(PARAMETERS)})
    found = _PARSERS[name](request.parameter(name) or "", module)
    page, limit = whole_number(request, PAGE_NUMBER, 1), whole_number(request, PER_PAGE, PAGE)
    if page * limit > REACH:
        raise LimitExceeded("a search reaches 2,000 records", field="page")
    # no record here is converted, or waits for approval
    none = _state(request, "converted", "false") == "true" or _state(request, "approved", "true") == "false"
    return Search(lambda one: not none and found.test(record(one, {})), found.key, (page - 1) * limit, limit)


def _parameter(request: Request) -> str | None:
    """The parameter that a search goes by; None where there is none."""
    return next((name for name in PARAMETERS if request.parameter(name)), None)


def render(request: Request, search: Search, found: Sequence[Recipient], *, more: bool) -> Response:
    """A page of the records that were found; 204 when there is none."""
    if not found:
        return Response(HTTPStatus.NO_CONTENT)
    page = search.offset // search.limit + 1
    info = {"per_page": search.limit, "count": len(found), "page": page, "more_records": more}
    person = person_of(request)
    return Response(HTTPStatus.OK, {"data": [record(one, person) for one in found], "info": info})


def _state(request: Request, name: str, default: str) -> str:
    text = request.parameter(name) or default
    if text not in STATES:
        raise InvalidValue({"api_name": name, "supported_values": list(STATES)})
    return text


def _by_email(text: str, module: str) -> _Condition:
    """Any of the module's addresses."""
    try:
        key = Address.parse(text).key
    except MalformedAddress:
        raise InvalidValue({"api_name": "email", "expected_data_type": "email"}) from None
    fields = modules.fields_of(module)
    return _Condition(lambda shown: key in {comparison_key(shown[name]) for name in fields if shown.get(name)}, key)


def _by_phone(text: str, _module: str) -> _Condition:
    """Any of the fields that hold phone numbers; only digits are compared."""
    wanted = _digits(text)
    if len(wanted) < SHORTEST:
        raise InvalidValue({"api_name": "phone", "minimum_length": SHORTEST})
    return _Condition(lambda shown: wanted in {_digits(shown[name]) for name in PHONES if name in shown})


def _by_word(text: str, _module: str) -> _Condition:
    """Any text of the record that has the word, or words, at the beginning of a word."""
    if len(text.strip()) < SHORTEST:
        raise InvalidValue({"api_name": "word", "minimum_length": SHORTEST})
    wanted = re.compile(rf"(?<!\w){re.escape(text.strip().casefold())}")
    return _Condition(
        lambda shown: any(wanted.search(value.casefold()) for value in shown.values() if isinstance(value, str))
    )


def _digits(value: object) -> str:
    return "".join(character for character in str(value) if character in "0123456789")


def _by_criteria(text: str, module: str) -> _Condition:
    """`(({api_name}:{operator}:{value})and/or(...))`; of several without brackets, `and` binds closer than `or`."""
    reader = _Reader(text.strip(), module)
    found = reader.either() if reader.text.startswith("(") else reader.condition(reader.text)
    if reader.text.startswith("(") and reader.at != len(reader.text):
        raise InvalidQuery({"reason": "something follows the last bracket"})
    return found


class _Reader:
    """Reads criteria, from left to right."""

    #: up to the next bracket or comma that is not behind a backslash
    VALUE: Final = re.compile(r"(?:[^()\\]|\\.)*", re.DOTALL)
    CONDITION: Final = re.compile(r"\s*(\w{1,100})\s*:\s*(\w{1,100})\s*:(.*)", re.DOTALL)

    def __init__(self, text: str, module: str) -> None:
        self.text = text
        self.at = 0
        self._module = module
        self._level = 0
        self._conditions = 0

    def either(self) -> _Condition:
        """Terms that `or` joins."""
        terms = [self._all()]
        while self._took("or"):
            terms.append(self._all())
        tests = [term.test for term in terms]
        return terms[0] if len(terms) == 1 else _Condition(lambda shown: any(test(shown) for test in tests))

    def _all(self) -> _Condition:
        """Terms that `and` joins; what one of them demands, all of them do."""
        terms = [self._term()]
        while self._took("and"):
            terms.append(self._term())
        tests = [term.test for term in terms]
        key = next((term.key for term in terms if term.key), None)
        return terms[0] if len(terms) == 1 else _Condition(lambda shown: all(test(shown) for test in tests), key)

    def _term(self) -> _Condition:
        self._level += 1
        if self._level > LEVELS:
            raise InvalidQuery({"reason": f"more than {LEVELS} levels of brackets"})
        self._expect("(")
        if self.text.startswith("(", self.at):
            found = self.either()
        else:
            match = self.VALUE.match(self.text, self.at)
            inner = match[0] if match else ""
            self.at += len(inner)
            found = self.condition(inner)
        self._expect(")")
        self._level -= 1
        return found

    def condition(self, text: str) -> _Condition:
        """One condition, without its brackets."""
        self._conditions += 1
        if self._conditions > CONDITIONS:
            raise InvalidQuery({"reason": f"more than {CONDITIONS} conditions"})
        match = self.CONDITION.fullmatch(text)
        if match is None:
            raise InvalidQuery({"reason": "a condition is {api_name}:{operator}:{value}"})
        name, operator, value = match.groups()
        if name in FIELDS and name not in modules.fields_of(self._module):
            raise InvalidQuery({"reason": "the module does not have the field", "api_name": name})
        if operator not in _OPERATORS:
            known = [*_OPERATORS]
            raise InvalidQuery({"reason": "no such operator", "api_name": name, "supported_values": known})
        least, most, compare = _OPERATORS[operator]
        parts = re.split(r"(?<!\\),", value) if most > 1 else [value]
        wanted = [re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL).strip() for part in parts]
        if not least <= len(wanted) <= most or not all(wanted):
            raise InvalidQuery({"reason": "the operator takes another number of values", "api_name": name})
        if name in FIELDS and operator in {"equals", "not_equal", "in"}:
            keys = {comparison_key(one) for one in wanted}
            key = next(iter(keys)) if operator != "not_equal" and len(keys) == 1 else None
            is_in = operator != "not_equal"
            return _Condition(lambda shown: (_key(shown.get(name)) in keys) is is_in, key)
        return _Condition(lambda shown: compare(shown.get(name), wanted))

    def _took(self, word: str) -> bool:
        if self.text[self.at :][: len(word)].lower() != word:
            return False
        self.at += len(word)
        return True

    def _expect(self, bracket: str) -> None:
        if not self._took(bracket):
            raise InvalidQuery({"reason": f"{bracket} was expected at {self.at}"})


def _key(value: object) -> str:
    return comparison_key(value) if isinstance(value, str) else ""


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).casefold() if isinstance(value, str | int | float) else ""


def _order(value: object) -> tuple[int, float] | None:
    """Where a number, or a moment in ISO 8601, is among its kind; None for what is neither."""
    try:
        return 0, float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return 1, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[object, Sequence[str]], bool]:
    def test(value: object, wanted: Sequence[str]) -> bool:
        one, other = _order(value), _order(wanted[0])
        return one is not None and other is not None and one[0] == other[0] and compare(one[1], other[1])

    return test


def _between(value: object, wanted: Sequence[str]) -> bool:
    return _at_least(value, wanted[:1]) and _at_most(value, wanted[1:])


_at_least: Final = _ordered(lambda one, other: one >= other)
_at_most: Final = _ordered(lambda one, other: one <= other)
#: operator -> how few and how many values it takes, and the test of a member; Zoho's `equals` finds what contains it
_OPERATORS: Final[Mapping[str, tuple[int, int, Callable[[object, Sequence[str]], bool]]]] = {
    "equals": (1, 1, lambda value, wanted: wanted[0].casefold() in _text(value)),
    "starts_with": (1, 1, lambda value, wanted: _text(value).startswith(wanted[0].casefold())),
    "in": (1, VALUES, lambda value, wanted: _text(value) in {one.casefold() for one in wanted}),
    "not_equal": (1, 1, lambda value, wanted: _text(value) != wanted[0].casefold()),
    "greater_equal": (1, 1, _at_least),
    "greater_than": (1, 1, _ordered(lambda one, other: one > other)),
    "less_equal": (1, 1, _at_most),
    "less_than": (1, 1, _ordered(lambda one, other: one < other)),
    "between": (2, 2, _between),
}
_PARSERS: Final[Mapping[str, Callable[[str, str], _Condition]]] = {
    "criteria": _by_criteria,
    "email": _by_email,
    "phone": _by_phone,
    "word": _by_word,
}
