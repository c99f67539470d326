"""The vendors' OpenAPI documents, which live beside the repository; tests that need them skip loudly without them."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def contract(name: str) -> Path:
    """The path of one document (`okta.yaml`, `sendgrid.yaml`); skips the test when there is none.

    REPRIEVE_CONTRACTS names another folder than `../shared/contracts`.
    """
    folder = Path(os.environ.get("REPRIEVE_CONTRACTS", REPOSITORY.parent / "shared" / "contracts"))
    path = folder / name
    if not path.is_file():
        pytest.skip(f"SKIPPED: no contract {name} in {folder}; set REPRIEVE_CONTRACTS to the folder that holds it")
    return path
