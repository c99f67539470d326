"""SAM's template as CloudFormation gets it: short forms written out by the translator that AWS runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from boto3 import Session
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local.place import REGION, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

#: where `sam deploy` would have put the code, which the translator wants to know
UPLOADED: Final = "s3://bucket/code"


def translate(**parameters: str) -> Mapping[str, Any]:
    """The template with these parameters, and the defaults of the others.

    Conditions and references stay as they are: CloudFormation resolves them when it deploys.
    """
    source = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    for resource in source["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = UPLOADED
    translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=Session(region_name=REGION))
    result: Mapping[str, Any] = translator.translate(source, parameter_values=parameters)
    return result
