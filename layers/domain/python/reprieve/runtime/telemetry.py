"""Log lines: JSON, one per request or run, never with an address or a secret in them."""

from __future__ import annotations

import os
from functools import cache

from aws_lambda_powertools import Logger


@cache
def logger() -> Logger:
    """The process's logger; the service's name is the function's."""
    return Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "reprieve"), utc=True)
