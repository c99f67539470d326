"""How a new stack adopts the tables, the key and the queue that a deleted one left behind: an import template.

    python -m local.adopt .local/adopt Suppressions=reprieve-Suppressions-1ABC SecretsKey=1234-... ...

It writes template.json, which has the retained resources of template.yaml and nothing else, and resources.json, which
says what exists of them, for CloudFormation's import. docs/how-to/restore-from-a-backup.md has the commands.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samcli.yamlhelper import yaml_parse

from local.console import say
from local.place import ROOT
from local.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: the property by which CloudFormation identifies a resource of each type
IDENTIFIERS: Final = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::KMS::Key": "KeyId",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueUrl",
}


def main(arguments: Sequence[str]) -> None:
    """Write the two files; exit 1 with one line if they cannot be written."""
    parser = argparse.ArgumentParser(prog="python -m local.adopt", description=__doc__)
    parser.add_argument("directory", type=Path, help="where to write template.json and resources.json")
    parser.add_argument("existing", nargs="+", metavar="NAME=ID", help="an empty ID: it is gone, and is made anew")
    options = parser.parse_args(arguments)
    try:
        template, resources = adoption(source(), dict(one.partition("=")[::2] for one in options.existing))
    except Problem as problem:
        sys.exit(f"local.adopt: {problem}")
    options.directory.mkdir(parents=True, exist_ok=True)
    for name, content in (("template.json", template), ("resources.json", resources)):
        (options.directory / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        say(f"wrote {options.directory / name}")


def source() -> Mapping[str, Any]:
    """template.yaml, with short tags written out."""
    parsed: Mapping[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    return parsed


def adoption(template: Mapping[str, Any], existing: Mapping[str, str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The import template, and the list of what is imported.

    Args:
        template: template.yaml.
        existing: the name of each retained resource in it -> what it is called in AWS; "" for one that is gone.

    Raises:
        Problem: a name is missing or is not that of a retained resource.
    """
    retained = {name: one for name, one in template["Resources"].items() if one.get("DeletionPolicy") == "Retain"}
    if unknown := sorted(existing.keys() - retained.keys()):
        raise Problem(f"{unknown[0]} is not retained; these are: {', '.join(retained)}")
    if missing := [name for name in retained if name not in existing]:
        raise Problem(f"what is {missing[0]} called? Name it, or write {missing[0]}= if it is gone")
    # what exists is imported, whatever the template makes it depend on
    adopted = {name: _without_condition(one) for name, one in retained.items() if existing[name]}
    conditions = {
        name: one for name, one in template["Conditions"].items() if name in set(_named(adopted, "Fn::If", "Condition"))
    }
    parameters = set(_named([adopted, conditions], "Ref"))
    imported = {
        "AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
        "Parameters": {name: one for name, one in template["Parameters"].items() if name in parameters},
        "Conditions": conditions,
        "Resources": adopted,
    }
    resources = [
        {
            "ResourceType": one["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {IDENTIFIERS[one["Type"]]: existing[name]},
        }
        for name, one in adopted.items()
    ]
    return {name: part for name, part in imported.items() if part}, resources


def _without_condition(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in resource.items() if name != "Condition"}


def _named(value: Any, *functions: str) -> Iterator[str]:  # noqa: ANN401  (a part of a template)
    """The names that these functions refer to, wherever they are in a part of a template."""
    if isinstance(value, list):
        for one in value:
            yield from _named(one, *functions)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in functions:
                yield inner[0] if isinstance(inner, list) else inner
            yield from _named(inner, *functions)


if __name__ == "__main__":
    main(sys.argv[1:])
