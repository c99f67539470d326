"""What the template tells a function through its environment."""

from __future__ import annotations

import os


def table(name: str) -> str:
    """The name of a table: `SUPPRESSIONS`, `EVENT_LOG`, `EMAIL_SERVERS`, `RECIPIENTS` or `ACCESS`."""
    return os.environ[f"{name}_TABLE"]


def is_for_snapshot() -> bool:
    """Whether Lambda initializes this process to take a snapshot of it (SnapStart)."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"


def metrics_namespace() -> str:
    """The CloudWatch namespace of the stack's metrics."""
    return os.environ["METRICS_NAMESPACE"]


def key_id() -> str:
    """The KMS key that secrets are sealed with."""
    return os.environ["SECRETS_KEY"]


def dead_letter_queue() -> str:
    """The URL of the queue for events that could not be read."""
    return os.environ["DEAD_LETTER_QUEUE_URL"]


def requests_per_minute() -> int:
    """How many requests an organization may make in a minute, in each dialect that counts them."""
    return int(os.environ.get("REQUESTS_PER_MINUTE", "600"))


def max_email_servers() -> int:
    """How many SMTP servers an organization may enrol."""
    return int(os.environ["MAX_EMAIL_SERVERS"])


def mail_ports() -> tuple[int, ...]:
    """The ports on which an organization's SMTP server may be."""
    return tuple(int(port) for port in _listed("MAIL_PORTS"))


def token_ports() -> tuple[int, ...]:
    """The ports on which a token endpoint may be."""
    return tuple(int(port) for port in _listed("TOKEN_PORTS"))


def private_mail_networks() -> tuple[str, ...]:
    """The networks that may be connected to although they are not public."""
    return _listed("PRIVATE_MAIL_NETWORKS")


def mail_client_name() -> str:
    """The name that introduces this deployment to mail servers in EHLO; "" derives one from each login."""
    return os.environ.get("MAIL_CLIENT_NAME", "")


def _listed(name: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in os.environ[name].split(",") if entry.strip())
