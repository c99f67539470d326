"""The vendors' OpenAPI documents; `tests/contracts/README.md` says where they are from."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

CONTRACTS = Path(__file__).parents[1] / "contracts"


def contract(name: str) -> Path:
    """The path of one document: `okta.yaml` or `sendgrid.yaml`."""
    return CONTRACTS / name


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Of one schema of Okta's document."""
    document = yaml.safe_load(contract("okta.yaml").read_text(encoding="utf-8"))
    schemas = as_json_schema(json.loads(json.dumps(document["components"]["schemas"], default=str)))
    whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def as_json_schema(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema, which has no word `nullable`."""
    if isinstance(schema, list):
        return [as_json_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {word: as_json_schema(value) for word, value in schema.items() if word != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner
