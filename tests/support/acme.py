"""Acme Inc., Grace Hopper, who signs in to its console in a browser, and an address that bounced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from reprieve.organization import Membership
from reprieve.role import Role
from tests.support import walks
from tests.support.console import token
from tests.support.gateway import DEMO

ORGANIZATION = replace(DEMO, name="Acme Inc.", membership=Membership.ANYONE)
EMAIL = "ada.lovelace@example.com"
#: of whom a token is made for the walks of the help desk
HELP_DESK: Final[dict[str, Any]] = {"role": Role.HELP_DESK, "organization": ORGANIZATION, "name": "Grace Hopper"}


def sign_in(**more: Any) -> list[list[str]]:
    """The steps by which Grace Hopper signs in, as an administrator unless `more` says otherwise."""
    given: dict[str, Any] = {"organization": ORGANIZATION, "name": "Grace Hopper"}
    return walks.sign_in(token(**given | more))
