"""The address that a path names, however often clients and gateways have escaped and unescaped it."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import is_address
from reprieve.clock import Millis
from reprieve.dialects.exchange import Request


def named(text: str) -> str:
    request = Request("r", "GET", "/{email}", "https://h", {"email": text}, {}, {}, b"", None, Millis(0))
    return request.address("email")


atext = st.text(alphabet=string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=20)
#: what an escape is made of, so that many of them are drawn
escapes = st.lists(st.sampled_from(["%41", "%2F", "%2B", "%25", "%40", "%", "a"]), min_size=1, max_size=5).map("".join)
quoted = st.text(alphabet=string.printable[:94] + " ", max_size=10).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
unicode = st.sampled_from(["ü", "用户", "ß%41"])
addresses = st.builds(
    "{}@{}".format, atext | escapes | quoted | unicode, st.sampled_from(["d.example", "bücher.example"])
)


@given(addresses.filter(is_address))
def test_an_address_is_reached_as_it_is_and_escaped_once_and_twice(address: str) -> None:
    once = quote(address, safe="")
    assert [named(text) for text in (address, once, quote(once, safe=""))] == [address] * 3


@pytest.mark.parametrize("address", ["p%41@d.example", "a%2Fb@d.example", "plus%2B@d.example"])
def test_a_percent_sign_in_an_address_is_not_an_escape(address: str) -> None:
    assert named(address) == address


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("50%25 off", "50% off"),
        ("no%20body", "no body"),
        ("unknown", "unknown"),
        ("%FF@d.example%20", "\N{REPLACEMENT CHARACTER}@d.example "),
        ("%2525", "%25"),
        ("%", "%"),
    ],
)
def test_what_is_an_address_in_no_reading_is_unescaped_once(text: str, meant: str) -> None:
    assert named(text) == meant


@given(st.text(alphabet="%0123456789abcdefABCDEF@. ", max_size=30))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(named(text), str)
