"""Issuing and revoking credentials.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.access.credential import TokenForm, new_credential
from reprieve.access.label import checked_label
from reprieve.access.log_entries import credential_changed
from reprieve.clock import Millis
from reprieve.errors import Conflict, Forbidden, NotFound
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from reprieve.access.credential import Credential
    from reprieve.access.ports import AccessStore
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.role import Role
    from reprieve.system_log.ports import EventLog

#: credentials that an organization has at most by its own requests, as at SendGrid; an operator may issue more
MAX_CREDENTIALS: Final = 100
#: why a credential is not revoked by itself, where it may not be
OWN: Final = "you are signed in with this credential; sign in with another one, or with your account, to revoke it"
#: why a credential is refused what a longer-lived one may do
OUTLIVED: Final = "this would outlive your credential; use a long-lived one"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An organization's credentials.

    Attributes:
        check_scopes: raises InvalidInput for scopes that no route asks for; a credential with one would look fine and
            be refused.
        among: which of the organization's credentials the caller may see; any other is not found.
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
        role: Role | None = None,
        form: TokenForm = TokenForm.OWN,
    ) -> tuple[str, Credential]:
        """Issue a credential, which does not outlive the one that asks and goes no further than who asks for it.

        Args:
            context: who asks; the credential speaks for its organization.
            name: the display name.
            scopes: what it allows, in the dialects' own spellings.
            expires_in: in milliseconds from now; None if it lasts until it is revoked. It ends with the credential
                that asks, if that ends before.
            role: how far it may go; as far as the caller, where none is given.
            form: how its token begins.

        Returns:
            The token, which is stored nowhere, and the record of it.

        Raises:
            InvalidInput: no scope, one that no route asks for, or no usable name.
            Forbidden: an access token asks, or it would go further than who asks.
        """
        if context.by_access_token:
            raise Forbidden(reason=OUTLIVED)
        granted = frozenset(scopes)
        self.check_scopes(granted)
        _check_given(granted, context)
        if role is not None and context.actor.asks and not context.role.covers(role):
            raise Forbidden(reason="this role goes further than yours")
        ends = [context.expires_at, None if expires_in is None else Millis(context.now + expires_in)]
        token, credential = new_credential(
            context.organization.id,
            name=checked_label(name),
            scopes=granted,
            created=context.now,
            expires_at=min((end for end in ends if end is not None), default=None),
            role=context.role if role is None else role,
            form=form,
        )
        self.access.add_credential(credential)
        entry = credential_changed(EventType.TOKEN_CREATE, credential, context=context)
        self.log.append(context.organization, [entry])
        return token, credential

    def has_room(self, organization: Organization) -> bool:
        """Whether an organization may have one more by its own request. One Query."""
        return len(self.access.credentials(organization.id)) < MAX_CREDENTIALS

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

        A credential is not given more by itself, whatever it allowed when it was verified, nor by one that it would
        outlive, and by no caller what that does not have.

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
            Forbidden: it would be given more by itself, or by a credential that it outlives, or is to allow what the
                caller may not do.
            Conflict: what it allows was changed meanwhile; nothing was changed.
        """
        label, wanted = checked_label(name), None if scopes is None else frozenset(scopes)
        if wanted is not None:
            self.check_scopes(wanted)
            _check_given(wanted, context)
        before = self.find(context.organization, credential_id)
        if wanted is not None:
            _check_added(wanted - before.scopes, before, context)
        if not self.access.change_credential(before, name=label, scopes=wanted):
            self.find(context.organization, credential_id)
            raise Conflict("the scopes were changed meanwhile; read them and try again")
        after = replace(before, name=label, scopes=before.scopes if wanted is None else wanted)
        entry = credential_changed(EventType.TOKEN_UPDATE, after, context=context, before=before)
        self.log.append(context.organization, [entry])
        return after

    def set_role(self, context: Context, credential_id: str, role: Role) -> Credential:
        """Change how far a credential may go, with effect on the next request. For operators only.

        Returns:
            The credential as it is now.

        Raises:
            NotFound: the organization has no such credential.
        """
        before = self.find(context.organization, credential_id)
        if not self.access.set_role(before, role):
            raise NotFound("credential", ascii(credential_id))
        after = replace(before, role=role)
        entry = credential_changed(EventType.TOKEN_UPDATE, after, context=context, before=before)
        self.log.append(context.organization, [entry])
        return after

    def find_another(self, context: Context, credential_id: str) -> Credential:
        """A credential by its id, which is not the one that asks.

        Raises:
            NotFound: the organization has no such credential.
            Conflict: it is the one that asks.
        """
        found = self.find(context.organization, credential_id)
        if context.actor.holds_credential and context.actor.id == credential_id:
            raise Conflict(OWN)
        return found

    def revoke(self, context: Context, credential_id: str, *, own: bool = True) -> None:
        """Delete a credential, with immediate effect.

        Args:
            context: who asks.
            credential_id: which credential.
            own: whether it may be the one that asks.

        Raises:
            NotFound: the organization has no such credential.
            Conflict: it is the one that asks, and may not be.
        """
        found = self.find(context.organization, credential_id) if own else self.find_another(context, credential_id)
        if not self.access.remove_credential(found):
            raise NotFound("credential", ascii(credential_id))
        entry = credential_changed(EventType.TOKEN_REVOKE, found, context=context)
        self.log.append(context.organization, [entry])


def _check_given(scopes: frozenset[str], context: Context) -> None:
    """Refuse a caller to give a scope that it does not have; the operator is no caller."""
    if context.actor.asks and (beyond := scopes - context.scopes):
        raise Forbidden(min(beyond))


def _check_added(added: Collection[str], credential: Credential, context: Context) -> None:
    """Refuse to add scopes to the credential that asks, or to one that outlives it."""
    if not added:
        return
    if credential.id == context.actor.id:
        raise Forbidden(min(added))
    lasts_longer = context.expires_at is not None and (
        credential.expires_at is None or credential.expires_at > context.expires_at
    )
    if context.by_access_token or lasts_longer:
        raise Forbidden(reason=OUTLIVED)
