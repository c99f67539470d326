"""The permissions of batches, and of a function's alias, in the local AWS.

AWS checks what a batch is made of: `dynamodb:PartiQLInsert` and its three sisters on each statement's table, and
`sqs:SendMessage`, or its like, for each message. The local AWS checks the name of the call, which is no permission at
all. It has a place where it takes a transaction apart into the permissions of its items; this has it take statements
apart, too.

A call of a function's alias or version is a permission on that, whose ARN ends with it; the local AWS leaves it out.
It leaves out as well from which source an event is put onto a bus, which a policy's condition may be about.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ministack.core import iam_actions

#: calls whose permission has another name
SAME_AS: Final = {
    f"sqs:{action}Batch": f"sqs:{action}" for action in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")
}

CALLS: Final = {"dynamodb:ExecuteStatement", "dynamodb:BatchExecuteStatement", "dynamodb:ExecuteTransaction"}

STATEMENT: Final = re.compile(
    r"""\s*(?P<verb>INSERT\s+INTO|UPDATE|DELETE\s+FROM|SELECT\b.*?\bFROM)  # what is done
        \s+"(?P<table>[^"]+)"(?:\."(?P<index>[^"]+)")?                     # to which table or index""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

#: the place of the query among the arguments after the service's name
QUERY: Final = 4

Check = tuple[str, str]


def install() -> None:
    """Check batches from now on."""
    of_transaction = iam_actions.dynamodb_transaction_checks
    named = iam_actions.extract_iam_action
    resource_of = iam_actions.extract_resource_arn
    tags_of = iam_actions.request_tag_context

    def of_call(action: str, body: bytes, region: str, account: str) -> list[Check]:
        if action in CALLS:
            return checks(body, region, account)
        found: list[Check] = of_transaction(action, body, region, account)
        return found

    def of_request(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - the local AWS's own signature
        action = named(*arguments, **more)
        return SAME_AS.get(action, action)

    def on_resource(service: str, *arguments: Any, **more: Any) -> str:  # noqa: ANN401 - as above
        found: str = resource_of(service, *arguments, **more)
        query = more.get("query_params") or arguments[QUERY]
        return qualified(found, query) if service == "lambda" else found

    def context_of(service: str, action: str, body: bytes, *arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        found: dict[str, Any] = tags_of(service, action, body, *arguments)
        return {**found, "events:source": source(body)} if action == "events:PutEvents" else found

    iam_actions.request_tag_context = context_of
    iam_actions.dynamodb_transaction_checks = of_call
    iam_actions.extract_iam_action = of_request
    iam_actions.extract_resource_arn = on_resource


def qualified(function: str, query: Mapping[str, Any]) -> str:
    """The ARN that a call needs its permission on: a function's or, where the call names one, an alias's."""
    given = query.get("Qualifier") or ""
    alias = given[0] if isinstance(given, list) else given
    return f"{function}:{alias}" if alias and ":function:" in function else function


def source(body: bytes) -> str:
    """The source of the events that a call puts onto buses; of several sources one that no policy names."""
    try:
        return ",".join({str(entry["Source"]) for entry in json.loads(body)["Entries"]})
    except (ValueError, KeyError, TypeError):
        return ""


def checks(body: bytes, region: str, account: str) -> list[Check]:
    """The permission and resource of each statement; an empty list, which means a refusal, if one cannot be read."""
    try:
        return [check(statement, region, account) for statement in statements(json.loads(body))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def statements(call: dict[str, Any]) -> list[str]:
    """The statements of any of the three calls."""
    if "Statement" in call:
        return [call["Statement"]]
    return [each["Statement"] for each in call.get("Statements") or call["TransactStatements"]]


def check(statement: str, region: str, account: str) -> Check:
    """The permission that a statement needs, and on what."""
    found = STATEMENT.match(statement)
    if found is None:
        raise ValueError
    verb = found["verb"].split()[0].capitalize()
    index = f"/index/{found['index']}" if found["index"] else ""
    return f"dynamodb:PartiQL{verb}", f"arn:aws:dynamodb:{region}:{account}:table/{found['table']}{index}"
