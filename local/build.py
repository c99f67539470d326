"""Build the template with the SAM CLI if its sources have changed: `make build`."""

import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from local.console import run_tool, say, step
from local.lock_file import take_lock
from local.place import ACCOUNT, REGION, ROOT, VENV_BIN, Place, default_place, tool_environment
from local.problem import Problem

BUILD = ROOT / ".local" / "build"
LOCK = ROOT / ".local" / "build.lock"
CACHE = ROOT / ".local" / "build-cache"
SECONDS_FOR_ANOTHER_BUILD = 600

#: Parameters of the template on a local stack: the demo's mail server is on loopback, a receiver of hooks
#: may listen there on 8098 or 8099, hooks may name the default event bus, and there is a bucket for mails.
LOCAL_PARAMETERS = {
    "PrivateMailNetworks": "127.0.0.0/8",
    "TokenPorts": "443,8098,8099",
    "EventBus": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
    "ReceivedMail": "on",
}

#: How an artifact is made. SAM's cache knows the sources of each artifact, and not these.
RECIPE = ("artifacts", "local/artifact.py", "local/pyodide.py")

#: What is built and deployed depends on these and on nothing else.
SOURCES = (
    "template.yaml",
    "samconfig.toml",
    "functions",
    "layers",
    "requirements/dev.txt",
    *RECIPE,
    "local/build.py",
    "local/deploy.py",
)
#: folders that tools make among the sources
MADE = frozenset({"__pycache__", "node_modules"})


def main() -> None:
    """Build, and print where the result is."""
    try:
        with step("Building the functions and layers"):
            build_if_changed(default_place(0))
    except Problem as problem:
        sys.exit(f"make build: {problem}")
    say(f"  The build is in {BUILD.relative_to(ROOT)}/, for {' and '.join(host_parameters().values())}.")


def name_of(folder: str) -> str:
    """The template's name of the function in a folder: `RemoveListFunction` of `remove_list`."""
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"


def build_if_changed(place: Place) -> str:
    """Build the sources into BUILD, and return their fingerprint.

    Tests and `make run` share the build, so neither repeats the other's.

    Raises:
        Problem: SAM could not build the template.
    """
    with take_lock(
        LOCK,
        seconds=SECONDS_FOR_ANOTHER_BUILD,
        otherwise="Another build is still running after ten minutes. Stop it and try again.",
    ):
        wanted = fingerprint()
        stamp = BUILD / "fingerprint"
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            keep_cache_of(fingerprint(RECIPE))
            options = f"--build-dir={BUILD}", f"--cache-dir={CACHE}"
            sam(place, "build", *options, otherwise="The functions could not be built")
            stamp.write_text(wanted)
        return wanted


def keep_cache_of(recipe: str) -> None:
    """Delete SAM's cache if it was made by another recipe."""
    mark = CACHE / "recipe"
    if not mark.exists() or mark.read_text() != recipe:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        mark.write_text(recipe)


def sam(place: Place, verb: str, *options: str, otherwise: str) -> None:
    """Run one SAM command with samconfig.toml's `local` settings and this machine's Python and processor."""
    run_tool(
        [
            str(VENV_BIN / "sam"),
            verb,
            f"--config-file={ROOT / 'samconfig.toml'}",
            "--config-env=local",
            *options,
            "--parameter-overrides",
            *parameters(),
        ],
        log=place.logs / f"sam-{verb}.log",
        environment=tool_environment(place),
        otherwise=otherwise,
    )


def parameters() -> list[str]:
    """The template's parameters on this machine, in SAM's form."""
    return [f"{name}={value}" for name, value in (host_parameters() | LOCAL_PARAMETERS).items()]


def host_parameters() -> dict[str, str]:
    """The parameters that depend on this machine: its Python version and its processor."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": "arm64" if arm else "x86_64",
    }


def fingerprint(sources: Sequence[str] = SOURCES) -> str:
    """A digest of everything that a deployment depends on, or of a part of it."""
    digest = hashlib.sha256(json.dumps(host_parameters()).encode())
    for file in source_files(sources):
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def source_files(sources: Sequence[str] = SOURCES) -> Iterator[Path]:
    """The files of the sources, in a fixed order, without Python's caches and npm's packages."""
    for source in sources:
        path = ROOT / source
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and MADE.isdisjoint(file.parts))


if __name__ == "__main__":
    main()
