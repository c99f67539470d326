"""Locks that the system takes back when their holder ends, however it ends."""

import fcntl
import time
from pathlib import Path
from typing import TextIO

from local.problem import Problem


def take_lock(path: Path, *, seconds: float = 0, otherwise: str) -> TextIO:
    """Return an open file that holds the lock until it, and every copy a child was given, is closed.

    Raises:
        Problem: with the sentence `otherwise`, when somebody else still holds it after that many seconds.
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
