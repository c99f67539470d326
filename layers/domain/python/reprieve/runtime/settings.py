"""What the template tells a function through its environment."""

from __future__ import annotations

import os


def table(name: str) -> str:
    """The name of a table: `SUPPRESSIONS`, `EVENT_LOG`, `EMAIL_SERVERS`, `RECIPIENTS` or `ACCESS`."""
    return os.environ[f"{name}_TABLE"]


def key_id() -> str:
    """The KMS key that secrets are sealed with."""
    return os.environ["SECRETS_KEY"]


def dead_letter_queue() -> str:
    """The URL of the queue for events that could not be read."""
    return os.environ["DEAD_LETTER_QUEUE_URL"]


def requests_per_minute() -> int:
    """How many requests an organization may make in a minute, in each dialect that counts them."""
    return int(os.environ.get("REQUESTS_PER_MINUTE", "600"))
