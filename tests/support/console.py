"""A person at the console: forms as a browser sends them, and pages as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.address import comparison_key
from reprieve.clock import EPOCH, HOUR, Millis
from reprieve.console import edge
from reprieve.dialects.console.dialect import DIALECT
from reprieve.dialects.console.session import COOKIE
from reprieve.dialects.console.sign_in import COOKIE as ATTEMPT
from reprieve.organization import Membership
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Classification, Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.gateway import DEMO, DOMAIN, function

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprieve.organization import Organization
    from tests.support.gateway import Answer, Gateway, Handler

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=----reprieve"
OWN = {"sec-fetch-site": "same-origin", "origin": f"https://{DOMAIN}"}
#: DEMO, with every address among its recipients
ANYONE = replace(DEMO, membership=Membership.ANYONE)
EMAIL = "ann@x.io"
#: what a page must show as text
SCRIPT = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"
#: what a look-up, and what a dry run reads; the session is among it
LOOKED_UP = {"GetItem": 4, "BatchGetItem": 3, "Query": 1}


def token(
    role: Role = Role.ADMIN,
    *,
    scopes: Iterable[str] = DIALECT.scopes,
    organization: Organization = DEMO,
    name: str = "Ann Lee",
    credential: str = "desk-1",
) -> str:
    """The token of a new credential, of an organization that is stored with it."""
    wiring.table("ACCESS").delete({"partition": organization.id, "sort": "organization"})
    wiring.access().create_organization(organization)
    text = issue_token(organization.id)
    wiring.access().add_credential(
        Credential(credential, organization.id, digest_of(text), name, frozenset(scopes), EPOCH, role=role)
    )
    return text


class Page(str):
    """Equal to every page that says this in its main part."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and "<main" in other and str(self) in text_of(other)

    def __hash__(self) -> int:
        return super().__hash__()


@dataclass
class Browser:
    """A browser that follows no redirect by itself.

    Attributes:
        cookie: the session's id; "" without one.
        held: what it holds of an attempt to sign in at an identity provider; "" without one.
        page: the last page, as HTML.
        proof: what the forms of the last page that had one carry.
    """

    call: Gateway
    cookie: str = ""
    held: str = ""
    page: str = ""
    proof: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: OWN)

    def sign_in(self, text: str) -> Answer:
        """Paste a token."""
        return self.post("/sign-in", token=text)

    def get(self, resource: str, *, query: Mapping[str, str] | None = None, **path: str) -> Answer:
        """Open a page."""
        return self._send("GET", resource, path, None, query)

    def post(self, resource: str, *, path: Mapping[str, str] | None = None, **fields: str) -> Answer:
        """Send a form of the last page that has one, with its proof."""
        if self.proof:
            fields = {"proof": self.proof, **fields}
        return self._send("POST", resource, path or {}, urlencode(fields))

    def upload(self, resource: str, file: bytes, **fields: str) -> Answer:
        """Send a form with a file, as the gateway passes on what is in parts."""
        return self._send("POST", resource, {}, in_parts({"proof": self.proof, **fields}, file), kind=PARTS)

    def _send(
        self,
        method: str,
        resource: str,
        path: Mapping[str, str],
        body: str | bytes | None,
        query: Mapping[str, str] | None = None,
        *,
        kind: str = FORM,
    ) -> Answer:
        sent = {"content-type": kind} if body is not None else {}
        cookies = {COOKIE: self.cookie, ATTEMPT: self.held}
        if any(cookies.values()):
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items() if value)
        answer = self.call(
            served_by(resource),
            method,
            resource,
            path=path,
            query=query,
            headers={**sent, **self.headers},
            body=body,
            organization=None,
            stage="console",
            as_base64=isinstance(body, bytes),
        )
        for one in answer.headers.get("set-cookie", ()):
            name, _, value = one.partition(";")[0].partition("=")
            if name == COOKIE:
                self.cookie = value
            else:
                assert name == ATTEMPT
                self.held = value
        if isinstance(answer.body, str) and resource != "/assets/{name}":
            self.page = answer.body
            if found := re.search(r'name="proof" value="([^"]*)"', self.page):
                self.proof = found[1]
        return answer


def served_by(resource: str) -> Handler:
    """The function of the console that serves a path; what has no route is served by the first."""
    # loading one registers its routes
    others = ((function("console_settings"), edge.settings), (function("console_people"), edge.people))
    for handler, api in others:
        if any(resource == own for _, own in api.routes):
            return handler
    return function("console")


def in_parts(fields: Mapping[str, str], file: bytes) -> bytes:
    """A form with a file, as Chromium writes it."""
    head = b'------reprieve\r\nContent-Disposition: form-data; name="%s"'
    texts = (head % name.encode() + b"\r\n\r\n" + text.encode() + b"\r\n" for name, text in fields.items())
    chosen = head % b"file" + b'; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n' + file + b"\r\n"
    return b"".join(texts) + chosen + b"------reprieve--\r\n"


def text_of(page: str) -> str:
    """What a page says: its main part without tags, spaces in a row as one."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def signed_in(call: Gateway, role: Role = Role.ADMIN, **more: object) -> Browser:
    """A browser with a session, which has opened the first page."""
    browser = Browser(call)
    browser.sign_in(token(role, **more))  # type: ignore[arg-type]
    browser.get("/")
    return browser


def logged(event_type: str = "") -> list[Mapping[str, Any]]:
    """The log entries of DEMO, or those of one type, as they were written."""
    span = Span(Order.PUBLISHED, position(EPOCH), LATEST, newest_first=False)
    found = [one.event for one in wiring.log_reader().entries(DEMO, span, first=100)]
    return [one for one in found if event_type in ("", one["eventType"])]


def put(name: Any = SuppressionList.BOUNCES, email: str = EMAIL, **more: Any) -> None:
    """Put an address on a list of DEMO: it bounced an hour ago, unless `more` says otherwise."""
    given: dict[str, Any] = {
        "created": Millis(wiring.now() - HOUR),
        "reason": "550 5.1.1 no such user",
        "status": "5.1.1",
        "classification": Classification.INVALID_ADDRESS,
        "provider": "sendgrid",
    }
    wiring.suppressions().record(DEMO, [Suppression(name, comparison_key(email), email, **(given | more))])


def look_up(browser: Browser, email: str = EMAIL) -> str:
    """What the page about an address says."""
    answer = browser.post("/address", email=email)
    assert answer.status == 200
    return text_of(browser.page)


def lift(browser: Browser, name: str = "bounces", email: str = EMAIL) -> Answer:
    """Lift an address from a list."""
    return browser.post("/lifts", email=email, list=name)


def rehearse(browser: Browser, name: str = "bounces", email: str = EMAIL) -> Answer:
    """Look what the lift of an address from a list would do."""
    return browser.post("/lifts/dry-run", email=email, list=name)


def follow(browser: Browser, answer: Answer) -> str:
    """What the page says that the answer to a lift leads to."""
    (path,) = answer.headers["location"]
    assert browser.get("/removals/{id}", id=path.removeprefix("/console/removals/")).status == 200
    return text_of(browser.page)


def on(browser: Browser, verb: str, identifier: str, **fields: str) -> Answer:
    """Send a form about one server or hook."""
    kind = "email-servers" if identifier.startswith("ces") else "hooks"
    return browser.post(f"/{kind}/{{id}}/{verb}", path={"id": identifier}, **fields)


def seen(browser: Browser, resource: str, **path: Any) -> str:
    """What a page says that is opened."""
    assert browser.get(resource, **path).status == 200
    return text_of(browser.page)
