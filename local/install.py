"""Create the virtual environment from the locked, hash-pinned dependencies: `python3 local/install.py`.

It runs before anything is installed, so it uses the standard library only. A Python that is too old must be able to
parse it, to report that it is too old.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "dev.txt"
LOG = ROOT / ".local" / "logs" / "pip.log"
OLDEST = (3, 11)
THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"

#: The `reprieve` command. It finds the code in the checkout; the code is not installed, because the local AWS runs the
#: functions with this same environment, and they must load the domain from their layer.
COMMAND = f"""#!{PYTHON}
import sys

sys.path[:0] = [{str(ROOT / "cli")!r}, {str(ROOT / "layers" / "domain" / "python")!r}]

from reprieve_cli.main import main

sys.exit(main())
"""


def main() -> None:
    """Create or update .venv; exit 1 with one sentence if that fails."""
    check_python()
    make_environment()
    install()
    command = VENV / "bin" / "reprieve"
    command.write_text(COMMAND)
    command.chmod(0o755)
    (VENV / ".ready").write_text(f"{THIS}\n")


def check_python() -> None:
    """Refuse a Python that is too old, or that cannot make virtual environments."""
    if sys.version_info[:2] < OLDEST:
        give_up(
            f"{sys.executable} is Python {THIS}, and Reprieve needs 3.11 or later: try `make PYTHON=python3.12 ...`."
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian has it in a package of its own
    except ImportError:
        give_up("This Python cannot make virtual environments: on Debian and Ubuntu, `apt install python3-venv`.")


def make_environment() -> None:
    """Create the environment with this Python; one of another version is replaced."""
    if not (VENV / "bin" / f"python{THIS}").exists():
        shutil.rmtree(VENV, ignore_errors=True)
    if not PYTHON.exists():
        say(f"Creating a virtual environment in .venv (Python {THIS})")
        if subprocess.call([sys.executable, "-m", "venv", str(VENV)]) != 0:
            give_up("The virtual environment could not be created: the reason is above.")


def install() -> None:
    """Install the locked packages, each file checked against its hash."""
    total = len(re.findall(r"^[A-Za-z0-9._-]+(?:\[[^]]*\])?==", LOCK.read_text(), re.MULTILINE))
    say(f"Installing the {total} locked packages (two or three minutes the first time)")
    LOG.parent.mkdir(parents=True, exist_ok=True)
    # --no-deps: the lock is complete, and a resolver would only cost time.
    # --no-compile: most of the modules are never imported, and Python compiles the others at import.
    options = ["--require-hashes", "--no-deps", "--no-compile", "--disable-pip-version-check", "--no-input"]
    command = [str(PYTHON), "-m", "pip", "install", *options, "-r", str(LOCK)]
    done = 0
    with LOG.open("w") as log:
        pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        for line in pip.stdout or ():
            log.write(line)
            found = re.match(r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)", line)
            if found:
                done += 1
                progress(f"{done} of {total}: {found.group(1)}", milestone=done % 50 == 0)
            elif line.startswith("Installing collected packages"):
                progress("unpacking", milestone=True)
    if pip.wait() != 0:
        give_up("The packages could not be installed; the reason is at the end of .local/logs/pip.log.")
    progress("done", milestone=True, last=True)


def progress(text: str, *, milestone: bool, last: bool = False) -> None:
    """Print progress: one changing line in a terminal, only milestones elsewhere."""
    if sys.stdout.isatty():
        print(f"\r\033[K  {text}", end="\n" if last else "", flush=True)
    elif milestone:
        say(f"  {text}")


def say(text: str) -> None:
    """Print one line without buffering."""
    print(text, flush=True)


def give_up(sentence: str) -> None:
    """Exit 1 with one sentence that says what to do."""
    sys.exit(f"\n{sentence}")


if __name__ == "__main__":
    main()
