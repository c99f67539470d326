"""An export as a directory: a file of lines per kind of row, and a manifest, which is written last.

    acme/manifest.json
    acme/suppressions.jsonl
    ...

A directory without a manifest is an export that was cut short. The manifest has the number of lines and the SHA-256 of
each file, so that a file that was damaged or is missing is noticed before anything of it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from reprieve.clock import timestamp
from reprieve.dialects import export_lines
from reprieve.errors import InvalidInput
from reprieve.exports.kinds import KEYS, Kind, key_of
from reprieve.json_body import parse_strictly
from reprieve.organization import ORGANIZATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reprieve.clock import Millis
    from reprieve.exports.kinds import Row

FORMAT: Final = "reprieve-organization"
#: of the format; a reader refuses a greater one
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
#: problems that are reported, of all files together
MAX_PROBLEMS: Final = 20
#: lines between two progress reports
PROGRESS: Final = 1_000
#: personal data, readable for its owner only
PRIVATE_FILE: Final = 0o600
PRIVATE_DIRECTORY: Final = 0o700


@dataclass(frozen=True, slots=True)
class File:
    """One file as the manifest has it: its kind, its number of lines, and its SHA-256 in hexadecimal."""

    kind: Kind
    rows: int
    sha256: str

    @property
    def name(self) -> str:
        """Its name in the directory."""
        return f"{self.kind}.jsonl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds.

    Attributes:
        organization: the id of the exported organization.
        exported_at: when the export began, `YYYY-MM-DDTHH:mm:ss.SSSZ`.
        files: in the order of `Kind`.
    """

    organization: str
    exported_at: str
    files: tuple[File, ...]

    def rows(self, kind: Kind) -> int:
        """The number of rows of a kind; 0 for one that the export does not have."""
        return sum(file.rows for file in self.files if file.kind is kind)


class ExportWriter:
    """Writes an export into a new or empty directory."""

    def __init__(self, directory: Path, organization_id: str, *, now: Millis) -> None:
        """Make the directory.

        Raises:
            InvalidInput: it has files already, or cannot be made.
        """
        try:
            directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            taken = any(directory.iterdir())
        except OSError as problem:
            raise InvalidInput(f"{directory}: {problem.strerror}") from None
        if taken:
            raise InvalidInput(f"{directory}: not empty; name a new directory")
        self._directory = directory
        self._organization_id = organization_id
        self._exported_at = timestamp(now)
        self._files: list[File] = []

    def write(
        self, kind: Kind, rows: Iterator[Row], *, progress: Callable[[Kind, int], None] = lambda _kind, _done: None
    ) -> None:
        """Write the file of one kind."""
        digest, count = hashlib.sha256(), 0
        with _created(self._directory / f"{kind}.jsonl") as file:
            for count, row in enumerate(rows, 1):
                line = export_lines.write(kind, row)
                digest.update(line)
                file.write(line)
                if count % PROGRESS == 0:
                    progress(kind, count)
        progress(kind, count)
        self._files.append(File(kind, count, digest.hexdigest()))

    def finish(self) -> Manifest:
        """Write the manifest, which makes the export complete."""
        manifest = Manifest(self._organization_id, self._exported_at, tuple(self._files))
        content = {
            "format": FORMAT,
            "version": VERSION,
            "organization": manifest.organization,
            "exported_at": manifest.exported_at,
            "files": [{"name": file.name, **asdict(file)} for file in manifest.files],
        }
        unfinished = self._directory / f"{MANIFEST}.new"
        with _created(unfinished) as file:
            file.write(json.dumps(content, indent=2).encode() + b"\n")
        unfinished.replace(self._directory / MANIFEST)
        return manifest


class ExportReader:
    """Reads an export, and believes none of it before `problems` has found none."""

    def __init__(self, directory: Path) -> None:
        """Read the manifest.

        Raises:
            InvalidInput: there is none, or it is not one that this version can read.
        """
        self._directory = directory
        self.manifest = _manifest(directory / MANIFEST)

    def problems(self, *, progress: Callable[[Kind, int], None] = lambda _kind, _done: None) -> list[str]:
        """What is wrong, by file and line, the first `MAX_PROBLEMS`; a whole pass over every file."""
        found: list[str] = []
        for file in self.manifest.files:
            for problem in self._problems(file, progress):
                found.append(f"{file.name}{problem}")
                if len(found) == MAX_PROBLEMS:
                    return found
        return found

    def rows(self, kind: Kind) -> Iterator[Row]:
        """The rows of a kind, which `problems` has checked."""
        with (self._directory / f"{kind}.jsonl").open("rb") as file:
            for line in file:
                yield parse_strictly(line)

    def _problems(self, file: File, progress: Callable[[Kind, int], None]) -> Iterator[str]:
        digest, count, before, sound = hashlib.sha256(), 0, None, True
        try:
            with (self._directory / file.name).open("rb") as lines:
                while line := lines.readline(export_lines.MAX_LINE + 1):
                    count += 1
                    digest.update(line)
                    try:
                        before = _checked(file.kind, line, before)
                    except InvalidInput as problem:
                        sound = False
                        yield f" line {count}: {problem}"
                    if count % PROGRESS == 0:
                        progress(file.kind, count)
        except OSError as problem:
            yield f": {problem.strerror}"
            return
        if count != file.rows:
            yield f": {count} lines, but {file.rows} by the manifest"
        elif sound and digest.hexdigest() != file.sha256:
            yield ": its SHA-256 is not the manifest's, so it was changed after the export"
        if file.kind is Kind.ORGANIZATION and count != 1:
            yield ": one line is needed"
        elif not KEYS[file.kind] and count > 1:
            yield ": one line at most"


def _checked(kind: Kind, line: bytes, before: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """The key of a line's row, which must come after that of the line before."""
    if len(line) > export_lines.MAX_LINE:
        raise InvalidInput("the line is too long")
    if not line.endswith(b"\n"):
        raise InvalidInput("the line has no end, so the file was cut short")
    key = key_of(kind, export_lines.read(kind, line))
    if key and before is not None and key <= before:
        raise InvalidInput("the key of the line does not come after that of the line before")
    return key


def _manifest(path: Path) -> Manifest:
    try:
        content = parse_strictly(path.read_bytes())
    except FileNotFoundError:
        raise InvalidInput(f"{path}: not there, so this is not an export, or one that was cut short") from None
    except OSError as problem:
        raise InvalidInput(f"{path}: {problem.strerror}") from None
    except InvalidInput:
        raise InvalidInput(f"{path}: not JSON") from None
    try:
        if content["format"] != FORMAT:
            raise InvalidInput(f"{path}: not the manifest of an organization's export")
        if content["version"] != VERSION:
            raise InvalidInput(f"{path}: version {content['version']} of the format; this command reads {VERSION}")
        files = tuple(File(Kind(one["kind"]), int(one["rows"]), str(one["sha256"])) for one in content["files"])
        manifest = Manifest(str(content["organization"]), str(content["exported_at"]), files)
    except (KeyError, TypeError, ValueError) as problem:
        raise InvalidInput(f"{path}: not a manifest that this version can read") from problem
    kinds = [file.kind for file in manifest.files]
    whole = set(Kind) - {Kind.SYSTEM_LOG} <= set(kinds) and len(kinds) == len(set(kinds))
    if not whole or not ORGANIZATION_ID.fullmatch(manifest.organization):
        raise InvalidInput(f"{path}: not a manifest that this version can read")
    return manifest


@contextmanager
def _created(path: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner may read, durable when the block ends."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
