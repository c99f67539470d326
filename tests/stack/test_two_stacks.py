"""Two stacks in one account and region: every explicit name contains the stack's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.build import BUILD, sam
from local.deploy import client

if TYPE_CHECKING:
    from local.place import Place

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_a_second_stack_deploys_beside_the_first_and_each_has_its_schedules(place: Place) -> None:
    sam(
        place,
        "deploy",
        f"--template-file={BUILD / 'template.yaml'}",
        "--stack-name=second",
        otherwise="A second stack could not be deployed",
    )
    schedules = {one["Name"] for one in client(place, "scheduler").list_schedules()["Schedules"]}
    jobs = ("reconciliation", "removal-job", "upkeep")
    assert schedules == {f"{stack}-{job}" for stack in ("reprieve", "second") for job in jobs}
