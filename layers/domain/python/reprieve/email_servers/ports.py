"""What is asked for the organization's own email servers: their records, their secrets, and a word with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis
    from reprieve.email_servers.email_server import EmailServer, Settings
    from reprieve.organization import Organization


class EmailServerStore(Protocol):
    """The organizations' own SMTP servers, of which at most one each is enabled."""

    def all(self, organization: Organization) -> list[EmailServer]:
        """The organization's servers, in order of id."""
        ...

    def get(self, organization: Organization, identifier: str) -> EmailServer | None:
        """One server, or None."""
        ...

    def add(self, organization: Organization, server: EmailServer, *, maximum: int) -> None:
        """Enrol a server under a new id, in one transaction with the rules.

        Raises:
            AnotherEnabled: it is enabled, and another is.
            TooManyServers: there are `maximum` already.
        """
        ...

    def replace(self, organization: Organization, before: EmailServer, after: EmailServer) -> None:
        """Change a server, in one transaction with the rules.

        Raises:
            AnotherEnabled: it becomes enabled, and another is.
            Conflict: it is no longer as it was `before`.
        """
        ...

    def remove(self, organization: Organization, server: EmailServer) -> None:
        """Delete a server.

        Raises:
            Conflict: it is no longer as it was.
        """
        ...

    def count_connection(self, organization: Organization, *, now: Millis) -> None:
        """Count a connection that is about to be made.

        Raises:
            RateLimited: the organization has made as many as it may for now.
        """
        ...


class Secrets(Protocol):
    """Seals short texts, and unseals them under the same context only."""

    def seal(self, secret: str, context: Mapping[str, str]) -> bytes:
        """Encrypt at most 4,096 bytes."""
        ...

    def unseal(self, sealed: bytes, context: Mapping[str, str]) -> str:
        """Decrypt; Unavailable when the context is another one."""
        ...


class Courier(Protocol):
    """Talks to the servers that organizations chose, each time within ten seconds of wall-clock time."""

    def probe(self, settings: Settings, secret: str) -> None:
        """Connect, encrypt and log in.

        Raises:
            ServerFailed: it did not work.
        """
        ...

    def send_test(self, settings: Settings, secret: str, *, sender: str, recipient: str) -> None:
        """Send the one fixed test mail; the server has taken it on when this returns.

        Raises:
            ServerFailed: it did not work.
        """
        ...
