"""What is SendGrid's own in its answers, and the bodies of its bulk requests.

Sources: SendGrid's machine-readable description (twilio/sendgrid-oai, spec/yaml/tsg_suppressions_v3.yaml), the pages
"Errors" and "Rate limits" of its API reference, and sendgrid/sendgrid-php#281 (`emails` and `delete_all` exclude each
other).
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from reprieve.address import comparison_key
from reprieve.clock import Seconds, to_millis
from reprieve.providers.answers import decoded
from reprieve.providers.rows import has_address
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence


def selection(emails: Sequence[str]) -> bytes:
    """Write the body of a bulk removal: the only place where one is made.

    Args:
        emails: at least one address.

    Returns:
        A JSON object with the one key `emails`. The other key that SendGrid knows would empty the list; the mere
        presence of both is refused there (sendgrid/sendgrid-php#281).

    Raises:
        ValueError: nothing was selected.
    """
    if not emails:
        raise ValueError("an empty selection has no body")
    return json.dumps({"emails": list(emails)}).encode()


def recipients(emails: Sequence[str]) -> bytes:
    """The body that puts addresses on the global unsubscribes, or on those of a group."""
    return json.dumps({"recipient_emails": list(emails)}).encode()


def parse_row(suppression_list: SuppressionList, row: object, *, otherwise: Seconds) -> Suppression | None:
    """Read one record of a list; the description promises no field of a bounce.

    Args:
        suppression_list: the list it came from.
        row: the decoded JSON.
        otherwise: the second to assume when the record has no readable time of creation.

    Returns:
        The entry, its texts verbatim; None when there is no address in it, or a longer one than an event may have.
    """
    if not has_address(row, "email"):
        return None
    created = _second(row.get("created"))
    entry = Suppression(
        list=suppression_list,
        key=comparison_key(row["email"]),
        email=row["email"],
        created=to_millis(otherwise if created is None else created),
        reason=_text(row.get("reason")),
        status=_text(row.get("status")),
        provider="sendgrid",
        ip=_text(row.get("ip")),
    )
    return judged(entry)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _second(value: object) -> Seconds | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    with suppress(ValueError, OverflowError):
        return Seconds(int(value))
    return None


def is_envelope(body: bytes) -> bool:
    """Whether a body is SendGrid's error envelope (`ErrorResponse` of the description)."""
    envelope = decoded(body)
    return isinstance(envelope, dict) and isinstance(envelope.get("errors"), list)
