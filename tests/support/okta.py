"""Okta's errors, whole, for tests of its dialect."""

from __future__ import annotations

from tests.support.gateway import Answer, Matching


def refusal(status: int, code: str, summary: str, *causes: str) -> Answer:
    """The dialect's answer for an error, with any error id."""
    body = {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": Matching("oae[0-9A-Za-z_-]{22}"),
        "errorCauses": [{"errorSummary": cause} for cause in causes],
    }
    return Answer(status, body)


def forbidden(scope: str) -> Answer:
    """The answer to a credential that lacks a scope; it names the scope."""
    summary = "You do not have permission to perform the requested action"
    return refusal(403, "E0000006", summary, f"this needs the scope {scope}")
