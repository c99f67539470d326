"""Make what ships of one function or layer: `python -m local.artifact 3.14 arm64 TARGET`, in its source.

SAM's own builder for Python needs the runtime's Python, fetches packages without checking their hashes where the
processor is another one, and compiles nothing. This needs any Python that is supported, checks every hash, and leaves
`.pyc` files that Lambda's Python takes without looking at the source. It uses the standard library only, and prints to
standard output, because SAM shows nothing else.
"""

import shutil
import subprocess
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Final

from local import pyodide
from local.pythons import find

MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
#: the minor version of glibc in the runtime's system: Amazon Linux 2, then Amazon Linux 2023
GLIBC: Final = {"3.11": 26, "3.12": 34, "3.13": 34, "3.14": 34}
#: what the first bytes of a .pyc name: CPython's own number for the bytecode of a released version
MAGIC: Final = {"3.11": 3495, "3.12": 3531, "3.13": 3571, "3.14": 3627}
#: the services that the functions call. botocore describes over 400, which is nine tenths of its size
SERVICES: Final = {"dynamodb", "events", "kms", "lambda", "s3", "sesv2", "sqs"}
#: where Lambda unpacks a layer, and a function
LAYER, FUNCTION = "/opt", "/var/task"

LOUD: Final = """
  ############################################################################################
  # NOT COMPILED: no Python {version} was found, so no .pyc files ship, and every cold start
  # compiles its modules anew: two to three times the work (docs/how-to/deploy-to-aws.md).
  # Install Python {version}{npm}, and build again.
  ############################################################################################
"""


def main() -> None:
    """Make the artifact of the source in the working directory; exit 1 where that fails."""
    version, architecture, target = sys.argv[1:]
    source, artifact = Path.cwd(), Path(target)
    locked = source / "requirements.txt"
    if locked.exists():
        install(locked, artifact / "python", version, architecture)
    else:
        shutil.copytree(source, artifact, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    compile_all(artifact, version, FUNCTION if (source / "app.py").exists() else LAYER)


def install(locked: Path, folder: Path, version: str, architecture: str) -> None:
    """Install locked packages for the runtime, each file checked against its hash, whatever this machine is.

    Args:
        locked: a lock whose markers do not depend on the version: pip judges them by the Python that it runs on.
        folder: a new folder.
        version: of the runtime's Python, such as 3.14.
        architecture: arm64 or x86_64.
    """
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--quiet", "--no-input"]
    for platform in platforms(version, architecture):
        options += ["--platform", platform]
    options += ["--python-version", version, "--implementation", "cp", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), "-r", str(locked)]
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit("The locked packages could not be installed: pip says why above.")
    leave_out(folder)


def platforms(version: str, architecture: str) -> list[str]:
    """The wheels' names of the runtime's platform, the newest glibc first."""
    machine = MACHINES[architecture]
    return [
        *(f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC[version], 16, -1)),
        f"manylinux2014_{machine}",
    ]


def leave_out(folder: Path) -> None:
    """Delete what no function uses: commands, packages' own tests, botocore's descriptions of other services."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for tests in folder.glob("*/tests"):
        shutil.rmtree(tests)
    for service in (folder / "botocore" / "data").glob("*/"):
        if service.name not in SERVICES:
            shutil.rmtree(service)


def compile_all(artifact: Path, version: str, place: str) -> None:
    """Compile every module for the runtime's Python, or say loudly that none was compiled.

    The files are of the kind that Python takes without comparing it with the source ("unchecked hash"): nothing writes
    to the code of a deployed function, and the time of a source is lost on the way there.

    Args:
        artifact: the folder; each module stays beside its `.pyc`.
        version: of the runtime's Python.
        place: where Lambda unpacks it, for tracebacks.
    """
    command = compiler(version, artifact.resolve(), place)
    if command is None or subprocess.run(command, check=False).returncode != 0:
        for cache in artifact.rglob("__pycache__"):
            shutil.rmtree(cache)
        npm = " (or npm, which brings it as WebAssembly)" if version == pyodide.PYTHON else ""
        print(LOUD.format(version=version, npm=npm), flush=True)


def compiler(version: str, artifact: Path, place: str) -> list[str] | None:
    """The command that compiles for a Python: that Python itself, uv's, or CPython as WebAssembly; None without one."""
    looks = (this_one, find, find_with_uv)
    pythons = (found for look in looks if (found := look(version)) and magic(found) == MAGIC[version])
    if python := next(pythons, None):
        options = ["-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(artifact), "-p", place]
        return [python, "-I", "-m", "compileall", *options, str(artifact)]
    if version == pyodide.PYTHON and pyodide.fetch():
        return [sys.executable, "-P", "-m", "local.pyodide", str(artifact), place]
    return None


def this_one(version: str) -> str | None:
    """The path of the Python that runs this, if it is of that version."""
    return sys.executable if version == f"{sys.version_info.major}.{sys.version_info.minor}" else None


def find_with_uv(version: str) -> str | None:
    """The path of a Python that uv has installed or knows; it downloads none."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    options = ["--no-project", "--no-python-downloads", version]
    found = subprocess.run([uv, "python", "find", *options], capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else None


def magic(python: str) -> int:
    """The number of the bytecode that a Python writes. An alpha's or a beta's is not the released one."""
    if python == sys.executable:
        return int.from_bytes(MAGIC_NUMBER[:2], "little")
    program = "import importlib.util; print(int.from_bytes(importlib.util.MAGIC_NUMBER[:2], 'little'))"
    found = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=False)
    return int(found.stdout) if found.returncode == 0 else 0


if __name__ == "__main__":
    main()
