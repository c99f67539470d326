"""The page of the lists: filters, and the entries that they leave, newest first.

A form is read as the query of `GET /reprieve/suppressions` that it stands for, so both know the same filters.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from reprieve import answer_size
from reprieve.clock import DAY, EPOCH, SECOND, Millis, from_timestamp, to_seconds
from reprieve.dialects.console import page, session, site, words
from reprieve.dialects.reprieve import strict
from reprieve.dialects.reprieve import suppressions as api
from reprieve.errors import InvalidInput, LimitExceeded
from reprieve.role import Permission
from reprieve.suppressions.suppression import Classification, GroupList, Permanence, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprieve.dialects.exchange import Request, Response
    from reprieve.policies.term import Term
    from reprieve.suppressions.group import Groups
    from reprieve.suppressions.suppression import AnyList, Suppression

#: entries of a page
PAGE: Final = 50
#: what a link to the page may name; whatever could name an address is in a form
LINKED: Final = ("list",)
#: the fields of the form that the query of the API has under the same name
FILTERS: Final = ("reason", "status", "domain", "permanence", "classification", "total")
#: characters of any field
MAX_FIELD: Final = 1_000
#: as much of a mail server's text as a row shows, by `answer_size.of_text`; the page of the address has all of it
MAX_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Asked(api.Asked):
    """A page that is asked for, with the form as it was filled in: the texts of each field."""

    form: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry.

    Attributes:
        entry: itself.
        list: the list's name, after "the".
        why: in one sentence.
        said: the mail server's text, or the beginning of it.
        term: until when it stays there.
    """

    entry: Suppression
    list: str
    why: str
    said: str
    term: Term


def parse_link(request: Request) -> Asked:
    """The first page, of the lists that a link names or of all.

    Raises:
        InvalidInput: the link names something else, or a list that there cannot be.
    """
    strict.check_parameters(request, LINKED)
    return _asked(request, dict(request.query))


def parse_search(request: Request) -> Asked:
    """The page that a form asks for.

    Raises:
        UnreadableBody: the form cannot be read.
        InvalidInput: a field cannot be used; it is named.
        InvalidCursor: the form's next page is of another search.
    """
    given: dict[str, tuple[str, ...]] = {}
    for name, text in session.pairs(request):
        if len(text) > MAX_FIELD:
            raise InvalidInput(f"at most {MAX_FIELD:,} characters", field=name[:40])
        if text.strip() and name != session.PROOF:
            given[name] = (*given.get(name, ()), text.strip())
    return _asked(request, given)


@contextmanager
def bounded() -> Iterator[None]:
    """Say in the words of the form how to ask for less, where a search would read too much.

    Raises:
        InvalidInput: it would.
    """
    try:
        yield
    except LimitExceeded:
        raise InvalidInput(
            "this would read too many entries; choose a shorter time by From and To", field="from"
        ) from None


def render(
    found: Sequence[tuple[Suppression, Term]],
    total: tuple[int, bool] | None,
    asked: Asked,
    groups: Groups,
    request: Request,
    *,
    more: bool,
) -> Response:
    """A page of entries; `total` is None where it was not counted."""
    return page.render(
        "lists",
        request,
        rows=[_row(entry, term, groups) for entry, term in found],
        total=total,
        form=asked.form,
        lists={name: words.LISTS[name].name for name in SuppressionList},
        groups={one.list: one.name for one in groups.groups},
        permanences={one: one for one in Permanence},
        classifications={one: one for one in Classification},
        chosen=(asked.wanted.permanence, asked.wanted.classification),
        filtered=bool(asked.form.keys() - {"list", "cursor"}),
        cursor=api.next_cursor(found[-1][0], total, asked, request) if more else "",
        is_first=asked.after is None,
        imports=page.may(request, site.IMPORT, Permission.CHANGE),
        looks_up=page.may(request, site.READ_ADDRESSES, Permission.LOOK_UP),
    )


def render_groups(groups: Groups, request: Request) -> Response:
    """The unsubscribe groups."""
    reads_lists = page.may(request, site.READ_LISTS, Permission.READ)
    return page.render("groups", request, groups=groups.groups, reads_lists=reads_lists)


def name_of(name: AnyList, groups: Groups) -> str:
    """A list as the pages call it, after "the"."""
    group = groups.find(name.group) if isinstance(name, GroupList) else None
    return words.list_name(name, group.name if group else "")


def check_group(name: AnyList, groups: Groups) -> None:
    """Refuse the list of a group that is not there.

    Raises:
        InvalidInput: there is no such group.
    """
    if isinstance(name, GroupList) and groups.find(name.group) is None:
        raise InvalidInput(f"there is no group {name.group}", field="list")


def day(text: str, field: str) -> Millis:
    """The beginning of a day in UTC, in milliseconds; before 1970, that of 1970.

    Raises:
        InvalidInput: it is not a day as a browser's field for one sends it.
    """
    try:
        return max(EPOCH, from_timestamp(date.fromisoformat(text).isoformat()))
    except ValueError:
        raise InvalidInput("must be a day, such as 2026-01-31", field=field) from None


def _asked(request: Request, given: Mapping[str, tuple[str, ...]]) -> Asked:
    query = {name: given[name] for name in (*LINKED, *FILTERS, "cursor") if name in given}
    if "from" in given:
        query["start_time"] = (str(to_seconds(day(given["from"][-1], "from"))),)
    if "to" in given:
        query["end_time"] = (str(to_seconds(Millis(day(given["to"][-1], "to") + DAY - SECOND))),)
    asked = api.parse_search(replace(request, query={**query, "limit": (str(PAGE),)}))
    return Asked(asked.wanted, asked.limit, asked.after, asked.total, asked.counts, given)


def _row(entry: Suppression, term: Term, groups: Groups) -> Row:
    said = answer_size.cut(entry.reason, MAX_REASON)
    return Row(
        entry, name_of(entry.list, groups), words.cause(entry).why, said if said == entry.reason else f"{said}…", term
    )
