"""The kinds of rows that an organization consists of, in the order in which an import adds them.

A row is a mapping of names to JSON values; `dialects.export_lines` has the contract of each kind. Rows of a kind have a
total order, by their keys, which depends neither on the organization's id nor on its shards. So two exports of the same
data are equal, and a comparison of two streams of rows needs no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

Row = Mapping[str, Any]


class Kind(StrEnum):
    """A kind of rows; the value is the name of its file. What makes the organization usable comes last."""

    ANSWERS = "answers"
    """Answers that are kept for idempotency keys."""
    REQUESTS = "requests"
    """Notes of the removals that requests asked for."""
    WHITELIST = "whitelist"
    """The address whitelist: at most one row."""
    GROUPS = "groups"
    """The unsubscribe groups, without their lists: at most one row."""
    SUPPRESSIONS = "suppressions"
    """Records of addresses on lists: suppression, watermark, latest removal, count of unblocks."""
    RECIPIENTS = "recipients"
    """Users and CRM records."""
    EMAIL_SERVERS = "email_servers"
    """SMTP servers, without their secrets."""
    SYSTEM_LOG = "system_log"
    """Entries of the system log."""
    PROVIDER_ACCOUNT = "provider_account"
    """The accounts at providers, without their API keys."""
    CREDENTIALS = "credentials"
    """Digests of tokens, with scopes and expiry."""
    ORGANIZATION = "organization"
    """The settings: exactly one row."""


#: the attributes that a row is known by, within its organization and kind; none where there is at most one row. The
#: default account has no name
KEYS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.ANSWERS: ("digest",),
    Kind.REQUESTS: ("part",),
    Kind.WHITELIST: (),
    Kind.GROUPS: (),
    Kind.SUPPRESSIONS: ("list", "address"),
    Kind.RECIPIENTS: ("module", "id"),
    Kind.EMAIL_SERVERS: ("id",),
    Kind.SYSTEM_LOG: ("published", "uuid"),
    Kind.PROVIDER_ACCOUNT: ("name",),
    Kind.CREDENTIALS: ("digest",),
    Kind.ORGANIZATION: (),
}
#: what an import sets by itself where a secret is missing
DEPENDS_ON_SECRET: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.PROVIDER_ACCOUNT: frozenset({"paused_until", "paused_reason"}),
    Kind.EMAIL_SERVERS: frozenset({"enabled"}),
}


def key_of(kind: Kind, row: Row) -> tuple[Any, ...]:
    """The key of a row, by which rows of its kind are ordered."""
    return tuple(row.get(name, "") for name in KEYS[kind])


def is_same(kind: Kind, one: Row, other: Row) -> bool:
    """Whether two rows of one key say the same, but for what an import sets where a secret is missing."""
    apart = DEPENDS_ON_SECRET.get(kind, frozenset())
    return {name: one[name] for name in one if name not in apart} == {
        name: other[name] for name in other if name not in apart
    }


def side_by_side(kind: Kind, wanted: Iterator[Row], held: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Two ordered streams of rows as pairs of one key; None where one of them has no such row."""
    one, other = next(wanted, None), next(held, None)
    while one is not None or other is not None:
        if other is None or (one is not None and key_of(kind, one) < key_of(kind, other)):
            yield one, None
            one = next(wanted, None)
        elif one is None or key_of(kind, other) < key_of(kind, one):
            yield None, other
            other = next(held, None)
        else:
            yield one, other
            one, other = next(wanted, None), next(held, None)
