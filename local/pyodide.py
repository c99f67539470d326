"""Compile for the default runtime's Python where it is not installed: CPython as WebAssembly, from npm.

    python -m local.pyodide FOLDER PLACE

A start of it takes seconds, and a function is one small module. So the first function of a build has the modules of all
functions compiled; the others find theirs under the digest of its source.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from local.lock_file import take_lock

ROOT: Final = Path(__file__).resolve().parent.parent
PYTHON: Final = "3.14"
PACKAGE: Final = ROOT / "artifacts" / "pyodide"
FUNCTIONS: Final = ROOT / "functions"
#: a folder per version of a function's module: the module, and what it was compiled to
COMPILED: Final = ROOT / ".local" / "compiled"
#: SAM builds several artifacts at a time
LOCK: Final = ROOT / ".local" / "pyodide.lock"
SECONDS_FOR_THE_OTHERS: Final = 300
ONLY: Final = "app.py"


def main() -> None:
    """Compile every module of a folder as if it were at another place; exit 1 where that fails."""
    folder, place = Path(sys.argv[1]), sys.argv[2]
    if [path.name for path in folder.rglob("*.py")] == [ONLY]:
        done = compile_function(folder, place)
    else:
        done = run([folder], place)
    sys.exit(0 if done else 1)


def compile_function(folder: Path, place: str) -> bool:
    """Compile the only module of a folder, and those of the other functions with it; whether that succeeded."""
    with take_lock(LOCK, seconds=SECONDS_FOR_THE_OTHERS, otherwise="another artifact is still being compiled"):
        found = COMPILED / digest(folder / ONLY)
        if not found.exists() and not compile_new([folder / ONLY, *FUNCTIONS.glob(f"*/{ONLY}")], place):
            return False
    shutil.copytree(found / "__pycache__", folder / "__pycache__", dirs_exist_ok=True)
    return True


def compile_new(modules: Iterable[Path], place: str) -> bool:
    """Compile those modules that COMPILED does not have yet; whether that succeeded, which it does for all or none."""
    shutil.rmtree(COMPILED / "new", ignore_errors=True)
    for module in modules:
        folder = COMPILED / "new" / digest(module)
        if not folder.exists() and not (COMPILED / folder.name).exists():
            folder.mkdir(parents=True)
            shutil.copyfile(module, folder / ONLY)
    new = sorted((COMPILED / "new").iterdir())
    if not run(new, place):
        return False
    for folder in new:
        folder.rename(COMPILED / folder.name)
    return True


def run(folders: Iterable[Path], place: str) -> bool:
    """Compile every module of some folders, each folder as if it were at one place; whether that succeeded."""
    command = ["node", str(PACKAGE / "compile.mjs"), place, *(str(folder) for folder in folders)]
    return subprocess.run(command, check=False).returncode == 0


def digest(module: Path) -> str:
    """A name for a module's content."""
    return hashlib.sha256(module.read_bytes()).hexdigest()[:32]


def fetch() -> bool:
    """Install it, checked against its lock, unless it is there; whether it is."""
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    installed, wanted = PACKAGE / "node_modules" / ".package-lock.json", PACKAGE / "package-lock.json"
    with take_lock(LOCK, seconds=SECONDS_FOR_THE_OTHERS, otherwise="npm is still busy"):
        if installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime:
            return True
        command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        return subprocess.run(command, cwd=PACKAGE, check=False).returncode == 0


if __name__ == "__main__":
    main()
