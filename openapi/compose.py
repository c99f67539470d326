"""OpenAPI 3.1 documents of the APIs, composed of what the code says and one description per route.

The code says methods, paths, scopes, roles, summaries (a verb's docstring), errors and how a credential is sent; the
files in `descriptions/` say only what it does not: titles, bodies, parameters and answers, by `schemas`. The examples
of requests are in `events/`. The token endpoints are in the document of the API that they belong to.
"""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from base64 import b64decode
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import yaml

from openapi.schemas import sample, schema_of
from reprieve import errors
from reprieve.access.caller import Caller
from reprieve.clock import EPOCH, Millis
from reprieve.dialects.dialect import Refusal
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.registry import FOR_PROGRAMS
from reprieve.organization import Organization
from reprieve.role import Permission, Role
from reprieve.runtime.http import Api, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.dialects.dialect import Dialect
    from reprieve.errors import ReprieveError

ROOT: Final = Path(__file__).parents[1]
DESCRIPTIONS: Final = Path(__file__).parent / "descriptions"
JSON: Final = "application/json"
#: an error's id, as examples show it
ERROR_ID: Final = "A" * 22
#: stands for every module of Zoho's
MODULE: Final = "Leads"
MOMENT: Final = Millis(1_767_225_600_000)
PATH_PARAMETER: Final = re.compile(r"\{(\w+)\+?\}")
#: examples of the errors that a route can have
ERRORS: Final[Mapping[str, ReprieveError]] = {
    "NoCredential": errors.NoCredential(),
    "Unauthenticated": errors.Unauthenticated("the credential is unknown, expired or revoked"),
    "MissingScope": errors.Forbidden("a.scope"),
    "NarrowRole": errors.Forbidden(reason="the role viewer does not allow this"),
    "UnreadableBody": errors.UnreadableBody("the body is not JSON"),
    "InvalidInput": errors.InvalidInput("must be a whole number", field="limit"),
    "NotFound": errors.NotFound("thing", "of that id"),
    "Conflict": errors.Conflict("it is in another state"),
    "RateLimited": errors.RateLimited(Millis(MOMENT + 60_000)),
    "Unexpected": errors.ReprieveError(),
    "Unavailable": errors.Unavailable(),
}
ANYWHERE: Final = ("RateLimited", "Unexpected", "Unavailable")
OF_CREDENTIALS: Final = ("NoCredential", "Unauthenticated", "MissingScope", "NarrowRole")
OF_INPUT: Final = ("UnreadableBody", "InvalidInput")


@dataclass(frozen=True, slots=True)
class Place:
    """One method of one path, and where it is in the code.

    Attributes:
        function: the name of its function.
        resource: the template below the stage, as it is registered.
        dialect: that of its function, with what only this function refuses.
    """

    function: str
    method: str
    resource: str
    dialect: Dialect
    route: Route

    @property
    def path(self) -> str:
        """The template as a caller sees it, behind its stage."""
        return f"/{self.dialect.stage}" + PATH_PARAMETER.sub(r"{\1}", self.resource)

    @property
    def name(self) -> str:
        """The name of its verb."""
        return self.route.verb.__name__

    @property
    def parameters(self) -> list[str]:
        """The names of its path's parameters."""
        return PATH_PARAMETER.findall(self.resource)


@cache
def places() -> tuple[Place, ...]:
    """Every method of every path, as the functions register them."""
    return tuple(
        Place(name, method, resource, api.dialect, route)
        for name, api in _apis()
        for (method, resource), route in api.routes.items()
    )


def _apis() -> Iterator[tuple[str, Api]]:
    for path in sorted((ROOT / "functions").glob("*/app.py")):
        spec = importlib.util.spec_from_file_location(f"openapi.functions.{path.parent.name}", path)
        assert spec is not None  # noqa: S101  (a file has one)
        assert spec.loader is not None  # noqa: S101
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if isinstance(module.handler, Api):
            yield path.parent.name, module.handler


def document(dialect: Dialect) -> dict[str, Any]:
    """The document of one API, its token endpoints included."""
    described = description(dialect.name)
    mine = [place for place in places() if place.dialect.name == dialect.name]
    paths: dict[str, dict[str, Any]] = {}
    responses: dict[str, Any] = {}
    for place in mine:
        operation = _operation(place, described, responses)
        paths.setdefault(place.path, {})[place.method.lower()] = operation
    tags: dict[str, str] = {}
    for function in described["functions"].values():
        tags[function["title"]] = tags.get(function["title"]) or function.get("says", "")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": described["title"],
            "version": version(),
            "description": described["info"],
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {
                "url": "{origin}",
                "description": f"The origin of the stack's output {dialect.api}, or of its domain name.",
                "variables": {"origin": {"default": described["origin"]}},
            }
        ],
        "tags": [{"name": name, **({"description": says} if says else {})} for name, says in tags.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": _security_schemes(dialect),
            "schemas": {name: schema_of(one) for name, one in described["schemas"].items()},
            "responses": dict(sorted(responses.items())),
        },
    }


def version() -> str:
    """The product's version."""
    project: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return project


def documents() -> dict[str, dict[str, Any]]:
    """The documents of all APIs, by the dialect's name."""
    return {dialect.name: document(dialect) for dialect in FOR_PROGRAMS}


@cache
def description(name: str) -> dict[str, Any]:
    """A dialect's description, as its file has it."""
    loaded: dict[str, Any] = yaml.safe_load((DESCRIPTIONS / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def alternatives(place: Place) -> tuple[str, ...]:
    """The scopes any one of which a route asks for; those of a module are for one that is called {module}."""
    scopes = place.route.scopes
    if not callable(scopes):
        return scopes
    return tuple(dict.fromkeys(re.sub(MODULE, "{module}", one, flags=re.IGNORECASE) for one in scopes(_asking(place))))


def roles(place: Place) -> list[str]:
    """The roles that may call a route; those that may in some request, where it depends on the request."""
    asked = place.route.permission
    if not callable(asked):
        return [role.value for role in Role if role.has(asked)]
    return [role.value for role in Role if any(role.has(one) for one in (Permission.LOOK_UP, Permission.LIFT))]


def _operation(place: Place, described: Mapping[str, Any], responses: dict[str, Any]) -> dict[str, Any]:
    function = described["functions"][place.function]
    verb: Mapping[str, Any] = function["verbs"][place.name]
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{place.method.lower()}{place.path}").strip("_"),
        "summary": (place.route.verb.__doc__ or "").partition("\n")[0].rstrip("."),
        "tags": [function["title"]],
    }
    if "says" in verb:
        operation["description"] = verb["says"]
    if parameters := _parameters(place, described, verb):
        operation["parameters"] = parameters
    if body := _body(place, described, verb):
        operation["requestBody"] = body
    operation["responses"] = _answers(place, described, verb, function.get("error", "Error"), responses)
    wanted = alternatives(place) or ("",)
    by_credential = [{scheme: [scope] if scope else []} for scope in wanted for scheme in _schemes_of(place.dialect)]
    if place.route.open:
        # an open route with scopes takes a credential as well
        return {**operation, "security": [{}, *by_credential] if place.route.scopes else []}
    return {**operation, "security": by_credential, "x-roles": roles(place)}


def _parameters(place: Place, described: Mapping[str, Any], verb: Mapping[str, Any]) -> list[dict[str, Any]]:
    asked = [example for _, example in _events(place, verb)]
    given = [
        *(("path", name, described["parameters"][name]) for name in place.parameters),
        *(("query", name, schema) for name, schema in verb.get("query", {}).items()),
        *(("header", name, schema) for name, schema in (described.get("headers") or {}).items()),
        *(("header", name, schema) for name, schema in verb.get("headers", {}).items()),
    ]
    found = []
    for where, name, schema in given:
        parameter: dict[str, Any] = {"name": name, "in": where}
        if where == "path":
            parameter["required"] = True
        shown = {word: value for word, value in schema.items() if word not in {"description", "examples"}}
        if "description" in schema:
            parameter["description"] = schema["description"]
        parameter["schema"] = schema_of(shown)
        values = [
            event["queryStringParameters"][name] for event in asked if name in (event["queryStringParameters"] or {})
        ]
        values = values if where == "query" else schema.get("examples", ())[:1]
        if values:
            parameter["example"] = _typed(values[0], schema)
        found.append(parameter)
    return found


def _typed(text: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401  (JSON)
    """A parameter's value as its schema has it; an event has text."""
    match schema.get("type"):
        case "integer":
            return int(text)
        case "array":
            return [_typed(text, schema["items"])]
        case _:
            return text


def _body(place: Place, described: Mapping[str, Any], verb: Mapping[str, Any]) -> dict[str, Any] | None:
    body = verb.get("body of one", verb.get("body")) if "record_id" in place.parameters else verb.get("body")
    if body is None:
        return None
    schemas = {name: schema_of(one) for name, one in described["schemas"].items()}
    content = {}
    for kind, plain in _contents(body).items():
        schema = schema_of(plain)
        examples = {name: {"value": _content(event, kind)} for name, event in _events(place, verb) if event["body"]}
        content[kind] = {"schema": schema, "examples": examples or {"example": {"value": sample(schema, schemas)}}}
    return {"required": True, "content": content}


def _content(event: Mapping[str, Any], kind: str) -> Any:  # noqa: ANN401  (JSON)
    text = b64decode(event["body"]).decode() if event["isBase64Encoded"] else event["body"]
    return json.loads(text) if kind == JSON else dict(parse_qsl(text))


def _events(place: Place, verb: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a verb that are for this path, by their case."""
    for case in verb.get("events", ()):
        event = json.loads((ROOT / "events" / place.function / f"{case}.json").read_text(encoding="utf-8"))
        if (event["httpMethod"], event["resource"]) == (place.method, place.resource):
            yield case, event


def _answers(
    place: Place, described: Mapping[str, Any], verb: Mapping[str, Any], error: str, responses: dict[str, Any]
) -> dict[str, Any]:
    schemas = {name: schema_of(one) for name, one in described["schemas"].items()}
    answers: dict[str, Any] = {}
    for status, content in verb["answers"].items():
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if content is not None:
            answer["content"] = {
                kind: {"schema": schema_of(schema), "example": sample(schema_of(schema), schemas)}
                for kind, schema in _contents(content).items()
            }
        answers[str(status)] = answer
    for status, refusals in _refusals(place, verb).items():
        key = f"{HTTPStatus(status).phrase.title().replace(' ', '')}{'' if error == 'Error' else 'OfTokens'}"
        if str(status) in answers:
            content = answers[str(status)]["content"][JSON]
            content["schema"] = {"anyOf": [content["schema"], {"$ref": f"#/components/schemas/{error}"}]}
            continue
        one = responses.setdefault(key, {"description": HTTPStatus(status).phrase, "content": {}})
        for name, response in refusals.items():
            content = one["content"].setdefault(
                response.content_type, {"schema": {"$ref": f"#/components/schemas/{error}"}, "examples": {}}
            )
            content["examples"].setdefault(name, {"value": response.body})
        answers[str(status)] = {"$ref": f"#/components/responses/{key}"}
    return dict(sorted(answers.items()))


def _refusals(place: Place, verb: Mapping[str, Any]) -> dict[int, dict[str, Response]]:
    """The answers to the errors that a route can have, by status and the error's name."""
    possible = [
        *(() if place.route.open and not place.route.scopes else OF_CREDENTIALS),
        *(OF_INPUT if "body" in verb or "query" in verb or place.parameters else ()),
        *(("NotFound",) if place.parameters else ()),
        *verb.get("also", ()),
        *ANYWHERE,
    ]
    found: dict[int, dict[str, Response]] = {}
    for name in possible:
        response = place.dialect.refuse(ERRORS[name], _asking(place), ERROR_ID)
        found.setdefault(int(response.status), {})[name] = response
    for status, says in verb.get("refused", {}).items():
        found.setdefault(status, {})["refused"] = _refused(place.dialect, status, says)
    return found


def _refused(dialect: Dialect, status: int, says: str) -> Response:
    return dialect.write(Refusal(status, says, says), ERROR_ID)


def _asking(place: Place) -> Request:
    """A request for a route."""
    caller = Caller(Organization(id="demo", name="Demo", created=EPOCH), "cred-1", frozenset())
    return Request(
        id="0" * 32,
        method=place.method,
        resource=place.resource,
        url=f"https://reprieve.example.com{place.path}",
        path={"version": "v8", "module": MODULE} if "module" in place.parameters else {},
        query={},
        headers={},
        body=b"",
        caller=caller,
        now=MOMENT,
    )


def _schemes_of(dialect: Dialect) -> list[str]:
    """The names of the ways to send a credential, Okta's and Zoho's own first."""
    return sorted(dialect.schemes, key=lambda scheme: (scheme == "Bearer", scheme))


def _security_schemes(dialect: Dialect) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for scheme in _schemes_of(dialect):
        if scheme == "Bearer":
            found[scheme] = {
                "type": "http",
                "scheme": "bearer",
                "description": "A long-lived token or an access token.",
            }
        else:
            says = f"A token, as `{scheme} {{token}}`."
            found[scheme] = {"type": "apiKey", "in": "header", "name": "Authorization", "description": says}
    return found


def _contents(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a body or an answer can be, by content type; JSON unless it says otherwise."""
    return described if all("/" in word for word in described) else {JSON: described}
