"""Lock the dependencies with hashes for every supported Python and machine: `make lock`.

Written are the tool's own lock, the developer's environment, those of clients that need an environment of their
own, and the layer's with the versions of the second. No file names a package index, so that they install from whichever
one the reader's pip is set up for.
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
    "--universal",  # markers instead of this machine's answers
    "--python-version=3.11",  # the oldest supported: newer ones are covered by markers
    "--generate-hashes",  # of every file of a version, so of every machine and Python
    "--no-strip-extras",
    "--no-emit-index-url",
    "--no-header",
    "--quiet",
]
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
    same = "--constraint=requirements/dev.txt"
    lock("requirements/unit.in", "requirements/unit.txt", ["--upgrade", same])
    # The layer may not differ from what the tests ran with, so its only freedom is taken away.
    lock(
        "layers/dependencies/requirements.in",
        "layers/dependencies/requirements.txt",
        ["--upgrade", same],
    )


def install_uv() -> None:
    """Put the locked uv where only this script uses it."""
    venv.create(TOOLS, with_pip=True)
    pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements/uv.txt"], cwd=ROOT, check=True)


def lock(source: str, target: str, options: list[str]) -> None:
    """Write one lock from one list of wishes, under a header that says where it came from."""
    print(f"{source} -> {target}", flush=True)
    # uv trusts its own list of authorities unless told otherwise; pip's setting should be enough for both.
    environment = {**os.environ}
    if "PIP_CERT" in environment:
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    command = [str(UV), *COMPILE, *options, source, f"--output-file={target}"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    written = ROOT / target
    written.write_text(HEADER.format(source=source) + written.read_text().removeprefix(HEADER.format(source=source)))


if __name__ == "__main__":
    main()
