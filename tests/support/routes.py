"""Every route of every function, as the functions themselves register them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from reprieve.runtime.http import Api
from tests.support.gateway import ROOT, function

if TYPE_CHECKING:
    from reprieve.dialects.dialect import Dialect
    from reprieve.runtime.http import Scopes


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        function: the name of its function.
        scopes: see `http.Scopes`.
        open: see `http.Route`.
    """

    function: str
    dialect: Dialect
    method: str
    resource: str
    scopes: Scopes
    open: bool

    def __str__(self) -> str:
        return f"{self.dialect.name} {self.method} {self.resource}"


def apis() -> dict[str, Api]:
    """The functions that answer requests, by name; the others run by a schedule."""
    names = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
    return {name: cast("Api", function(name)) for name in names if isinstance(function(name), Api)}


def routes() -> list[Route]:
    """The routes of all functions."""
    return [
        Route(name, api.dialect, method, resource, route.scopes, route.open)
        for name, api in apis().items()
        for (method, resource), route in api.routes.items()
    ]
