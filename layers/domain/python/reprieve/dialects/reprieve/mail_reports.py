"""Mails that report on other mails, as a caller posts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import DEFAULT
from reprieve.errors import InvalidInput

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request

CREATE: Final = ("reprieve.mail_reports.create",)
#: a whole mail (RFC 2046); the gateway passes on its bytes as they came
MAIL: Final = "message/rfc822"


def parse_mail(request: Request) -> bytes:
    """The mail in a request.

    Raises:
        InvalidInput: there is none, or it is sent as something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MAIL:
        raise InvalidInput(f"must be {MAIL}", field="Content-Type")
    if not request.body.strip():
        raise InvalidInput("missing or empty", field="body")
    return request.body


def parse_account(request: Request) -> str:
    """The name of the account that sent the mail which is reported on; the default one's where none is named."""
    return request.parameter("account") or DEFAULT
