"""The steps of a person at the console, for `browser.walk`: the same wherever the pages are served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Steps = list[list[str]]

#: signed out, and the session is not only forgotten
SIGN_OUT: Final[Steps] = [["click", "text=Sign out"], ["wait", "#token"], ["goto", "/console/"], ["cookies"]]
#: from the answer about an address by the dry run to the lift
LIFT: Final[Steps] = [["click", "text=Lift…"], ["says", "#about", "?"], ["click", "text=Lift it now"]]
#: what the policy would do
REHEARSE_POLICY: Final[Steps] = [
    ["click", "nav li >> text=Policy"],
    ["click", "text=See the dry run"],
    ["says", "caption", "nothing was changed"],
]
#: from there to the policy in force
ENABLE_POLICY: Final[Steps] = [
    ["click", "text=Enable the policy"],
    ["says", ".headline", "The policy is in force."],
]
#: from the filled form to the test mail
SEND_TEST: Final[Steps] = [["press", "Enter"], ["says", ".notice", "The server accepted the test mail."]]


def sign_in(token: str) -> Steps:
    """By a token, to the page with the box."""
    return [["goto", "/console/"], ["type", "#token", token], ["press", "Enter"], ["wait", "#email"]]


def look_up(email: str) -> Steps:
    """To the answer about an address."""
    return [["type", "#email", email], ["press", "Enter"], ["says", "#about", email], ["text", ".headline"]]


def check_many(addresses: Sequence[str]) -> Steps:
    """To the dry run of a lift of many addresses from the bounce list."""
    return [
        ["click", "nav li >> text=Lift many"],
        ["type", "#addresses", "\n".join(addresses)],
        ["click", "text=Check…"],
        ["says", "#about", "from the bounce list?"],
    ]


def filter_lists(domain: str) -> Steps:
    """To the entries of a domain."""
    return [
        ["click", "nav li >> text=Lists"],
        ["click", "main summary"],
        ["type", "#domain", domain],
        ["click", "[name=total]"],
        ["click", "text=Show"],
    ]


def fill_in_test(name: str, sender: str, recipient: str) -> Steps:
    """To the form, filled in, that sends the test mail through an email server."""
    server = f"article:has-text('{name}')"
    return [
        ["click", "nav li >> text=Email servers"],
        ["click", f"{server} summary >> nth=0"],
        ["type", f"{server} [name=sender]", sender],
        ["type", f"{server} [name=recipient]", recipient],
    ]
