"""`make invoke EVENT=remove_list/empty_list`: one function with one of the events in events/, in Lambda's own image.

Docker runs it. A function that reads tables needs their names and credentials beside: events/README.md says how.
"""

import os
import shutil
import subprocess
import sys

from local.build import BUILD, build_if_changed, parameters
from local.ministack import shown
from local.place import ROOT, VENV_BIN, default_place, tool_environment
from local.problem import Problem

EVENTS = ROOT / "events"


def main() -> None:
    """Invoke, with further options of `sam local invoke` as given; exit 1 with one line when that cannot be done."""
    event, *options = sys.argv[1:] or [""]
    try:
        command = invocation(event, options)
        build_if_changed(default_place(0))
    except Problem as problem:
        sys.exit(f"make invoke: {problem}")
    os.chdir(ROOT)
    os.execve(command[0], command, tool_environment(default_place(0)))  # noqa: S606 - the real SAM CLI, in our place


def invocation(event: str, options: list[str]) -> list[str]:
    """The command that invokes the function that an event, such as `remove_list/empty_list`, is for.

    Raises:
        Problem: there is no such event, or no Docker.
    """
    file = EVENTS / f"{event}.json"
    if not file.is_file():
        raise Problem(f"there is no {shown(file)}: EVENT=remove_list/empty_list is one, and events/ has the others.")
    if not has_docker():
        raise Problem("Docker is not running here, and Lambda's image needs it.")
    return [
        *(str(VENV_BIN / "sam"), "local", "invoke", function_of(event)),
        *("--event", str(file), "--template-file", str(BUILD / "template.yaml"), "--skip-pull-image", *options),
        # What the template was built with: without it SAM runs the code in the image of the default Python.
        *("--parameter-overrides", *parameters()),
    ]


def function_of(event: str) -> str:
    """The template's name for the function whose folder an event is in."""
    return "".join(word.capitalize() for word in event.partition("/")[0].split("_")) + "Function"


def has_docker() -> bool:
    """Whether a Docker daemon answers."""
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
