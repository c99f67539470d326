"""The code of the local AWS's functions, unpacked once.

The local AWS unpacks a function's code and layers for each of its processes, 45 MB each time, and keeps the archives
beside them. Here the processes share one copy of each archive, and with it what Python compiles of it.
"""

import hashlib
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

#: functions start side by side
_unpacking = threading.Lock()


class SharedArchive(zipfile.ZipFile):
    """An archive that is unpacked to one place, by its content, and linked to from wherever it is wanted."""

    def extractall(self, path: Any = None, *_: Any) -> None:  # noqa: ANN401 - the signature of what it replaces
        """Have `path`, an empty directory, replaced by a link to the archive's content, and the archive deleted."""
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
    """Have the functions that start from now on share their code."""
    lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedArchive})
