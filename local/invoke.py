"""`make invoke EVENT=remove_list/empty_list`: run one function with one event of events/ in Lambda's image, by Docker.

Against the running stack of `make run`, whose tables, keys and credentials it gets. Without one, only what is refused
before any read is answered.
"""

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from local.build import BUILD, build_if_changed, name_of, parameters
from local.console import say
from local.demo import Stack, place_of, running_stack
from local.deploy import client, function_names
from local.docker_relay import HOST, address_for_containers
from local.ministack import answers
from local.place import ROOT, VENV_BIN, default_place, shown, tool_environment
from local.problem import Problem
from local.stack import write_private
from reprieve.dialects import registry

EVENTS = ROOT / "events"
#: what an invocation is given, written for each one: it holds credentials
EVENT, VARIABLES = ROOT / ".local" / "invoke" / "event.json", ROOT / ".local" / "invoke" / "env.json"
#: SAM gives a function only the variables that its template has, so this one has the address of the local AWS
TEMPLATE = BUILD / "invoke.yaml"
ENDPOINT = "AWS_ENDPOINT_URL"


def main() -> None:
    """Invoke with the given options of `sam local invoke`, and exit as it does; with one line if that is impossible."""
    event, *options = sys.argv[1:] or [""]
    place = default_place(0)
    with contextlib.ExitStack() as used:
        try:
            file = file_of(event)
            require_docker()
            build_if_changed(place)
            if is_running():
                stack = running_stack()
                address = used.enter_context(address_for_containers(place_of(stack).port))
                command = prepared(stack, event, file, address)
            else:
                command = invocation(event, file)
        except Problem as problem:
            sys.exit(f"make invoke: {problem}")
        command += options
        say(" ".join(shown(Path(word)) if word.startswith("/") else word for word in command))
        sys.exit(subprocess.run(command, cwd=ROOT, env=tool_environment(place), check=False).returncode)


def file_of(event: str) -> Path:
    """The file of an event such as `remove_list/empty_list`.

    Raises:
        Problem: there is none.
    """
    file = EVENTS / f"{event}.json"
    if not file.is_file():
        raise Problem(
            f"there is no {shown(file)}. An example is EVENT=remove_list/empty_list; events/ has all of them."
        )
    return file


def invocation(event: str, file: Path, template: Path = BUILD / "template.yaml") -> list[str]:
    """The command that invokes the function of an event with the content of a file."""
    return [
        *(str(VENV_BIN / "sam"), "local", "invoke", function_of(event)),
        *("--event", str(file), "--template-file", str(template), "--skip-pull-image"),
        # The parameters of the build: without them SAM uses the image of the default Python.
        *("--parameter-overrides", *parameters()),
    ]


def prepared(stack: Stack, event: str, file: Path, address: str) -> list[str]:
    """The same against a running stack, which has this address in a container; what is needed is written to files."""
    place, name = place_of(stack), function_of(event)
    deployed = client(place, "lambda").get_function_configuration(FunctionName=function_names(place)[name])
    variables = {**deployed["Environment"]["Variables"], ENDPOINT: address}
    EVENT.parent.mkdir(exist_ok=True)
    write_private(EVENT, with_tokens(file.read_text(), stack))
    write_private(VARIABLES, json.dumps({name: variables}, indent=2))
    TEMPLATE.write_text(with_endpoint((BUILD / "template.yaml").read_text()))
    return [*invocation(event, EVENT, TEMPLATE), "--env-vars", str(VARIABLES), "--add-host", f"{HOST}:host-gateway"]


def with_tokens(event: str, stack: Stack) -> str:
    """An event with the stack's tokens in place of those that say what to put there."""
    for dialect in registry.DIALECTS:
        event = event.replace(example_token(dialect.name), stack[dialect.name]["token"])
    return event


def example_token(dialect: str) -> str:
    """The token in the files of events, which has the form of one and says itself what to put there."""
    return "rp_demo_" + f"put-the-token-for-{dialect}-here".ljust(43, "-")


def with_endpoint(template: str) -> str:
    """A built template whose functions have the variable for the address of AWS; the first variables are Globals'."""
    return template.replace("      Variables:\n", f"      Variables:\n        {ENDPOINT}: none\n", 1)


def is_running() -> bool:
    """Whether the stack of `make run` answers."""
    exists = default_place(0).stack_json.exists()
    return exists and answers(f"{place_of(running_stack()).endpoint}/_ministack/ready")


def function_of(event: str) -> str:
    """The template's name of the function whose folder the event is in."""
    return name_of(event.partition("/")[0])


def require_docker() -> None:
    """Refuse to go on without a Docker daemon that answers."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode != 0:
        raise Problem("Docker is not running, and Lambda's image needs it.")


if __name__ == "__main__":
    main()
