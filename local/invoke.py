"""`make invoke EVENT=remove_list/empty_list`: run one function with one event of events/ in Lambda's image, by Docker.

A function that reads tables also needs their names and credentials: see events/README.md.
"""

import os
import shutil
import subprocess
import sys

from local.build import BUILD, build_if_changed, parameters
from local.place import ROOT, VENV_BIN, default_place, shown, tool_environment
from local.problem import Problem

EVENTS = ROOT / "events"


def main() -> None:
    """Invoke with the given options of `sam local invoke`; exit 1 with one line if that fails."""
    event, *options = sys.argv[1:] or [""]
    try:
        command = invocation(event, options)
        build_if_changed(default_place(0))
    except Problem as problem:
        sys.exit(f"make invoke: {problem}")
    os.chdir(ROOT)
    os.execve(command[0], command, tool_environment(default_place(0)))  # noqa: S606 - the SAM CLI replaces this process


def invocation(event: str, options: list[str]) -> list[str]:
    """The command that invokes the function of an event such as `remove_list/empty_list`.

    Raises:
        Problem: there is no such event, or no Docker.
    """
    file = EVENTS / f"{event}.json"
    if not file.is_file():
        raise Problem(
            f"there is no {shown(file)}. An example is EVENT=remove_list/empty_list; events/ has all of them."
        )
    if not has_docker():
        raise Problem("Docker is not running, and Lambda's image needs it.")
    return [
        *(str(VENV_BIN / "sam"), "local", "invoke", function_of(event)),
        *("--event", str(file), "--template-file", str(BUILD / "template.yaml"), "--skip-pull-image", *options),
        # The parameters of the build: without them SAM uses the image of the default Python.
        *("--parameter-overrides", *parameters()),
    ]


def function_of(event: str) -> str:
    """The template's name of the function whose folder the event is in."""
    return "".join(word.capitalize() for word in event.partition("/")[0].split("_")) + "Function"


def has_docker() -> bool:
    """Whether a Docker daemon answers."""
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
