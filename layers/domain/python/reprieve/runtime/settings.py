"""The settings that the template passes to a function through its environment."""

from __future__ import annotations

import os
from typing import Final


class MissingSetting(RuntimeError):
    """A variable that the template sets is not in the environment."""


#: the variables that every function has from the template's Globals
COMMON: Final = (
    *("SUPPRESSIONS_TABLE", "EVENT_LOG_TABLE", "EMAIL_SERVERS_TABLE"),
    *("RECIPIENTS_TABLE", "ACCESS_TABLE", "PROVIDER_ACCOUNTS_TABLE"),
    *("TOKENS_TABLE", "TOKEN_ISSUER", "METRICS_NAMESPACE", "DYNAMODB_TRANSPORT"),
    *("TOKEN_PORTS", "PRIVATE_MAIL_NETWORKS"),
)
#: the variables that the functions of email servers need
MAIL: Final = (
    *("SECRETS_KEY", "MAX_EMAIL_SERVERS", "MAIL_CLIENT_NAME"),
    "MAIL_PORTS",
)

#: parts of the ARN of a function's alias
ALIAS_PARTS: Final = 8


def require(*names: str) -> None:
    """Fail now, at the start of a function, and not at the first request that needs a variable.

    Elsewhere than in Lambda nothing is required: the command and the tests set the variables after they import.

    Raises:
        MissingSetting: names all that are missing.
    """
    missing = [name for name in names if name not in os.environ]
    if missing and is_in_lambda():
        raise MissingSetting(f"not set: {', '.join(missing)}")


def is_in_lambda() -> bool:
    """Whether this process is a function, and not the operator's command or a test."""
    return "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ


def table(name: str) -> str:
    """The name of a table: for example `SUPPRESSIONS` or `PROVIDER_ACCOUNTS`."""
    return os.environ[f"{name}_TABLE"]


def is_for_snapshot() -> bool:
    """Whether Lambda initializes this process to take a snapshot of it (SnapStart)."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"


def region() -> str:
    """The AWS region: Lambda sets both variables, boto3 reads the second elsewhere."""
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def dynamodb_transport() -> str:
    """How DynamoDB is reached: `light` by the product's own transport, anything else by boto3."""
    return os.environ.get("DYNAMODB_TRANSPORT", "boto3")


def metrics_namespace() -> str:
    """The CloudWatch namespace of the stack's metrics."""
    return os.environ["METRICS_NAMESPACE"]


def token_issuer() -> str:
    """The deployment's name as an issuer of access tokens."""
    return os.environ["TOKEN_ISSUER"]


def key_id() -> str:
    """The KMS key that secrets are sealed with."""
    return os.environ["SECRETS_KEY"]


def dead_letter_queue() -> str:
    """The URL of the queue for events that could not be read."""
    return os.environ["DEAD_LETTER_QUEUE_URL"]


def event_bus() -> str:
    """The ARN of the event bus that hooks may name; "" for none."""
    return os.environ.get("EVENT_BUS", "")


def removal_job() -> tuple[str, str] | None:
    """The removal job's name and its alias; None where functions do not ask it to run."""
    # elsewhere than in a deployment, as in `sam local`, the variable is missing or names no function
    parts = os.environ.get("REMOVAL_JOB", "").split(":")
    return (parts[6], parts[7]) if len(parts) == ALIAS_PARTS and parts[2] == "lambda" else None


def provider_kind() -> str:
    """The kind of provider whose notifications a function takes in."""
    return os.environ["PROVIDER_KIND"]


def max_email_servers() -> int:
    """How many SMTP servers an organization may enrol."""
    return int(os.environ["MAX_EMAIL_SERVERS"])


def mail_ports() -> tuple[int, ...]:
    """The ports on which an organization's SMTP server may be."""
    return tuple(int(port) for port in _listed("MAIL_PORTS"))


def token_ports() -> tuple[int, ...]:
    """The ports on which a token endpoint, or the keys of an outside issuer, may be."""
    return tuple(int(port) for port in _listed("TOKEN_PORTS"))


def private_mail_networks() -> tuple[str, ...]:
    """The networks that may be connected to although they are not public."""
    return _listed("PRIVATE_MAIL_NETWORKS")


def mail_client_name() -> str:
    """The name that introduces this deployment to mail servers in EHLO; "" derives one from each login."""
    return os.environ["MAIL_CLIENT_NAME"]


def _listed(name: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in os.environ[name].split(",") if entry.strip())
