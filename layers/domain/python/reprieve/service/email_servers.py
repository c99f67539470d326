"""What can be done with an organization's own SMTP servers.

Whatever connects is counted first, and connects before anything is written: a server that does not work is never the
enabled one.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.email_server import AnotherEnabled, EmailServer, SecretNeeded, ServerFailed, TooManyServers, context
from reprieve.email_server_log import told
from reprieve.errors import NotFound
from reprieve.log import EventType

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.email_server import Settings
    from reprieve.organization import Caller, Organization
    from reprieve.ports.email_servers import Courier, EmailServerStore, Secrets
    from reprieve.ports.log import EventLog

    #: from what the settings are to what they become, with a new secret or None to keep the one that is stored
    Edit = Callable[[Settings], tuple[Settings, str | None]]

#: what may be an id; anything else is not looked up, so that no key is ever made of it
IDENTIFIER: Final = re.compile(r"ces[0-9A-Za-z]{17}")
_DIGITS: Final = string.digits + string.ascii_letters


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who asks, in which request and when.

    Attributes:
        caller: the organization follows from it.
        request_id: unique.
        now: in milliseconds.
    """

    caller: Caller
    request_id: str
    now: int

    @property
    def organization(self) -> Organization:
        """Whose servers they are."""
        return self.caller.organization


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailServers:
    """The verbs.

    Attributes:
        maximum: how many servers an organization may enrol.
    """

    store: EmailServerStore
    vault: Secrets
    courier: Courier
    log: EventLog
    maximum: int

    def all(self, organization: Organization) -> list[EmailServer]:
        """The organization's servers, in order of id."""
        return self.store.all(organization)

    def get(self, organization: Organization, identifier: str) -> EmailServer:
        """One server.

        Raises:
            NotFound: the organization has no such server.
        """
        server = self.store.get(organization, identifier) if IDENTIFIER.fullmatch(identifier) else None
        if server is None:
            raise NotFound("EmailServer", identifier if IDENTIFIER.fullmatch(identifier) else "of this id")
        return server

    def create(self, occasion: Occasion, settings: Settings, secret: str) -> EmailServer:
        """Enrol a server; one that is to be enabled must work.

        Args:
            occasion: who asks, and when.
            settings: what was chosen.
            secret: the password, client secret or private key.

        Raises:
            AnotherEnabled: it is to be enabled, and another is.
            TooManyServers: the organization has as many as it may.
            RateLimited: it would have to be tried, and too many were.
            ServerFailed: it was tried, and does not work.
        """
        organization = occasion.organization
        server = EmailServer(id=_new_id(), settings=settings, sealed=b"")
        if settings.enabled:
            self._make_room(organization)
            self._try(occasion, EventType.EMAIL_SERVER_CREATE, server, lambda: self.courier.probe(settings, secret))
        sealed = self.vault.seal(secret, context(organization, server.id, settings))
        self.store.add(organization, replace(server, sealed=sealed), maximum=self.maximum)
        self._tell(occasion, server, EventType.EMAIL_SERVER_CREATE)
        if settings.enabled:
            self._tell(occasion, server, EventType.EMAIL_SERVER_ACTIVATE)
        return server

    def update(self, occasion: Occasion, identifier: str, edit: Edit) -> EmailServer:
        """Change a server; one that becomes enabled, or is and connects differently from now on, must work.

        Args:
            occasion: who asks, and when.
            identifier: which server.
            edit: what its settings become, and a new secret or None; what it raises is raised here.

        Raises:
            NotFound: the organization has no such server.
            SecretNeeded: the binding of the stored secret changes, and there is no new one.
            AnotherEnabled: it is to be enabled, and another is.
            Conflict: it was changed meanwhile.
            RateLimited: it would have to be tried, and too many were.
            ServerFailed: it was tried, and does not work; nothing was changed.
        """
        organization = occasion.organization
        before = self.get(organization, identifier)
        old = before.settings
        new, secret = edit(old)
        if new.binding != old.binding and secret is None:
            raise SecretNeeded(new.auth_type)
        after = replace(before, settings=new, version=before.version + 1)
        enabling = new.enabled and not old.enabled
        if enabling:
            self._refuse_another(self.store.all(organization))
        if new.enabled and (enabling or secret is not None or new.connection != old.connection):
            reason = EventType.EMAIL_SERVER_ACTIVATE if enabling else EventType.EMAIL_SERVER_UPDATE
            self._try(
                occasion,
                reason,
                after,
                lambda: self.courier.probe(new, self._secret(organization, before) if secret is None else secret),
            )
        if secret is not None:
            after = replace(after, sealed=self.vault.seal(secret, context(organization, identifier, new)))
        self.store.replace(organization, before, after)
        self._tell(occasion, after, EventType.EMAIL_SERVER_UPDATE, before=before)
        if new.enabled != old.enabled:
            switched = EventType.EMAIL_SERVER_ACTIVATE if enabling else EventType.EMAIL_SERVER_DEACTIVATE
            self._tell(occasion, after, switched)
        return after

    def delete(self, occasion: Occasion, identifier: str) -> None:
        """Delete a server, enabled or not.

        Raises:
            NotFound: the organization has no such server.
            Conflict: it was changed meanwhile.
        """
        server = self.get(occasion.organization, identifier)
        self.store.remove(occasion.organization, server)
        self._tell(occasion, server, EventType.EMAIL_SERVER_DELETE)

    def test(self, occasion: Occasion, identifier: str, *, sender: str, recipient: str) -> None:
        """Send the one fixed test mail through a server, enabled or not.

        Args:
            occasion: who asks, and when.
            identifier: which server.
            sender: where it comes from, verified.
            recipient: where it goes, verified.

        Raises:
            NotFound: the organization has no such server.
            RateLimited: too many were sent.
            ServerFailed: the server did not take it on.
        """
        server = self.get(occasion.organization, identifier)

        def send() -> None:
            secret = self._secret(occasion.organization, server)
            self.courier.send_test(server.settings, secret, sender=sender, recipient=recipient)

        self._try(occasion, EventType.EMAIL_SERVER_TEST, server, send)
        self._tell(occasion, server, EventType.EMAIL_SERVER_TEST)

    def _secret(self, organization: Organization, server: EmailServer) -> str:
        return self.vault.unseal(server.sealed, context(organization, server.id, server.settings))

    def _make_room(self, organization: Organization) -> None:
        """Refuse early, without a connection, what the store would refuse later."""
        servers = self.store.all(organization)
        self._refuse_another(servers)
        if len(servers) >= self.maximum:
            raise TooManyServers(self.maximum)

    def _refuse_another(self, servers: list[EmailServer]) -> None:
        if any(server.settings.enabled for server in servers):
            raise AnotherEnabled

    def _try(
        self, occasion: Occasion, event_type: EventType, server: EmailServer, conversation: Callable[[], None]
    ) -> None:
        """Count a conversation and hold it; a failure is told to the system log too."""
        self.store.count_connection(occasion.organization, now=occasion.now)
        try:
            conversation()
        except ServerFailed as failure:
            self._tell(occasion, server, event_type, failure=str(failure))
            raise

    def _tell(
        self,
        occasion: Occasion,
        server: EmailServer,
        event_type: EventType,
        *,
        failure: str | None = None,
        before: EmailServer | None = None,
    ) -> None:
        entry = told(
            event_type,
            server,
            caller=occasion.caller,
            request_id=occasion.request_id,
            now=occasion.now,
            failure=failure,
            before=before,
        )
        self.log.append(occasion.organization, [entry])


def _new_id() -> str:
    return "ces" + "".join(secrets.choice(_DIGITS) for _ in range(17))
