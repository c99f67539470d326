"""What SAM built, looked at file by file: compiled modules, packages by their own records, native libraries."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import struct
from _imp import source_hash  # importlib's own knows only the key of the Python that runs
from dataclasses import dataclass
from importlib.util import source_from_cache
from pathlib import Path
from typing import TYPE_CHECKING

from local import artifact

if TYPE_CHECKING:
    from collections.abc import Iterator

#: the flags of a .pyc that holds a hash of its source which Python does not check (PEP 552)
UNCHECKED = 0b01
#: a processor's number in the header of an ELF file
ELF_MACHINE = {"arm64": 183, "x86_64": 62}


@dataclass(frozen=True, slots=True)
class Compiled:
    """One `.pyc`."""

    path: Path
    magic: int
    flags: int
    hash: bytes

    @property
    def source(self) -> Path:
        """The module beside it."""
        return Path(source_from_cache(str(self.path)))

    @property
    def is_of_its_source(self) -> bool:
        """Whether it holds the hash of the module as it is there. The hash is keyed by the magic number."""
        key = int.from_bytes(self.path.read_bytes()[:4], "little")
        return self.source.exists() and source_hash(key, self.source.read_bytes()) == self.hash


def compiled(folder: Path) -> list[Compiled]:
    """Every compiled module below a folder, in the order of paths."""
    return [_compiled(path) for path in sorted(folder.rglob("*.pyc"))]


def _compiled(path: Path) -> Compiled:
    magic, end, flags, digest = struct.unpack("<H2sI8s", path.read_bytes()[:16])
    assert end == b"\r\n"
    return Compiled(path, magic, flags, digest)


def assert_compiled(folder: Path, version: str) -> None:
    """Every module has its `.pyc` for that Python, and there is no other."""
    found = compiled(folder)
    modules = {path for path in folder.rglob("*.py") if path.suffix == ".py"}
    assert {module.source for module in found} == modules
    tag = f".cpython-{version.replace('.', '')}.pyc"
    wrong = [
        module.path
        for module in found
        if (module.magic, module.flags) != (artifact.MAGIC[version], UNCHECKED)
        or not module.path.name.endswith(tag)
        or not module.is_of_its_source
    ]
    assert wrong == []


def assert_packages(folder: Path, lock: Path) -> None:
    """A folder of packages holds the locked versions, each file as its wheel recorded it, and no other file."""
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(), re.MULTILINE))
    names = [path.name.removesuffix(".dist-info").rpartition("-") for path in folder.glob("*.dist-info")]
    assert {name.replace("_", "-").lower(): version for name, _, version in names} == locked
    rows = {path: digest for record in folder.glob("*.dist-info/RECORD") for path, digest in _rows(record)}
    kept = {path: digest for path, digest in rows.items() if not _left_out(path)}
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert {path for path in there if not path.endswith(".pyc")} == set(kept)
    changed = [path for path, digest in kept.items() if digest and digest != _digest(there[path])]
    assert changed == []
    # without a digest: only the record itself
    assert {Path(path).name for path, digest in kept.items() if not digest} == {"RECORD"}


def _rows(record: Path) -> Iterator[tuple[str, str]]:
    with record.open(newline="") as file:
        for path, digest, _ in csv.reader(file):
            yield path, digest


def _left_out(path: str) -> bool:
    """Whether the build leaves a recorded file out: commands, tests, services that no function calls."""
    first, *rest = Path(path).parts
    if first == "botocore" and rest[0] == "data" and len(rest) > 2:
        return rest[1] not in artifact.SERVICES
    return first == ".." or rest[:1] == ["tests"]


def _digest(path: Path) -> str:
    """A file's digest, as in a record."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode().rstrip("=")


def assert_native(folder: Path, version: str, architecture: str) -> None:
    """Every native library is for that processor, and for that Python or for every one from an older on (abi3)."""
    libraries = [path for path in folder.rglob("*") if ".so" in path.suffixes]
    assert {path.name.partition(".")[0] for path in libraries} >= {"_rust", "_pydantic_core", "_cffi_backend"}
    tag = f"cpython-{version.replace('.', '')}-{artifact.MACHINES[architecture]}-linux-gnu.so"
    assert {path.name.partition(".")[2] for path in libraries} <= {tag, "abi3.so"}
    for path in libraries:
        header = path.read_bytes()[:20]
        assert (header[:4], struct.unpack("<H", header[18:20])[0]) == (b"\x7fELF", ELF_MACHINE[architecture])


def size(*folders: Path) -> int:
    """The bytes of all files in the folders."""
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
