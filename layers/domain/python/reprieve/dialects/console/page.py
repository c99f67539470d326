"""Rendering: templates, and the two files that a page loads. Whatever a template is given is escaped."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reprieve.clock import SECOND, timestamp
from reprieve.dialects.console import session
from reprieve.dialects.console.site import (
    BASE,
    HTML,
    LIFT,
    READ_ADDRESSES,
    READ_CREDENTIALS,
    READ_GROUPS,
    READ_HOLDS,
    READ_HOOKS,
    READ_LISTS,
    READ_LOG,
    READ_POLICY,
    READ_REMOVALS,
    READ_SERVERS,
    RETRY,
)
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import NotFound
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis

HERE: Final = Path(__file__).parent
#: what leads from page to page: name, path, scopes and what it asks of the role
PAGES: Final = (
    ("Address", "/", READ_ADDRESSES, Permission.LOOK_UP),
    ("Lifts", "/removals", READ_REMOVALS, Permission.READ),
    ("Lift many", "/lifts/many", LIFT, Permission.LIFT),
    ("Lists", "/lists", READ_LISTS, Permission.READ),
    ("Groups", "/groups", READ_GROUPS, Permission.READ),
    ("Holds", "/holds", READ_HOLDS, Permission.READ),
    ("Deliverability", "/deliverability", READ_LISTS, Permission.READ),
    ("Log", "/log", READ_LOG, Permission.READ),
    ("Policy", "/policy", READ_POLICY, Permission.READ),
    ("Hooks", "/hooks", READ_HOOKS, Permission.READ),
    ("Email servers", "/email-servers", READ_SERVERS, Permission.READ),
    ("People", "/people", READ_CREDENTIALS, Permission.READ),
    ("Status", "/status", READ_REMOVALS, Permission.READ),
)
#: by the end of a file's name
CONTENT_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page, and what a form of theirs has to carry.

    Attributes:
        organization: the organization's name.
        name: the credential's name, or its id where it has none.
        role: in the words of the page.
        proof: what a form sends back; "" where the request came with a token.
        retries: whether they may retry failed removals.
    """

    organization: str
    name: str
    role: str
    proof: str
    retries: bool


def render(
    template: str, request: Request | None = None, *, status: HTTPStatus = HTTPStatus.OK, **values: object
) -> Response:
    """A page.

    Args:
        template: its name, without `.html`.
        request: what it answers; None for a page that is the same for every viewer.
        status: of the answer.
        values: for the template.
    """
    viewer = _viewer(request) if request and request.caller else None
    here = request.resource if request else ""
    text = (
        _templates()
        .get_template(f"{template}.html")
        .render(assets=_names(), viewer=viewer, pages=pages(request), here=here, section=_section(here), **values)
    )
    return Response(status, text, content_type=HTML)


def redirect(path: str, *headers: tuple[str, str]) -> Response:
    """An answer that leads to another page, which is got.

    Args:
        path: below the stage, such as `/removals/1`.
        headers: further ones.
    """
    return Response(HTTPStatus.SEE_OTHER, None, (("Location", f"{BASE}{path}"), *headers))


def asset(name: str) -> Response:
    """A file that pages load.

    Raises:
        NotFound: there is none of that name.
    """
    found = next((text for own, text in assets().values() if own == name), None)
    if found is None:
        raise NotFound("file", "of that name")
    return Response(HTTPStatus.OK, found, content_type=CONTENT_TYPES[Path(name).suffix])


@cache
def assets() -> Mapping[str, tuple[str, str]]:
    """The name and the text of each file, by its end. A name has the digest of its text."""
    own = {end: (HERE / f"console{end}").read_text(encoding="utf-8") for end in CONTENT_TYPES}
    own[".js"] = f"{_htmx()}\n{own['.js']}"
    return {end: (f"{hashlib.sha256(text.encode()).hexdigest()[:16]}{end}", text) for end, text in own.items()}


def pages(request: Request | None) -> list[tuple[str, str]]:
    """The pages that the viewer may open: their names and their paths."""
    if request is None or request.caller is None:
        return []
    return [(name, path) for name, path, scopes, asked in PAGES if may(request, scopes, asked)]


def may(request: Request, scopes: tuple[str, ...], permission: Permission) -> bool:
    """Whether the viewer may open a page, or send a form, that asks for one of these scopes and this permission."""
    return request.context.may(*scopes) and request.context.role.has(permission)


def _section(here: str) -> str:
    """The path of the page that leads to another one, or is it; "" where none does."""
    return next((path for _, path, *_ in PAGES if here == path or here.startswith(f"{path}/")), "")


def _names() -> dict[str, str]:
    return {end[1:]: f"{BASE}/assets/{name}" for end, (name, _) in assets().items()}


def _htmx() -> str:
    """htmx, out of the package that ships it; the package itself is not imported."""
    found = importlib.util.find_spec("django_htmx")
    if found is None or not found.submodule_search_locations:
        raise AssertionError("django-htmx is not installed")
    folder = Path(found.submodule_search_locations[0]) / "static" / "django_htmx"
    return (folder / "htmx-4.min.js").read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    made.filters["moment"] = moment
    made.globals["base"] = BASE
    return made


def moment(at: Millis) -> str:
    """A moment in UTC; the page's script shows it in the reader's zone."""
    shown = datetime.fromtimestamp(at / SECOND, UTC)
    text = f"{shown.day} {shown:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(timestamp(at), text)


def _viewer(request: Request) -> Viewer:
    assert request.caller  # noqa: S101  (looked at before)
    caller = request.caller
    return Viewer(
        organization=caller.organization.name,
        name=caller.name or caller.credential_id,
        role=caller.role.replace("_", " "),
        proof=session.proof(request),
        retries=may(request, RETRY, Permission.CHANGE),
    )
