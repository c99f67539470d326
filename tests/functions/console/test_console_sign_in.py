"""Sessions of the console: opened by a token, used by a cookie, and closed; and what a form of another site may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reprieve.access.credential import digest_of
from reprieve.access.session import SESSION
from reprieve.access.sessions import ATTEMPTS
from reprieve.clock import HOUR, MINUTE
from reprieve.console.edge import handler
from reprieve.dialects.console import page
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.support.console import Browser, logged, signed_in, text_of, token
from tests.support.gateway import DOMAIN, function

if TYPE_CHECKING:
    from io import StringIO

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo")
ID = r"demo\.[A-Za-z0-9_-]{43}"
ENDED = "Your session has ended. Sign in again to go on."


def stored(dynamodb: Client) -> list[dict[str, dict[str, str]]]:
    """The items of sessions."""
    return [item for item in dynamodb.scan(TableName="Access")["Items"] if item["sort"]["S"].startswith("session#")]


def test_a_token_opens_a_session_of_which_the_browser_holds_an_id_and_the_table_its_digest(
    call: Gateway, calls: Calls, dynamodb: Client, clock: Clock
) -> None:
    text, browser = token(), Browser(call)
    answer = browser.sign_in(text)
    assert (answer.status, answer.headers["location"]) == (303, ["/console/"])
    (cookie,) = answer.headers["set-cookie"]
    assert re.fullmatch(f"__Host-session={ID}; Path=/; Secure; HttpOnly; SameSite=Lax", cookie)
    # the session, and its entry; the token is verified by one read, and the attempt is counted
    assert (calls, calls.verifying, calls.leasing) == ({"UpdateItem": 1, "BatchExecuteStatement": 1}, 1, 1)
    (item,) = stored(dynamodb)
    assert item == {
        "partition": {"S": "demo"},
        "sort": {"S": f"session#{digest_of(browser.cookie)}"},
        "session": {"S": digest_of(text)},
        "session_ends": {"N": str(clock.now + SESSION)},
        "expires_at": {"N": str((clock.now + SESSION) // 1000)},
    }
    assert browser.cookie not in str(dynamodb.scan(TableName="Access"))


def test_a_page_costs_two_reads_to_know_its_viewer_and_says_who_that_is(call: Gateway, calls: Calls) -> None:
    browser = signed_in(call, Role.HELP_DESK)
    answer = browser.get("/")
    assert (answer.status, calls, calls.verifying) == (200, {"GetItem": 1}, 1)
    assert "<b>Demo</b> <span>Ann Lee, help desk</span>" in browser.page


def test_every_page_may_load_from_its_own_site_alone_and_is_kept_nowhere(call: Gateway) -> None:
    browser = signed_in(call)
    for answer in (browser.get("/"), browser.get("/sign-in"), browser.get("/{proxy+}", proxy="nothing")):
        assert {name: answer.headers[name] for name in ("cache-control", "referrer-policy", "content-type")} == {
            "cache-control": ["no-store"],
            # with no-referrer, a browser sends the console's own forms with `Origin: null`, which is refused
            "referrer-policy": ["same-origin"],
            "content-type": ["text/html; charset=utf-8"],
        }
        (policy,) = answer.headers["content-security-policy"]
        assert policy == (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=|javascript:", str(answer.body))


def test_a_file_of_a_page_has_its_digest_in_its_name_and_may_be_kept_for_good(call: Gateway, calls: Calls) -> None:
    browser = Browser(call)
    browser.get("/sign-in")
    names = re.findall(r"/console/assets/([0-9a-f]{16}\.(?:css|js))", browser.page)
    assert sorted(names) == sorted(name for name, _ in page.assets().values())
    for name in names:
        answer = browser.get("/assets/{name}", name=name)
        assert (answer.status, answer.headers["cache-control"]) == (200, ["public, max-age=31536000, immutable"])
        assert (calls, calls.verifying) == ({}, 0)
    assert browser.get("/assets/{name}", name="0123456789abcdef.css").status == 404


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        (f"rp_demo_{'A' * 43}", 401, "This is not the token of a credential"),
        (f"rp_nobody_{'A' * 43}", 401, "This is not the token of a credential"),
        ("not a token", 401, "This is not the token of a credential"),
        ("t\u00f6ken", 401, "This is not the token of a credential"),
        ("", 400, "Fill this in."),
        ("eyJhbGciOiJFUzI1NiJ9.e30.x", 400, "Paste a long-lived API token; an access token ends too soon."),
        ("x" * 501, 400, "At most 500 characters."),
    ],
)
def test_what_is_not_a_good_token_opens_nothing_and_the_form_says_why(
    call: Gateway, dynamodb: Client, text: str, status: int, says: str
) -> None:
    browser = Browser(call)
    answer = browser.sign_in(text)
    assert (answer.status, says in text_of(browser.page)) == (status, True)
    assert ("set-cookie" in answer.headers, stored(dynamodb)) == (False, [])
    # nothing that was typed is shown again
    assert not text or text not in browser.page


def test_a_session_ends_when_its_credential_is_revoked_and_at_its_time(call: Gateway, clock: Clock) -> None:
    browser = signed_in(call)
    clock.now += SESSION - 1
    assert browser.get("/").status == 200
    clock.now += 1
    assert (browser.get("/").status, ENDED in text_of(browser.page)) == (401, True)
    browser = signed_in(call)
    for credential in wiring.access().credentials("demo"):
        wiring.access().remove_credential(credential)
    answer = browser.get("/")
    assert (answer.status, ENDED in text_of(browser.page)) == (401, True)
    # where htmx wanted a part of a page
    assert answer.headers["hx-redirect"] == ["/console/"]


def test_a_role_that_is_taken_from_a_credential_is_gone_from_its_sessions_at_once(call: Gateway) -> None:
    browser = signed_in(call, Role.HELP_DESK)
    assert browser.post("/lifts/dry-run", email="a@x.io", list="bounces").status == 404
    for credential in wiring.access().credentials("demo"):
        wiring.access().set_role(credential, Role.VIEWER)
    assert browser.post("/lifts/dry-run", email="a@x.io", list="bounces").status == 403


def test_signing_out_leaves_nothing_of_the_session_here_or_in_the_browser(
    call: Gateway, calls: Calls, dynamodb: Client
) -> None:
    browser = signed_in(call)
    kept = browser.cookie
    answer = browser.post("/sign-out")
    assert (answer.status, answer.headers["location"]) == (303, ["/console/sign-in"])
    assert answer.headers["set-cookie"] == ["__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"]
    assert calls == {"GetItem": 1, "UpdateItem": 1, "BatchExecuteStatement": 1}
    (item,) = stored(dynamodb)
    assert item.keys() == {"partition", "sort", "expires_at"}
    browser.cookie = kept
    assert browser.get("/").status == 401


@pytest.mark.parametrize("cookie", ["", "x", f"demo.{'A' * 43}", f"Demo.{'A' * 43}", f"nobody.{'A' * 43}"])
def test_an_id_that_nobody_was_given_is_no_session(call: Gateway, cookie: str) -> None:
    browser = Browser(call, cookie)
    assert (browser.get("/").status, "Sign in" in text_of(browser.page)) == (401, True)


def test_a_session_is_written_to_the_system_log_when_it_is_opened_and_when_it_is_closed(call: Gateway) -> None:
    browser = signed_in(call)
    session_id = browser.cookie
    browser.post("/sign-out")
    found = logged()
    assert sorted((one["eventType"], one["actor"]["id"], one["actor"]["alternateId"]) for one in found) == [
        ("user.session.end", "desk-1", "Ann Lee"),
        ("user.session.start", "desk-1", "Ann Lee"),
    ]
    assert session_id not in str(found)


def test_attempts_to_sign_in_are_few_per_minute_from_one_address_and_more_read_nothing(
    call: Gateway, calls: Calls, clock: Clock
) -> None:
    text, browser = token(), Browser(call)
    for _ in range(ATTEMPTS):
        assert browser.sign_in(f"rp_demo_{'A' * 43}").status == 401
    answer = browser.sign_in(text)
    assert (answer.status, answer.headers["retry-after"]) == (429, ["60"])
    assert "Too many requests. Try again at 1 Jan 2026, 00:01 UTC" in text_of(browser.page)
    assert (calls, calls.verifying, calls.leasing) == ({}, 0, 1)
    clock.now += MINUTE
    assert browser.sign_in(text).status == 303


# ---------------------------------------------------------------- forms of other sites

FOREIGN = [
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-site", "origin": f"https://other.{DOMAIN}"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "origin": f"https://{DOMAIN}"},
    {"origin": "https://evil.example"},
    {"origin": f"http://{DOMAIN}"},
    {"origin": "null"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_form_of_another_site_changes_nothing_even_with_the_proof(
    call: Gateway, calls: Calls, headers: dict[str, str]
) -> None:
    browser = signed_in(call)
    browser.headers = headers
    answer = browser.post("/lifts", email="a@x.io", list="bounces")
    assert (answer.status, calls) == (403, {"GetItem": 1})
    assert "this form was not sent by a page of the console" in text_of(browser.page)
    answer = browser.sign_in(token())
    assert (answer.status, "set-cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"origin": f"https://{DOMAIN}"}])
def test_a_form_of_the_console_is_taken_from_newer_and_older_browsers(call: Gateway, headers: dict[str, str]) -> None:
    browser = signed_in(call)
    browser.headers = headers
    assert browser.post("/address", email="a@x.io").status == 200


@pytest.mark.parametrize("resource", ["/address", "/lifts", "/lifts/dry-run", "/sign-out", "/removals/{id}/retry"])
@pytest.mark.parametrize("proof", ["", "0" * 64, "\u00e9"])
def test_a_form_without_the_sessions_own_proof_is_refused(call: Gateway, resource: str, proof: str) -> None:
    browser = signed_in(call)
    answer = browser.post(resource, path={"id": "r-0"}, proof=proof, email="a@x.io", list="bounces")
    assert (answer.status, "this form is of another session" in text_of(browser.page)) == (403, True)


def test_the_proof_of_one_session_is_no_proof_in_another(call: Gateway) -> None:
    first, second = signed_in(call), signed_in(call, credential="desk-2")
    second.proof = first.proof
    assert second.post("/address", email="a@x.io").status == 403


def test_every_page_that_changes_something_takes_no_query_in_place_of_a_form(call: Gateway) -> None:
    browser = signed_in(call)
    assert {method for (method, _), route in handler.routes.items() if route.queues} == {"POST"}
    answer = call(
        function("console"),
        "POST",
        "/address",
        query={"email": "a@x.io"},
        headers={"cookie": f"__Host-session={browser.cookie}", "sec-fetch-site": "same-origin"},
        organization=None,
        stage="console",
    )
    assert answer.status == 400


def test_a_line_of_the_function_log_has_neither_the_session_nor_the_token_nor_an_address(
    call: Gateway, log: StringIO
) -> None:
    text, browser = token(), Browser(call)
    browser.sign_in(text)
    browser.get("/")
    browser.post("/address", email="secret@x.io")
    browser.post("/address", email="secret@@x.io")
    written = log.getvalue()
    assert browser.cookie.partition(".")[2] not in written
    assert text not in written
    assert "secret@" not in written


def test_a_token_in_the_header_serves_a_program_without_a_proof(call: Gateway) -> None:
    answer = call(
        function("console"),
        "POST",
        "/address",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body="email=a%40x.io",
        scopes=["reprieve.addresses.read"],
        stage="console",
    )
    assert (answer.status, 'name="proof"' in str(answer.body)) == (200, False)


def test_an_attempt_is_counted_apart_for_each_address_and_minute(clock: Clock) -> None:
    sessions = wiring.sessions()
    for _ in range(ATTEMPTS):
        sessions.attempt("192.0.2.1", now=clock.now)
    sessions.attempt("192.0.2.2", now=clock.now)
    sessions.attempt("192.0.2.1", now=clock.now + HOUR)
