"""Recipients and, beside them, the addresses and logins that they hold, so that membership is one read by key.

    partition                 sort           what it holds
    {org}#{module}            {id}           a recipient
    {org}#address#{0 to 15}   address key    `holders` of the address, and `named`: whose login the same text is

An address counts while it has a holder. A login nearly always is its owner's address, so one item serves both.
Recipient, addresses and login change in one transaction; items that it leaves unused are deleted afterwards.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from reprieve.address import Address, comparison_key
from reprieve.errors import Conflict, Unavailable
from reprieve.recipients.recipient import Recipient
from reprieve.store import keys
from reprieve.store.language import Item, Value, arguments_of, marshal
from reprieve.store.table import Table, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprieve.clock import Millis
    from reprieve.organization import Organization

    Write = tuple[str, dict[str, Any]]

#: the recipient is still as it was read, so that no address is left behind or taken from another
UNCHANGED: Final = "#version = :version"
NEW: Final = "attribute_not_exists(#partition)"
#: no other recipient has the login
FREE: Final = "(attribute_not_exists(#named) OR #named = :holder)"
#: neither the address nor the login of any recipient
UNUSED: Final = "attribute_not_exists(#holders) AND attribute_not_exists(#named)"


class Recipients:
    """`recipients.ports.RecipientStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def members(self, organization: Organization, wanted: Iterable[str]) -> set[str]:
        """See the port. One batch read per hundred addresses, whatever the answer."""
        items = self._table.get_many([_address_key(organization, key) for key in sorted(set(wanted))])
        return {cast("str", item["sort"]) for item in items if item.get("holders")}

    def get(self, organization: Organization, module: str, identifier: str) -> Recipient | None:
        """See the port."""
        item = self._table.get(_recipient_key(organization, module, identifier), consistent=True)
        return _recipient(module, item) if item else None

    def get_many(self, organization: Organization, module: str, identifiers: Sequence[str]) -> list[Recipient]:
        """See the port. One batch read per hundred recipients."""
        wanted = [_recipient_key(organization, module, identifier) for identifier in sorted(set(identifiers))]
        found = (_recipient(module, item) for item in self._table.get_many(wanted, consistent=True))
        return sorted(found, key=lambda recipient: recipient.id)

    def listing(
        self, organization: Organization, module: str, *, limit: int, after: str | None
    ) -> tuple[list[Recipient], str | None]:
        """See the port. One query, for one item more than the page has, so that the last page is known to be it."""
        page = self._table.query(
            "#partition = :partition AND #sort > :after",
            {":partition": keys.recipients(organization, module), ":after": after or " "},
            limit=limit + 1,
        )
        found = [_recipient(module, item) for item in page.items[:limit]]
        more = page.after is not None or len(page.items) > limit
        return found, found[-1].id if more and found else None

    def holders(self, organization: Organization, key: str) -> list[tuple[str, str]]:
        """See the port."""
        item = self._table.get(_address_key(organization, key), consistent=True)
        names = cast("frozenset[str]", item.get("holders") or frozenset()) if item else frozenset()
        return [_pair(name) for name in sorted(names)]

    def linked(self, organization: Organization, wanted: Iterable[str]) -> set[tuple[str, str]]:
        """See the port. One batch read per hundred keys."""
        items = self._table.get_many([_address_key(organization, key) for key in sorted(set(wanted))], consistent=True)
        return {
            _pair(holder)
            for item in items
            for holder in (
                *cast("frozenset[str]", item.get("holders") or ()),
                *([cast("str", item["named"])] if "named" in item else []),
            )
        }

    def named(self, organization: Organization, login: str) -> str | None:
        """See the port."""
        owner = self._owner(organization, comparison_key(login))
        return owner.split("#", 1)[1] if owner else None

    def add(self, organization: Organization, recipient: Recipient) -> None:
        """See the port. It reads only to find out why it was refused."""
        if not self._write(organization, recipient, stored=None):
            raise Unavailable("the id or the login was in use for a moment")

    def add_many(self, organization: Organization, recipients: Sequence[Recipient]) -> None:
        """See the port. The transactions are sent side by side."""
        side_by_side(lambda recipient: self.add(organization, recipient), recipients)

    def put(self, organization: Organization, recipient: Recipient) -> None:
        """See the port. A change in between makes it start over."""
        key = _recipient_key(organization, recipient.module, recipient.id)
        while not self._write(organization, recipient, stored=self._table.get(key, consistent=True)):
            pass

    def change(
        self,
        organization: Organization,
        module: str,
        identifier: str,
        to: Callable[[Recipient], Recipient | None],
    ) -> Recipient | None:
        """See the port. Nothing is written when nothing changes."""
        key = _recipient_key(organization, module, identifier)
        while stored := self._table.get(key, consistent=True):
            before = _recipient(module, stored)
            after = to(before)
            if after == before:
                return before
            if after is None:
                if self._erase(organization, before, stored):
                    return before
            elif self._write(organization, after, stored=stored):
                return after
        return None

    def _write(self, organization: Organization, recipient: Recipient, *, stored: Item | None) -> bool:
        """Replace a recipient as it was read; False when that is not stored any more.

        Raises:
            Conflict: another recipient has the login.
        """
        key = _recipient_key(organization, recipient.module, recipient.id)
        before = _recipient(recipient.module, stored) if stored else None
        version = cast("int", stored["version"]) if stored else 0
        item = marshal(_item(key, recipient) | {"version": version + 1})
        condition = (
            arguments_of(condition=UNCHANGED, values={":version": version}) if stored else arguments_of(condition=NEW)
        )
        if self._table.transact([("Put", {"Item": item, **condition}), *_claims(organization, before, recipient)]):
            self._sweep(organization, _claimed(before) - _claimed(recipient))
            return True
        login = _login_key(recipient)
        if login and login != _login_key(before) and self._owner(organization, login) not in (None, _holder(recipient)):
            raise Conflict("another recipient has this login")
        return False

    def _erase(self, organization: Organization, recipient: Recipient, stored: Item) -> bool:
        key = _recipient_key(organization, recipient.module, recipient.id)
        condition = arguments_of(condition=UNCHANGED, values={":version": stored["version"]})
        writes = [("Delete", {"Key": marshal(key), **condition}), *_claims(organization, recipient, None)]
        if not self._table.transact(writes):
            return False
        self._sweep(organization, _claimed(recipient))
        return True

    def _owner(self, organization: Organization, login_key: str) -> str | None:
        item = self._table.get(_address_key(organization, login_key), consistent=True)
        return cast("str | None", item.get("named")) if item else None

    def _sweep(self, organization: Organization, released: Iterable[str]) -> None:
        """Delete addresses that no recipient has any more; if this is cut short, no answer differs."""
        for key in sorted(released):
            self._table.delete(_address_key(organization, key), condition=UNUSED)


def _claims(organization: Organization, before: Recipient | None, after: Recipient | None) -> list[Write]:
    """The writes of a recipient's change to the items of its addresses and its login: at most one per item."""
    holder = _holder(cast("Recipient", after or before))
    held = before.keys if before else frozenset()
    wanted = after.keys if after else frozenset()
    old_login, new_login = _login_key(before), _login_key(after)
    writes: list[Write] = []
    for key in sorted(_claimed(before) | _claimed(after)):
        clauses = []
        condition = ""
        if key in wanted - held:
            clauses.append("ADD #holders :holders")
        if key in held - wanted:
            clauses.append("DELETE #holders :holders")
        if old_login != new_login and key == new_login:
            clauses.append("SET #named = :holder")
            condition = FREE
        if old_login != new_login and key == old_login:
            clauses.append("REMOVE #named")
        if clauses:
            expression = " ".join(clauses)
            known: dict[str, Value] = {":holders": frozenset({holder}), ":holder": holder}
            arguments = arguments_of(expression=expression, condition=condition, values=known)
            writes.append(("Update", {"Key": marshal(_address_key(organization, key)), **arguments}))
    return writes


def _claimed(recipient: Recipient | None) -> frozenset[str]:
    """The keys of the items that a recipient has a hold on."""
    login = _login_key(recipient)
    return (recipient.keys if recipient else frozenset()) | (frozenset({login}) if login else frozenset())


def _login_key(recipient: Recipient | None) -> str | None:
    login = recipient.profile.get("login") if recipient else None
    return comparison_key(login) if login else None


def _holder(recipient: Recipient) -> str:
    return f"{recipient.module}#{recipient.id}"


def _pair(holder: str) -> tuple[str, str]:
    module, _, identifier = holder.partition("#")
    return module, identifier


def _address_key(organization: Organization, key: str) -> Item:
    return {"partition": keys.addresses(organization, key), "sort": key}


def _recipient_key(organization: Organization, module: str, identifier: str) -> Item:
    return {"partition": keys.recipients(organization, module), "sort": identifier}


def _item(key: Item, recipient: Recipient) -> Item:
    return key | {
        "email": recipient.email.spelling if recipient.email else None,
        "secondary_email": recipient.secondary_email.spelling if recipient.secondary_email else None,
        "created": recipient.created,
        "updated": recipient.updated,
        "profile": json.dumps(dict(recipient.profile), ensure_ascii=False),
    }


def _recipient(module: str, item: Item) -> Recipient:
    def address(name: str) -> Address | None:
        return Address.parse(item[name]) if name in item else None

    return Recipient(
        id=cast("str", item["sort"]),
        module=module,
        email=address("email"),
        secondary_email=address("secondary_email"),
        created=cast("Millis", item["created"]),
        updated=cast("Millis", item["updated"]),
        profile=json.loads(cast("str", item["profile"])),
    )
