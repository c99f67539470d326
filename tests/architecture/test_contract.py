"""The published documents: they are what the code says, every example fits its schema, and a validator accepts them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from openapi import compose
from openapi.__main__ import PUBLISHED, published
from reprieve.dialects.registry import FOR_PROGRAMS
from tests.support.published import closed, document
from tests.support.routes import routes

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = [dialect.name for dialect in FOR_PROGRAMS]
DESCRIPTIONS = {name: compose.description(name) for name in NAMES}


def operations(name: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The operations of a document by method and path."""
    return {
        (method.upper(), path): operation
        for path, methods in document(name)["paths"].items()
        for method, operation in methods.items()
    }


def examples(content: dict[str, Any]) -> list[Any]:
    """The examples of a body or an answer."""
    return [one["value"] for one in content.get("examples", {}).values()] + (
        [content["example"]] if "example" in content else []
    )


def contents(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body and answer that a document describes, with where it is."""
    for (method, path), operation in operations(name).items():
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{method} {path} {kind}", content
        for status, answer in operation["responses"].items():
            for kind, content in answer.get("content", {}).items():
                yield f"{method} {path} {status} {kind}", content
    for key, answer in document(name)["components"]["responses"].items():
        for kind, content in answer["content"].items():
            yield f"{key} {kind}", content


def validator(name: str, schema: dict[str, Any]) -> Any:
    whole = {**schema, "components": {"schemas": document(name)["components"]["schemas"]}}
    return jsonschema_rs.Draft202012Validator(closed(whole))


def test_what_is_published_is_what_the_code_and_the_descriptions_say_now() -> None:
    """`make contract` writes it again."""
    files = {file.name: file.read_text(encoding="utf-8") for file in PUBLISHED.iterdir()}
    wanted = published()
    assert sorted(files) == sorted(wanted)
    assert [name for name in wanted if files[name] != wanted[name]] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_document_has_the_routes_of_its_dialect_and_no_others(name: str) -> None:
    wanted = {
        (route.method, f"/{route.dialect.stage}{route.resource}".replace("+}", "}"))
        for route in routes()
        if route.dialect.name == name
    }
    assert set(operations(name)) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_a_document_asks_for_the_scopes_of_its_routes_by_every_way_to_send_a_token(name: str) -> None:
    for route in routes():
        if route.dialect.name != name:
            continue
        operation = operations(name)[route.method, f"/{route.dialect.stage}{route.resource}".replace("+}", "}")]
        asked = {(scheme, *scopes) for one in operation["security"] for scheme, scopes in one.items()}
        assert (operation["security"] == [] or {} in operation["security"]) is route.open
        if route.open and not route.scopes:
            assert asked == set()
        elif not callable(route.scopes):
            wanted = [(scope,) for scope in route.scopes] or [()]
            assert asked == {(scheme, *scope) for scheme in route.dialect.schemes for scope in wanted}


@pytest.mark.parametrize("dialect", FOR_PROGRAMS, ids=lambda one: one.name)
def test_the_scopes_of_a_document_are_those_that_can_be_granted(dialect: Any) -> None:
    asked = {
        scope
        for operation in operations(dialect.name).values()
        for one in operation["security"]
        for scopes in one.values()
        for scope in scopes
    }
    assert asked == dialect.scopes | dialect.named_scopes


@pytest.mark.parametrize("name", NAMES)
def test_a_validator_accepts_a_document(name: str) -> None:
    validate(document(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_example_fits_its_schema(name: str) -> None:
    wrong = [
        (place, error.message)
        for place, content in contents(name)
        for example in examples(content)
        for error in validator(name, content["schema"]).iter_errors(example)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_every_body_and_answer_has_an_example(name: str) -> None:
    assert [place for place, content in contents(name) if not examples(content)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_example_of_a_parameter_fits_its_schema(name: str) -> None:
    wrong = [
        (place, one["name"], error.message)
        for place, operation in operations(name).items()
        for one in operation.get("parameters", ())
        if "example" in one
        for error in validator(name, one["schema"]).iter_errors(one["example"])
    ]
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_a_description_describes_nothing_that_is_not_there(name: str) -> None:
    mine = [place for place in compose.places() if place.dialect.name == name]
    described = DESCRIPTIONS[name]["functions"]
    assert {(function, verb) for function, it in described.items() for verb in it["verbs"]} == {
        (place.function, place.name) for place in mine
    }
    assert set(DESCRIPTIONS[name]["parameters"]) == {one for place in mine for one in place.parameters}
    shown = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document(name))))
    assert shown == set(document(name)["components"]["schemas"])


@pytest.mark.parametrize("name", NAMES)
def test_an_event_that_a_description_names_is_shown(name: str) -> None:
    """Its path is one of the verb's, and it has a body or parameters to show."""
    for function, it in DESCRIPTIONS[name]["functions"].items():
        for verb, one in it["verbs"].items():
            for case in one.get("events", ()):
                event = json.loads((compose.ROOT / "events" / function / f"{case}.json").read_text(encoding="utf-8"))
                paths = {
                    (place.method, place.resource)
                    for place in compose.places()
                    if (place.function, place.name) == (function, verb)
                }
                assert (event["httpMethod"], event["resource"]) in paths
                assert event["body"] or event["queryStringParameters"] or event["pathParameters"]


def test_a_page_has_no_script_and_loads_nothing_but_the_style_sheet() -> None:
    for file in PUBLISHED.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<script|<img|<iframe|\sstyle=|\son\w+=|javascript:", text)
        assert len(re.findall(r"<link", text)) == 1
        assert re.search(r'<link rel="stylesheet" href="(docs/)?style\.css">', text)


def test_every_link_of_a_page_or_of_the_index_leads_to_a_file_and_a_place_that_are_published() -> None:
    ids = {
        file.stem: set(re.findall(r'id="([^"]+)"', file.read_text(encoding="utf-8")))
        for file in PUBLISHED.glob("*.html")
    }
    files = {file.name.removesuffix(".html") for file in PUBLISHED.iterdir()} | {""}
    for file in (*PUBLISHED.glob("*.html"), PUBLISHED / "llms.txt"):
        text = file.read_text(encoding="utf-8")
        for link in re.findall(r'href="([^"]+)"', text) + re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = link.partition("#")
            name = "" if path in {"docs", "../docs"} else path.removeprefix("docs/")
            assert name in files, link
            assert not anchor or anchor in ids[name or file.stem], link
