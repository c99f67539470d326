"""The Authorization header: whatever it holds, a token is found in it or it is refused, in one of two ways."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reprieve.access.authenticate import BAD_CREDENTIAL, MAX_HEADER, token_in
from reprieve.access.credential import issue_token, organization_of
from reprieve.dialects.registry import DIALECTS
from reprieve.errors import NoCredential, Unauthenticated

schemes = st.sampled_from([dialect.schemes for dialect in DIALECTS])
spaces = st.text(" \t", max_size=3)
organizations = st.from_regex(r"[a-z0-9][a-z0-9-]{1,38}", fullmatch=True)


@given(allowed=schemes, organization=organizations, before=spaces, between=spaces, after=spaces, data=st.data())
def test_a_token_is_found_behind_each_scheme_of_a_dialect_in_any_letter_case(
    allowed: frozenset[str], organization: str, before: str, between: str, after: str, data: st.DataObject
) -> None:
    token = issue_token(organization)
    word = data.draw(st.sampled_from(sorted(allowed)))
    spelled = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in word)
    assert token_in(f"{before}{spelled}{between}{token}{after}", allowed) == token
    assert organization_of(token) == organization


def outcome(header: str | None, allowed: frozenset[str]) -> str | Unauthenticated:
    """The token that was found, or the refusal."""
    try:
        return token_in(header, allowed)
    except Unauthenticated as refusal:
        return refusal


likely = st.from_regex(r"(?i)\s*(bearer|ssws|basic)\s*\S*\s*", fullmatch=True)


@given(allowed=schemes, header=st.text().filter(str.strip) | likely)
@example(allowed=frozenset({"Bearer"}), header="Bearer " + "a" * MAX_HEADER)
@example(allowed=frozenset({"Bearer"}), header="x Bearer a")
@example(allowed=frozenset({"Bearer"}), header="Bearer a b")
@example(allowed=frozenset({"Bearer"}), header="Basic dXNlcjpwYXNz")
def test_what_a_header_holds_is_one_word_behind_a_scheme_or_is_refused_in_one_sentence(
    allowed: frozenset[str], header: str
) -> None:
    found = outcome(header, allowed)
    if isinstance(found, str):
        assert re.fullmatch(r"\S+", found)
        assert header[:MAX_HEADER].rstrip().endswith(found)
        assert any(header.lstrip().casefold().startswith(word.casefold()) for word in allowed)
    else:
        assert (type(found), str(found)) == (Unauthenticated, BAD_CREDENTIAL)


@pytest.mark.parametrize("header", [None, "", " ", "\t\n"])
def test_a_blank_header_is_no_credential(header: str | None) -> None:
    with pytest.raises(NoCredential):
        token_in(header, {"Bearer"})
