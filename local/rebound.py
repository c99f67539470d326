"""A copy of a function with other globals, to adapt the local AWS."""

from collections.abc import Callable
from types import FunctionType
from typing import Any


def rebound(function: FunctionType, **names: Any) -> Callable[..., Any]:  # noqa: ANN401
    """A copy of the function in which `names` replace globals of its module; other callers see the original."""
    return FunctionType(function.__code__, {**function.__globals__, **names})
