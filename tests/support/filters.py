"""Helpers for the tests of the system log's filter: rendering of filters, and the cost of work."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from reprieve.system_log.filter.tree import And, Comparison, Expression, Not, Operator, Or, Presence, Value

if TYPE_CHECKING:
    from collections.abc import Callable


#: a log entry
BOUNCE: dict[str, Any] = {
    "uuid": "f24790d0-d324-47f8-aac5-c27a31ab928d",
    "published": "2026-03-01T10:00:00.000Z",
    "eventType": "system.email.delivery",
    "legacyEventType": None,
    "version": "0",
    "severity": "WARN",
    "displayMessage": "Email delivery",
    "actor": {"id": "unknown", "type": "SystemPrincipal", "displayName": "Okta System", "detailEntry": None},
    "client": {"ipAddress": None, "geographicalContext": {"geolocation": {"lat": 48.2, "lon": 16.4}}},
    "outcome": {"result": "FAILURE", "reason": "bounce"},
    "target": [
        {"id": "user@domain.com", "type": "email", "displayName": "user@domain.com"},
        {"id": "00u1", "type": "User", "displayName": "Jane Doe", "detailEntry": {}},
    ],
    "transaction": {"type": "JOB", "id": "req1", "detail": {"requestApiTokenId": "00T1"}},
    "debugContext": {
        "debugData": {"providerMessage": "550 5.1.1 no such user", "attempts": 3, "final": True, "via": ""}
    },
    "request": {"ipChain": [{"ip": "10.0.0.1", "version": "V4"}, {"ip": "10.0.0.2", "version": "V4"}]},
    "securityContext": {"isProxy": False, "risk": {"reasons": ["new device", "new city"]}},
    "authenticationContext": {"authenticationStep": 0, "externalSessionId": None},
}


def render(expression: Expression) -> str:
    """Write an expression as a filter, with no more parentheses than it needs.

    Returns:
        A text for which `parse(render(expression)) == expression`, provided that it stays within the bounds.
    """
    match expression:
        case Comparison(field, operation, value):
            return f"{field} {operation} {json.dumps(value, ensure_ascii=False)}"
        case Presence(field):
            return f"{field} pr"
        case Not(operand):
            return f"not ({render(operand)})"
        case And(operands):
            return " and ".join(_grouped(operand, (And, Or)) for operand in operands)
        case Or(operands):
            return " or ".join(_grouped(operand, (Or,)) for operand in operands)


def _grouped(expression: Expression, loose: tuple[type, ...]) -> str:
    """In parentheses if it is one of the `loose` kinds, which the operator around it would tear apart."""
    text = render(expression)
    return f"({text})" if isinstance(expression, loose) else text


def eq(field: str, value: Value) -> Comparison:
    return Comparison(field, Operator.EQ, value)


def steps(work: Callable[[], object]) -> int:
    """The number of Python and C calls of some work: its cost, independent of other load."""
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted
