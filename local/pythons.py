"""Run the unit tests on every supported Python that this machine has: `make test-pythons`.

Each Python gets a small environment of its own in `.local/pythons/`, made from requirements/unit.txt.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "unit.txt"
SUPPORTED = ("3.11", "3.12", "3.13", "3.14")


def main() -> None:
    """Test on each; exit 1 if the tests fail on one, or if no supported Python is found."""
    found = {version: python for version in SUPPORTED if (python := find(version))}
    print(f"Python {', '.join(found) or '(none)'}; not found: {', '.join(sorted(set(SUPPORTED) - set(found))) or '-'}")
    failed = [version for version, python in found.items() if not passes(version, python)]
    if failed or not found:
        sys.exit(
            f"The unit tests failed on Python {', '.join(failed)}." if failed else "No supported Python was found."
        )


def find(version: str) -> str | None:
    """The path of a Python of this version that runs: on the PATH, or one of pyenv's."""
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *map(str, kept)):
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def passes(version: str, python: str) -> bool:
    """Create the environment, unless a complete one exists, and run the unit tests in it."""
    print(f"== Python {version}", flush=True)
    environment = ROOT / ".local" / "pythons" / version
    own, ready = environment / "bin" / "python", environment / ".ready"
    if not ready.exists() or ready.read_text() != LOCK.read_text():
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
        options = ["--quiet", "--require-hashes", "--no-deps", "--disable-pip-version-check", "--no-input"]
        subprocess.run([str(own), "-m", "pip", "install", *options, "-r", str(LOCK)], check=True)
        ready.write_text(LOCK.read_text())
    command = [str(own), "-m", "pytest", "-m", "not slow", "-n", "auto", "tests/unit"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    main()
