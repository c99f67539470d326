"""Organizations, credentials and provider accounts: small items, read by key, each under its organization.

    table               partition         sort
    Access              {org}             organization
    Access              {org}             credential#{digest}
    ProviderAccounts    {org}             provider              the account `default`
    ProviderAccounts    {org}             provider#{name}       another account

Every function of an API reads Access to verify a credential, so what only some may read, the accounts with their sealed
keys, is in a table of its own. IAM has no condition on a sort key, so where roles differ within a table, they differ by
attributes: such a read names those of its kind of item, and each update returns only what it set. template.yaml has
the same names.

`Organizations` is a sparse index that lists the organizations themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.access.credential import Credential
from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.access.quota import Bucket
from reprieve.clock import Seconds
from reprieve.organization import HELP_DESK_LIFTS, BouncePurge, Membership, Organization, PolicySetting
from reprieve.role import Role
from reprieve.store.language import Update, arguments_of, marshal
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.clock import Millis
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Table

ORGANIZATION: Final = "organization"
PROVIDER: Final = "provider"
CREDENTIAL: Final = "credential#"
#: with the name of a list: the second up to which everything on it is cleared
CLEARED: Final = "cleared_"
#: with the name of a bucket: how many requests per minute the organization may make in it
LIMIT: Final = "limit_"
NEW: Final = "attribute_not_exists(#partition)"
KNOWN: Final = "attribute_exists(#partition)"
#: the policy was changed as often as when it was read
SAME_POLICY: Final = "#policy_version = :before"
#: it was never set
NO_POLICY: Final = "attribute_not_exists(#policy_version)"
SAME_SCOPES: Final = "#scopes = :before"
UPDATED: Final = "UPDATED_NEW"


class Access:
    """`access.ports.AccessStore` on DynamoDB, and what the operator's command needs beyond it."""

    def __init__(self, table: Table, accounts: Table) -> None:
        self._table = table
        self._accounts = accounts

    def organization(self, organization_id: str) -> Organization | None:
        """See the port. Read consistently: what was cleared a moment ago must not be seen by the next request."""
        key = _organization_key(organization_id)
        item = self._table.get(key, consistent=True, only=ORGANIZATION_ATTRIBUTES)
        return organization_from(item) if item else None

    def organizations(self) -> Iterator[Organization]:
        """See the port."""
        items = self._table.query_all("#kind = :kind", {":kind": ORGANIZATION}, index="Organizations")
        return (organization_from(item) for item in items)

    def create_organization(self, organization: Organization) -> bool:
        """See the port."""
        return self._table.put(_organization_item(organization), condition=NEW)

    def change_organization(
        self,
        organization_id: str,
        changes: Mapping[str, str | int | frozenset[str]],
        limits: Mapping[Bucket, int | None] | None = None,
    ) -> Organization | None:
        """See the port."""
        named = {LIMIT + bucket: limit for bucket, limit in (limits or {}).items()}
        item = change(self._table, _organization_key(organization_id), {**changes, **named}, returning="ALL_NEW")
        return organization_from(item) if item else None

    def clear(self, organization_id: str, suppression_list: str, *, until: Seconds) -> None:
        """See the port."""
        mark = f"#{CLEARED}{suppression_list}"
        later = f"{KNOWN} AND (attribute_not_exists({mark}) OR {mark} < :until)"
        update = Update(set=[f"{mark} = :until"], condition=later)
        self._table.update(_organization_key(organization_id), update, {":until": until}, returning=UPDATED)

    def set_purge(self, organization_id: str, changes: Mapping[str, bool | int | None]) -> bool:
        """See the port."""
        named = {f"purge_{name}": value for name, value in changes.items()}
        return change(self._table, _organization_key(organization_id), named, returning=UPDATED) is not None

    def set_policy(self, organization_id: str, after: PolicySetting) -> bool:
        """See the port."""
        update = Update(
            set=["#policy_version = :version", "#policy_enabled = :enabled", "#policy_rules = :rules"],
            condition=SAME_POLICY if after.version > 1 else f"{KNOWN} AND {NO_POLICY}",
        )
        values: dict[str, Value] = {
            ":version": after.version,
            ":enabled": after.enabled,
            ":rules": after.rules,
            ":before": after.version - 1,
        }
        return self._table.update(_organization_key(organization_id), update, values, returning=UPDATED) is not None

    def credential(self, organization_id: str, digest: str) -> tuple[Organization | None, Credential | None]:
        """See the port. Read consistently: a credential that was revoked a moment ago must not be accepted."""
        sorts = (ORGANIZATION, CREDENTIAL + digest)
        keys: list[Item] = [{"partition": organization_id, "sort": sort} for sort in sorts]
        found = {item["sort"]: item for item in self._table.get_many(keys, consistent=True)}
        organization, credential = (found.get(sort) for sort in sorts)
        return (
            organization_from(organization) if organization else None,
            _credential(credential) if credential else None,
        )

    def credentials(self, organization_id: str) -> list[Credential]:
        """See the port. Read consistently: what was just taken from a credential must not be given back to it."""
        items = self._table.items_under(organization_id, CREDENTIAL, consistent=True, only=CREDENTIAL_ATTRIBUTES)
        return sorted(map(_credential, items), key=lambda one: (one.created, one.id))

    def add_credential(self, credential: Credential) -> None:
        """See the port."""
        self._table.put(_credential_item(credential), condition=NEW)

    def change_credential(self, before: Credential, *, name: str, scopes: frozenset[str] | None) -> bool:
        """See the port."""
        update, values = Update(set=["#name = :name"], condition=KNOWN), dict[str, "Value"]({":name": name})
        if scopes is not None:
            update = Update(set=["#name = :name", "#scopes = :scopes"], condition=SAME_SCOPES)
            values |= {":scopes": scopes, ":before": before.scopes}
        return self._table.update(_credential_key(before), update, values, returning=UPDATED) is not None

    def set_role(self, credential: Credential, role: Role) -> bool:
        """See the port."""
        changes = {"role": role_item(role)}
        return change(self._table, _credential_key(credential), changes, returning=UPDATED) is not None

    def remove_credential(self, credential: Credential) -> bool:
        """See the port."""
        return self._table.delete(_credential_key(credential)) is not None

    def provider_accounts(self, organization_id: str) -> list[ProviderAccount]:
        """See the port. One Query."""
        return [_account(item) for item in self._accounts.items_under(organization_id, PROVIDER, consistent=True)]

    def account_states(self, organization_id: str) -> list[ProviderAccount]:
        """The accounts without their secrets and addresses: name, kind, region and pause. One Query."""
        items = self._accounts.items_under(organization_id, PROVIDER, only=STATE)
        return [_account({**NO_SECRETS, **item}) for item in items]

    def has_provider_account(self, organization_id: str, name: str) -> bool:
        """See the port. One GetItem."""
        return self._accounts.get(account_key(organization_id, name), only=["sort"]) is not None

    def webhook_keys(self, organization_id: str) -> dict[str, tuple[str, str]]:
        """See the port. One Query."""
        items = self._accounts.items_under(organization_id, PROVIDER, only=["sort", "provider", "webhook_key"])
        return {account_name(item): (cast("str", item["provider"]), cast("str", item["webhook_key"])) for item in items}

    def set_provider_account(
        self, organization_id: str, account: ProviderAccount, *, provider_name: str, before: ProviderAccount | None
    ) -> bool:
        """See the port."""
        put = {
            "TableName": self._accounts.name,
            "Item": marshal(_account_item(organization_id, account)),
            **_unchanged(before),
        }
        return self._table.transact([("Put", put), ("Update", _naming(organization_id, provider_name))])

    def remove_provider_account(self, organization_id: str, account: ProviderAccount, *, provider_name: str) -> bool:
        """See the port."""
        delete = {
            "TableName": self._accounts.name,
            "Key": marshal(account_key(organization_id, account.name)),
            **_unchanged(account),
        }
        return self._table.transact([("Delete", delete), ("Update", _naming(organization_id, provider_name))])

    def pause_provider(self, organization_id: str, name: str, *, until: Millis, reason: str) -> None:
        """See the port."""
        update = Update(set=["#paused_until = :until", "#paused_reason = :reason"], condition=KNOWN)
        values: dict[str, Value] = {":until": until, ":reason": reason}
        self._accounts.update(account_key(organization_id, name), update, values, returning=UPDATED)


def change(table: Table, key: Item, changes: Mapping[str, Value], *, returning: str) -> Item | None:
    """Set these attributes of an item, or remove those that are None or empty; None if there is no such item."""
    given = {name: value for name, value in changes.items() if value is not None and value != frozenset()}
    update = Update(
        set=[f"#{name} = :{name}" for name in given],
        remove=[f"#{name}" for name in changes if name not in given],
        condition=KNOWN,
    )
    return table.update(key, update, {f":{name}": value for name, value in given.items()}, returning=returning)


def _organization_key(organization_id: str) -> Item:
    return {"partition": organization_id, "sort": ORGANIZATION}


def _organization_item(organization: Organization) -> Item:
    return {
        "partition": organization.id,
        "sort": ORGANIZATION,
        "kind": ORGANIZATION,
        "name": organization.name,
        "membership": organization.membership.value,
        "domains": organization.domains,
        "shards": organization.shards,
        "parent": organization.parent,
        "created": organization.created,
        "soft_bounce_threshold": organization.soft_bounce_threshold,
        "modules": organization.modules,
        "help_desk_lifts": organization.help_desk_lifts,
        **_purge_item(organization.purge),
        **_policy_item(organization.policy),
        "provider_name": organization.provider_name or None,
        **{f"{CLEARED}{name}": second for name, second in organization.cleared.items()},
        **{f"{LIMIT}{bucket}": limit for bucket, limit in organization.limits.items()},
    }


def _credential_key(credential: Credential) -> Item:
    return {"partition": credential.organization_id, "sort": CREDENTIAL + credential.digest}


def _credential_item(credential: Credential) -> Item:
    return {
        **_credential_key(credential),
        "id": credential.id,
        "name": credential.name,
        "scopes": credential.scopes,
        "created": credential.created,
        "valid_until": credential.expires_at,
        "role": role_item(credential.role),
    }


def account_key(organization_id: str, name: str) -> Item:
    """The key of an account."""
    return {"partition": organization_id, "sort": PROVIDER if name == DEFAULT else f"{PROVIDER}#{name}"}


def account_name(item: Item) -> str:
    """The name of the account that an item is."""
    return cast("str", item["sort"]).partition("#")[2] or DEFAULT


def _account_item(organization_id: str, account: ProviderAccount) -> Item:
    return {**account_key(organization_id, account.name), **_facts(account)}


def _facts(account: ProviderAccount) -> Item:
    """The attributes of an account that are set; its pause is not among them."""
    return {
        "provider": account.kind,
        "base_url": account.base_url,
        "sealed_key": account.sealed_key,
        "on_behalf_of": account.on_behalf_of,
        "webhook_key": account.webhook_key,
        **({"region": account.region} if account.region else {}),
    }


def _unchanged(before: ProviderAccount | None) -> Item:
    """The arguments of a write on the condition that an account is as it was, but for its pause; or that none is."""
    old = {f":{name}": value for name, value in _facts(before).items()} if before else {}
    same = [f"#{name[1:]} = {name}" for name in old]
    if before and not before.region:
        same.append("attribute_not_exists(#region)")
    return arguments_of(condition=" AND ".join(same) or NEW, values=old)


def _naming(organization_id: str, provider_name: str) -> Item:
    """The arguments of the update that puts a provider's name into an organization's settings."""
    return {
        "Key": marshal(_organization_key(organization_id)),
        **arguments_of(condition=KNOWN, expression="SET #provider_name = :name", values={":name": provider_name}),
    }


def _purge_item(purge: BouncePurge) -> Item:
    return {
        "purge_enabled": purge.enabled,
        "purge_soft_days": purge.soft_days,
        "purge_hard_days": purge.hard_days,
    }


def _policy_item(policy: PolicySetting) -> Item:
    """A policy as it is stored; one that was never set is not, nor are the rules of the default one."""
    return {
        "policy_rules": policy.rules or None,
        "policy_version": policy.version or None,
        "policy_enabled": policy.enabled or None,
    }


def organization_from(item: Item) -> Organization:
    """The organization that an item is."""
    return Organization(
        id=cast("str", item["partition"]),
        name=cast("str", item["name"]),
        membership=Membership(cast("str", item["membership"])),
        domains=cast("frozenset[str]", item.get("domains", frozenset())),
        shards=cast("int", item["shards"]),
        parent=cast("str | None", item.get("parent")),
        created=cast("Millis", item["created"]),
        soft_bounce_threshold=cast("int", item.get("soft_bounce_threshold", 5)),
        modules=cast("frozenset[str]", item.get("modules", frozenset())),
        help_desk_lifts=cast("int", item.get("help_desk_lifts", HELP_DESK_LIFTS)),
        purge=BouncePurge(
            enabled=cast("bool", item.get("purge_enabled", False)),
            soft_days=cast("int | None", item.get("purge_soft_days")),
            hard_days=cast("int | None", item.get("purge_hard_days")),
        ),
        cleared={name: cast("Seconds", item[CLEARED + name]) for name in SuppressionList if CLEARED + name in item},
        limits={bucket: cast("int", item[LIMIT + bucket]) for bucket in Bucket if LIMIT + bucket in item},
        provider_name=cast("str", item.get("provider_name", "")),
        policy=PolicySetting(
            rules=cast("str", item.get("policy_rules", "")),
            version=cast("int", item.get("policy_version", 0)),
            enabled=cast("bool", item.get("policy_enabled", False)),
        ),
    )


#: all attributes of a credential
CREDENTIAL_ATTRIBUTES: Final = ("partition", "sort", "id", "name", "scopes", "created", "valid_until", "role")


def _credential(item: Item) -> Credential:
    return Credential(
        id=cast("str", item["id"]),
        organization_id=cast("str", item["partition"]),
        digest=cast("str", item["sort"]).removeprefix(CREDENTIAL),
        name=cast("str", item["name"]),
        scopes=cast("frozenset[str]", item.get("scopes", frozenset())),
        created=cast("Millis", item["created"]),
        expires_at=cast("Millis | None", item.get("valid_until")),
        role=role_from(item),
    )


def role_item(role: Role) -> str | None:
    """A role as it is stored; the one that every credential had before there were roles is not."""
    return None if role is Role.ADMIN else role.value


def role_from(item: Item) -> Role:
    """The role in an item."""
    return Role(cast("str", item.get("role", Role.ADMIN.value)))


#: the attributes that say how an account is doing, and what takes the place of the others where only these are read
STATE: Final = ("sort", "provider", "region", "paused_until", "paused_reason")
NO_SECRETS: Final[Item] = {"base_url": "", "sealed_key": b"", "on_behalf_of": "", "webhook_key": ""}


def _account(item: Item) -> ProviderAccount:
    return ProviderAccount(
        kind=cast("str", item["provider"]),
        base_url=cast("str", item["base_url"]),
        sealed_key=bytes(cast("bytes", item["sealed_key"])),
        on_behalf_of=cast("str", item["on_behalf_of"]),
        webhook_key=cast("str", item["webhook_key"]),
        paused_until=cast("Millis", item.get("paused_until", 0)),
        paused_reason=cast("str", item.get("paused_reason", "")),
        name=account_name(item),
        region=cast("str", item.get("region", "")),
    )


#: the attributes of an organization
ORGANIZATION_ATTRIBUTES: Final = tuple(
    _organization_item(
        Organization("any", "any", cleared=dict.fromkeys(SuppressionList, Seconds(0)), limits=dict.fromkeys(Bucket, 1))
    )
)
