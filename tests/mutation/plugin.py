"""Runs tests without one of the store's conditions: `pytest -p tests.mutation.plugin --without access.NEW ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutation.conditions import mutants, without

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which mutant."""
    parser.addoption("--without", required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Put it in place before any test is imported, so that it is used wherever the condition is."""
    name = config.getoption("--without")
    mutation = without(next(mutant for mutant in mutants() if mutant.name == name))
    mutation.__enter__()
    config.add_cleanup(lambda: mutation.__exit__(None, None, None))
