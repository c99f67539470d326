"""The template as CloudFormation gets it: SAM's short forms written out by the translator that AWS runs.

    schedule = resources("AWS::Scheduler::Schedule")["RemovalJobFunctionSchedule"]

Conditions and references stay as they are: CloudFormation resolves them when it deploys.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3 import Session
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
#: where `sam deploy` would have put the code, which the translator wants to know and no test looks at
UPLOADED = "s3://bucket/code"


@cache
def translated() -> Mapping[str, Any]:
    """The whole template. All tests share it, so read only."""
    source = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    for resource in source["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = UPLOADED
    translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=Session(region_name="eu-west-1"))
    result: Mapping[str, Any] = translator.translate(source, parameter_values={})
    return result


def resources(kind: str) -> dict[str, Mapping[str, Any]]:
    """The properties of every resource of a type (`AWS::Lambda::Permission`), by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in translated()["Resources"].items()
        if resource["Type"] == kind
    }
