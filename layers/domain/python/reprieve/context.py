"""The context of a request: who asks, in which request, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.role import Role

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization


@dataclass(frozen=True, slots=True)
class Actor:
    """The originator of a change: the holder of a credential, a person, the operator, or the system itself.

    Attributes:
        id: the credential's id, the person's, or a fixed word.
        type: Okta's word for the kind of actor.
        name: the display name.
        alternate: another name of it; by default the display name.
        is_person: whether it is a person who signed in at an identity provider, whose id is the one that they have
            there.
    """

    id: str
    type: str
    name: str
    alternate: str = ""
    is_person: bool = False

    @property
    def asks(self) -> bool:
        """Whether it came through an API or the console."""
        return self.type == "User"

    @property
    def holds_credential(self) -> bool:
        """Whether its id is that of a credential or a client."""
        return self.asks and not self.is_person


SYSTEM: Final = Actor(id="unknown", type="SystemPrincipal", name="Okta System", alternate="system@okta.com")
#: the operator's command; `alternate` is the ARN of the person, because CloudTrail records nothing done in tables
OPERATOR: Final = Actor(id="operator", type="SystemPrincipal", name="reprieve command")
#: the upkeep, which takes entries that are not shown any more off their lists
UPKEEP: Final = Actor(id="upkeep", type="SystemPrincipal", name="upkeep")
#: the policy of an organization, which lifts by itself what its rules say
POLICY: Final = Actor(id="policy", type="SystemPrincipal", name="policy")
#: the daily comparison with the providers' lists
RECONCILIATION: Final = Actor(id="reconciliation", type="SystemPrincipal", name="reconciliation")


#: a recipient who follows an unsubscribe link, whose token proves nothing but the address
RECIPIENT: Final = Actor(id="recipient", type="SystemPrincipal", name="recipient")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as far as it is known.

    Attributes:
        address: the IP address of the caller, or of the last proxy that is not ours.
        user_agent: what the caller's program calls itself, which it may make up.
        route: the stage and the path template of the API's route, such as `/v3/suppression/bounces/{email}`.
    """

    address: str = ""
    user_agent: str = ""
    route: str = ""


#: not known
NOWHERE: Final = Origin()


@dataclass(frozen=True, slots=True)
class Context:
    """The context of a request; every verb that changes something takes one.

    Attributes:
        organization: the one that the request is about. It comes from the verified credential, never from the request.
        actor: who asks.
        request_id: unique; found in every log entry and log line about the request.
        now: when the request arrived.
        scopes: what the caller was granted, in the dialects' own spellings.
        expires_at: when the caller's credential ends, in milliseconds; None if it lasts until it is revoked, or there
            is none.
        by_access_token: whether that credential is an access token.
        role: how far the caller may go; the operator and the system are not limited.
        origin: where it came from.
    """

    organization: Organization
    actor: Actor
    request_id: str
    now: Millis
    scopes: frozenset[str] = frozenset()
    expires_at: Millis | None = None
    by_access_token: bool = False
    role: Role = Role.ADMIN
    origin: Origin = NOWHERE

    def may(self, *alternatives: str) -> bool:
        """Whether any one of the scopes was granted, by exact match."""
        return not self.scopes.isdisjoint(alternatives)
