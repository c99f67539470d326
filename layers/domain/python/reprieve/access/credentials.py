"""Issuing and revoking credentials.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.access.credential import new_credential
from reprieve.access.label import checked_label
from reprieve.access.log_entries import credential_changed
from reprieve.clock import Millis
from reprieve.errors import NotFound
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reprieve.access.credential import Credential
    from reprieve.access.ports import AccessStore
    from reprieve.context import Context
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Credentials:
    """An organization's credentials.

    Attributes:
        check_scopes: raises InvalidInput for scopes that no route asks for; a credential with one would look fine and
            be refused.
    """

    access: AccessStore
    log: EventLog
    check_scopes: Callable[[frozenset[str]], None]

    def issue(
        self, context: Context, *, name: str, scopes: Iterable[str], expires_in: int | None = None
    ) -> tuple[str, Credential]:
        """Issue a credential.

        Args:
            context: who asks; the credential speaks for its organization.
            name: for people.
            scopes: what it may do, in the dialects' own spellings.
            expires_in: in milliseconds from now; None lasts until it is revoked.

        Returns:
            The token, which is stored nowhere, and the record of it.

        Raises:
            InvalidInput: no scope, one that no route asks for, or no usable name.
        """
        granted = frozenset(scopes)
        self.check_scopes(granted)
        token, credential = new_credential(
            context.organization.id,
            name=checked_label(name),
            scopes=granted,
            created=context.now,
            expires_at=None if expires_in is None else Millis(context.now + expires_in),
        )
        self.access.add_credential(credential)
        entry = credential_changed(EventType.TOKEN_CREATE, credential, context=context)
        self.log.append(context.organization, [entry])
        return token, credential

    def revoke(self, context: Context, credential_id: str) -> None:
        """Forget a credential at once.

        Raises:
            NotFound: the organization has no such credential.
        """
        revoked = self.access.revoke_credential(context.organization.id, credential_id)
        if revoked is None:
            raise NotFound("credential", ascii(credential_id))
        entry = credential_changed(EventType.TOKEN_REVOKE, revoked, context=context)
        self.log.append(context.organization, [entry])
