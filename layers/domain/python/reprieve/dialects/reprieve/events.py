"""The answer to a provider's webhook."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.dialects.exchange import Response

if TYPE_CHECKING:
    from reprieve.suppressions.ingest import Report

CREATE: Final = ("reprieve.events.create",)


def render_report(report: Report) -> Response:
    """200 with the counts; SendGrid looks only at the status."""
    return Response(
        HTTPStatus.OK,
        {"events": report.events, "listed": report.listed, "malformed": report.malformed, "ignored": report.ignored},
    )
