"""One post to a URL that a user chose: from a host that the policy allows, within limits."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.errors import InvalidInput
from reprieve.net import exchange
from reprieve.net.connection import guarded
from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError
from reprieve.net.guard import may_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.net.guard import HostPolicy

#: for the whole exchange: enough for a function that starts cold, and less than the caller of this one waits
SECONDS: Final = 8.0
#: the same for a hook: the least that Standard Webhooks recommends
HOOK_SECONDS: Final = 15.0
#: the largest answer that is read, with its headers, in bytes; nothing of it but its status is used
MAX_ANSWER: Final = 65_536


@dataclass(frozen=True, slots=True)
class Poster:
    """`access.ports.WebhookPoster` over HTTP.

    Attributes:
        policy: which hosts and ports may be connected to. Plain http is for addresses in its private networks.
    """

    policy: HostPolicy

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """See the port. A redirect is not followed."""
        if not may_call(url, self.policy):
            raise InvalidInput("must be a plain https URL", field="url")
        try:
            answer = _posted(url, headers, body, policy=self.policy, limit=SECONDS)
        except NetError as error:
            raise InvalidInput(str(error), field="url") from None
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise InvalidInput(f"the server answered {answer.status}", field="url")


@dataclass(frozen=True, slots=True)
class Posted:
    """`hooks.ports.Answer`."""

    status: int
    retry_after: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class HookPoster:
    """`hooks.ports.HookPoster` over HTTP.

    Attributes:
        policy: as of `Poster`.
        limit: of one post, in seconds.
    """

    policy: HostPolicy
    limit: float = HOOK_SECONDS

    def may_post(self, url: str) -> bool:
        """See the port."""
        return may_call(url, self.policy)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """See the port."""
        if not self.may_post(url):
            return Posted(0, problem="not a plain https URL")
        try:
            answer = _posted(url, headers, body, policy=self.policy, limit=self.limit)
        except NetError as error:
            return Posted(0, problem=str(error))
        return Posted(answer.status, answer.headers.get("Retry-After", ""))


def _posted(url: str, headers: Mapping[str, str], body: bytes, *, policy: HostPolicy, limit: float) -> exchange.Answer:
    """The whole answer to one post.

    Raises:
        NetError: there is none within the limits.
    """
    sent = {"Connection": "close", **headers}
    with closing(exchange.Client(sent, connect=guarded(policy))) as client:
        return client.exchange("POST", url, deadline=Deadline(limit), cap=MAX_ANSWER, body=body)
