"""Proofs that an address receives mail: their bodies and answers, and the pages behind confirmation links."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.address import Address
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import strict
from reprieve.dialects.reprieve.links import parse_addresses
from reprieve.dialects.reprieve.page import page
from reprieve.errors import InvalidInput
from reprieve.removals.block import UnblockOutcome
from reprieve.removals.proof import BY_APPLICATION, Proof

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.removals.unblock import Unblock

CREATE: Final = ("reprieve.proofs.create",)
TITLE: Final = "Confirm an address"
#: what a person reads after the click; an address that was free is just as well after it
_SAID: Final = {
    UnblockOutcome.UNBLOCKED: "Thank you: mail to {email} will be sent again within some minutes.",
    UnblockOutcome.FREE: "Thank you: mail to {email} is not blocked.",
    UnblockOutcome.EXHAUSTED: "Mail to {email} has failed again too often. Please ask {organization} for help.",
}


def parse_proof(request: Request) -> tuple[Address, Proof]:
    """The address in the path, and what proves it, from the body.

    Raises:
        InvalidInput: it is not an address, there is another member, or `proof` is none of the words.
    """
    word = strict.members(request, ("proof",)).get("proof")
    if word not in BY_APPLICATION:
        raise InvalidInput(f"must be one of {', '.join(BY_APPLICATION)}", field="proof")
    return Address.parse(request.address("email"), field="email"), Proof(word)


def render_proof(address: Address, proof: Proof, unblock: Unblock, request: Request) -> Response:
    """What became of it, and the request by whose id its removals are followed."""
    return Response(
        HTTPStatus.OK,
        {
            "email": address.spelling,
            "proof": proof.value,
            "outcome": unblock.outcome.value,
            "was_blocked": unblock.kind.value,
            "unblocks_left": unblock.remaining,
            "request_id": request.id if unblock.outcome is UnblockOutcome.UNBLOCKED else None,
        },
    )


def parse_wanted(request: Request) -> list[Address]:
    """The addresses that want a link each.

    Raises:
        InvalidInput: a member is unknown, missing or not what it must be; it is named.
    """
    return parse_addresses(strict.members(request, ("emails",)).get("emails"))


def render_question(email: str, organization: Organization) -> Response:
    """The page that asks; opening it changes nothing, because programs open links, too."""
    form = '<form method="post"><button>Yes, this is my address</button></form>'
    return page(TITLE, f"Does {email} receive mail, and shall {organization.name} write to it again?", form)


def render_done(email: str, organization: Organization, unblock: Unblock) -> Response:
    """The page after the click."""
    return page(TITLE, _SAID[unblock.outcome].format(email=email, organization=organization.name), "")
