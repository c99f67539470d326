"""Okta's errors, whole, for tests of its dialect."""

from __future__ import annotations

from tests.support.gateway import Answer, Matching


def refusal(status: int, code: str, summary: str, *causes: str) -> Answer:
    """An error as the dialect answers it, with whatever error id."""
    body = {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": Matching("oae[0-9A-Za-z_-]{22}"),
        "errorCauses": [{"errorSummary": cause} for cause in causes],
    }
    return Answer(status, body)
