"""What a person pastes: addresses between any separators, with names or without; what is none is named by its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import comparison_key, is_address
from reprieve.dialects.console.pasted import MAX_ADDRESSES, NoAddress, Pasted, read
from reprieve.errors import InvalidInput

#: no two of the same comparison key
ADDRESSES = [f"n{number}@x.io" for number in range(20)] + ['"a,b;c"@x.io', r'"a\"b"@x.io', "o'neil+x@y.example"]
SEPARATORS = ["\n", "\r\n", "\r", ",", ";", "\t", ", ", " ; ", "\n\n", ",\n", ";\n"]
NAMES = ["", "Ann Lee", '"Lee, Ann"', "Lee", '"ann@x.io"', "Ann (Sales)", '"Ann; or Ben"']


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@x.io", ["a@x.io"]),
        ("  a@x.io \n\n b@x.io\r\nc@x.io", ["a@x.io", "b@x.io", "c@x.io"]),
        ("a@x.io, b@x.io;c@x.io\td@x.io,", ["a@x.io", "b@x.io", "c@x.io", "d@x.io"]),
        ("Ann Lee <a@x.io>", ["a@x.io"]),
        ("<a@x.io>", ["a@x.io"]),
        ("Ann <a@x.io>, Ben < b@x.io >", ["a@x.io", "b@x.io"]),
        ("Lee, Ann <a@x.io>; Lee, Ben <b@x.io>", ["a@x.io", "b@x.io"]),
        ('"Lee, Ann" <a@x.io>, "b@x.io" <b@x.io>', ["a@x.io", "b@x.io"]),
        ("a@x.io, Ben <b@x.io>", ["a@x.io", "b@x.io"]),
        ('"a,b;c"@x.io, d@x.io', ['"a,b;c"@x.io', "d@x.io"]),
        (r'"a\",b"@x.io, d@x.io', [r'"a\",b"@x.io', "d@x.io"]),
    ],
)
def test_addresses_are_found_however_they_are_separated_and_named(text: str, addresses: list[str]) -> None:
    assert read(text) == Pasted(addresses, 0, [])


def test_an_address_that_is_there_already_counts_once_in_its_first_spelling() -> None:
    assert read("Ann@X.io\na@x.io, ann@x.io; ANN@x.io") == Pasted(["Ann@X.io", "a@x.io"], 2, [])


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("a@x.io\nAnn\nb@x.io", [NoAddress(2, "Ann")]),
        ("\n\n a@x.io, nobody@, b@x.io", [NoAddress(3, "nobody@")]),
        ("a@x.io b@x.io", [NoAddress(1, "a@x.io b@x.io")]),
        ("Ann <nothing>", [NoAddress(1, "nothing")]),
        ("Ann <>", [NoAddress(1, "")]),
        ("Ann <a@x.io> Ben", [NoAddress(1, "Ann <a@x.io> Ben")]),
        ("a@x.io <b@x.io>", [NoAddress(1, "a@x.io <b@x.io>")]),
        # quotes that do not end leave the rest of the line in one piece, and no other line
        ('"a@x.io, b@x.io\nc@x.io', [NoAddress(1, '"a@x.io, b@x.io')]),
        ("é" * 300, [NoAddress(1, "é" * 100)]),
    ],
)
def test_what_is_not_an_address_is_named_by_its_line(text: str, refused: list[NoAddress]) -> None:
    assert read(text).refused == refused


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (" ,;\t\n , ", "there is no address in it"),
        ("\n".join(f"n{number}@x.io" for number in range(501)), "at most 500 addresses at a time; there are 501"),
        (",".join("a" * 1_500), "at most 500 addresses at a time; there are 1,500"),
    ],
)
def test_none_and_too_many_are_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    assert (caught.value.problem, caught.value.field) == (problem, "addresses")


def test_as_many_as_may_be_are_taken() -> None:
    assert len(read("\n".join(f"n{number}@x.io" for number in range(MAX_ADDRESSES))).addresses) == MAX_ADDRESSES


@given(st.lists(st.tuples(st.sampled_from(ADDRESSES), st.sampled_from(NAMES), st.sampled_from(SEPARATORS)), min_size=1))
def test_any_mixture_of_names_and_separators_gives_back_the_addresses(
    pieces: list[tuple[str, str, str]],
) -> None:
    text = "".join((f"{name} <{email}>" if name else email) + separator for email, name, separator in pieces)
    found = read(text)
    assert found == Pasted(list(dict.fromkeys(email for email, *_ in pieces)), len(pieces) - len(found.addresses), [])


@given(st.text(st.sampled_from('ab@x.io,;<>"\\\t\r\n ') | st.characters(), max_size=200))
def test_any_text_is_read_or_refused_and_nothing_else_is_taken_for_an_address(text: str) -> None:
    try:
        found = read(text)
    except InvalidInput:
        return
    assert all(is_address(one) and one in text for one in found.addresses)
    assert len({comparison_key(one) for one in found.addresses}) == len(found.addresses)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert all(one.text in lines[one.line - 1] and not is_address(one.text) for one in found.refused)
