"""Attempts to sign in: what follows from the browser's text, and what is no text of one."""

from __future__ import annotations

import base64
import hashlib
import posixpath
from urllib.parse import urljoin

from hypothesis import given
from hypothesis import strategies as st

from reprieve.access.attempt import MAX_PATH, attempt_in, is_path, new_attempt

organizations = st.from_regex(r"[a-z0-9][a-z0-9-]{1,38}", fullmatch=True)
paths = st.from_regex(r"/(?:[A-Za-z0-9_-]{1,5}/){0,3}[A-Za-z0-9_-]{0,5}", fullmatch=True)
hostile = st.text(st.sampled_from("/\\.:?#%@ab1-_~\u00e4\n "), max_size=30) | st.text(max_size=30)


@given(organizations, paths)
def test_what_a_browser_brings_back_is_the_attempt_that_it_was_given(organization: str, path: str) -> None:
    made = new_attempt(organization, path)
    assert attempt_in(made.text) == made
    assert (made.organization_id, made.path) == (organization, path)


@given(organizations, paths)
def test_state_nonce_and_verifier_are_apart_and_each_attempts_own(organization: str, path: str) -> None:
    first, second = new_attempt(organization, path), new_attempt(organization, path)
    secrets = [text for one in (first, second) for text in (one.state, one.nonce, one.verifier, one.digest)]
    assert len(set(secrets)) == 8
    # RFC 7636: a verifier has 43 to 128 unreserved characters, and its challenge is the digest of it
    assert len(first.verifier) == 43
    digest = hashlib.sha256(first.verifier.encode()).digest()
    assert base64.urlsafe_b64decode(f"{first.challenge}=") == digest


@given(organizations, organizations, paths)
def test_another_organization_or_path_in_the_text_is_another_attempt(one: str, other: str, path: str) -> None:
    made = new_attempt(one, path)
    for text in (made.text.replace(one, other, 1), f"{made.text}x"):
        changed = attempt_in(text)
        assert changed is None or text == made.text or changed.state != made.state
        assert changed is None or text == made.text or changed.digest != made.digest


@given(hostile | st.builds("{}.{}{}".format, hostile, st.just("A" * 43), hostile))
def test_whatever_a_browser_brings_it_is_of_one_organization_and_leads_to_the_console(text: str) -> None:
    found = attempt_in(text)
    if found is not None:
        assert found.text == text
        assert is_path(found.path)


@given(hostile | paths)
def test_a_path_leads_nowhere_but_into_the_console(path: str) -> None:
    kept = new_attempt("acme", path).path
    assert kept == (path if is_path(path) else "/")
    assert len(kept) <= MAX_PATH
    led = urljoin("https://reprieve.example.com/", f"/console{kept}")
    assert posixpath.normpath(led.removeprefix("https://reprieve.example.com")).split("/")[1] == "console"
