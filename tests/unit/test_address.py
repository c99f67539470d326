"""Valid email addresses (RFC 3696 and its verified errata), and equality of two spellings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import astuple
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reprieve import address
from reprieve.address import MAX_KEY_OCTETS, Address, comparison_key
from reprieve.errors import MalformedAddress

VECTORS = Path(__file__).parents[1] / "vectors" / "email"

NOT_TEXT = "an email address must be a string"
TOO_LONG = "an email address has at most 254 octets"
LOCAL_TOO_LONG = "the part before the @ has at most 64 octets"
SYNTAX = "this is not an email address by RFC 3696"
DOMAIN = "the domain needs a dot and a top-level label that is not a number"
#: every sentence there is; none has room for an address
SENTENCES = {NOT_TEXT, TOO_LONG, LOCAL_TOO_LONG, SYNTAX, DOMAIN}

#: 189 octets: the longest domain beside a local part of 64
LONG_DOMAIN = f"{'d' * 63}.{'d' * 63}.{'d' * 57}.com"

# Where we differ from the vectors on purpose, by case id, under the reason.
ISEMAIL_DEVIATIONS = {
    "address literals are for testing only (RFC 3696 section 3), and no recipient has one": (
        "10 11 12 13 14 15 16 17 39 45 98 197 230 231 233 236 239 241 244 247 249 250 251 252 253 254 258 260 262 264 "
        "270"
    ),
    "a domain has at least one dot (RFC 3696 section 2); isemail only warns": "49 116 190 201",
    "a top-level label is not all digits (RFC 3696 section 2); isemail only warns": "48 97 216",
    'an empty quoted local part names no mailbox, though the grammar of RFC 5321 lets "" pass': "31",
    "an xn-- label that is not Punycode is no A-label (RFC 5890); isemail looks at its letters only": "279",
}
JSON_SCHEMA_DEVIATIONS = {
    "an IPv4-address-literal after the @ is valid": "address literals are for testing only (RFC 3696 section 3)",
    "an IPv6-address-literal after the @ is valid": "address literals are for testing only (RFC 3696 section 3)",
    "a C1 control in the local part is valid": "RFC 6531 lets it pass, but it can corrupt logs and terminals",
    "a noncharacter in the local part is valid": "RFC 6531 lets it pass, but Unicode keeps it out of interchange",
}


def verdict(text: object) -> str | None:
    """The sentence of the refusal, checked not to quote the address; None if valid."""
    try:
        Address.parse(text, field="emailAddresses")
    except MalformedAddress as error:
        refusal = error
    else:
        return None
    assert (refusal.field, str(refusal)) == ("emailAddresses", f"emailAddresses: {refusal.problem}")
    assert refusal.problem in SENTENCES
    assert (refusal.__cause__, refusal.__context__) == (None, None)  # the library's error quotes what it read
    return refusal.problem


def isemail_cases() -> list[dict[str, object]]:
    cases: list[dict[str, object]] = json.loads((VECTORS / "isemail-original.json").read_text("utf-8"))["cases"]
    return cases


def json_schema_cases(path: Path) -> list[dict[str, object]]:
    return [case for group in json.loads(path.read_text("utf-8")) for case in group["tests"]]


JSON_SCHEMA_FILES = sorted(VECTORS.glob("*email.json"))

# --- what an address keeps


def test_an_address_keeps_its_spelling_beside_its_parts_and_key() -> None:
    assert astuple(Address.parse("Ann.Lee+News@Bücher.Example")) == (
        "Ann.Lee+News@Bücher.Example",
        "Ann.Lee+News",
        "xn--bcher-kva.example",
        "ann.lee+news@xn--bcher-kva.example",
    )


def test_a_quoted_local_part_is_kept_as_submitted_and_loses_needless_quotes_in_the_key() -> None:
    assert astuple(Address.parse('"Ann@Work"@example.com')) == (
        '"Ann@Work"@example.com',
        '"Ann@Work"',
        "example.com",
        '"ann@work"@example.com',
    )
    assert astuple(Address.parse(r'"Ann\.Lee"@EXAMPLE.com')) == (
        r'"Ann\.Lee"@EXAMPLE.com',
        r'"Ann\.Lee"',
        "example.com",
        "ann.lee@example.com",
    )


def test_equality_is_of_spellings_because_a_provider_may_want_the_exact_letter_case() -> None:
    assert Address.parse("ann@example.com") == Address.parse("ann@example.com")
    assert Address.parse("Ann@example.com") != Address.parse("ann@example.com")


def test_the_repr_shows_the_domain_alone_so_that_it_can_be_logged() -> None:
    assert repr(Address.parse("ann@example.com")) == "Address(domain='example.com')"


# --- when two spellings are one mailbox


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ("ann@example.com", "ANN@Example.COM", "ann@example.com"),
        ("a@example.com", '"a"@example.com', "a@example.com"),
        (r'"a b"@example.com', r'"a\ b"@example.com', '"a b"@example.com'),
        (r'"a\"b"@example.com', r'"\a\"B"@example.com', r'"a\"b"@example.com'),
        ("a@BÜCHER.example", "a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
        ("a@例え。テスト", "a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("caf\u00e9@example.com", "CAFE\u0301@example.com", "caf\u00e9@example.com"),
        ("\u03b0@example.com", "\u03ab\u0301@example.com", "\u03b0@example.com"),
        ("Straße@example.com", "STRASSE@example.com", "strasse@example.com"),
        ("ΟΔΟΣ@example.com", "οδος@example.com", "οδοσ@example.com"),
    ],
)
def test_spellings_of_one_mailbox_share_a_key(one: str, other: str, key: str) -> None:
    assert (Address.parse(one).key, Address.parse(other).key) == (key, key)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("annlee@gmail.com", "ann.lee@gmail.com"),
        ("ann@gmail.com", "ann+news@gmail.com"),
        ("ann@gmail.com", "ann@googlemail.com"),
        ("1@example.com", "①@example.com"),  # NFKC would join these two, and the next
        ("a@example.com", "\uff41@example.com"),
        ('"a b"@example.com', '"ab"@example.com'),
        ("a@straße.example", "a@strasse.example"),  # IDNA2008 keeps them apart, IDNA2003 did not
    ],
)
def test_what_only_the_host_could_equate_stays_two_mailboxes(one: str, other: str) -> None:
    assert Address.parse(one).key != Address.parse(other).key


# --- what is accepted and refused


@pytest.mark.parametrize(
    "text",
    [
        '"Abc@def"@example.com',
        "user+mailbox@example.com",
        "customer/department=shipping@example.com",
        "$A12345@example.com",
        "!def!xyz%abc@example.com",
        "_somename@example.com",
        # as erratum 246 corrects them
        r'"Abc\@def"@example.com',
        r'"Fred\ Bloggs"@example.com',
        r'"Fred Bloggs"@example.com',
        r'"Joe.\\Blow"@example.com',
    ],
)
def test_the_examples_of_rfc_3696_are_accepted(text: str) -> None:
    assert verdict(text) is None


@pytest.mark.parametrize("text", [r"Abc\@def@example.com", r"Fred\ Bloggs@example.com", r"Joe.\\Blow@example.com"])
def test_a_backslash_outside_quotes_is_refused_by_erratum_246(text: str) -> None:
    assert verdict(text) == SYNTAX


@pytest.mark.parametrize("domain", ["a.test", "a.local", "a.example", "a.invalid", "a.localhost", "a.onion", "b.arpa"])
def test_special_use_domains_are_accepted_in_both_the_ordinary_and_the_library_path(domain: str) -> None:
    assert (verdict(f"a@{domain}"), verdict(f'"a b"@{domain}')) == (None, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", SYNTAX),
        ("ann", SYNTAX),
        ("@example.com", SYNTAX),
        ('""@example.com', SYNTAX),
        ("ann@", SYNTAX),
        ("ann@@example.com", SYNTAX),
        ("ann@example.com\n", SYNTAX),
        (" ann@example.com", SYNTAX),
        ("ann@example.com,bob@example.com", SYNTAX),
        ("Ann <ann@example.com>", SYNTAX),
        ("<ann@example.com>", SYNTAX),
        (".ann@example.com", SYNTAX),
        ("an..n@example.com", SYNTAX),
        ("ann(comment)@example.com", SYNTAX),
        ('"a\nb"@example.com', SYNTAX),
        ("a\ufffd@example.com", SYNTAX),
        ("ann@example.com.", SYNTAX),
        ("ann@-example.com", SYNTAX),
        ("ann@example_.com", SYNTAX),
        ("ann@ab--c.com", SYNTAX),
        ("ann@☃.example", SYNTAX),
        ("ann@[192.0.2.1]", SYNTAX),
        ("ann@[IPv6:2001:db8::1]", SYNTAX),
        ("ann@example", DOMAIN),
        ("ann@example.123", DOMAIN),
        ("ann@192.0.2.1", DOMAIN),
        ('"a b"@192.0.2.1', DOMAIN),
    ],
)
def test_a_refusal_says_why(text: str, problem: str) -> None:
    assert verdict(text) == problem


@pytest.mark.parametrize("thing", [None, True, 12, b"ann@example.com", ["ann@example.com"], {"email": "a@b.example"}])
def test_what_is_not_a_string_is_refused(thing: object) -> None:
    assert verdict(thing) == NOT_TEXT


@pytest.mark.parametrize(
    ("fits", "too_long", "problem"),
    [
        (f"{'a' * 64}@example.com", f"{'a' * 65}@example.com", LOCAL_TOO_LONG),
        (f'"{"a" * 62}"@example.com', f'"{"a" * 63}"@example.com', LOCAL_TOO_LONG),  # quotes count
        ('"' + r"\ " * 31 + '"@example.com', '"' + r"\ " * 31 + 'a"@example.com', LOCAL_TOO_LONG),  # so do backslashes
        (f"{'é' * 32}@example.com", f"{'é' * 32}a@example.com", LOCAL_TOO_LONG),  # octets, not characters
        (f"{'a' * 64}@{LONG_DOMAIN}", f"{'a' * 64}@{LONG_DOMAIN}m", TOO_LONG),
        (f"a@{'d' * 63}.com", f"a@{'d' * 64}.com", SYNTAX),
        (f"a@{'é' * 57}.com", f"a@{'é' * 58}.com", SYNTAX),  # the label as an A-label
        (f"a@{'é.' * 31}com", f"a@{'é.' * 32}com", SYNTAX),  # the whole with A-labels
        (f"a@{'例' * 40}.{'例' * 42}.com", f"a@{'例' * 40}.{'例' * 43}.com", TOO_LONG),  # the whole without them
    ],
)
def test_lengths_are_counted_in_octets_and_the_last_one_that_fits_is_accepted(
    fits: str, too_long: str, problem: str
) -> None:
    assert (verdict(fits), verdict(too_long)) == (None, problem)


@pytest.mark.parametrize("piece", ["a", '"', "@", ".", "\u0301", "a@x.", "\ud800"])
def test_a_huge_input_is_refused_before_any_parsing(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "_parts", lambda _: pytest.fail("it was parsed"))
    huge = piece * 5_000_000
    assert (verdict(huge), len(comparison_key(huge).encode()) <= MAX_KEY_OCTETS) == (TOO_LONG, True)


# --- other people's vectors


def test_the_isemail_vectors_agree_but_for_the_deviations_listed() -> None:
    listed = list(chain.from_iterable(ids.split() for ids in ISEMAIL_DEVIATIONS.values()))
    differing = [case["id"] for case in isemail_cases() if (verdict(case["address"]) is None) != case["valid_rfc5321"]]
    assert Counter(differing) == Counter(listed)


@pytest.mark.parametrize("path", JSON_SCHEMA_FILES, ids=lambda path: path.stem)
def test_the_json_schema_vectors_agree_but_for_the_deviations_listed(path: Path) -> None:
    # to that suite a format says nothing of what is not a string; here that is refused, as tested above
    cases = [case for case in json_schema_cases(path) if isinstance(case["data"], str)]
    differing = {case["description"] for case in cases if (verdict(case["data"]) is None) != case["valid"]}
    assert differing == JSON_SCHEMA_DEVIATIONS.keys() & {case["description"] for case in cases}


def test_every_json_schema_deviation_is_still_in_the_vectors() -> None:
    cases = chain.from_iterable(map(json_schema_cases, JSON_SCHEMA_FILES))
    assert JSON_SCHEMA_DEVIATIONS.keys() <= {case["description"] for case in cases}


# --- for every text

LETTERS = 'abYZ09-_.+@"\\ é\u00df\u0130\u0301\u0345Σ例\u3002\uff20\ufffd\x00\n\ud800[]:()<>'
#: ordinary, quoted and international addresses; nearly all are valid
ADDRESSES = st.from_regex(
    r"""([A-Za-z0-9!#$%&'*+/=?^_`{|}~éßİΣ例-]{1,9}(\.[A-Za-z0-9éΣ]{1,9})?|"([ !#-\[\]-~éΣ]|\\["\\a. ]){1,20}")"""
    r"@([A-Za-z0-9éßΣ例]{1,9}(-[a-z0-9]{1,9})?\.){1,3}[A-Za-z]{2,9}",
    fullmatch=True,
)
#: those, anything at all, what the letters that matter make, and every published address
TEXTS = (
    ADDRESSES
    | st.text()
    | st.text(LETTERS, max_size=300)
    | st.sampled_from([str(case["address"]) for case in isemail_cases()])
)


@given(st.none() | st.booleans() | st.floats() | st.binary() | st.lists(st.text()) | TEXTS)
def test_nothing_but_a_malformed_address_is_ever_raised(thing: object) -> None:
    assert verdict(thing) in {None, *SENTENCES}


@given(ADDRESSES)
def test_the_key_of_a_valid_address_is_an_address_with_that_key(text: str) -> None:
    assume(verdict(text) is None)
    found = Address.parse(text)
    local, _, domain = found.key.rpartition("@")
    assert (found.spelling, found.local, found.domain) == (text, text.rpartition("@")[0], domain)
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain)
    assert astuple(Address.parse(found.key)) == (found.key, local, domain, found.key)
    assert comparison_key(text) == found.key


@given(TEXTS)
def test_letter_case_makes_no_difference_to_a_key(text: str) -> None:
    shouted = "".join(char.upper() if char.isascii() else char for char in text)
    assert comparison_key(shouted) == comparison_key(text)


@given(TEXTS)
@example("")
@example("\u0345@example.com")  # folding alone would make a valid address of it
@example("a\x00@example.com")  # and so would removing what is unprintable
@example("a\ud800@example.com")
@example("\ufffd")
@example("例" * 400)
@example(f"{'a' * 315}\ufffd\ufffd\ufffda")
def test_the_key_of_any_other_text_fits_a_database_and_equals_no_address(text: str) -> None:
    assume(verdict(text) is not None)
    key = comparison_key(text)
    assert 0 < len(key.encode()) <= MAX_KEY_OCTETS
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", key)
    assert (verdict(key) is None, comparison_key(key)) == (False, key)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "\ufffd"),
        ("Not An Address", "not an address\ufffd"),
        ("Ann@Example.com\r\n", "ann@example.com\ufffd"),
        ("ANN@LOCALHOST", "ann@localhost\ufffd"),
        ("A" * 400, "a" * 317 + "\ufffd"),
    ],
)
def test_what_a_provider_sends_that_is_no_address_gets_a_marked_key(text: str, key: str) -> None:
    assert comparison_key(text) == key


# --- the short cut for ordinary addresses


@given(TEXTS)
def test_the_short_cut_for_ordinary_addresses_gives_the_librarys_answer(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        before = address._parts(text[:254])
        patch.setattr(address, "_ORDINARY", re.compile("(?!)"))
        slow = address._parts(text[:254])
    assert (before and (before[0].lower(), before[1])) == (slow and (slow[0].lower(), slow[1]))


def test_an_ordinary_address_is_verified_without_importing_the_library() -> None:
    code = "import sys; from reprieve.address import Address as A; A.parse('a@b.example'); print(*sys.modules)"
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=path)
    assert {"email_validator", "idna"} & set(done.stdout.split()) == set()
