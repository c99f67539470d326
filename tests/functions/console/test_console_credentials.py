"""Creating an API token on the page of people, and revoking what acts for the organization."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access import credentials as verbs
from reprieve.access.client import ClientKind
from reprieve.access.credential import Credential
from reprieve.access.credentials import MAX_CREDENTIALS
from reprieve.access.issuer import Grant, Issuer
from reprieve.clock import DAY, EPOCH, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import credentials
from reprieve.dialects.console.dialect import DIALECT
from reprieve.dialects.registry import DIALECTS
from reprieve.errors import Forbidden
from reprieve.organization import Organization
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.store.issuers import Issuers as IssuerStore
from tests.support.console import Browser, logged, signed_in, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.dynamodb import Client as DynamoDB
    from tests.support.gateway import Answer, Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
CREATE = {"name": "Grace Hopper", "role": "help_desk", "purpose": "console"}
TOKEN = re.compile(r'<code class="token">([^<]*)</code>')
SCRIPT = "<script>alert(1)</script>"


def create(browser: Browser, **fields: str) -> Answer:
    return browser.post("/people", **(CREATE | fields))


def token_on(page: str) -> str:
    (token,) = TOKEN.findall(page)
    return str(unescape(token))


def kept() -> dict[str, Credential]:
    """The credentials of DEMO, by name."""
    return {one.name: one for one in wiring.access().credentials("demo")}


def revoke(browser: Browser, identifier: str) -> Answer:
    return browser.post("/people/{id}/revoke", path={"id": identifier})


def ask(browser: Browser, identifier: str) -> Answer:
    return browser.get("/people/{id}/revoke", id=identifier)


def add(identifier: str = "0123456789abcdef", **more: Any) -> Credential:
    """A credential of DEMO beside that of the session."""
    values = {"name": "Crm", "scopes": frozenset({"a.read"}), "created": EPOCH} | more
    made = Credential(identifier, "demo", identifier[0] * 64, **values)
    wiring.access().add_credential(made)
    return made


def client(kind: ClientKind = ClientKind.REFRESH) -> str:
    by = Context(DEMO, OPERATOR, "r", EPOCH)
    made, _ = wiring.clients(lambda _: None).create(by, kind, name="Sync", scopes=["a.read"], role=Role.VIEWER)
    return made.id


def issuer(organization: str = "demo") -> str:
    grants = (Grant("mail", Role.ADMIN, frozenset({"a.read"})),)
    made = Issuer(organization, f"https://{organization}.example", "api", "https://id.example/keys", "groups", grants)
    assert IssuerStore(wiring.table("ACCESS")).add(made)
    return made.id


# creating


def test_a_token_is_created_with_a_role_and_the_scopes_of_a_purpose_and_opens_a_session(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    browser = signed_in(call)
    calls.clear()
    answer = create(browser)
    # the session, the credentials, the new one, the log; the read of the session's credential is not counted
    assert calls == {"GetItem": 1, "Query": 1, "PutItem": 1, "BatchExecuteStatement": 1}
    assert (answer.status, answer.headers["cache-control"]) == (200, ["no-store"])
    token, made = token_on(browser.page), kept()["Grace Hopper"]
    assert text_of(browser.page).startswith(
        "People and programs The API token “Grace Hopper” was created Copy it now: it is shown this once. It is stored "
        f"nowhere, so nobody can show it again, and it is gone when you leave this page. {token} Keep it in a password "
        "manager, or in the secret store of the program that is to use it. Anyone who has it can do what it allows. Do "
        "not send it by email or chat, and write it into no file that others read. If it was seen or lost, revoke it "
        "and create another. If it replaces another token, put this one to use, then revoke the old one. Role help "
        f"desk Until it is revoked Id {made.id} {len(DIALECT.scopes)} scopes "
    )
    assert (made.role, made.scopes, made.created, made.expires_at) == (
        *(Role.HELP_DESK, DIALECT.scopes),
        *(clock.now, None),
    )
    other = Browser(call)
    assert other.sign_in(token).status == 303


def test_a_token_is_in_no_later_page_no_address_no_log_and_no_table(
    call: Gateway, dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    browser = signed_in(call)
    answer = create(browser)
    token = token_on(browser.page)
    secret = token.removeprefix("rp_demo_")
    later = [browser.get("/people").body, ask(browser, kept()["Grace Hopper"].id).body, browser.get("/log").body]
    assert [secret in str(page) for page in later] == [False] * 3
    assert secret not in json.dumps(dict(answer.headers))
    assert secret not in json.dumps(logged())
    stored = [dynamodb.scan(TableName=name)["Items"] for name in ("Access", "EventLog", "Tokens")]
    assert secret not in repr(stored)
    said = capsys.readouterr()
    assert secret not in said.out + said.err + caplog.text + repr([one.__dict__ for one in caplog.records])


def test_the_log_has_who_created_and_who_revoked(call: Gateway) -> None:
    browser = signed_in(call, name="Ann Lee")
    create(browser)
    made = kept()["Grace Hopper"]
    assert revoke(browser, made.id).status == 200
    for event_type in ("system.api_token.create", "system.api_token.revoke"):
        (entry,) = logged(event_type)
        assert (entry["actor"]["id"], entry["actor"]["alternateId"]) == ("desk-1", "Ann Lee")
        assert [(one["id"], one["displayName"]) for one in entry["target"]] == [(made.id, "Grace Hopper")]


@pytest.mark.parametrize(
    ("fields", "scopes"),
    [
        ({"purpose": "okta"}, {"okta.logs.read"}),
        ({"purpose": "sendgrid"}, {"suppression.delete"}),
        ({"purpose": "scopes", "scope": "okta.logs.read"}, {"okta.logs.read"}),
    ],
)
def test_a_purpose_grants_what_the_creator_has_of_it_and_no_more(
    call: Gateway, fields: Mapping[str, str], scopes: set[str]
) -> None:
    own = {"okta.logs.read", "suppression.delete", "reprieve.credentials.manage"}
    browser = signed_in(call, scopes=own)
    browser.get("/people")
    offered = re.findall(r'<option value="([a-z]+)"[^>]*>[^<]*(?:scope|below)', browser.page)
    assert offered == ["console", "okta", "sendgrid", "scopes"]
    create(browser, **fields)
    assert kept()["Grace Hopper"].scopes == scopes
    # SendGrid's clients warn about a token of another form
    assert token_on(browser.page).startswith("SG.demo." if fields["purpose"] == "sendgrid" else "rp_demo_")


def test_a_token_ends_with_the_day_that_was_chosen_and_no_later_than_its_creators(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call)
    create(browser, until="2026-01-31")
    assert kept()["Grace Hopper"].expires_at == clock.now + 31 * DAY - 1000
    assert "Until 31 Jan 2026, 23:59 UTC" in text_of(browser.page)
    own = kept()["Ann Lee"]
    wiring.access().remove_credential(own)
    wiring.access().add_credential(replace(own, expires_at=Millis(clock.now + DAY)))
    create(browser, name="Second", until="2026-01-31")
    assert kept()["Second"].expires_at == clock.now + DAY


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"name": " "}, "name", "Fill this in."),
        ({"name": "a" * 101}, "name", "At most 100 characters."),
        ({"name": "a\tb"}, "name", "1 to 100 printable characters, no space around them."),
        ({"role": "owner"}, "role", "Choose one."),
        ({"purpose": "everything"}, "purpose", "Choose one."),
        ({"purpose": "zoho"}, "purpose", "Choose one."),
        ({"scope": "okta.logs.read"}, "purpose", "Choose “Only the scopes ticked below”, or tick none."),
        ({"purpose": "scopes"}, "scope", "Tick at least one."),
        ({"until": "2025-12-31"}, "until", "This day is over; choose a later one."),
        ({"until": "soon"}, "until", "Must be a day, such as 2026-01-31."),
    ],
)
def test_what_cannot_be_used_is_said_next_to_its_field_and_nothing_is_created(
    call: Gateway, calls: Calls, fields: Mapping[str, str], field: str, says: str
) -> None:
    browser = signed_in(call)
    calls.clear()
    answer = create(browser, **fields)
    # no more than the page reads
    assert (answer.status, calls) == (400, {"GetItem": 1, "Query": 4})
    assert "No token was created. What to correct is marked below." in text_of(browser.page)
    assert re.findall(r'<p id="([a-z]+)-fault" class="fault">([^<]*)</p>', unescape(browser.page)) == [(field, says)]
    marked = re.findall(r'aria-invalid="true" aria-describedby="([a-z-]+)', browser.page)
    assert marked == [f"{field}-fault"]
    # what was typed is there still
    typed = CREATE | dict(fields)
    if field != "name":
        assert f'value="{typed["name"]}"' in browser.page
    assert (kept().keys(), logged("system.api_token.create")) == ({"Ann Lee"}, [])


def test_what_was_typed_is_text(call: Gateway) -> None:
    browser = signed_in(call)
    create(browser, name=SCRIPT, until=SCRIPT)
    assert (SCRIPT in browser.page, SCRIPT in unescape(browser.page)) == (False, True)
    create(browser, name=SCRIPT)
    assert (SCRIPT in browser.page, f"“{SCRIPT}”" in unescape(browser.page)) == (False, True)


def test_nobody_gives_a_scope_that_they_do_not_have(call: Gateway) -> None:
    browser = signed_in(call, scopes={"reprieve.credentials.manage"})
    browser.get("/people")
    assert create(browser, purpose="scopes", scope="okta.orgs.manage").status == 403
    assert "your API token lacks the scope okta.orgs.manage" in text_of(browser.page)
    assert kept().keys() == {"Ann Lee"}


def test_no_caller_gives_a_role_that_goes_further_than_its_own_and_the_operator_gives_any() -> None:
    made = wiring.credentials(lambda _: None)
    asking = replace(context(DEMO, now=EPOCH, scopes=frozenset({"a.read"})), role=Role.HELP_DESK)
    for role in (Role.VIEWER, Role.ADMIN):
        with pytest.raises(Forbidden, match="this role goes further than yours"):
            made.issue(asking, name="n", scopes=["a.read"], role=role)
    with pytest.raises(Forbidden, match=r"this needs the scope b\.read"):
        made.issue(asking, name="n", scopes=["a.read", "b.read"])
    assert made.issue(asking, name="n", scopes=["a.read"])[1].role is Role.HELP_DESK
    _, any_ = made.issue(Context(DEMO, OPERATOR, "r", EPOCH), name="n", scopes=["any.read"], role=Role.ADMIN)
    with pytest.raises(Forbidden, match=r"this needs the scope any\.read"):
        made.change(asking, any_.id, name="n", scopes=["any.read"])
    assert made.change(Context(DEMO, OPERATOR, "r", EPOCH), any_.id, name="n", scopes=["b.read"]).scopes == {"b.read"}


def test_an_organization_has_at_most_a_hundred_tokens_by_the_console(call: Gateway) -> None:
    browser = signed_in(call)
    for number in range(MAX_CREDENTIALS - 2):
        wiring.access().add_credential(Credential(f"{number:016x}", "demo", f"{number:064x}", "n", frozenset(), EPOCH))
    assert create(browser).status == 200
    assert create(browser, name="Another").status == 409
    assert "There are 100 API tokens already; revoke one that is not used any more." in text_of(browser.page)
    assert len(wiring.access().credentials("demo")) == MAX_CREDENTIALS


# revoking


def test_before_a_revocation_the_page_says_what_stops_and_changes_nothing(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    one = add(role=Role.VIEWER)
    calls.clear()
    assert ask(browser, one.id).status == 200
    assert calls == {"GetItem": 1, "Query": 1}
    assert text_of(browser.page) == (
        "People and programs Revoke the API token “Crm”? Nothing has been changed yet. It cannot be undone: what "
        "replaces it is created anew. Role viewer Since 1 Jan 1970, 00:00 UTC Until it is revoked "
        f"Id {one.id} 1 scope a.read What it did in the last 7 days What stops working Every call with this token is "
        "refused at once, whichever person or program makes it. Anyone who is signed in to this console with it is "
        "signed out. What stays Other tokens go on working, also those that were created with this one. What was done "
        "with it stays done, and stays in the log. Revoke it now Back, and change nothing"
    )
    assert kept().keys() == {"Ann Lee", "Crm"}
    expired = add("fedcba9876543210", name="Old", expires_at=Millis(1))
    ask(browser, expired.id)
    assert "What stops working Nothing: it has expired already, and is taken off the page." in text_of(browser.page)


def test_a_revoked_token_is_refused_at_once_and_its_session_ends(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call)
    create(browser)
    token, made = token_on(browser.page), kept()["Grace Hopper"]
    other = Browser(call)
    other.sign_in(token)
    assert other.get("/").status == 200
    calls.clear()
    assert revoke(browser, made.id).status == 200
    # the session, the credential, its deletion, the log; then the page: credentials, clients, issuers, accounts
    assert calls == {"GetItem": 1, "Query": 5, "DeleteItem": 1, "BatchExecuteStatement": 1}
    said = text_of(browser.page)
    assert "The API token was revoked. It is refused from now on." in said
    assert "Grace Hopper" not in said
    assert (other.get("/").status, Browser(call).sign_in(token).status) == (401, 401)
    assert revoke(browser, made.id).status == 404


def test_a_client_is_revoked_with_its_refresh_tokens(call: Gateway, calls: Calls, dynamodb: DynamoDB) -> None:
    browser, one = signed_in(call), client()
    ask(browser, one)
    assert "Revoke the OAuth client “Sync”?" in text_of(browser.page)
    assert "Its secret and its refresh tokens are deleted." in text_of(browser.page)
    calls.clear()
    assert revoke(browser, one).status == 200
    # the session, the client, what is denied; the deletions of the client and its refresh token; then the page
    assert calls == {
        "GetItem": 3,
        "UpdateItem": 1,
        "DeleteItem": 2,
        "Query": 5,
        "BatchExecuteStatement": 1,
    }
    said = text_of(browser.page)
    assert "The OAuth client was revoked. Its access tokens are refused within a minute." in said
    assert "Sync" not in said
    assert dynamodb.scan(TableName="Tokens")["Items"] == []
    (entry,) = logged("application.lifecycle.delete")
    assert (entry["actor"]["id"], entry["target"][0]["id"]) == ("desk-1", one)
    assert revoke(browser, one).status == 404


def test_an_outside_issuer_is_trusted_no_more(call: Gateway, calls: Calls) -> None:
    browser, one = signed_in(call), issuer()
    ask(browser, one)
    said = text_of(browser.page)
    assert "Trust the outside issuer https://demo.example no more?" in said
    assert "The first of these values of groups decides: mail : admin, with a.read" in said
    calls.clear()
    assert revoke(browser, one).status == 200
    assert calls == {"GetItem": 1, "Query": 5, "DeleteItem": 1, "BatchExecuteStatement": 1}
    assert "The outside issuer is not trusted any more." in text_of(browser.page)
    assert IssuerStore(wiring.table("ACCESS")).of("demo") == []


def test_the_token_that_one_is_signed_in_with_is_not_revoked(call: Gateway) -> None:
    browser = signed_in(call)
    browser.get("/people")
    said = text_of(browser.page)
    assert "You are signed in with it, so you cannot revoke it here." in said
    assert "/people/desk-1/revoke" not in browser.page
    for answer in (ask(browser, "desk-1"), revoke(browser, "desk-1")):
        assert answer.status == 409
        assert f"{verbs.OWN[:1].upper()}{verbs.OWN[1:]}." in text_of(browser.page)
    assert kept().keys() == {"Ann Lee"}


# who may


@pytest.mark.parametrize(
    ("role", "scopes"),
    [(Role.VIEWER, DIALECT.scopes), (Role.ADMIN, {"reprieve.credentials.read"}), (Role.HELP_DESK, DIALECT.scopes)],
)
def test_who_may_not_create_and_revoke_sees_no_form_and_is_refused(
    call: Gateway, role: Role, scopes: frozenset[str]
) -> None:
    browser, one = signed_in(call, role, scopes=scopes), add()
    browser.get("/people")
    main = browser.page.partition("<main")[2]
    assert ("Create" in main, "Revoke" in main) == (False, False)
    for answer in (create(browser), ask(browser, one.id), revoke(browser, one.id)):
        assert answer.status == 403
    assert kept().keys() == {"Ann Lee", "Crm"}


def test_nothing_of_another_organization_is_shown_or_revoked(call: Gateway) -> None:
    wiring.access().create_organization(Organization("other", "Other"))
    theirs = Credential("0123456789abcdef", "other", "3" * 64, "Theirs", frozenset({"a.read"}), EPOCH)
    wiring.access().add_credential(theirs)
    by = Context(Organization("other", "Other"), OPERATOR, "r", EPOCH)
    made, _ = wiring.clients(lambda _: None).create(by, ClientKind.SECRET, name="Theirs", scopes=["a.read"])
    browser = signed_in(call)
    for identifier in (theirs.id, made.id, issuer("other")):
        for answer in (ask(browser, identifier), revoke(browser, identifier)):
            assert answer.status == 404
            assert "Theirs" not in browser.page
    assert wiring.access().credentials("other") == [theirs]
    assert [one.id for one in wiring.tokens().clients("other")] == [made.id]
    assert len(IssuerStore(wiring.table("ACCESS")).of("other")) == 1


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}])
def test_a_form_of_another_site_or_session_creates_and_revokes_nothing(
    call: Gateway, headers: Mapping[str, str]
) -> None:
    browser, one = signed_in(call), add()
    own = browser.headers
    browser.headers = headers
    assert [create(browser).status, revoke(browser, one.id).status] == [403, 403]
    browser.headers, browser.proof = own, "0" * 64
    assert [create(browser).status, revoke(browser, one.id).status] == [403, 403]
    assert kept().keys() == {"Ann Lee", "Crm"}


def test_every_dialect_is_a_purpose() -> None:
    assert set(credentials.PURPOSES) == {one.name for one in DIALECTS}


def test_the_events_of_the_function_are_answered(call: Gateway) -> None:
    handler = function("console_people")
    answered = {case: call.send(handler, event("console_people", case)).status for case in cases("console_people")}
    assert answered == {"create_token": 200, "people": 200}
