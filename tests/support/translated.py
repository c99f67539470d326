"""The template as CloudFormation gets it (`local.translate`), made once for all tests.

schedule = resources("AWS::Scheduler::Schedule")["RemovalJobFunctionSchedule"]
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from local.translate import translate

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def translated(**parameters: str) -> Mapping[str, Any]:
    """The whole template. All tests share it, so read only."""
    return translate(**parameters)


def resources(kind: str) -> dict[str, Mapping[str, Any]]:
    """The properties of every resource of a type (`AWS::Lambda::Permission`), by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in translated()["Resources"].items()
        if resource["Type"] == kind
    }
