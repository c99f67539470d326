"""Lock the dependencies with hashes for every supported Python and machine: `make lock`.

It writes the locks of uv itself, of the developer's environment, of the clients that need an environment of their own,
and of the layer and the unit tests, with the developer's versions. No file names a package index, so that the reader's
pip installs from the one that it is configured for.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".local" / "lock"
UV = TOOLS / "bin" / "uv"

COMPILE = [
    "pip",
    "compile",
    "--universal",  # markers instead of this machine's values
    "--python-version=3.11",  # the oldest supported: newer ones are covered by markers
    "--generate-hashes",  # of every file of a version, so of every machine and Python
    "--no-strip-extras",
    "--no-emit-index-url",
    "--no-header",
    "--quiet",
]
# What django-htmx asks for: only a file that it ships is used.
LEFT_OUT = [f"--no-emit-package={name}" for name in ("django", "asgiref", "sqlparse")]
HEADER = "# Made by `make lock` from {source}. Do not edit.\n\n"


def main() -> None:
    """Write the locks; `--upgrade` takes the newest versions instead of keeping the locked ones."""
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    install_uv()
    lock("requirements/uv.in", "requirements/uv.txt", upgrade)
    lock("requirements/dev.in", "requirements/dev.txt", upgrade)
    # Zoho's clients for the stack's tests: each major in an environment of its own.
    for major in ("6", "8"):
        lock(f"requirements/zoho{major}.in", f"requirements/zoho{major}.txt", upgrade)
    lock("requirements/okta2.in", "requirements/okta2.txt", upgrade)
    lock("requirements/lint.in", "requirements/lint.txt", upgrade)
    # Django's, on Windows alone; of the developer's environment others ask for it.
    same = ["--upgrade", "--constraint=requirements/dev.txt", "--no-emit-package=tzdata"]
    lock("requirements/unit.in", "requirements/unit.txt", same)
    # The layer must have the versions that the tests ran with.
    lock("layers/dependencies/requirements.in", "layers/dependencies/requirements.txt", same)


def install_uv() -> None:
    """Install the locked uv into an environment for this script only."""
    venv.create(TOOLS, with_pip=True)
    pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements/uv.txt"], cwd=ROOT, check=True)


def lock(source: str, target: str, options: list[str]) -> None:
    """Write one lock from one list of requirements, under a header that names the source."""
    print(f"{source} -> {target}", flush=True)
    # By default uv trusts its own list of authorities; pip's setting is applied to both.
    environment = {**os.environ}
    if "PIP_CERT" in environment:
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    command = [str(UV), *COMPILE, *LEFT_OUT, *options, source, f"--output-file={target}"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    written = ROOT / target
    written.write_text(HEADER.format(source=source) + written.read_text().removeprefix(HEADER.format(source=source)))


if __name__ == "__main__":
    main()
