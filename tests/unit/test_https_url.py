"""Plain https URLs: what may be called because a user named it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.https_url import is_plain_http, is_plain_https

BASE = "https://a.example/"


@pytest.mark.parametrize(
    "url",
    [
        BASE,
        "HTTPS://A.example",
        "https://a.example:8443/keys?x=1&y=%20",
        "https://[2001:db8::1]/",
        "https://a.example/a@b",
        BASE + "x" * (2048 - len(BASE)),
    ],
)
def test_a_plain_https_url_is_taken(url: str) -> None:
    assert is_plain_https(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "http://a.example/",
        "ftp://a.example/",
        "https:",
        "https:///keys",
        "https://:443/",
        "https://a.example:0/",
        "https://a.example:x/",
        "https://a.example:65536/",
        "https://[a/",
        "https://user@a.example/",
        "https://user:secret@a.example/",
        "https://a.example/#fragment",
        "https://a.example#",
        "https://a.example\\@b.example/",
        "https://a.example/ x",
        " https://a.example/",
        "https://a.exa\tmple/",
        "https://a.example/\n",
        "https://ä.example/",
        BASE + "x" * (2049 - len(BASE)),
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    assert not is_plain_https(url)


ASCII = st.text(st.characters(max_codepoint=127), max_size=60)


@given(st.text(max_size=60) | ASCII.map("https://{}".format))
def test_what_is_taken_of_any_text_is_what_the_parser_read(url: str) -> None:
    if is_plain_https(url):
        parts = urlsplit(url)
        assert parts.geturl().removeprefix("https").rstrip("?") == url[5:].rstrip("?")
        assert (parts.scheme, parts.username, parts.fragment) == ("https", None, "")
        assert parts.hostname


@given(ASCII)
def test_an_http_url_is_held_to_the_same_rules(rest: str) -> None:
    assert is_plain_http(f"http://{rest}") == is_plain_https(f"https://{rest}")
    assert not is_plain_http(f"https://{rest}")
