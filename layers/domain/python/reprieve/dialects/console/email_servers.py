"""The page of an organization's own email servers. No secret is on it, nor anything that is made of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.dialects.console import page, session
from reprieve.dialects.console.site import MANAGE_SERVERS
from reprieve.email_servers.email_server import AuthType, fingerprint, mailbox
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.dialects.exchange import Request, Response
    from reprieve.email_servers.email_server import EmailServer, Settings

#: how a server is logged in to, in words
LOGIN: Final = {
    AuthType.BASIC: "name and password",
    AuthType.CLIENT_CREDENTIALS: "an access token, for a client's secret",
    AuthType.JWT_BEARER: "an access token, for a signed assertion",
}
TESTED: Final = "The server accepted the test mail. Look whether it arrives."
#: characters of an address in a form
MAX_ADDRESS: Final = 320


@dataclass(frozen=True, slots=True)
class Row:
    """One server, how it is logged in to, and the digest of the only authority that may vouch for it, or ""."""

    id: str
    settings: Settings
    login: str
    authority: str
    has_secret: bool


def enabled(settings: Settings) -> tuple[Settings, None]:
    """The same settings of a server that mail goes through."""
    return replace(settings, enabled=True), None


def disabled(settings: Settings) -> tuple[Settings, None]:
    """The same settings of a server that no mail goes through."""
    return replace(settings, enabled=False), None


def parse_test(request: Request) -> tuple[str, str]:
    """The sender and the recipient of a test mail.

    Raises:
        InvalidInput: an address is missing, or cannot be one of a test mail.
        UnreadableBody: the form cannot be read.
    """
    sender, recipient = (session.field(request, name, most=MAX_ADDRESS) for name in ("sender", "recipient"))
    return mailbox(sender, "sender"), mailbox(recipient, "recipient")


def render(servers: Sequence[EmailServer], request: Request, notice: str = "") -> Response:
    """The page, with a sentence about what was done; the server that is enabled comes first."""
    ordered = sorted(servers, key=lambda one: (not one.settings.enabled, one.settings.alias, one.id))
    return page.render(
        "email_servers",
        request,
        rows=[_row(one) for one in ordered],
        notice=notice,
        manages=page.may(request, MANAGE_SERVERS, Permission.CHANGE),
    )


def render_done() -> Response:
    """An answer that leads to the servers as they are now."""
    return page.redirect("/email-servers")


def _row(server: EmailServer) -> Row:
    settings = server.settings
    authority = fingerprint(settings.private_ca) if settings.private_ca else ""
    return Row(server.id, settings, LOGIN[settings.auth_type], authority, has_secret=bool(server.sealed))
