"""The published OpenAPI documents, for holding answers to them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "functions" / "documents" / "published"
#: the stages whose routes a document has, by the document's name
STAGES = {"api": "okta", "oauth2": "okta", "v3": "sendgrid", "crm": "zoho", "oauth": "zoho", "reprieve": "reprieve"}


@cache
def document(name: str) -> dict[str, Any]:
    """One document: `okta`, `sendgrid`, `zoho` or `reprieve`."""
    loaded: dict[str, Any] = json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def operation(stage: str, method: str, resource: str) -> dict[str, Any] | None:
    """What a document says of one method of a path; None if it has no such thing."""
    found: dict[str, Any] | None = (
        document(STAGES[stage])["paths"].get(f"/{stage}{resource.replace('+}', '}')}", {}).get(method.lower())
    )
    return found


def check_answer(event: Mapping[str, Any], status: int, content_type: str, body: object) -> None:
    """Fail unless the published document describes the answer, to the last member.

    What is not a route of the product is left out: what a path answers to a method that it does not have, and the
    paths that lead to no route.
    """
    stage = event["requestContext"]["stage"]
    described = operation(stage, event["httpMethod"], event["resource"]) if stage in STAGES else None
    if described is None:
        return
    place = f"{event['httpMethod']} /{stage}{event['resource']} {status}"
    assert str(status) in described["responses"], f"{place}: the document does not have the status"
    content = _resolved(STAGES[stage], described["responses"][str(status)]).get("content", {})
    kind = content_type.partition(";")[0]
    if not content:
        assert body is None, f"{place}: the document has no body"
        return
    assert kind in content, f"{place}: the document does not have {kind}"
    _validator(STAGES[stage], json.dumps(content[kind]["schema"])).validate(body)


def _resolved(name: str, one: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in one:
        return one
    found: Mapping[str, Any] = document(name)["components"]["responses"][one["$ref"].rpartition("/")[2]]
    return found


@cache
def _validator(name: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": {"schemas": document(name)["components"]["schemas"]}}
    return jsonschema_rs.Draft202012Validator(closed(whole), validate_formats=True)


def closed(schema: Any) -> Any:
    """The schema, with no members of objects but those that it names."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {word: closed(value) for word, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        inner["additionalProperties"] = False
    return inner
