"""What is Amazon SES's own in its answers: errors, and the rows of its list.

An error's text is never used, because it can hold the address.

Sources: see `adapter`.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - boto3's own, for a connection that was not made
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)

from reprieve.address import comparison_key
from reprieve.clock import SECOND, Millis
from reprieve.providers.rows import has_address
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import Permanence, Suppression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.suppressions.suppression import SuppressionList


class Problem(Enum):
    """The meaning of an error of SES."""

    NOT_FOUND = auto()
    REFUSED = auto()
    THROTTLED = auto()
    FAULT = auto()
    BROKEN = auto()
    UNSENT = auto()


#: the error codes of SES and of the signature check in front of it; the statuses are for names that are not here
_BY_CODE: Final[Mapping[str, Problem]] = {
    "NotFoundException": Problem.NOT_FOUND,
    "BadRequestException": Problem.REFUSED,
    "TooManyRequestsException": Problem.THROTTLED,
    "Throttling": Problem.THROTTLED,
    "ThrottlingException": Problem.THROTTLED,
    "RequestLimitExceeded": Problem.THROTTLED,
    "AccessDenied": Problem.BROKEN,
    "AccessDeniedException": Problem.BROKEN,
    "AccountSuspendedException": Problem.BROKEN,
    "ExpiredToken": Problem.BROKEN,
    "ExpiredTokenException": Problem.BROKEN,
    "IncompleteSignature": Problem.BROKEN,
    "InvalidClientTokenId": Problem.BROKEN,
    "InvalidSignatureException": Problem.BROKEN,
    "MissingAuthenticationToken": Problem.BROKEN,
    "OptInRequired": Problem.BROKEN,
    "SignatureDoesNotMatch": Problem.BROKEN,
    "UnrecognizedClientException": Problem.BROKEN,
}
#: a 404 under another name than NotFoundException is not about an address: something else than SES answers
_BY_STATUS: Final[Mapping[int, Problem]] = {
    401: Problem.BROKEN,
    403: Problem.BROKEN,
    404: Problem.BROKEN,
    429: Problem.THROTTLED,
}
#: errors of boto3's own, each with its subclasses. With any other the call was not sent: this version of boto3 does not
#: know a parameter, the service or the region. That says nothing about the address.
_BY_KIND: Final[Mapping[type[BotoCoreError], Problem]] = {
    ConnectionError: Problem.FAULT,
    HTTPClientError: Problem.FAULT,
    IncompleteReadError: Problem.FAULT,
    NoCredentialsError: Problem.BROKEN,
    PartialCredentialsError: Problem.BROKEN,
    CredentialRetrievalError: Problem.BROKEN,
}
#: what a problem means for the address that was asked about
ANSWER: Final[Mapping[Problem, LiftAnswer]] = {
    Problem.NOT_FOUND: LiftAnswer(LiftOutcome.ABSENT, "the address is not on the list, in no spelling that is known"),
    Problem.REFUSED: LiftAnswer(LiftOutcome.REFUSED, "SES refused the address"),
    Problem.THROTTLED: LiftAnswer(LiftOutcome.WAIT, "SES asked to slow down"),
    Problem.FAULT: LiftAnswer(LiftOutcome.RETRY, "SES did not answer properly"),
    Problem.BROKEN: LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "SES did not accept the credentials or their permissions"),
    Problem.UNSENT: LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "the deployed boto3 could not send the request to SES"),
}


def problem_of(error: ClientError | BotoCoreError) -> Problem:
    """The meaning of an error."""
    if isinstance(error, BotoCoreError):
        return next((problem for kind, problem in _BY_KIND.items() if isinstance(error, kind)), Problem.UNSENT)
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _BY_CODE.get(code) or _BY_STATUS.get(status, Problem.FAULT)


def parse_row(suppression_list: SuppressionList, row: object, *, otherwise: Millis) -> Suppression | None:
    """Read one summary of the list.

    Args:
        suppression_list: the list it belongs to.
        row: as boto3 returns it.
        otherwise: the time to assume when there is none, in milliseconds.

    Returns:
        The entry; None when there is no address in it, or a longer one than an event may have.
    """
    if not has_address(row, "EmailAddress"):
        return None
    updated = row.get("LastUpdateTime")
    entry = Suppression(
        list=suppression_list,
        key=comparison_key(row["EmailAddress"]),
        email=row["EmailAddress"],
        created=Millis(round(updated.timestamp() * SECOND)) if isinstance(updated, datetime) else otherwise,
        provider="ses",
    )
    # the list has no text: SES puts an address on it for a hard bounce only
    return judged(entry, opinion=Permanence.HARD)
