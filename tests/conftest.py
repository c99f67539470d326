"""What every test keeps to: nothing outside this machine is ever spoken to, and pure code speaks to nothing at all."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import quick_boto3

quick_boto3.install()

# how long an example takes tells of the machine and who else is on it, not of the code
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

HERE = Path(__file__).parent
#: Rooms whose tests open no socket whatsoever.
SILENT = {"unit", "wire", "architecture"}
LOOPBACK = ["127.0.0.0/8", "::1"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the rule of its room; pytest-socket holds it to that."""
    for item in items:
        room = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        item.add_marker(pytest.mark.disable_socket if room in SILENT else pytest.mark.allow_hosts(LOOPBACK))
