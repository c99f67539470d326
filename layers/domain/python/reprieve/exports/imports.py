"""Importing an organization from its rows.

The organization's settings are added last. Until then it does not exist for its callers, its provider's webhook and the
scheduled functions, so that no request reads an incomplete list and nothing can be acknowledged that the import
would lose.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar, cast

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import Millis, Seconds, seconds, to_millis
from reprieve.errors import Conflict, NotFound
from reprieve.exports.kinds import Kind, is_same, side_by_side
from reprieve.exports.log_entries import organization_moved
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprieve.access.account_rules import AccountRules
    from reprieve.access.ports import AccessStore
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.context import Context
    from reprieve.exports.kinds import Row
    from reprieve.exports.ports import OrganizationRows
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

    #: the rows of a kind, in order of their keys; called once per pass over them
    Rows = Callable[[], Iterator[Row]]

_T = TypeVar("_T")

#: how many rows are handed to the store at a time
GROUP: Final = 400
#: longer than any request lasts: after it, none that found the organization is under way
REQUESTS_END: Final = seconds(30)
#: the end of the pause of an account without its key: the year 9999
KEY_MISSING_UNTIL: Final = to_millis(Seconds(253_402_300_799))
KEY_MISSING: Final = "its API key is not part of an export: set it with `reprieve providers set`"
#: rows that are only ever added: what happened stays on record, whatever an import says
MERGED: Final = frozenset({Kind.SYSTEM_LOG})


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of an import.

    Attributes:
        added: how many rows were added, by kind.
        unchanged: how many were there already, by kind.
        removed: how many were deleted because the export has others or none, by kind; an added row can replace one.
        left_out: rows whose key or login was taken, each with its kind.
        secrets: what is of no use until its secret is set: provider accounts, with their names, and email servers, with
            their ids.
        base_urls: where the export's provider accounts are, by name; of those whose URL was not adopted.
    """

    added: Mapping[Kind, int]
    unchanged: Mapping[Kind, int]
    removed: Mapping[Kind, int]
    left_out: Sequence[tuple[Kind, Row]]
    secrets: Sequence[tuple[Kind, str]]
    base_urls: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Imports:
    """Importing organizations, on behalf of the operator.

    Attributes:
        rules: every kind of provider, and what an account at it needs.
        wait: waits for a time in milliseconds.
    """

    stored: OrganizationRows
    access: AccessStore
    log: EventLog
    rules: Mapping[str, AccountRules]
    wait: Callable[[Millis], None]

    def run(
        self,
        context: Context,
        rows: Mapping[Kind, Rows],
        *,
        source: str,
        overwrite: bool = False,
        progress: Callable[[Kind, int], None] = lambda _kind, _done: None,
    ) -> ImportReport:
        """Add an organization with all its rows; repeating it after an interruption adds what is missing.

        A provider account that needs a key is paused, and email servers are disabled, until their secrets are set.
        Where the same account or server is there already, it keeps its secret. Credentials are added only under the id
        that their tokens name, and never where rows are overwritten: a revoked one must not come back. A provider
        account is at the provider's own base URL, or at the one that is set here already: a file must not say where an
        API key is sent.

        Args:
            context: who asks; its organization is the one to add, with the settings of the export.
            rows: by kind, without the kinds that the export does not have; all of them checked.
            source: the id of the exported organization.
            overwrite: whether rows that are there and differ are replaced, and those that the export does not have
                deleted; entries of the system log stay in any case.
            progress: called with a kind and how many of its rows are done.

        Returns:
            What was done.

        Raises:
            Conflict: the organization exists, or rows of it that differ, and they must not be overwritten; or it has
                another number of shards. Nothing was changed.
            NotFound: there is no such parent. Nothing was changed.
            Unavailable: the store or the log did not answer; what is added stays, and importing again is safe.
        """
        organization = context.organization
        before = self._checked(organization, overwrite=overwrite)
        here = {one.name: one for one in self.access.provider_accounts(organization.id)}
        wanted = {kind: partial(self._adopted, kind, rows[kind], here) for kind in Kind if kind in rows}
        if overwrite or source != organization.id:
            wanted.pop(Kind.CREDENTIALS, None)
        if before is not None:
            self._withdraw(context)
        removed = self._make_room(context, wanted, overwrite=overwrite)
        added, unchanged = Counter[Kind](), Counter[Kind]()
        left_out: list[tuple[Kind, Row]] = []
        for kind, each in wanted.items():
            for missing, present in self._compared(context, kind, each()):
                taken = self.stored.add(organization, kind, missing, now=context.now) if missing else []
                added[kind] += len(missing) - len(taken)
                unchanged[kind] += present
                left_out += [(kind, row) for row in taken]
                progress(kind, added[kind] + unchanged[kind] + len(taken))
        numbers = {kind.value: str(count) for kind, count in added.items() if count}
        entry = organization_moved(EventType.ORGANIZATION_IMPORT, context=context, debug={"source": source, **numbers})
        self.log.append(organization, [entry])
        accounts = rows[Kind.PROVIDER_ACCOUNT]() if Kind.PROVIDER_ACCOUNT in rows else ()
        base_urls = {name_of(account): base_url_left_out(account, self.rules, here) for account in accounts}
        left = {name: base_url for name, base_url in base_urls.items() if base_url}
        return ImportReport(added, unchanged, removed, left_out, self._secrets(organization), left)

    def _checked(self, organization: Organization, *, overwrite: bool) -> Organization | None:
        """The organization as it is now, None where there is none; refuses what cannot be imported."""
        before = self.access.organization(organization.id)
        if before is not None and not overwrite:
            raise Conflict(f"the organization {organization.id} exists already")
        if before is not None and before.shards != organization.shards:
            raise Conflict(f"the organization {organization.id} has {before.shards} shards, the export another number")
        if organization.parent is not None and self.access.organization(organization.parent) is None:
            raise NotFound("organization", organization.parent)
        return before

    def _withdraw(self, context: Context) -> None:
        """Put the organization out of reach, and wait until no request is under way that found it."""
        self.log.append(context.organization, [organization_moved(EventType.ORGANIZATION_REPLACE, context=context)])
        settings = list(self.stored.rows(context.organization, Kind.ORGANIZATION, now=context.now))
        self.stored.remove(context.organization, Kind.ORGANIZATION, settings)
        self.wait(REQUESTS_END)

    def _make_room(self, context: Context, wanted: Mapping[Kind, Rows], *, overwrite: bool) -> Counter[Kind]:
        """Delete the rows that are stored and not wanted, or not so; how many, by kind."""
        removed = Counter[Kind]()
        # backwards, because the groups that are stored say which lists are
        for kind, each in reversed(list(wanted.items())):
            if kind in MERGED:
                continue
            for group in _groups(self._foreign(context, kind, each())):
                if not overwrite:
                    raise Conflict(f"other {kind} are stored under the id {context.organization.id} already")
                self.stored.remove(context.organization, kind, group)
                removed[kind] += len(group)
        return removed

    def _compared(self, context: Context, kind: Kind, wanted: Iterator[Row]) -> Iterator[tuple[list[Row], int]]:
        """Groups of rows: those that are missing, and how many are there."""
        held = self.stored.rows(context.organization, kind, now=context.now)
        for group in _groups(side_by_side(kind, wanted, held)):
            missing = [one for one, other in group if one is not None and other is None]
            yield missing, sum(one is not None and other is not None for one, other in group)

    def _foreign(self, context: Context, kind: Kind, wanted: Iterator[Row]) -> Iterator[Row]:
        """The rows that are stored and not wanted, or not so."""
        held = self.stored.rows(context.organization, kind, now=context.now)
        for one, other in side_by_side(kind, wanted, held):
            if other is not None and (one is None or not is_same(kind, one, other)):
                yield other

    def _secrets(self, organization: Organization) -> list[tuple[Kind, str]]:
        kinds = {one.name: one.kind for one in self.access.provider_accounts(organization.id)}
        return [
            (kind, name)
            for kind, name in self.stored.without_secret(organization)
            if kind is not Kind.PROVIDER_ACCOUNT or needs_key(kinds.get(name, ""), self.rules)
        ]

    def _adopted(self, kind: Kind, rows: Rows, here: Mapping[str, ProviderAccount]) -> Iterator[Row]:
        """The rows as they can be without secrets; the account where the operator or the provider has it."""
        for row in rows():
            if kind is Kind.PROVIDER_ACCOUNT and needs_key(row["provider"], self.rules):
                left_out = base_url_left_out(row, self.rules, here)
                base_url = self.rules[row["provider"]].base_url if left_out else row["base_url"]
                paused = {"paused_until": KEY_MISSING_UNTIL, "paused_reason": KEY_MISSING}
                yield {**row, "base_url": base_url, **paused}
            elif kind is Kind.EMAIL_SERVERS:
                yield {**row, "enabled": False}
            else:
                yield row


def needs_key(provider: str, rules: Mapping[str, AccountRules]) -> bool:
    """Whether an account at this kind of provider is of no use without an API key; an unknown kind is not."""
    return provider in rules and rules[provider].has_key


def name_of(account: Row) -> str:
    """The name of an exported account."""
    return cast("str", account.get("name", DEFAULT))


def base_url_left_out(account: Row, rules: Mapping[str, AccountRules], here: Mapping[str, ProviderAccount]) -> str:
    """The base URL of an exported account, if an import leaves it to the operator: a key is sent there.

    Args:
        account: of an export.
        rules: every kind of provider, and what an account at it needs.
        here: the accounts that the organization has, by name.

    Returns:
        "" where the URL is the provider's own, or that of the account that is here.
    """
    kind, base_url = account["provider"], cast("str", account["base_url"])
    own = rules[kind].base_url if kind in rules else ""
    same = here.get(name_of(account))
    is_known = base_url == own or (same is not None and (same.kind, same.base_url) == (kind, base_url))
    return "" if is_known or not own else base_url


def _groups(rows: Iterator[_T]) -> Iterator[list[_T]]:
    """Groups of `GROUP` rows, the last one with what remains."""
    while group := list(islice(rows, GROUP)):
        yield group
