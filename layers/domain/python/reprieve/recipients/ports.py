"""Port for recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.organization import Organization
    from reprieve.recipients.recipient import Recipient


class RecipientStore(Protocol):
    """The recipients of organizations.

    No two recipients of an organization have the same login (`profile["login"]`), whatever its letter case.
    """

    def members(self, organization: Organization, keys: Iterable[str]) -> set[str]:
        """Those of the comparison keys that are an email or secondary email of a recipient."""
        ...

    def get(self, organization: Organization, module: str, identifier: str) -> Recipient | None:
        """One recipient, or None."""
        ...

    def get_many(self, organization: Organization, module: str, identifiers: Sequence[str]) -> list[Recipient]:
        """Those of the recipients that exist, in order of id."""
        ...

    def listing(
        self, organization: Organization, module: str, *, limit: int, after: str | None
    ) -> tuple[list[Recipient], str | None]:
        """A page of recipients in order of id, beginning after the id `after`.

        Returns:
            At most `limit` recipients, and the id to continue after; None when there are no more.
        """
        ...

    def holders(self, organization: Organization, key: str) -> list[tuple[str, str]]:
        """The recipients that hold an address, as pairs of module and id."""
        ...

    def linked(self, organization: Organization, keys: Iterable[str]) -> set[tuple[str, str]]:
        """The recipients that hold any of the addresses or have one as a login, as pairs of module and id."""
        ...

    def named(self, organization: Organization, login: str) -> str | None:
        """The id of the recipient with this login, in any letter case, or None."""
        ...

    def add(self, organization: Organization, recipient: Recipient) -> None:
        """Create a recipient under a new id, with its addresses and its login, in one transaction.

        Raises:
            Conflict: another recipient has the login.
        """
        ...

    def add_many(self, organization: Organization, recipients: Sequence[Recipient]) -> None:
        """Create recipients without logins, each as `add` does; when it returns, all of them are durable."""
        ...

    def put(self, organization: Organization, recipient: Recipient) -> None:
        """Create or replace a recipient, its addresses and its login in one transaction.

        Raises:
            Conflict: another recipient has the login.
        """
        ...

    def change(
        self,
        organization: Organization,
        module: str,
        identifier: str,
        to: Callable[[Recipient], Recipient | None],
    ) -> Recipient | None:
        """Change or delete a recipient in one transaction.

        Args:
            organization: whose recipient it is.
            module: its module.
            identifier: its id.
            to: returns what the stored recipient is to become; None deletes it. It is called again, with what is stored
                then, if the recipient changes meanwhile.

        Returns:
            The recipient as it is now, or as it was when it was deleted; None when there is none.

        Raises:
            Conflict: another recipient has the login.
        """
        ...
