"""The tables of the real template, created in whatever speaks DynamoDB: moto, dynoxide, MiniStack.

    with mock_aws():
        names = create_tables(boto3.client("dynamodb"))     # {"SUPPRESSIONS_TABLE": "Suppressions", ...}

Keys, indexes and the functions' environment come from template.yaml, so that a test cannot pass on a table that the
template does not have. A table is named after its resource.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).parents[2] / "template.yaml"

#: what CreateTable takes of a table's properties; the rest (TTL, backups, encryption) has no part in tests
CREATED = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, each read as the plain value that it is put before."""


def _untagged(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    match node:
        case yaml.ScalarNode():
            return loader.construct_scalar(node)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)
        case _:
            raise TypeError(f"unknown YAML: {node}")


_Loader.add_multi_constructor("!", _untagged)


@cache
def template() -> Mapping[str, Any]:
    """template.yaml; `!Ref X` reads as `X`, `!GetAtt X.Arn` as `X.Arn`. All tests share it, so read only."""
    with TEMPLATE.open(encoding="utf-8") as file:
        document: Mapping[str, Any] = yaml.load(file, _Loader)  # a SafeLoader
    return document


def tables() -> dict[str, Mapping[str, Any]]:
    """The properties of each table, by name."""
    resources = template()["Resources"].items()
    return {name: it["Properties"] for name, it in resources if it["Type"] == "AWS::DynamoDB::Table"}


def environment() -> dict[str, str]:
    """The environment variables with the tables' names, which the template sets for every function."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if isinstance(value, str) and value in tables()}


def role_statements(function: str) -> list[dict[str, Any]]:
    """The statements of a function's role, by the function's name in the template."""
    policies = template()["Resources"][function]["Properties"].get("Policies", [])
    return with_parameters(statement for policy in policies for statement in policy["Statement"])


def with_parameters(statements: Iterable[Any]) -> list[dict[str, Any]]:
    """Statements of a policy; of one that depends on a parameter, that of a stack which has the parameter set."""
    return [one[1] if isinstance(one, list) else one for one in statements]


def settings_of(function: str) -> set[str]:
    """The variables that the template sets for a function alone, and for all of them."""
    properties = next(
        one["Properties"]
        for one in template()["Resources"].values()
        if one["Type"] == "AWS::Serverless::Function" and one["Properties"]["CodeUri"] == f"functions/{function}"
    )
    return _of_ours(properties["Environment"]["Variables"]) | common_settings()


def common_settings() -> set[str]:
    """The variables that the template sets for every function."""
    return _of_ours(template()["Globals"]["Function"]["Environment"]["Variables"])


def _of_ours(variables: Mapping[str, str]) -> set[str]:
    return {name for name in variables if not name.startswith("POWERTOOLS_")}


def create_tables(client: DynamoDBClient) -> dict[str, str]:
    """Create every table of the template, empty.

    Returns:
        The environment variables that name them, for the caller to set: `SUPPRESSIONS_TABLE` and so on.
    """
    for name in tables():
        create_table(client, name)
    return environment()


def create_table(client: DynamoDBClient, name: str) -> None:
    """Create one table of the template, empty."""
    properties = tables()[name]
    wanted: dict[str, Any] = {word: properties[word] for word in CREATED if word in properties}
    client.create_table(TableName=name, **wanted)
