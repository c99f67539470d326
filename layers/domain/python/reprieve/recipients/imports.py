"""Importing recipients: stored row by row so that importing the same rows again changes nothing."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.errors import Conflict
from reprieve.recipients.log_entries import recipient_changed
from reprieve.recipients.recipient import USERS
from reprieve.recipients.users import STATUS
from reprieve.refused_row import RefusedRow
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.recipients.ports import RecipientStore
    from reprieve.recipients.recipient import Recipient
    from reprieve.system_log.ports import EventLog

#: the key of the login in a user's profile
LOGIN: Final = "login"
#: a row is a read and a write, so most of the time is spent waiting
WORKERS: Final = 8
#: how many rows there are between two progress reports
GROUP: Final = 100
#: the event type for each change that a row makes
EVENTS: Final = {"created": EventType.USER_CREATE, "updated": EventType.USER_UPDATE}


@dataclass(frozen=True, slots=True)
class Row:
    """A usable row; `has_id` says whether it has its recipient's id or the id was derived."""

    line: int
    recipient: Recipient
    has_id: bool


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file: rows, refused rows, and the columns that are ignored, as the file spells them."""

    rows: Sequence[Row]
    refused: Sequence[RefusedRow]
    ignored: Sequence[str]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of an import.

    Attributes:
        created: recipients that did not exist before.
        updated: recipients that existed and differed.
        unchanged: recipients that existed with the same content.
        refused: rows that were left out, by line.
        ignored: unknown columns, as the file spells them.
    """

    created: int
    updated: int
    unchanged: int
    refused: Sequence[RefusedRow]
    ignored: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row that is stored: `created`, `updated` or `unchanged`."""

    word: str
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class RecipientImports:
    """Importing recipients, on behalf of a caller."""

    recipients: RecipientStore
    log: EventLog

    def run(
        self, context: Context, content: Content, *, progress: Callable[[int, int], None] = lambda _done, _total: None
    ) -> ImportReport:
        """Create and update recipients; a row is the complete state of its recipient.

        Args:
            context: who asks, for which organization.
            content: the rows of the file, all of one module.
            progress: called with the number of rows done and the number of all rows, every hundred and at the end.

        Raises:
            Unavailable: the store or the log did not answer; what is stored stays, and importing again is safe.
        """
        organization, rows = context.organization, content.rows
        outcomes: list[_Kept | RefusedRow] = []
        with ThreadPoolExecutor(WORKERS) as pool:
            for start in range(0, len(rows), GROUP):
                group = [pool.submit(self._keep, organization, row) for row in rows[start : start + GROUP]]
                wait(group)
                # what is stored is logged even when another row of the group failed: a later import finds it unchanged
                self._log(context, [one.result() for one in group if one.exception() is None])
                outcomes += [one.result() for one in group]
                progress(len(outcomes), len(rows))
        counts = Counter(outcome.word for outcome in outcomes if isinstance(outcome, _Kept))
        refused = [*content.refused, *(outcome for outcome in outcomes if isinstance(outcome, RefusedRow))]
        return ImportReport(
            created=counts["created"],
            updated=counts["updated"],
            unchanged=counts["unchanged"],
            refused=sorted(refused, key=lambda refusal: refusal.line),
            ignored=content.ignored,
        )

    def _log(self, context: Context, outcomes: Sequence[_Kept | RefusedRow]) -> None:
        entries = [
            recipient_changed(EVENTS[one.word], one.recipient, context=context)
            for one in outcomes
            if isinstance(one, _Kept) and one.word in EVENTS
        ]
        if entries:
            self.log.append(context.organization, entries)

    def _keep(self, organization: Organization, row: Row) -> _Kept | RefusedRow:
        """Store one row; a row without an id is for the user who has its login."""
        try:
            return self._store(organization, row.recipient)
        except Conflict as conflict:
            user = row.recipient.module == USERS and not row.has_id
            owner = self.recipients.named(organization, row.recipient.profile[LOGIN]) if user else None
            if owner is None:
                return RefusedRow(row.line, str(conflict))
            return self._store(organization, replace(row.recipient, id=owner))

    def _store(self, organization: Organization, recipient: Recipient) -> _Kept:
        before: Recipient | None = None

        def to(stored: Recipient) -> Recipient:
            nonlocal before
            before = stored
            # the file does not decide whether a user is deactivated
            status = {STATUS: stored.profile[STATUS]} if STATUS in stored.profile else {}
            wanted = replace(recipient, created=stored.created, profile={**recipient.profile, **status})
            return stored if replace(wanted, updated=stored.updated) == stored else wanted

        after = self.recipients.change(organization, recipient.module, recipient.id, to)
        if after is None:
            self.recipients.put(organization, recipient)
            return _Kept("created", recipient)
        return _Kept("unchanged" if after == before else "updated", after)
