"""Make the virtual environment from the locked, hash-pinned dependencies: `python3 local/install.py`.

Runs before anything is installed, so it uses nothing but the standard library, and it stays readable to a Python that is
too old, in order to be able to say so.
"""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOCK = os.path.join(ROOT, "requirements", "dev.txt")
LOG = os.path.join(ROOT, ".local", "logs", "pip.log")
OLDEST = (3, 11)

#: The `reprieve` command. It finds the code beside it instead of having it installed: the local AWS runs the functions
#: with this same environment, and they must find the domain in their layer or not at all.
COMMAND = """#!{python}
import sys

sys.path[:0] = [{cli!r}, {domain!r}]

from reprieve_cli.main import main

sys.exit(main())
"""


def main():
    """Make or renew .venv; exit 1 with one sentence when that cannot be done."""
    check_python()
    make_environment()
    install()
    write_command()
    with open(os.path.join(VENV, ".ready"), "w") as stamp:
        stamp.write("{}.{}\n".format(*sys.version_info[:2]))


def check_python():
    """Refuse a Python that is too old, or that cannot make virtual environments."""
    if sys.version_info[:2] < OLDEST:
        give_up(
            "Reprieve needs Python {}.{} or later, and {} is {}.{}: choose another, as in `make run PYTHON=python3.12`.".format(
                *(OLDEST + (sys.executable,) + sys.version_info[:2])
            )
        )
    try:
        import ensurepip  # noqa: F401 - Debian has it in a package of its own
    except ImportError:
        give_up(
            "This Python cannot make virtual environments: on Debian and Ubuntu, `apt install python3-venv` mends that."
        )


def make_environment():
    """An empty environment of this very Python; one made by another version is replaced."""
    wanted = "{}.{}".format(*sys.version_info[:2])
    if os.path.isdir(VENV) and not os.path.exists(os.path.join(VENV, "bin", "python" + wanted)):
        shutil.rmtree(VENV)
    if not os.path.exists(PYTHON):
        say("Making a virtual environment in .venv (Python " + wanted + ")")
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
            give_up("The virtual environment could not be made: see above.")


def install():
    """Install exactly what the lock names, every file checked against its hash."""
    with open(LOCK) as lock:
        total = len(re.findall(r"^[A-Za-z0-9._-]+(?:\[[^]]*\])?==", lock.read(), re.MULTILINE))
    say("Installing the {} locked packages (the first time takes a minute or three)".format(total))
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    # --no-deps: the lock is complete, and a resolver would only cost time.
    # --no-compile: most of the modules are never imported; Python compiles the others when they are.
    command = [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-compile"]
    command += ["--disable-pip-version-check", "--no-input", "-r", LOCK]
    done = 0
    with open(LOG, "w") as log:
        pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        for line in pip.stdout:
            log.write(line)
            found = re.match(r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)", line)
            if found:
                done += 1
                progress("{:4d} of {}  {}".format(done, total, found.group(1)))
            elif line.startswith("Installing collected packages"):
                progress("unpacking")
    progress("")
    if pip.wait() != 0:
        give_up("The packages could not be installed; the reason is at the end of .local/logs/pip.log.")


def write_command():
    """Put the operator's command, `reprieve`, into the environment."""
    path = os.path.join(VENV, "bin", "reprieve")
    with open(path, "w") as command:
        command.write(
            COMMAND.format(
                python=PYTHON,
                cli=os.path.join(ROOT, "cli"),
                domain=os.path.join(ROOT, "layers", "domain", "python"),
            )
        )
    os.chmod(path, 0o755)


def progress(text):
    """Show one changing line to a person, and a line in twenty to a log."""
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K" + ("  " + text if text else ""))
        sys.stdout.flush()
    elif text.endswith(("0 ", "unpacking")) or re.match(r" *\d*[05]0 of", text):
        say("  " + text.strip())


def say(text):
    """One line, at once."""
    print(text, flush=True)


def give_up(sentence):
    """Stop with one line that says what to do."""
    sys.exit("\nmake: " + sentence)


if __name__ == "__main__":
    main()
