"""People sign in to the console at an identity provider of its own: the local AWS's Cognito, over HTTP."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

pytestmark = pytest.mark.stack


class Person:
    """A person's browser, which keeps the console's cookies although the local stack has no https."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self.base = stack["console"]["base_url"]
        self.console = stack["console"]["url"].rstrip("/")
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, url: str, **form: str) -> requests.Response:
        """Send a request, and follow nothing."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            sent["Origin"] = self.base
        answer = requests.request(method, url, headers=sent, data=form, allow_redirects=False, timeout=60)
        for name, value in re.findall(r"(__Host-[a-z-]+)=([^;,]*)", answer.headers.get("Set-Cookie", "")):
            self.cookies[name] = value
        return answer

    def leave(self, page: str = "/") -> str:
        """The page of the identity provider that the console leads to."""
        answer = self.ask("POST", f"{self.console}/oidc", organization="demo", page=page)
        assert answer.status_code == 200, answer.text
        (url,) = re.findall(r'content="0; url=([^"]*)"', answer.text)
        return unescape(url)

    def log_in(self, url: str, username: str, password: str) -> requests.Response:
        """Fill in the identity provider's form."""
        page = self.ask("GET", url)
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text))
        (action,) = re.findall(r'<form method="POST" action="([^"]*)"', page.text)
        fields = {name: unescape(value) for name, value in hidden.items()}
        return self.ask("POST", f"{self.base}{action}", **fields, username=username, password=password)


def test_people_sign_in_by_cognito_in_the_roles_of_their_groups(stack: dict[str, Any]) -> None:
    password = stack["console"]["sign_in"]["password"]
    for username, shown in {"ada": "Ada Lovelace, admin", "grace": "Grace Hopper, help desk"}.items():
        person = Person(stack)
        url = person.leave()
        assert person.log_in(url, username, "wrong").status_code == 200
        back = person.log_in(url, username, password)
        assert (back.status_code, urlsplit(back.headers["Location"]).path) == (302, "/console/oidc")
        came = person.ask("GET", back.headers["Location"])
        assert (came.status_code, came.headers["Location"]) == (303, "/console/")
        start = person.ask("GET", f"{person.console}/")
        assert (start.status_code, f"<b>Demo</b> <span>{shown}</span>" in start.text.replace("demo", "Demo")) == (
            200,
            True,
        )
        # neither the code nor the state counts again
        assert person.ask("GET", back.headers["Location"]).status_code == 401
        (proof,) = set(re.findall(r'name="proof" value="([^"]*)"', start.text))
        assert person.ask("POST", f"{person.console}/sign-out", proof=proof).status_code == 303
        assert person.ask("GET", f"{person.console}/").status_code == 401


def test_an_answer_that_another_browser_asked_for_lets_no_one_in(stack: dict[str, Any]) -> None:
    one, other = Person(stack), Person(stack)
    back = one.log_in(one.leave(), "ada", stack["console"]["sign_in"]["password"])
    other.leave()
    refused = other.ask("GET", back.headers["Location"])
    assert (refused.status_code, "begun in another browser" in refused.text) == (401, True)
