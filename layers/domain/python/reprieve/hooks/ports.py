"""Ports of hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprieve.hooks.event_bus import Event
    from reprieve.hooks.hook import Delivery, Hook, Progress
    from reprieve.organization import Organization


class HookStore(Protocol):
    """The hooks, and the log of their deliveries."""

    def hooks(self, organization: Organization) -> list[Hook]:
        """An organization's hooks by place, read consistently."""
        ...

    def enabled(self) -> Iterator[Hook]:
        """The enabled hooks of every organization."""
        ...

    def add(self, hook: Hook) -> bool:
        """Store a new hook; False, and nothing written, when another has its place."""
        ...

    def change(self, before: Hook, after: Hook) -> bool:
        """Store the settings of a hook, one version further; False, and nothing written, when it changed meanwhile.

        The progress is left as it is, except that a hook that is enabled is no longer left alone.
        """
        ...

    def start_replay(self, before: Hook, after: Hook) -> bool:
        """Store the replay of a hook, one turn further; False, and nothing written, when it heard of more meanwhile."""
        ...

    def remove(self, hook: Hook) -> bool:
        """Delete a hook with its secrets; False when it is not there."""
        ...

    def keep(self, hook: Hook, progress: Progress, deliveries: Sequence[Delivery]) -> Hook | None:
        """Store how far a hook has heard, one turn further, and log the deliveries.

        Returns:
            The hook as it is now; None, with nothing stored but the deliveries, when another run was faster or the hook
            is gone.
        """
        ...

    def disable(self, hook: Hook, reason: str) -> bool:
        """Disable a hook that does not answer as it must; False when another run was faster or the hook is gone."""
        ...

    def deliveries(
        self, organization: Organization, identifier: str, *, after: str | None, limit: int
    ) -> tuple[list[Delivery], str | None]:
        """Up to `limit` posts of a hook, newest first, and the position to continue after; None for no more."""
        ...


class Answer(Protocol):
    """The answer to a post."""

    @property
    def status(self) -> int:
        """The status; 0 where there was no answer."""
        ...

    @property
    def retry_after(self) -> str:
        """The header of that name; "" for none."""
        ...

    @property
    def problem(self) -> str:
        """Why there was no answer, as a sentence of ours; "" where there was one."""
        ...

    @property
    def body(self) -> bytes:
        """What was answered, whole."""
        ...


class HookPoster(Protocol):
    """Posts to URLs that users chose."""

    def may_post(self, url: str) -> bool:
        """Whether a URL has a form that is posted to; its host is judged with each post."""
        ...

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, seconds: float | None = None) -> Answer:
        """Post a body, within limits of time and size. A redirect is an answer like any other, and not followed.

        Args:
            url: to where.
            headers: with the body.
            body: as it is sent.
            seconds: for the whole exchange; None for the poster's own limit, which is never exceeded.
        """
        ...

    def get(self, url: str, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """Get a URL, within the same limits."""
        ...


class EventBus(Protocol):
    """The event bus that the deployment names, and no other."""

    @property
    def arn(self) -> str:
        """Its ARN; "" where the deployment has none."""
        ...

    def put(self, event: Event) -> Answer:
        """Put an event onto the bus by one request. Without an answer, it may be there all the same."""
        ...
