"""What holds for every dialect: no error is without an answer, and none tells more than it should."""

import inspect

import pytest

from reprieve import errors
from reprieve.dialects.exchange import Request
from reprieve.dialects.okta import dialect as okta
from reprieve.dialects.reprieve import dialect as reprieve
from reprieve.dialects.sendgrid import dialect as sendgrid
from reprieve.errors import ReprieveError

DIALECTS = [okta.DIALECT, sendgrid.DIALECT, reprieve.DIALECT]
NOW = 1_700_000_000_000
EXAMPLES: list[ReprieveError] = [
    errors.InvalidInput("wrong", field="limit"),
    errors.UnreadableBody("not JSON"),
    errors.MalformedAddress("no at sign", field="email"),
    errors.InvalidCursor("after"),
    errors.LimitExceeded("too many", field="ids"),
    errors.Unauthenticated("no"),
    errors.Forbidden("some.scope"),
    errors.NoSuchRoute("/x"),
    errors.MethodNotAllowed("PUT"),
    errors.NotFound("EmailServer", "ces1"),
    errors.Conflict("not now"),
    errors.RateLimited(NOW + 1000),
    errors.Unavailable("the store did not answer get_item: ThrottlingException"),
]


def request() -> Request:
    return Request("0" * 32, "GET", "/r", "https://example.com/r", {}, {}, {}, b"", None, NOW)


def test_every_error_of_the_tree_has_an_example_here() -> None:
    classes = {value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, ReprieveError)}
    assert {type(example) for example in EXAMPLES} == classes - {ReprieveError}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_every_error_has_an_answer_of_the_right_kind_with_its_id(dialect: object, error: ReprieveError) -> None:
    answer = dialect.refuse(error, request(), "error-id-of-22-letters")
    is_ours = isinstance(error, errors.Unavailable)
    assert answer.status // 100 == (5 if is_ours else 4)
    assert "error-id-of-22-letters" in str(answer.body)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_fault_of_the_store_is_not_described_to_callers(dialect: object) -> None:
    answer = dialect.refuse(errors.Unavailable("the store did not answer: Secret"), request(), "id")
    assert "Secret" not in str(answer.body)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_unexpected_is_answered_with_500_and_the_id_that_finds_the_log_line(dialect: object) -> None:
    answer = dialect.fail(request(), "error-id-of-22-letters")
    assert answer.status == 500
    assert "error-id-of-22-letters" in str(answer.body)
