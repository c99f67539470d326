"""The directories and addresses of a local stack."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV_BIN = ROOT / ".venv" / "bin"

STACK_NAME = "reprieve"
REGION = "us-east-1"
#: the local AWS has one account
ACCOUNT = "000000000000"
DEFAULT_PORT = 4566


@dataclass(frozen=True)
class Place:
    """A local stack's directory and port. Two places with two ports are two independent stacks."""

    home: Path
    port: int

    @property
    def endpoint(self) -> str:
        """The URL of every AWS service of this stack."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        """The state of the local AWS: tables, keys, functions, logs."""
        return self.home / "state"

    @property
    def scratch(self) -> Path:
        """Temporary files of the local AWS and its functions; emptied at every start."""
        return self.home / "tmp"

    @property
    def logs(self) -> Path:
        """The output of the tools, one file each."""
        return self.home / "logs"

    @property
    def stack_json(self) -> Path:
        """The file with the output of `make run`, for programs."""
        return self.home / "stack.json"

    def aws_environment(self) -> dict[str, str]:
        """The variables that point an AWS client, ours or SAM's, at this stack and away from any real account."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def default_place(port: int) -> Place:
    """The place of `make run` and `make demo`."""
    return Place(ROOT / ".local", port)


def shown(path: Path) -> str:
    """A path relative to the repository, if it is in there."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def tool_environment(place: Place) -> dict[str, str]:
    """The environment of a tool such as SAM: the caller's, except that AWS means the local stack.

    The build downloads packages, so it needs the caller's proxy, index and certificates, but not their AWS account.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        **place.aws_environment(),
        "PATH": f"{VENV_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(ROOT / ".local" / "sam"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
