"""The HTTP edge of every function: content types, and unexpected errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functions.test_scopes import EVERYTHING, GLOBAL, MODULE, ROUTES, SCOPED, send

if TYPE_CHECKING:
    from tests.support.gateway import Answer, Gateway
    from tests.support.routes import Route

BY_NAME = {str(route): route for route in ROUTES}
#: dialect -> status and words about a failure inside
UNEXPECTED = {
    "okta": (500, "E0000009"),
    "sendgrid": (500, "internal server error"),
    "zoho": (500, "INTERNAL_ERROR"),
    "reprieve": (500, "something unexpected happened"),
    "console": (500, "Something unexpected happened."),
}


def says(answer: Answer, expected: tuple[int, str]) -> bool:
    return answer.status == expected[0] and expected[1] in str(answer.body)


@pytest.mark.parametrize("name", [f"sendgrid DELETE {GLOBAL}/{{email+}}", f"zoho GET {MODULE}"])
def test_an_answer_without_a_body_is_plain_text(call: Gateway, name: str) -> None:
    """API Gateway declares an answer without a type as JSON, and Okta's Python SDK fails on the empty body of a 204."""
    answer = send(call, BY_NAME[name], EVERYTHING)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (204, None, ["text/plain"])


@pytest.mark.parametrize("route", SCOPED, ids=str)
def test_the_unexpected_is_answered_in_the_dialect_with_an_id_that_is_in_the_log_and_no_word_of_it(
    call: Gateway, route: Route, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> bool:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("reprieve.context.Context.may", fail)
    answer = send(call, route, EVERYTHING)
    assert says(answer, UNEXPECTED[route.dialect.name])
    assert "a secret" not in str(answer) + caplog.text
    (error_id,) = {line.error_id for line in caplog.records if line.getMessage() == "fault"}
    assert error_id in str(answer.body) + str(answer.headers)
