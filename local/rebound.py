"""A function of the local AWS over other things than its own module's."""

from collections.abc import Callable
from types import FunctionType
from typing import Any


def rebound(function: FunctionType, **names: Any) -> Callable[..., Any]:  # noqa: ANN401
    """The function with some of its module's names meaning something else, for this one and for no caller beside."""
    return FunctionType(function.__code__, {**function.__globals__, **names})
