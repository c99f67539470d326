"""Creating and revoking OAuth clients.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reprieve.access import jose
from reprieve.access.client import (
    MAX_LIFETIME,
    MAX_USE,
    MIN_LIFETIME,
    Client,
    ClientKind,
    Secrets,
    new_client_id,
    new_refresh_token,
    new_secret,
)
from reprieve.access.credential import digest_of
from reprieve.access.label import checked_label
from reprieve.access.log_entries import client_changed
from reprieve.clock import Millis
from reprieve.errors import InvalidInput, NotFound
from reprieve.role import Role
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.access.jose import Key
    from reprieve.access.ports import TokenStore
    from reprieve.context import Context
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Clients:
    """An organization's OAuth clients.

    Attributes:
        check_scopes: raises InvalidInput for scopes that no route asks for.
    """

    tokens: TokenStore
    log: EventLog
    check_scopes: Callable[[frozenset[str]], None]

    def create(
        self,
        context: Context,
        kind: ClientKind,
        *,
        name: str,
        scopes: Iterable[str],
        keys: Sequence[Key] = (),
        lifetime: Millis = MAX_LIFETIME,
        role: Role = Role.ADMIN,
    ) -> tuple[Client, Secrets]:
        """Create a client.

        Args:
            context: who asks; the client is of its organization, for good.
            kind: how it proves who it is.
            name: the display name.
            scopes: the most that its tokens may allow, in the dialects' own spellings.
            keys: the public keys of a client with a private key; a pair is made when there are none.
            lifetime: how long its access tokens count, in milliseconds: 1 second to 1 hour.
            role: how far they may go with what their scopes allow.

        Returns:
            The client, and what it is given once.

        Raises:
            InvalidInput: no scope, one that no route asks for, no usable name, a lifetime or keys that cannot be.
        """
        granted = frozenset(scopes)
        self.check_scopes(granted)
        if not MIN_LIFETIME <= lifetime <= MAX_LIFETIME:
            raise InvalidInput("1 second to 1 hour", field="lifetime")
        if keys and kind is not ClientKind.PRIVATE_KEY:
            raise InvalidInput("only a client with a private key has them", field="keys")
        pair = jose.new_client_key() if kind is ClientKind.PRIVATE_KEY and not keys else None
        public = [jose.public_jwk(key) for key in (keys or ([pair] if pair else []))]
        secret = "" if public else new_secret()
        client = Client(
            id=new_client_id(context.organization.id),
            organization_id=context.organization.id,
            kind=kind,
            name=checked_label(name),
            scopes=granted,
            created=context.now,
            lifetime=lifetime,
            jwks=json.dumps({"keys": public}) if public else "",
            secret_digest=digest_of(secret) if secret else "",
            role=role,
        )
        refresh = new_refresh_token(client, created=context.now) if kind is ClientKind.REFRESH else None
        self.tokens.add_client(client, refresh[1] if refresh else None)
        self.log.append(context.organization, [client_changed(EventType.CLIENT_CREATE, client, context=context)])
        return client, Secrets(
            secret=secret,
            refresh_token=refresh[0] if refresh else "",
            private_jwk=json.dumps(jose.private_jwk(pair)) if pair else "",
        )

    def set_role(self, context: Context, client_id: str, role: Role) -> Client:
        """Change how far a client's access tokens may go; those that it has keep their role until they expire.

        Returns:
            The client as it is now.

        Raises:
            NotFound: the organization has no such client.
        """
        before = self.tokens.client(context.organization.id, client_id)
        if before is None or not self.tokens.set_client_role(before, role):
            raise NotFound("client", ascii(client_id))
        after = replace(before, role=role)
        entry = client_changed(EventType.CLIENT_UPDATE, after, context=context, before=before)
        self.log.append(context.organization, [entry])
        return after

    def revoke(self, context: Context, client_id: str) -> None:
        """Delete a client and its refresh tokens; its access tokens are refused within a minute.

        Raises:
            NotFound: the organization has no such client.
        """
        organization = context.organization
        if self.tokens.client(organization.id, client_id) is None:
            raise NotFound("client", ascii(client_id))
        # denied before it is deleted: a crash in between leaves a client that can be revoked again
        self.tokens.deny(organization.id, client_id, until=Millis(context.now + MAX_USE), now=context.now)
        removed = self.tokens.remove_client(organization.id, client_id)
        if removed is None:
            raise NotFound("client", ascii(client_id))
        self.log.append(organization, [client_changed(EventType.CLIENT_REVOKE, removed, context=context)])
