"""Recipients from CSV: read as a whole, refused row by row, stored so that doing it again changes nothing."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from reprieve.errors import NotFound
from reprieve.recipient import USERS, Recipient
from reprieve.runtime import wiring
from reprieve_cli import recipient_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.organization import Organization
    from reprieve.store.recipients import Recipients
    from reprieve_cli.recipient_csv import Refusal

#: a row is a read and a write, so most of the time is spent waiting
WORKERS: Final = 8
#: rows between two looks at whether to go on, and at the progress
GROUP: Final = 100


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file's rows.

    Attributes:
        created: recipients that were not there before.
        updated: recipients that were there and differed.
        unchanged: recipients that were there, just so.
        refused: rows that were left out, by line.
    """

    created: int
    updated: int
    unchanged: int
    refused: Sequence[Refusal]


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
    rows, refused = recipient_csv.read(text, organization_id=organization.id, module=module, now=wiring.now())
    outcomes: Counter[str] = Counter()
    keep = partial(_keep, wiring.recipients(), organization)
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in range(0, len(rows), GROUP):
            outcomes.update(pool.map(keep, rows[start : start + GROUP]))
            if progress:
                progress(min(start + GROUP, len(rows)), len(rows))
    return ImportReport(outcomes["created"], outcomes["updated"], outcomes["unchanged"], refused)


def _keep(store: Recipients, organization: Organization, recipient: Recipient) -> str:
    stored = store.get(organization, recipient.module, recipient.id)
    if stored is None:
        store.put(organization, recipient)
        return "created"
    if replace(recipient, created=stored.created, updated=stored.updated) == stored:
        return "unchanged"
    store.put(organization, replace(recipient, created=stored.created))
    return "updated"
