"""Issuing and revoking credentials.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reprieve.access.credential import TokenForm, new_credential
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
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Credentials:
    """An organization's credentials.

    Attributes:
        check_scopes: raises InvalidInput for scopes that no route asks for; a credential with one would look fine and
            be refused.
        among: which of the organization's credentials there are for the caller; the others are like none.
    """

    access: AccessStore
    log: EventLog
    check_scopes: Callable[[frozenset[str]], None]
    among: Callable[[Credential], bool] = lambda _: True

    def issue(
        self,
        context: Context,
        *,
        name: str,
        scopes: Iterable[str],
        expires_in: int | None = None,
        form: TokenForm = TokenForm.OWN,
    ) -> tuple[str, Credential]:
        """Issue a credential.

        Args:
            context: who asks; the credential speaks for its organization.
            name: the display name.
            scopes: what it allows, in the dialects' own spellings.
            expires_in: in milliseconds from now; None if it lasts until it is revoked.
            form: how its token begins.

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
            form=form,
        )
        self.access.add_credential(credential)
        entry = credential_changed(EventType.TOKEN_CREATE, credential, context=context)
        self.log.append(context.organization, [entry])
        return token, credential

    def find(self, organization: Organization, credential_id: str) -> Credential:
        """A credential by its id, valid or not.

        Raises:
            NotFound: the organization has no such credential.
        """
        for credential in self.access.credentials(organization.id):
            if credential.id == credential_id and self.among(credential):
                return credential
        raise NotFound("credential", ascii(credential_id))

    def change(
        self, context: Context, credential_id: str, *, name: str, scopes: Iterable[str] | None = None
    ) -> Credential:
        """Rename a credential, or replace what it allows as well, with effect on the next request.

        Args:
            context: who asks.
            credential_id: which credential.
            name: the display name.
            scopes: all that it is to allow; None leaves them as they are.

        Returns:
            The credential as it is now.

        Raises:
            InvalidInput: no scope, one that no route asks for, or no usable name; nothing was changed.
            NotFound: the organization has no such credential.
        """
        wanted = {"name": checked_label(name)} | ({} if scopes is None else {"scopes": frozenset(scopes)})
        before = self.find(context.organization, credential_id)
        after = replace(before, **wanted)  # type: ignore[arg-type]
        if scopes is not None:
            self.check_scopes(after.scopes)
        if not self.access.change_credential(after):
            raise NotFound("credential", ascii(credential_id))
        entry = credential_changed(EventType.TOKEN_UPDATE, after, context=context, before=before)
        self.log.append(context.organization, [entry])
        return after

    def revoke(self, context: Context, credential_id: str) -> None:
        """Delete a credential, with immediate effect.

        Raises:
            NotFound: the organization has no such credential.
        """
        found = self.find(context.organization, credential_id)
        if not self.access.remove_credential(found):
            raise NotFound("credential", ascii(credential_id))
        entry = credential_changed(EventType.TOKEN_REVOKE, found, context=context)
        self.log.append(context.organization, [entry])
