"""Rules for every test: no connection leaves this machine, and pure code opens none at all."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.support import quick_boto3

quick_boto3.install()

# the time of an example depends on the machine and its load, not only on the code
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# every `make test` draws other examples, so a few per run add up; `make test-slow` draws many
settings.register_profile("quick", settings.get_profile("shared"), max_examples=25)
settings.register_profile("thorough", settings.get_profile("shared"), max_examples=250)
settings.load_profile("quick")

HERE = Path(__file__).parent
#: Rooms whose tests open no socket.
SILENT = {"unit", "dialects", "architecture"}
LOOPBACK = ["127.0.0.0/8", "::1"]
STACK = "tests/stack/"
#: files whose tests wait for deadlines or start processes, so that they take longest
LONG = ("tests/contract/", "tests/smtp/", "tests/architecture/", "tests/functions/email_servers/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the socket rule of its room, which pytest-socket enforces."""
    items.sort(key=lambda item: (not item.nodeid.startswith(STACK), not item.nodeid.startswith(LONG)))
    for item in items:
        room = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        item.add_marker(pytest.mark.disable_socket if room in SILENT else pytest.mark.allow_hosts(LOOPBACK))


class OneStack(LoadScopeScheduling):
    """An xdist scheduler: one worker runs the stack's tests first; of the others a file goes to a free worker.

    The longest files come first, so that no worker is left with one at the end.
    """

    def _split_scope(self, nodeid: str) -> str:
        return STACK if nodeid.startswith(STACK) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStack | None:
    """`OneStack`, unless the command line names a distribution: `--dist loadfile` gives each worker a stack."""
    if config.option.dist != "load":
        return None
    config.option.loadscopereorder = False
    return OneStack(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped and why, a line per reason: what this machine lacks is otherwise only a number."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.getreports("skipped"))
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"{number} skipped: {reason.removeprefix('Skipped: ')}", yellow=True)
