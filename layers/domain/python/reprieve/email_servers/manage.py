"""The verbs for an organization's own SMTP servers.

Every connection is counted first, and made before anything is written: a server that does not work is never the enabled
one.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.email_servers.email_server import (
    AnotherEnabled,
    EmailServer,
    SecretNeeded,
    ServerFailed,
    TooManyServers,
    encryption_context,
)
from reprieve.email_servers.log_entries import server_entry
from reprieve.errors import NotFound
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.context import Context
    from reprieve.email_servers.email_server import Settings
    from reprieve.email_servers.ports import Courier, EmailServerStore, Secrets
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

    #: maps the stored settings to the new ones, with a new secret or None to keep the stored one
    Edit = Callable[[Settings], tuple[Settings, str | None]]

#: the form of an id; anything else is not looked up, so that it never becomes part of a key
IDENTIFIER: Final = re.compile(r"ces[0-9A-Za-z]{17}")
_DIGITS: Final = string.digits + string.ascii_letters


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailServers:
    """The verbs for email servers.

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

    def create(self, context: Context, settings: Settings, secret: str) -> EmailServer:
        """Enrol a server; it must work if it is to be enabled.

        Args:
            context: who asks, and when.
            settings: the chosen settings.
            secret: the password, client secret or private key.

        Raises:
            AnotherEnabled: it is to be enabled, but another server is enabled.
            TooManyServers: the organization has reached its maximum.
            RateLimited: it would have to be tried, but there were too many connections.
            ServerFailed: it was tried, and does not work.
        """
        organization = context.organization
        server = EmailServer(id=_new_id(), settings=settings, sealed=b"")
        if settings.enabled:
            self._require_room(organization)
            self._try(context, EventType.EMAIL_SERVER_CREATE, server, lambda: self.courier.probe(settings, secret))
        sealed = self.vault.seal(secret, encryption_context(organization, server.id, settings))
        self.store.add(organization, replace(server, sealed=sealed), maximum=self.maximum)
        self._log(context, server, EventType.EMAIL_SERVER_CREATE)
        if settings.enabled:
            self._log(context, server, EventType.EMAIL_SERVER_ACTIVATE)
        return server

    def update(self, context: Context, identifier: str, edit: Edit) -> EmailServer:
        """Change a server; it must work if it becomes enabled, or is enabled and will connect differently.

        Args:
            context: who asks, and when.
            identifier: which server.
            edit: gives the new settings, and a new secret or None; what it raises is raised here.

        Raises:
            NotFound: the organization has no such server.
            SecretNeeded: the binding of the stored secret changes, and there is no new one; or it is to be enabled, and
                an import has left it without a secret.
            AnotherEnabled: it is to be enabled, but another server is enabled.
            Conflict: it was changed meanwhile.
            RateLimited: it would have to be tried, but there were too many connections.
            ServerFailed: it was tried, and does not work; nothing was changed.
        """
        organization = context.organization
        before = self.get(organization, identifier)
        old = before.settings
        new, secret = edit(old)
        if new.binding != old.binding and secret is None:
            raise SecretNeeded(new.auth_type)
        if new.enabled and secret is None:
            _require_secret(before)
        after = replace(before, settings=new, version=before.version + 1)
        enabling = new.enabled and not old.enabled
        if enabling:
            self._refuse_another(self.store.all(organization))
        if new.enabled and (enabling or secret is not None or new.connection != old.connection):
            reason = EventType.EMAIL_SERVER_ACTIVATE if enabling else EventType.EMAIL_SERVER_UPDATE
            self._try(
                context,
                reason,
                after,
                lambda: self.courier.probe(new, self._secret(organization, before) if secret is None else secret),
            )
        if secret is not None:
            after = replace(after, sealed=self.vault.seal(secret, encryption_context(organization, identifier, new)))
        self.store.replace(organization, before, after)
        self._log(context, after, EventType.EMAIL_SERVER_UPDATE, before=before)
        if new.enabled != old.enabled:
            switched = EventType.EMAIL_SERVER_ACTIVATE if enabling else EventType.EMAIL_SERVER_DEACTIVATE
            self._log(context, after, switched)
        return after

    def delete(self, context: Context, identifier: str) -> None:
        """Delete a server, enabled or not.

        Raises:
            NotFound: the organization has no such server.
            Conflict: it was changed meanwhile.
        """
        server = self.get(context.organization, identifier)
        self.store.remove(context.organization, server)
        self._log(context, server, EventType.EMAIL_SERVER_DELETE)

    def test(self, context: Context, identifier: str, *, sender: str, recipient: str) -> None:
        """Send the one fixed test mail through a server, enabled or not.

        Args:
            context: who asks, and when.
            identifier: which server.
            sender: where it comes from, verified.
            recipient: where it goes, verified.

        Raises:
            NotFound: the organization has no such server.
            SecretNeeded: an import has left it without a secret.
            RateLimited: there were too many connections.
            ServerFailed: the server did not accept it.
        """
        server = self.get(context.organization, identifier)
        _require_secret(server)

        def send() -> None:
            secret = self._secret(context.organization, server)
            self.courier.send_test(server.settings, secret, sender=sender, recipient=recipient)

        self._try(context, EventType.EMAIL_SERVER_TEST, server, send)
        self._log(context, server, EventType.EMAIL_SERVER_TEST)

    def _secret(self, organization: Organization, server: EmailServer) -> str:
        return self.vault.unseal(server.sealed, encryption_context(organization, server.id, server.settings))

    def _require_room(self, organization: Organization) -> None:
        """Refuse early, without a connection, what the store would refuse later."""
        servers = self.store.all(organization)
        self._refuse_another(servers)
        if len(servers) >= self.maximum:
            raise TooManyServers(self.maximum)

    def _refuse_another(self, servers: list[EmailServer]) -> None:
        if any(server.settings.enabled for server in servers):
            raise AnotherEnabled

    def _try(
        self, context: Context, event_type: EventType, server: EmailServer, conversation: Callable[[], None]
    ) -> None:
        """Count a conversation and hold it; a failure is also logged in the system log."""
        self.store.count_connection(context.organization, now=context.now)
        try:
            conversation()
        except ServerFailed as failure:
            self._log(context, server, event_type, failure=str(failure))
            raise

    def _log(
        self,
        context: Context,
        server: EmailServer,
        event_type: EventType,
        *,
        failure: str | None = None,
        before: EmailServer | None = None,
    ) -> None:
        entry = server_entry(event_type, server, context=context, failure=failure, before=before)
        self.log.append(context.organization, [entry])


def _require_secret(server: EmailServer) -> None:
    if not server.sealed:
        raise SecretNeeded(server.settings.auth_type, "none is stored, because imports leave it out: set it first")


def _new_id() -> str:
    return "ces" + "".join(secrets.choice(_DIGITS) for _ in range(17))
