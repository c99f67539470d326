"""Hooks: where an organization's own systems hear of changes, whether they do, and a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import settings as handler
from reprieve.dialects.console import hooks, site
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/hooks", scopes=site.READ_HOOKS)
def every(request: Request) -> Response:
    """All hooks."""
    return hooks.render(wiring.hooks().all(request.organization), request)


@handler.route("GET", "/hooks/{id}", scopes=site.READ_HOOKS)
def deliveries(request: Request) -> Response:
    """A hook, and a page of what was posted to it."""
    return _one(request)


@handler.route("POST", "/hooks/{id}/test", scopes=site.MANAGE_HOOKS)
def test(request: Request) -> Response:
    """Post a notice that reports no change, and say what was answered."""
    return _one(request, hooks.tested(wiring.hooks().test(request.context, request.path["id"])))


@handler.route("POST", "/hooks/{id}/enable", scopes=site.MANAGE_HOOKS)
def enable(request: Request) -> Response:
    """Have a hook hear of changes, from where it stopped."""
    wiring.hooks().change(request.context, request.path["id"], hooks.ENABLED)
    return hooks.render_done(request)


@handler.route("POST", "/hooks/{id}/disable", scopes=site.MANAGE_HOOKS)
def disable(request: Request) -> Response:
    """Have a hook hear of nothing."""
    wiring.hooks().change(request.context, request.path["id"], hooks.DISABLED)
    return hooks.render_done(request)


def _one(request: Request, notice: hooks.Notice | None = None) -> Response:
    verbs, identifier, after = wiring.hooks(), request.path["id"], hooks.parse_page(request)
    hook = verbs.find(request.organization, identifier)
    found, position = verbs.deliveries(request.organization, identifier, after=after, limit=hooks.PAGE)
    return hooks.render_one(hook, found, position, request, notice)
