"""Recipients from CSV: read as a whole, refused row by row, stored so that doing it again changes nothing."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from reprieve.errors import Conflict, NotFound
from reprieve.recipients.recipient import USERS
from reprieve.recipients.users import STATUS
from reprieve.runtime import wiring
from reprieve.system_log.entry import EventType
from reprieve_cli import journal, recipient_csv
from reprieve_cli.csv_file import Refusal
from reprieve_cli.recipient_csv import LOGIN, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from reprieve.organization import Organization
    from reprieve.recipients.recipient import Recipient
    from reprieve.store.recipients import Recipients

#: a row is a read and a write, so most of the time is spent waiting
WORKERS: Final = 8
#: rows between two looks at whether to go on, and at the progress
GROUP: Final = 100
#: what the system log calls what happened to a row
EVENTS: Final = {"created": EventType.USER_CREATE, "updated": EventType.USER_UPDATE}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file's rows.

    Attributes:
        created: recipients that were not there before.
        updated: recipients that were there and differed.
        unchanged: recipients that were there, just so.
        refused: rows that were left out, by line.
        ignored: columns that mean nothing here, as the file spells them.
    """

    created: int
    updated: int
    unchanged: int
    refused: Sequence[Refusal]
    ignored: Sequence[str]


def import_recipients(
    organization_id: str,
    text: str,
    *,
    module: str = USERS,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Create and update recipients from CSV; a row is the whole truth about its recipient.

    Args:
        organization_id: whose recipients.
        text: the content of the file; see `recipient_csv`.
        module: `users`, or a CRM module.
        progress: told how many rows of how many are done, every hundred and at the end.

    Raises:
        InvalidInput: the file as a whole cannot be used; nothing was changed.
        NotFound: there is no such organization.
        Unavailable: the store did not answer; what is stored stays, and importing again is safe.
    """
    organization = wiring.access().organization(organization_id)
    if organization is None:
        raise NotFound("organization", ascii(organization_id))
    content = recipient_csv.read(text, organization_id=organization.id, module=module, now=wiring.now())
    outcomes: list[Kept | Refusal] = []
    keep = partial(_keep, wiring.recipients(), organization)
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in range(0, len(content.rows), GROUP):
            group = list(pool.map(keep, content.rows[start : start + GROUP]))
            journal.tell_recipients(organization, list(_changes(group)))
            outcomes += group
            if progress:
                progress(len(outcomes), len(content.rows))
    counts = Counter(outcome.word for outcome in outcomes if isinstance(outcome, Kept))
    refused = [*content.refused, *(outcome for outcome in outcomes if isinstance(outcome, Refusal))]
    return ImportReport(
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        refused=sorted(refused, key=lambda refusal: refusal.line),
        ignored=content.ignored,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that is stored: `created`, `updated` or `unchanged`."""

    word: str
    recipient: Recipient


def _changes(outcomes: Iterable[Kept | Refusal]) -> Iterator[tuple[EventType, Recipient]]:
    for outcome in outcomes:
        if isinstance(outcome, Kept) and outcome.word in EVENTS:
            yield EVENTS[outcome.word], outcome.recipient


def _keep(store: Recipients, organization: Organization, row: Row) -> Kept | Refusal:
    """Store one row, under the id of whoever has its login when it was given none."""
    try:
        return _store(store, organization, row.recipient)
    except Conflict as conflict:
        user = row.recipient.module == USERS and not row.has_id
        owner = store.named(organization, row.recipient.profile[LOGIN]) if user else None
        if owner is None:
            return Refusal(row.line, str(conflict))
        return _store(store, organization, replace(row.recipient, id=owner))


def _store(store: Recipients, organization: Organization, recipient: Recipient) -> Kept:
    stored = store.get(organization, recipient.module, recipient.id)
    if stored is None:
        store.put(organization, recipient)
        return Kept("created", recipient)
    # whether a user is deactivated is not the file's business
    status = {STATUS: stored.profile[STATUS]} if STATUS in stored.profile else {}
    wanted = replace(recipient, created=stored.created, profile={**recipient.profile, **status})
    if replace(wanted, updated=stored.updated) == stored:
        return Kept("unchanged", stored)
    store.put(organization, wanted)
    return Kept("updated", wanted)
