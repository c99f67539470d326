"""The authorizer of every API: verifies the credential, and passes its organization and scopes to the function."""

from __future__ import annotations

from typing import Any

from reprieve.access.authenticate import authenticate
from reprieve.dialects.registry import SCHEMES
from reprieve.errors import Unauthenticated
from reprieve.runtime import identity, telemetry, wiring
from reprieve.runtime.telemetry import logger


def handler(event: dict[str, Any], context: telemetry.Invocation) -> dict[str, Any]:
    """Allow this one request, or refuse it.

    A refusal is a policy that denies, which API Gateway answers in the dialect of the API; whether the scopes of a
    credential suffice is decided by the function behind, which knows what is requested.
    """
    telemetry.begin(context)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if not headers.get("authorization"):
        # API Gateway's own word for "no credential at all", which the dialects answer differently from a bad one
        raise Exception("Unauthorized")  # noqa: TRY002
    try:
        caller = authenticate(wiring.access(), headers["authorization"], schemes=SCHEMES, now=wiring.now())
    except Unauthenticated as refusal:
        logger().info("unauthenticated", cause=str(refusal), resource=event.get("resource"))
        return _policy("unauthenticated", "Deny", event["methodArn"], {})
    return _policy(caller.credential_id, "Allow", event["methodArn"], identity.write(caller))


def _policy(principal: str, effect: str, method: str, context: dict[str, str]) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": method}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": principal, "policyDocument": document, "context": context}
