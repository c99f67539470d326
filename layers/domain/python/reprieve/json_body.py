"""JSON as it arrives from outside."""

from __future__ import annotations

import json
from typing import Any

from reprieve.errors import UnreadableBody


def parse(body: bytes) -> Any:  # noqa: ANN401  (JSON is anything until somebody has looked at it)
    """The value in a JSON text, whatever its Content-Type said.

    Raises:
        UnreadableBody: it is empty or not JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise UnreadableBody("the body is not JSON") from problem
