"""The processes that run a stack's functions, for tests that kill or measure them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.place import Place


def workers(place: Place, service: str) -> list[int]:
    """Process ids of one function's workers, by the name that its log lines carry."""
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            variables = (directory / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        mine = (
            f"TMPDIR={place.scratch}".encode() in variables
            or f"AWS_ENDPOINT_URL={place.endpoint}".encode() in variables
        )
        if mine and f"POWERTOOLS_SERVICE_NAME={service}".encode() in variables:
            found.append(int(directory.name))
    return found


def peak_megabytes(place: Place, service: str) -> int:
    """The most memory that any of a function's workers has had so far, in MB."""
    statuses = [Path(f"/proc/{worker}/status").read_text() for worker in workers(place, service)]
    peaks = [line.split()[1] for status in statuses for line in status.splitlines() if line.startswith("VmHWM:")]
    return max(map(int, peaks)) // 1024
