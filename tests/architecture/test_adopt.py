"""How a new stack adopts what a deleted one left behind: every retained resource, as template.yaml has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.adopt import IDENTIFIERS, adoption, source
from local.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping


def retained() -> Mapping[str, Any]:
    """The retained resources; what exists is adopted whatever its condition is."""
    found = {name: one for name, one in source()["Resources"].items() if one.get("DeletionPolicy") == "Retain"}
    return {name: {key: part for key, part in one.items() if key != "Condition"} for name, one in found.items()}


def test_everything_that_a_deleted_stack_leaves_behind_can_be_adopted() -> None:
    template, resources = adoption(source(), {name: f"{name}-1" for name in retained()})
    assert template["Resources"] == retained()
    assert resources == [
        {
            "ResourceType": one["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {IDENTIFIERS[one["Type"]]: f"{name}-1"},
        }
        for name, one in retained().items()
    ]
    assert template["Conditions"].keys() == {"HasMultiRegionKey"}
    assert template["Parameters"].keys() == {"MultiRegionKey"}
    # an import may add resources, and nothing else
    assert template.keys() == {"AWSTemplateFormatVersion", "Parameters", "Conditions", "Resources"}


def test_what_is_gone_is_left_out_for_the_deployment_to_make() -> None:
    existing = dict.fromkeys(retained(), "") | {"Access": "reprieve-Access-1"}
    template, resources = adoption(source(), existing)
    assert template["Resources"].keys() == {"Access"}
    assert [one["LogicalResourceId"] for one in resources] == ["Access"]
    assert "Parameters" not in template


@pytest.mark.parametrize(
    ("existing", "problem"),
    [
        ({"OktaApi": "x"}, "OktaApi is not retained; these are: Suppressions, "),
        ({"Suppressions": "x"}, "what is EventLog called\\? Name it, or write EventLog= if it is gone"),
    ],
)
def test_a_name_that_is_missing_or_wrong_is_refused(existing: dict[str, str], problem: str) -> None:
    with pytest.raises(Problem, match=problem):
        adoption(source(), existing)
