"""API Gateway in front of a function, for tests: a request in, an answer out, DynamoDB calls counted.

Each request carries the token of a credential with the scopes that the test gives it, which is stored with its
organization before; the function verifies it, as every function does.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local.invoke import example_token
from reprieve.access.credential import Credential, digest_of
from reprieve.answer_size import MAX_RESPONSE
from reprieve.clock import EPOCH, Millis
from reprieve.dialects.registry import DIALECTS
from reprieve.organization import Organization
from reprieve.runtime import settings, wiring
from reprieve.store.quotas import REQUESTS
from tests.support import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Handler = Callable[[Mapping[str, Any], object], dict[str, Any]]

ROOT = Path(__file__).parents[2]

#: who calls unless a test says otherwise
DEMO = Organization(id="demo", name="Demo", created=Millis(1_700_000_000_000))
CREDENTIAL = "cred-1"
DOMAIN = "reprieve.example.com"
#: the tokens that the files of events have, which say themselves what to put in their place, with their scopes
EXAMPLES = {example_token(dialect.name): dialect.scopes for dialect in DIALECTS}


@dataclass(frozen=True)
class Context:
    """The context that Lambda gives a handler.

    Attributes:
        remaining: what `get_remaining_time_in_millis` says, whenever it is asked.
    """

    remaining: int = 29_000
    function_name: str = "function"
    function_version: str = "1"
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:function:live"
    memory_limit_in_mb: str = "512"
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    log_group_name: str = "/aws/lambda/function"
    log_stream_name: str = "2026/01/01/[1]0"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


@dataclass(frozen=True)
class Answer:
    """The response that API Gateway would send.

    Attributes:
        status: the status code.
        body: parsed, if it is JSON; None if there is none.
        headers: every value of every header, by lower-case name; two answers are equal whatever their headers are.
        size: the bytes of Lambda's response on the runtime that takes most.
    """

    status: int
    body: Any = None
    headers: Mapping[str, list[str]] = field(default_factory=dict, compare=False)
    size: int = field(default=0, compare=False)


class Matching:
    """Equal to every text that matches a pattern, for the ids in an otherwise whole answer."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self._pattern, other) is not None

    def __hash__(self) -> int:
        return hash(self._pattern)

    def __repr__(self) -> str:
        return f"Matching({self._pattern!r})"


def problem(status: int, title: str, detail: str) -> Answer:
    """A refusal in Reprieve's own dialect."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Answer(status, body | {"error_id": Matching(".{22}")})


@dataclass
class Clock:
    """The functions' clock, in milliseconds; a test sets `now`."""

    now: int = 1_767_225_600_000


class Calls(Counter[str]):
    """The number of calls of each DynamoDB operation during the last request: `calls == {"GetItem": 1}`.

    The one read that verifies the credential, which every request has, is counted apart, and so is what is leased of
    the quota, which a request in several has.

    Attributes:
        verifying: how many times a credential was read.
        leasing: how many times requests were leased.
    """

    verifying = 0
    leasing = 0

    def note(self, operation: str, arguments: Mapping[str, Any]) -> None:
        """Count one call."""
        if operation == "BatchGetItem" and settings.table("ACCESS") in arguments["RequestItems"]:
            self.verifying += 1
        elif is_lease(operation, arguments):
            self.leasing += 1
        else:
            self.update([operation])

    def clear(self) -> None:
        """Begin to count anew."""
        super().clear()
        self.verifying = self.leasing = 0


def is_lease(operation: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a call of DynamoDB leases requests of a quota."""
    return operation == "UpdateItem" and arguments["Key"].get("sort", {}).get("S", "").startswith(REQUESTS)


@dataclass(frozen=True)
class Gateway:
    """A caller of handlers that acts as API Gateway does.

    Attributes:
        calls: counted since the last request began.
        organizations: the callers' organizations as the test gave them last, by their ids.
    """

    calls: Calls
    organizations: dict[str, Organization] = field(default_factory=dict)

    def __call__(
        self,
        handler: Handler,
        method: str,
        resource: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        scopes: Iterable[str] = (),
        organization: Organization | None = DEMO,
        stage: str = "api",
        as_base64: bool = False,
    ) -> Answer:
        """Send a request.

        Args:
            handler: see `function`.
            method: in upper case.
            resource: the route's template below the stage.
            path: the values of the template's parameters, decoded.
            query: the query's parameters, decoded.
            headers: beside the usual ones.
            body: sent as it is if it is text or bytes, as JSON otherwise; None sends none.
            scopes: what the caller's credential may do.
            organization: whose credential it is, which is stored as it is here when the test gives another one than
                for its last request; None sends no credential.
            stage: that of the function's dialect: `api`, `oauth2`, `v3`, `crm`, `oauth` or `reprieve`.
            as_base64: whether API Gateway takes the body for binary.
        """
        sent = dict(headers or {})
        if organization:
            sent["authorization"] = f"Bearer {self.token(organization, frozenset(scopes))}"
        event = proxy_event(
            method,
            resource,
            path=path or {},
            query=query or {},
            headers=sent,
            body=_bytes(body),
            stage=stage,
            as_base64=as_base64,
        )
        return self.send(handler, event)

    def send(self, handler: Handler, event: Mapping[str, Any]) -> Answer:
        """Send a ready event, for example one of `event`."""
        token = ((event["headers"] or {}).get("authorization") or "").rpartition(" ")[2]
        if token in EXAMPLES:
            self._store(DEMO, token, EXAMPLES[token])
        self.calls.clear()
        said = handler(event, Context())
        headers = {word.lower(): values for word, values in said["multiValueHeaders"].items()}
        text = base64.b64decode(said["body"]).decode() if said["isBase64Encoded"] else said["body"]
        is_json = "json" in "".join(headers.get("content-type", ()))
        content = (json.loads(text) if is_json else text) if text else None
        answer = Answer(said["statusCode"], content, headers, len(json.dumps(said)))
        assert answer.size <= MAX_RESPONSE
        published.check_answer(event, answer.status, "".join(headers.get("content-type", ())), answer.body)
        return answer

    def token(self, organization: Organization, scopes: frozenset[str]) -> str:
        """The token of a credential with these scopes."""
        secret = hashlib.sha256(" ".join(sorted(scopes)).encode()).hexdigest()[:43]
        token = f"rp_{organization.id}_{secret}"
        self._store(organization, token, scopes)
        return token

    def _store(self, organization: Organization, token: str, scopes: frozenset[str]) -> None:
        if self.organizations.get(organization.id, DEMO) != organization:
            wiring.table("ACCESS").delete({"partition": organization.id, "sort": "organization"})
        self.organizations[organization.id] = organization
        wiring.access().create_organization(organization)
        credential = Credential(CREDENTIAL, organization.id, digest_of(token), "test", scopes, EPOCH)
        wiring.access().add_credential(credential)


def proxy_event(
    method: str,
    resource: str,
    *,
    path: Mapping[str, str],
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes | None,
    stage: str,
    as_base64: bool,
) -> dict[str, Any]:
    """A REST API's event for a Lambda proxy integration."""
    spelled = resource
    for word, value in path.items():
        spelled = spelled.replace(f"{{{word}}}", quote(value, safe=""))
    sent = {"accept": "application/json", "host": DOMAIN, **headers}
    if body is not None:
        sent = {"content-type": "application/json", **sent}
    text = None
    if body is not None:
        text = base64.b64encode(body).decode() if as_base64 else body.decode()
    return {
        "resource": resource,
        "path": spelled,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {word: [value] for word, value in sent.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {word: [value] for word, value in query.items()} or None,
        "pathParameters": dict(path) or None,
        "stageVariables": None,
        "requestContext": {
            "apiId": "abc123",
            "domainName": DOMAIN,
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1"},
            "path": f"/{stage}{spelled}",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "resourcePath": resource,
            "stage": stage,
        },
        "body": text,
        "isBase64Encoded": as_base64 and body is not None,
    }


@cache
def function(name: str) -> Handler:
    """The handler of a function, loaded from its own folder: every function's module is called `app`."""
    spec = importlib.util.spec_from_file_location(f"functions.{name}.app", ROOT / "functions" / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


def event(function_name: str, case: str) -> dict[str, Any]:
    """One of the events that `sam local invoke` sends too."""
    text = (ROOT / "events" / function_name / f"{case}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def cases(function_name: str) -> list[str]:
    """The names of a function's events."""
    return sorted(path.stem for path in (ROOT / "events" / function_name).glob("*.json"))


def _bytes(body: object) -> bytes | None:
    match body:
        case None | bytes():
            return body
        case str():
            return body.encode()
        case _:
            return json.dumps(body).encode()
