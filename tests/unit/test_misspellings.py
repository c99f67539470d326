"""Misspelt domains of large mailbox providers: what is taken for one, and that nothing real ever is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.addresses.misspelling import REAL, TARGETS, is_one_slip, meant_by

LETTERS = "abcdefghijklmnopqrstuvwxyz-"
WORDS = st.text("abc.", max_size=6)


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.cmo", "gmail.com"),
        ("otmail.com", "hotmail.com"),
        ("hotmai.co.uk", "hotmail.co.uk"),
        ("yhaoo.com", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("iclod.com", "icloud.com"),
        ("tonline.de", "t-online.de"),
        # two slips
        ("gmial.con", ""),
        ("gmalil.co", ""),
        # real ones, and what may well be real
        ("gmail.com", ""),
        ("ymail.com", ""),
        ("mail.com", ""),
        ("email.com", ""),
        ("cmail.com", ""),
        ("xgmail.com", ""),
        ("yahoo.fi", ""),
        ("hotmail.ie", ""),
        ("ge.com", ""),
        ("x.io", ""),
        ("mail.gmail.com", ""),
        ("", ""),
    ],
)
def test_one_slip_away_from_a_large_provider_is_a_misspelling_unless_it_is_real(domain: str, meant: str) -> None:
    assert meant_by(domain) == meant


@pytest.mark.parametrize("domain", sorted(TARGETS | REAL))
def test_a_real_domain_is_never_a_misspelling(domain: str) -> None:
    assert meant_by(domain) == ""


@given(st.sampled_from(sorted(TARGETS)), st.data())
def test_whatever_one_slip_makes_of_a_provider_leads_back_to_it_alone_or_to_nothing(
    target: str, data: st.DataObject
) -> None:
    at, letter = data.draw(st.integers(0, len(target))), data.draw(st.sampled_from(LETTERS))
    made = data.draw(
        st.sampled_from(
            [
                target[:at] + letter + target[at:],
                target[:at] + target[at + 1 :],
                target[:at] + letter + target[at + 1 :],
                target[:at] + target[at + 1 : at + 2] + target[at : at + 1] + target[at + 2 :],
            ]
        )
    )
    meant = meant_by(made)
    assert meant == "" or (meant in TARGETS and is_one_slip(made, meant))
    assert not (meant and made in TARGETS | REAL)


@given(WORDS, WORDS)
def test_a_slip_is_a_distance_of_one(one: str, other: str) -> None:
    assert is_one_slip(one, other) == (distance(one, other) == 1)


@given(st.text(max_size=30))
def test_any_text_has_an_answer(text: str) -> None:
    assert meant_by(text) in TARGETS | {""}


def distance(one: str, other: str) -> int:
    """The restricted Damerau-Levenshtein distance, by the textbook's table."""
    table = [[i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = int(one[i - 1] != other[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]
