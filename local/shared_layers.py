"""The code of the local AWS's functions, unpacked once.

The local AWS unpacks a function's code and layers for each of its processes, 45 MB each time, and keeps the archives
as well. Here the processes share one copy of each archive, and with it Python's compiled files.
"""

import hashlib
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

#: functions start in parallel
_unpacking = threading.Lock()


class SharedArchive(zipfile.ZipFile):
    """An archive that is unpacked once per content; every other place gets a link to it."""

    def extractall(self, path: Any = None, *_: Any) -> None:  # noqa: ANN401 - the signature of what it replaces
        """Replace `path`, an empty directory, by a link to the archive's content, and delete the archive."""
        archive, wanted = Path(str(self.filename)), Path(path)
        shared = Path(tempfile.gettempdir(), "shared", hashlib.sha256(archive.read_bytes()).hexdigest())
        with _unpacking:
            if not shared.exists():
                shared.parent.mkdir(exist_ok=True)
                fresh = tempfile.mkdtemp(dir=shared.parent)
                super().extractall(fresh)
                Path(fresh).rename(shared)
        wanted.rmdir()
        wanted.symlink_to(shared)
        archive.unlink()


def install() -> None:
    """Make the functions that start from now on share their code."""
    lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedArchive})
