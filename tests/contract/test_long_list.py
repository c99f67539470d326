"""The benchmark of a long list, on a shorter one: the benchmark contains the assertions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import dynoxide

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_deleted_list_reads_empty_at_once_and_is_lifted_upstream_however_often_the_functions_are_cut_off() -> None:
    environment = {
        **os.environ,
        "DYNOXIDE": dynoxide.needed(),
        "PYTHONPATH": f"{ROOT / 'layers/domain/python'}:{ROOT / 'cli'}",
    }
    command = [sys.executable, "-m", "bench.long_list", "--count", "2000"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    assert "nothing is left" in done.stdout
