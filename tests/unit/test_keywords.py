"""The system log's keyword search: matching, and the limits of a query."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.errors import InvalidInput, LimitExceeded
from reprieve.system_log.keywords import matches_keywords, parse_keywords

EVENT: dict[str, Any] = {
    "uuid": "f24790d0-d324-47f8-aac5-c27a31ab928d",
    "eventType": "system.email.delivery",
    "displayMessage": "Email delivery",
    "client": {"ipAddress": None, "geographicalContext": {"city": "San Francisco"}},
    "target": [{"id": "user@domain.com"}, {"id": "00u1", "displayName": "Jane Doe"}],
    "transaction": {"id": "XOxBw-2JIRnCFd0gG0GjHAAABjY"},
    "securityContext": {"isProxy": False, "asNumber": 64512},
    "debugContext": {"debugData": {"url": "interestingURI.com", "rows": [["deep"]]}},
}


def mentions(q: str, event: dict[str, Any] = EVENT) -> bool:
    return matches_keywords(parse_keywords(q), event)


@pytest.mark.parametrize(
    "q",
    [
        "San Francisco",
        "interestingURI.com",
        "Jane Doe",
        "doe JANE francisco",
        "USER@domain.com",
        "system.email.delivery",
        "XOxBw",
        "2JIRnCFd0gG0GjHAAABjY",
        "XOxBw-2JIRnCFd0gG0GjHAAABjY",
        "f24790d0",
        "deep",
        "64512",
        "false",
        "jane jane",
        "",
        " \t ",
    ],
)
def test_an_event_is_found_by_whole_words_of_its_values_in_any_case(q: str) -> None:
    assert mentions(q)


@pytest.mark.parametrize(
    "q",
    ["Fran", "user", "domain.com", "Jane Roe", "xoxbw-2jir", "d324-47f8", "displayName", "null", "-", '"Jane'],
)
def test_an_event_is_not_found_by_parts_of_words_member_names_or_one_keyword_of_two(q: str) -> None:
    assert not mentions(q)


def test_keywords_keep_their_order_and_spelling() -> None:
    assert parse_keywords("  Jane\tDoe  jane ") == ("Jane", "Doe", "jane")


def test_forty_characters_are_searched_for_and_forty_one_are_refused_in_okta_s_words() -> None:
    assert parse_keywords("a" * 40) == ("a" * 40,)
    with pytest.raises(InvalidInput) as refused:
        parse_keywords("jane " + "a" * 41)
    assert (refused.value.field, refused.value.problem) == (
        "q",
        (
            "Freeform search cannot contain items longer than 40 characters."
            " Please shorten the items in your search or use an advanced filter to query by specific fields."
        ),
    )


def test_ten_keywords_are_searched_for_and_eleven_are_refused() -> None:
    assert parse_keywords("a " * 10) == ("a",) * 10
    with pytest.raises(LimitExceeded) as refused:
        parse_keywords("a " * 11)
    assert (refused.value.field, refused.value.problem) == (
        "q",
        (
            "Freeform search cannot contain more than 10 items."
            " Please use fewer items in your search or use an advanced filter to query by specific fields."
        ),
    )


@given(st.lists(st.from_regex(r"[a-z0-9.@-]{1,12}", fullmatch=True), min_size=1, max_size=10), st.data())
def test_an_event_is_found_by_any_of_the_words_it_was_made_of(words: list[str], data: Any) -> None:
    event = {"target": [{"displayName": " ".join(words)}]}
    asked = data.draw(st.lists(st.sampled_from(words), max_size=10))
    assert matches_keywords(parse_keywords(" ".join(asked).upper()), event)
    assert not matches_keywords((*asked, "!"), event)


@given(st.text())
def test_any_search_is_read_or_refused_as_invalid_input(q: str) -> None:
    try:
        keywords = parse_keywords(q)
    except InvalidInput:
        return
    assert len(keywords) <= 10
    assert matches_keywords(keywords, {"displayMessage": q})
