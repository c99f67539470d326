"""A person in a browser who signs in to the console at an identity provider: there, back, and let in or refused."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from reprieve.clock import Millis
from reprieve.organization import Membership, Organization
from reprieve.runtime import wiring
from tests.support.console import Browser, text_of
from tests.support.contexts import context
from tests.support.gateway import DEMO
from tests.support.identity_provider import WANTED, Provider

if TYPE_CHECKING:
    from reprieve.access.sign_in_settings import Wanted
    from tests.support.gateway import Answer, Clock, Gateway

OTHER = Organization("other", "Other", Membership.RECIPIENTS)
BROKEN = "What your organization's identity provider answered cannot be accepted. Ask your administrator."


def given(clock: Clock, wanted: Wanted = WANTED, organization: Organization = DEMO) -> None:
    """Set where an organization's people sign in."""
    wiring.sign_in_settings(lambda _: None).set(context(organization, now=Millis(clock.now)), wanted)


def sent_to(browser: Browser) -> str:
    """Where the last page leads the browser, by itself and by its link."""
    (url,) = re.findall(r'<meta http-equiv="refresh" content="0; url=([^"]*)">', browser.page)
    assert f'href="{url}"' in browser.page
    return unescape(url)


def begin(browser: Browser, organization: str = "demo", **fields: Any) -> str:
    """Name the organization at the console; the URL at its identity provider that the browser is led to."""
    answer = browser.post("/oidc", organization=organization, **fields)
    assert answer.status == 200, text_of(browser.page)
    return sent_to(browser)


def come_back(browser: Browser, query: dict[str, str]) -> Answer:
    """Come back to the console, led there by the identity provider's page: another site."""
    own, browser.headers = browser.headers, {"sec-fetch-site": "cross-site"}
    try:
        return browser.get("/oidc", query=query)
    finally:
        browser.headers = own


def signed_in(call: Gateway, provider: Provider, person: str = "ann") -> Browser:
    """A browser with the session of a person who has signed in there."""
    browser = Browser(call)
    assert come_back(browser, provider.authorize(begin(browser), person)).status == 303
    return browser


def refused(browser: Browser, answer: Answer, says: str, status: int = 401) -> None:
    """Nothing was opened, and the page says why."""
    assert (answer.status, says in text_of(browser.page), browser.cookie) == (status, True, "")
