"""One post or GET to a URL that a user chose: at a host that the policy allows, within limits."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.errors import InvalidInput
from reprieve.net.connection import guarded
from reprieve.net.deadline import Deadline
from reprieve.net.errors import NetError
from reprieve.net.guard import may_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.net.exchange import Answer
    from reprieve.net.guard import HostPolicy

#: for the whole exchange: enough for a function that starts cold, and less than the caller of this one waits
SECONDS: Final = 8.0
#: the same for a hook: the least that Standard Webhooks recommends
HOOK_SECONDS: Final = 15.0
#: the largest answer that is read, with its headers, in bytes
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
            answer = _exchanged("POST", url, headers, body, policy=self.policy, limit=SECONDS)
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
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class HookPoster:
    """`hooks.ports.HookPoster` over HTTP.

    Attributes:
        policy: as of `Poster`.
        limit: the longest that one exchange may take, in seconds.
    """

    policy: HostPolicy
    limit: float = HOOK_SECONDS

    def may_post(self, url: str) -> bool:
        """See the port."""
        return may_call(url, self.policy)

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, seconds: float | None = None) -> Posted:
        """See the port."""
        return self._asked("POST", url, headers, body, self.limit if seconds is None else seconds)

    def get(self, url: str, headers: Mapping[str, str], *, seconds: float) -> Posted:
        """See the port."""
        return self._asked("GET", url, headers, None, seconds)

    def _asked(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> Posted:
        if not self.may_post(url):
            return Posted(0, problem="not a plain https URL")
        limit = min(seconds, self.limit)
        try:
            answer = _exchanged(method, url, headers, body, policy=self.policy, limit=limit)
        except NetError as error:
            return Posted(0, problem=str(error))
        return Posted(answer.status, answer.headers.get("Retry-After", ""), body=answer.body)


def _exchanged(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, policy: HostPolicy, limit: float
) -> Answer:
    """The whole answer to one request.

    Raises:
        NetError: there is none within the limits.
    """
    from reprieve.net import exchange  # noqa: PLC0415  (`requests` would cost every cold request that posts nothing)

    sent = {"Connection": "close", **headers}
    with closing(exchange.Client(sent, connect=guarded(policy))) as client:
        return client.exchange(method, url, deadline=Deadline(limit), cap=MAX_ANSWER, body=body)
