"""The pages of hooks, without their secrets."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.dialects.console import page
from reprieve.dialects.console.site import MANAGE_HOOKS
from reprieve.hooks.hook import Changes, Form, Result
from reprieve.hooks.notice import NoticeType
from reprieve.paging import Cursors
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.dialects.exchange import Request, Response
    from reprieve.hooks.hook import Delivery, Hook
    from reprieve.hooks.ports import Answer

#: deliveries on a page
PAGE: Final = 50
#: the characters of a delivery's position: a time and the id of a notice
MAX_POSITION: Final = 60
ENABLED: Final = Changes(enabled=True)
DISABLED: Final = Changes(enabled=False)

#: what a notice reports, in words
TYPES: Final[Mapping[NoticeType, str]] = {
    NoticeType.SUPPRESSED: "addresses were put on a list",
    NoticeType.LIFTED: "addresses were lifted",
    NoticeType.HELD: "an address or a domain was put on hold",
    NoticeType.HOLD_ENDED: "a hold was lifted",
    NoticeType.EXPIRING: "a hold by the policy ends within a day",
    NoticeType.MATCHED: "a rule of the policy says that you are to hear of a failure",
    NoticeType.STOPPED: "the policy was disabled by itself",
    NoticeType.SUPERSEDED: "a newer bounce overtook a lift",
    NoticeType.FAILED: "a lift failed",
    NoticeType.ADDITION_FAILED: "an address could not be put on the provider's list",
    NoticeType.RATE_WARNING: "bounces or complaints came near the limit of the provider",
    NoticeType.TEST: "a test",
}
#: how a hook hears of a change, in words
FORMS: Final[Mapping[Form, str]] = {
    Form.STANDARD: "notices, signed by Standard Webhooks",
    Form.OKTA: "entries of the system log, as an event hook of Okta's",
    Form.BUS: "notices, put onto the event bus of this deployment",
}
#: what became of one post, in words
RESULTS: Final[Mapping[Result, str]] = {
    Result.DELIVERED: "Taken",
    Result.WAITING: "Not taken, posted again later",
    Result.GIVEN_UP: "Given up",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about what was done, and whether it went well."""

    says: str
    good: bool


def tested(answer: Answer) -> Notice:
    """What a hook answered to a test."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Notice(f"The test was taken, with status {answer.status}.", good=True)
    problem = answer.problem or f"the server answered {answer.status}"
    return Notice(f"The test was not taken: {problem}.", good=False)


def parse_page(request: Request) -> str | None:
    """The position after which a page of deliveries begins; None for the newest.

    Raises:
        InvalidCursor: it is not the cursor of a page of this hook's.
    """
    after = request.parameter("after")
    return _cursors(request).read(after, _position) if after else None


def render(found: Sequence[Hook], request: Request) -> Response:
    """The page of all hooks."""
    return page.render("hooks", request, hooks=found, types=TYPES, form_words=FORMS)


def render_one(
    hook: Hook, found: Sequence[Delivery], position: str | None, request: Request, notice: Notice | None
) -> Response:
    """The page of one hook: its state, and what was posted to it, newest first."""
    return page.render(
        "hook",
        request,
        hook=hook,
        types=TYPES,
        form_words=FORMS,
        results=RESULTS,
        deliveries=found,
        after=_cursors(request).write(position) if position else "",
        notice=notice,
        manages=page.may(request, MANAGE_HOOKS, Permission.CHANGE),
    )


def render_done(request: Request) -> Response:
    """An answer that leads to the hook as it is now."""
    return page.redirect(f"/hooks/{request.path['id']}")


def _cursors(request: Request) -> Cursors:
    return Cursors(request.organization.id, f"deliveries of {request.path['id']}", "after")


def _position(content: Any) -> str:  # noqa: ANN401  (JSON)
    if not isinstance(content, str) or len(content) > MAX_POSITION:
        raise ValueError("not a position")
    return content
