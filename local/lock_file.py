"""File locks that the operating system releases when their holder ends, however it ends."""

import fcntl
import time
from pathlib import Path
from typing import TextIO

from local.problem import Problem


def take_lock(path: Path, *, seconds: float = 0, otherwise: str) -> TextIO:
    """Return an open file that holds the lock until it is closed, and every copy that a child process inherited.

    Raises:
        Problem: another process still holds the lock after `seconds`; the sentence is `otherwise`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a")
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                file.close()
                raise Problem(otherwise) from error
            time.sleep(0.1)
        else:
            return file
