"""Okta's bounce removal: `POST /api/v1/org/email/bounces/remove-list`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve import answer_size
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import InvalidInput, LimitExceeded, UnreadableBody
from reprieve.removals.request import AddressOutcome, Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

#: scopes, in the order in which a refusal names them
MANAGE_ORGANIZATION: Final = ("okta.orgs.manage",)


MAX_ADDRESSES: Final = 1_000
#: the most bytes of all addresses in the answer, which may have to show each of them again with a reason
MAX_SHOWN: Final = 5_500_000


#: the two reasons of the bounce removal, word for word
SENTENCE: Final = {
    Decision.MALFORMED: "Invalid email address. The provided email address failed validation against RFC 3696.",
    Decision.NOT_ALLOWED: "This email address does not belong to any user in your organization.",
}


def parse_remove_list(request: Request) -> list[str]:
    """The submitted addresses, 1 to 1,000, spelled as they were sent.

    Raises:
        UnreadableBody: no body, not JSON, not an object, or an element of the list is not a string.
        InvalidInput: the list is missing or empty.
        LimitExceeded: more than 1,000, or more text than the answer could show again.
    """
    addresses = request.json_object().get("emailAddresses")
    if not isinstance(addresses, list | None) or not all(isinstance(address, str) for address in addresses or ()):
        raise UnreadableBody("the body is not of the documented shape")
    if not addresses:
        raise InvalidInput("The field cannot be left blank", field="emailAddresses")
    if len(addresses) > MAX_ADDRESSES:
        raise LimitExceeded("The field cannot have more than 1,000 elements", field="emailAddresses")
    is_long = len(request.body) * answer_size.LARGEST > MAX_SHOWN
    if is_long and sum(map(answer_size.of_text, addresses)) > MAX_SHOWN:
        raise LimitExceeded("The field is too long for its answer", field="emailAddresses")
    return addresses


def render_remove_list(outcomes: Sequence[AddressOutcome]) -> Response:
    """200, with a reason for each address that was not accepted; an accepted one is not mentioned."""
    refused = [
        {"emailAddress": outcome.submitted, "reason": SENTENCE[outcome.decision]}
        for outcome in outcomes
        if outcome.decision is not Decision.ACCEPTED
    ]
    return Response(HTTPStatus.OK, {"errors": refused})
