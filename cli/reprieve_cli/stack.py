"""Where Reprieve runs: a CloudFormation stack, in AWS or on the local stack, found by its outputs.

Other programs that prepare data (the demo) use this and `operations`, without click.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from reprieve.dialects.registry import DIALECTS
from reprieve.errors import ReprieveError
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT: Final = "reprieve"
#: written by `make run`: endpoint_url, region, access_key_id, secret_access_key
LOCAL: Final = Path(".local") / "aws.json"
#: the checkout that this command belongs to
CHECKOUT: Final = Path(__file__).resolve().parents[2]

#: output of the stack -> the variable by which `reprieve.runtime.settings` knows it
SETTINGS: Final = {
    "SuppressionsTable": "SUPPRESSIONS_TABLE",
    "EventLogTable": "EVENT_LOG_TABLE",
    "EmailServersTable": "EMAIL_SERVERS_TABLE",
    "RecipientsTable": "RECIPIENTS_TABLE",
    "AccessTable": "ACCESS_TABLE",
    "ProviderAccountsTable": "PROVIDER_ACCOUNTS_TABLE",
    "TokensTable": "TOKENS_TABLE",
    "SecretsKey": "SECRETS_KEY",
    "DeadLetterQueueUrl": "DEAD_LETTER_QUEUE_URL",
}
#: output that only some stacks have -> such a variable, "" without it
OPTIONAL: Final = {"EventBus": "EVENT_BUS"}
#: parameter of the stack -> such a variable, and its value where the stack does not say
PARAMETERS: Final = {"TokenPorts": ("TOKEN_PORTS", "443"), "PrivateMailNetworks": ("PRIVATE_MAIL_NETWORKS", "")}
#: dialect -> output with its API's base URL in AWS
APIS: Final = {dialect.name: dialect.api for dialect in DIALECTS}

#: key in the file of the local stack -> what boto3 reads
_VARIABLES: Final = {
    "endpoint_url": "AWS_ENDPOINT_URL",
    "region": "AWS_DEFAULT_REGION",
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
}
#: what could lead boto3 away from the local stack, or speak for a real account there
_ELSEWHERE: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")


class StackNotFound(ReprieveError):
    """There is no such stack, it is not Reprieve's, or CloudFormation did not answer."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed Reprieve.

    Attributes:
        name: of the CloudFormation stack.
        region: where it is.
        endpoint_url: of the local stack; None in AWS.
        outputs: of the CloudFormation stack, by name.
    """

    name: str
    region: str
    endpoint_url: str | None
    outputs: Mapping[str, str]

    def base_url(self, dialect: str) -> str | None:
        """The base URL for a client of one of `APIS`; None when the stack has no output for it.

        The local stack serves every API on the port of its own endpoint, by the first segment of the path.
        """
        url = self.outputs.get(APIS[dialect])
        return url if url is None or not self.endpoint_url else self.endpoint_url.rstrip("/")


def connect(name: str = DEFAULT, *, local: bool = False) -> Stack:
    """Find a stack and set the environment that `reprieve.runtime` reads, for the rest of this process.

    Args:
        name: of the CloudFormation stack.
        local: use a local stack instead of the configured AWS account: that of this directory or of one above it, or
            else that of the checkout which this command belongs to.

    Raises:
        StackNotFound: says what to do about it.
    """
    if local:
        _use_local(_local_file(Path.cwd(), CHECKOUT))
    else:
        _choose_region()
    region, outputs, parameters = _describe(name, local=local)
    if missing := sorted(SETTINGS.keys() - outputs.keys()):
        raise StackNotFound(f"the stack {name} has no output {missing[0]}: it is not Reprieve's, or is too old")
    os.environ.update({variable: outputs[output] for output, variable in SETTINGS.items()})
    os.environ.update({variable: outputs.get(output, "") for output, variable in OPTIONAL.items()})
    os.environ.update({variable: parameters.get(name, usual) for name, (variable, usual) in PARAMETERS.items()})
    return Stack(name, region, os.environ.get("AWS_ENDPOINT_URL"), outputs)


def _choose_region() -> None:
    """Let boto3 read the region as AWS's own tools do: AWS_REGION first, and an empty variable is no region."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region:
        os.environ["AWS_DEFAULT_REGION"] = region
    else:
        os.environ.pop("AWS_DEFAULT_REGION", None)


def _describe(name: str, *, local: bool) -> tuple[str, dict[str, str], dict[str, str]]:
    """The region, the outputs and the parameters of a stack."""
    try:
        client = wiring.client("cloudformation")
        found = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as fault:
        code = fault.response["Error"]["Code"]
        if code == "ValidationError":
            advice = "is `make run` still deploying?" if local else "deploy it, or name another with --stack"
            raise StackNotFound(f"no stack {name} in {client.meta.region_name}: {advice}") from None
        raise StackNotFound(f"the stack {name} cannot be read: {code}") from None
    except BotoCoreError as fault:
        advice = "the local stack does not answer; start it with `make run`" if local else f"AWS: {fault}"
        raise StackNotFound(advice) from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())}
    return client.meta.region_name, outputs, parameters


def _local_file(here: Path, checkout: Path) -> Path:
    for directory in (here, *here.parents, checkout):
        if (directory / LOCAL).is_file():
            return directory / LOCAL
    raise StackNotFound(f"no {LOCAL} here, above or in {checkout}: start the local stack with `make run`")


def _use_local(file: Path) -> None:
    """Point boto3 at the local stack, and at nothing else."""
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        chosen = {variable: str(settings[key]) for key, variable in _VARIABLES.items()}
    except (OSError, ValueError, KeyError, TypeError):
        raise StackNotFound(f"{LOCAL} cannot be read: restart the local stack with `make run`") from None
    for variable in [*_ELSEWHERE, *(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_"))]:
        os.environ.pop(variable, None)
    os.environ.update(chosen)
    boto3.setup_default_session()
