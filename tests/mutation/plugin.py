"""Run tests without one of the store's conditions: `pytest -p tests.mutation.plugin --without access.NEW ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutation.conditions import mutants, without

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the mutant."""
    parser.addoption("--without", required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Apply the mutant before any test is imported, so that every use of the condition sees it."""
    name = config.getoption("--without")
    mutation = without(next(mutant for mutant in mutants() if mutant.name == name))
    mutation.__enter__()
    config.add_cleanup(lambda: mutation.__exit__(None, None, None))
