"""The schemas of descriptions as JSON Schema, and an example of what one describes.

A description's schemas are JSON Schema with three abbreviations: `$ref: Name` is the schema of that name in the same
file; an object's properties are all required unless it has `required`; and a schema can be taken from the code, as
`model: module:Class` (pydantic) or `lengths: module:NAME` (the longest text of each property).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel


def schema_of(described: Mapping[str, Any]) -> dict[str, Any]:
    """A description's schema as JSON Schema."""
    if "$ref" in described:
        return {"$ref": f"#/components/schemas/{described['$ref']}"}
    if "model" in described:
        return _of_model(_named(described["model"]))
    if "lengths" in described:
        texts = {
            name: {"type": ["string", "null"], "maxLength": most} for name, most in _named(described["lengths"]).items()
        }
        shown = {"type": "object", "properties": texts, "additionalProperties": False}
        return {**shown, **({"required": described["required"]} if described["required"] else {})}
    schema = dict(described)
    if "properties" in schema:
        schema["properties"] = {name: schema_of(one) for name, one in schema["properties"].items()}
        schema.setdefault("required", list(schema["properties"]))
        if not schema["required"]:
            del schema["required"]
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            schema[word] = schema_of(schema[word])
    if "oneOf" in schema:
        schema["oneOf"] = [schema_of(one) for one in schema["oneOf"]]
    return schema


def _of_model(model: type[BaseModel]) -> dict[str, Any]:
    """A pydantic model's schema, flat, without titles and defaults: a member counts if it is there."""
    whole = model.model_json_schema(by_alias=True)
    return {
        "type": "object",
        "properties": {name: _plain(one, whole.get("$defs", {})) for name, one in whole["properties"].items()},
    }


def _plain(schema: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _plain(named[schema["$ref"].rpartition("/")[2]], named)
    plain = {word: value for word, value in schema.items() if word not in {"title", "default", "description"}}
    if "items" in plain:
        plain["items"] = _plain(plain["items"], named)
    if "anyOf" in plain:
        plain["anyOf"] = [_plain(one, named) for one in plain["anyOf"]]
    return plain


def _named(path: str) -> Any:  # noqa: ANN401  (what the path names)
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:  # noqa: ANN401, PLR0911  (JSON)
    """An example of what a schema describes, of the examples of its parts."""
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for word in ("examples", "enum", "oneOf"):
        if word in schema:
            return sample(schema[word][0], schemas) if word == "oneOf" else schema[word][0]
    if "const" in schema or "default" in schema:
        return schema.get("const", schema.get("default"))
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else "null" if "null" in kinds else kinds[0]
    match kind:
        case "object":
            wanted = schema.get("required", ())
            return {name: sample(one, schemas) for name, one in schema.get("properties", {}).items() if name in wanted}
        case "array":
            return [sample(schema["items"], schemas)]
        case "string":
            formats = {"date-time": "2026-01-01T00:00:00.000Z", "date": "2026-01-01"}
            return formats.get(schema.get("format", ""), "...")
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return None
