"""The page of who and what may act for an organization, and of its provider accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.access.credential import Credential
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import DAY, EPOCH, HOUR, Millis
from reprieve.dialects.console import people
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.support.console import signed_in, text_of

if TYPE_CHECKING:
    from tests.support.console import Browser
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
SCOPES = {"reprieve.addresses.read", "reprieve.credentials.read"}


def everyone(browser: Browser) -> str:
    assert browser.get("/people").status == 200
    return text_of(browser.page).partition("is stored nowhere. ")[2]


def test_credentials_are_listed_with_role_scopes_and_end_those_that_count_first_and_without_a_secret(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    add = wiring.access().add_credential
    browser = signed_in(call, Role.VIEWER, scopes=SCOPES, name="Viewer")
    add(Credential("old", "demo", "1" * 64, "Crm", frozenset({"a.read"}), EPOCH, Millis(clock.now - 1)))
    add(Credential("new", "demo", "2" * 64, "App", frozenset({"a.read"}), clock.now, Millis(clock.now + DAY)))
    said = everyone(browser)
    assert calls == {"GetItem": 1, "Query": 2}
    assert said == (
        "App Valid Role admin: does all that its scopes allow Since 1 Jan 2026, 00:00 UTC Until 2 Jan 2026, 00:00 UTC "
        "Id new 1 scope a.read "
        "Viewer (you) Valid Role viewer: reads everything but secrets, and changes nothing Since 1 Jan 1970, 00:00 UTC "
        "Until it is revoked Id desk-1 2 scopes reprieve.addresses.read reprieve.credentials.read "
        "Crm Expired Role admin: does all that its scopes allow Since 1 Jan 1970, 00:00 UTC "
        "Until 31 Dec 2025, 23:59 UTC Id old 1 scope a.read "
        "An operator issues and revokes credentials, with reprieve credentials . Provider accounts "
        "There is none, so lifts wait. An operator sets one, with reprieve providers set ."
    )
    assert ("1" * 64 in browser.page, "<form" in browser.page.partition("<main")[2]) == (False, False)


def test_provider_accounts_are_listed_without_their_keys(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call)
    set_account = wiring.access().set_provider_account
    eu = ProviderAccount("ses", sealed_key=b"canary", region="eu-west-1", webhook_key="canary", name="eu")
    set_account("demo", eu, provider_name="Ses", before=None)
    wiring.access().pause_provider("demo", "eu", until=Millis(clock.now + HOUR), reason=SCRIPT)
    said = everyone(browser)
    assert f"eu : ses in eu-west-1; no call is made until 1 Jan 2026, 01:00 UTC : {SCRIPT}" in said
    assert (SCRIPT in browser.page, "<img" in browser.page, "canary" in browser.page) == (False, False, False)
    clock.now += HOUR
    assert "eu : ses in eu-west-1" in everyone(browser)
    assert "no call is made" not in everyone(browser)


def test_a_name_that_a_stranger_chose_is_text(call: Gateway) -> None:
    browser = signed_in(call, name=SCRIPT)
    assert SCRIPT in everyone(browser)
    assert (SCRIPT in browser.page, "<img" in browser.page) == (False, False)


def test_the_list_is_for_roles_that_read_and_tokens_with_its_scope(call: Gateway) -> None:
    desk = signed_in(call, Role.HELP_DESK)
    assert ("/console/people" in desk.page, desk.get("/people").status) == (False, 403)
    narrow = signed_in(call, scopes={"reprieve.addresses.read", "api_keys.read"}, credential="n")
    assert ("/console/people" in narrow.page, narrow.get("/people").status) == (False, 403)


def test_every_role_has_words_and_no_other_organization_is_listed(call: Gateway) -> None:
    assert set(people.ROLES) == set(Role)
    wiring.access().add_credential(Credential("theirs", "other", "3" * 64, "Theirs", frozenset({"a.read"}), EPOCH))
    assert "Theirs" not in everyone(signed_in(call))
