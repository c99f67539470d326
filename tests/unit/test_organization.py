"""Organizations, tokens and a caller's scopes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.access.caller import Caller
from reprieve.access.credential import Credential, digest_of, issue_token, organization_of
from reprieve.clock import Millis
from reprieve.errors import InvalidInput
from reprieve.organization import Organization


@pytest.mark.parametrize("identifier", ["", "a", "-a", "A", "a#b", "a" * 40, "a b", "ä1", "a_b"])
def test_an_id_that_could_upset_a_key_or_a_token_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidInput):
        Organization(identifier, "Name")


@pytest.mark.parametrize("shards", [0, 17])
def test_an_organization_has_one_to_sixteen_shards(shards: int) -> None:
    with pytest.raises(InvalidInput):
        Organization("demo", "Demo", shards=shards)


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{1,38}", fullmatch=True))
def test_a_token_names_the_organization_it_was_issued_for(identifier: str) -> None:
    assert organization_of(issue_token(identifier)) == identifier


@given(st.text(max_size=120))
def test_no_other_text_is_a_token(text: str) -> None:
    assert organization_of(text) is None


def test_no_two_tokens_are_alike() -> None:
    assert len({digest_of(issue_token("demo")) for _ in range(100)}) == 100


def test_a_credential_is_valid_until_the_moment_it_expires() -> None:
    credential = Credential("c", "demo", "d", "n", frozenset(), 0, expires_at=10)
    assert credential.valid(9)
    assert not credential.valid(10)


def test_a_scope_counts_only_by_exact_match() -> None:
    caller = Caller(Organization("demo", "Demo"), "c", frozenset({"suppression.read"})).context("r", Millis(1))
    assert caller.may("suppression.bounces.read", "suppression.read")
    assert not caller.may("suppression.rea", "suppression.readx", "suppression")
    assert not caller.may()
