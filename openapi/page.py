"""The documents as pages to read, and as an index for programs that read Markdown (llms.txt)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Json = Mapping[str, Any]

TEMPLATES: Final = Path(__file__).parent / "templates"
NAMES: Final = {
    "okta": "Okta's API",
    "sendgrid": "SendGrid's API",
    "zoho": "Zoho CRM's API",
    "reprieve": "Reprieve's own API",
}
#: how deep the members of a body are listed
LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class Member:
    """A row of a table of members: the name with those that it is in, its type, and what is said of it."""

    name: str
    type: str
    says: str
    required: bool


def page(name: str, documents: Mapping[str, Json]) -> str:
    """The page of one API."""
    document = documents[name]
    return (
        _environment(document)
        .get_template("api.html")
        .render(name=name, names=NAMES, document=document, groups=list(_groups(document)))
    )


def index(documents: Mapping[str, Json]) -> str:
    """The page that leads to those of the APIs."""
    return _environment({}).get_template("index.html").render(names=NAMES, documents=documents)


def llms(documents: Mapping[str, Json]) -> str:
    """The index in Markdown (llmstxt.org): the documents, and every route with what it does."""
    return (
        _environment({})
        .get_template("llms.txt")
        .render(names=NAMES, documents=documents, groups={name: list(_groups(one)) for name, one in documents.items()})
    )


def style() -> str:
    """The pages' style sheet."""
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


def _environment(document: Json) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    environment.filters["pretty"] = _pretty
    environment.globals |= {
        "resolve": lambda one: _resolved(one, document),
        "members": lambda schema: list(_members(schema, document)),
        "type_of": lambda schema: _type(schema, document),
        "scopes_of": scopes_of,
        "summary": lambda one: one["info"]["description"].partition(". ")[0] + ".",
    }
    return environment


def scopes_of(operation: Json) -> list[str]:
    """The scopes any one of which an operation asks for."""
    return list(dict.fromkeys(scope for one in operation["security"] for scopes in one.values() for scope in scopes))


def _pretty(value: object) -> str:
    """An example: text as it is, anything else as JSON."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _code(text: str) -> Markup:
    """Text with its `code` as HTML."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  (it is escaped)


def _groups(document: Json) -> Iterator[tuple[Json, list[tuple[str, str, Json]]]]:
    """Each tag with its operations: method, path and the operation."""
    for tag in document["tags"]:
        yield (
            tag,
            [
                (method.upper(), path, operation)
                for path, methods in document["paths"].items()
                for method, operation in methods.items()
                if operation["tags"] == [tag["name"]]
            ],
        )


def _resolved(one: Json, document: Json) -> Json:
    if "$ref" not in one:
        return one
    room, name = one["$ref"].split("/")[-2:]
    found: Json = document["components"][room][name]
    return found


def _members(schema: Json, document: Json, before: str = "", level: int = 0) -> Iterator[Member]:
    plain = _resolved(schema, document)
    for alternative in (*plain.get("oneOf", ()), *plain.get("anyOf", ())):
        yield from _members(alternative, document, before, level)
    if "items" in plain:
        yield from _members(plain["items"], document, f"{before}[]." if not before else f"{before[:-1]}[].", level)
    for name, one in plain.get("properties", {}).items():
        inner = _resolved(one, document)
        says = one.get("description") or inner.get("description", "")
        yield Member(f"{before}{name}", _type(one, document), says, name in plain.get("required", ()))
        if level < LEVELS:
            yield from _members(one, document, f"{before}{name}.", level + 1)


def _type(schema: Json, document: Json) -> str:
    """A schema in a few words."""
    plain = _resolved(schema, document)
    if "oneOf" in plain or "anyOf" in plain:
        return " or ".join(
            dict.fromkeys(_type(one, document) for one in (*plain.get("oneOf", ()), *plain.get("anyOf", ())))
        )
    if "const" in plain or "enum" in plain:
        values = [plain["const"]] if "const" in plain else plain["enum"]
        return ", ".join("null" if value is None else str(value) for value in values)
    kinds = plain.get("type", "any")
    words = [kinds] if isinstance(kinds, str) else list(kinds)
    said = " or ".join(words)
    if "items" in plain:
        said = said.replace("array", f"array of {_type(plain['items'], document)}")
    bounds = [
        f"{word} {plain[key]:,}"
        for key, word in (
            *(("minimum", "from"), ("maximum", "to"), ("minLength", "at least"), ("maxLength", "at most")),
            *(("minItems", "at least"), ("maxItems", "at most")),
        )
        if key in plain
    ]
    if "format" in plain:
        bounds.append(plain["format"])
    if "default" in plain:
        bounds.append(f"default {plain['default']}")
    return f"{said} ({', '.join(bounds)})" if bounds else said
