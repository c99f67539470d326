"""Two stacks in one account and region, the second with the longest name that CloudFormation takes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.build import BUILD, sam
from local.deploy import api_ids, client
from local.place import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.place import Place

pytestmark = [pytest.mark.stack, pytest.mark.slow]

SECOND = "second".ljust(128, "x")
PYTHONPATH = f"{ROOT / 'cli'}:{ROOT / 'layers/domain/python'}"


@pytest.fixture
def outputs(place: Place) -> Iterator[dict[str, str]]:
    """The outputs of a second stack, which is gone after the test."""
    cloudformation = client(place, "cloudformation")
    sam(
        place,
        "deploy",
        f"--template-file={BUILD / 'template.yaml'}",
        f"--stack-name={SECOND}",
        otherwise="A second stack could not be deployed",
    )
    (second,) = cloudformation.describe_stacks(StackName=SECOND)["Stacks"]
    yield {one["OutputKey"]: one["OutputValue"] for one in second["Outputs"]}
    cloudformation.delete_stack(StackName=SECOND)


def reprieve(place: Place, *arguments: str) -> dict[str, Any]:
    """What the operator's command prints about the second stack, as JSON."""
    ran = subprocess.run(
        [sys.executable, "-c", "from reprieve_cli.main import main; main()", f"--stack={SECOND}", *arguments, "--json"],
        env={**os.environ, **place.aws_environment(), "PYTHONPATH": PYTHONPATH},
        check=True,
        capture_output=True,
        text=True,
    )
    printed: dict[str, Any] = json.loads(ran.stdout)
    return printed


def users(place: Place, api: str, token: str) -> int:
    """The status of a request to an Okta API at the address that AWS itself gives it."""
    url = f"{place.endpoint}/_aws/execute-api/{api}/api/v1/users"
    return requests.get(url, headers={"Authorization": f"SSWS {token}"}, timeout=60).status_code


def test_a_second_stack_deploys_beside_the_first_and_shares_nothing_with_it(
    place: Place, stack: dict[str, Any], outputs: dict[str, str]
) -> None:
    schedules = client(place, "scheduler").list_schedules()["Schedules"]
    names = ("hook-delivery", "inquiries", "policies", "reconciliation", "removal-job", "upkeep")
    assert Counter(one["Name"] for one in schedules) == dict.fromkeys(names, 2)
    assert sorted(Counter(one["GroupName"] for one in schedules).values()) == [len(names)] * 2

    reprieve(place, "organizations", "create", "acme", "--name", "Acme Inc.")
    token = reprieve(place, "credentials", "issue", "acme", "--name", "admin", "--dialect", "okta")["token"]
    found = re.match(r"https://(\w+)\.", outputs["OktaApi"])
    assert found
    first, second = api_ids(place)["OktaApi"], found[1]
    assert (users(place, second, token), users(place, first, token)) == (200, 401)
    assert users(place, first, stack["okta"]["token"]) == 200
    # 403 while only the first stack has its gateway responses (local/deploy.py)
    assert users(place, second, stack["okta"]["token"]) in {401, 403}
