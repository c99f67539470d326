"""Rules for every dialect: each error has an answer, and each scope is required by a route, grantable and documented.

Nothing here names a dialect but where its vendor has a rule of its own.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reprieve
from reprieve import dialects, errors
from reprieve.access.caller import Caller
from reprieve.access.oauth import GrantError, GrantRefused
from reprieve.dialects.dialect import GATEWAY, Dialect, Refusal
from reprieve.dialects.exchange import Request
from reprieve.dialects.okta import system_log as okta_log
from reprieve.dialects.okta.user_profile import InvalidProfile
from reprieve.dialects.okta.user_search import InvalidSearch
from reprieve.dialects.registry import DIALECTS
from reprieve.dialects.zoho import dialect as zoho
from reprieve.email_servers import email_server
from reprieve.errors import ReprieveError
from reprieve.hooks import event_hook
from reprieve.net import errors as net_errors
from reprieve.organization import Organization
from reprieve.smtp import errors as smtp_errors
from reprieve.system_log.filter import tree
from reprieve_cli import scopes as cli_scopes
from reprieve_cli import stack as cli_stack
from tests.support.routes import Route, apis, routes
from tests.support.tables import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = 1_700_000_000_000
ERROR_ID = "error-id-of-22-letters"
SCOPES_PAGE = TEMPLATE.parent / "docs" / "reference" / "scopes.md"


def values() -> dict[str, Dialect]:
    """Every dialect value in the package, by its module: those of the registry, and those of single subjects."""
    names = [found.name for found in pkgutil.walk_packages(dialects.__path__, "reprieve.dialects.")]
    modules = [importlib.import_module(name) for name in names]
    found = {module.__name__: getattr(module, "DIALECT", None) for module in modules}
    return {
        name.removeprefix("reprieve.dialects."): value for name, value in found.items() if isinstance(value, Dialect)
    }


VALUES = values()
EACH = pytest.mark.parametrize("dialect", VALUES.values(), ids=list(VALUES))

# ---------------------------------------------------------------- errors

words = st.sampled_from(["limit", "", "{", "{field}", "{0}", "%s", "\0", "\r\nSet-Cookie: a=b", 'a"b', "\U0001f600"])
texts = words | st.text(max_size=30)
moments = st.integers(0, 4_102_444_800_000)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
scope_names = st.from_regex(r"[A-Za-z_.]{1,40}", fullmatch=True)


def invalid(kind: type[errors.InvalidInput]) -> st.SearchStrategy[ReprieveError]:
    return st.builds(kind, texts, field=st.none() | texts)


def of_zoho(kind: type[zoho.Refused]) -> st.SearchStrategy[ReprieveError]:
    return st.builds(kind, st.dictionaries(texts | st.just("api_name"), json_values, max_size=3))


def of_smtp(kind: type[smtp_errors.SmtpError]) -> st.SearchStrategy[ReprieveError]:
    return st.builds(kind, st.sampled_from(smtp_errors.Reason))


def causes(pairs: list[tuple[str, str]]) -> InvalidProfile:
    return InvalidProfile(pairs)


#: every class of error, with the oddest instances that callers can cause
INSTANCES: dict[type[ReprieveError], st.SearchStrategy[ReprieveError]] = {
    ReprieveError: st.builds(ReprieveError, texts),
    errors.InvalidInput: invalid(errors.InvalidInput),
    errors.UnreadableBody: invalid(errors.UnreadableBody),
    errors.MalformedAddress: invalid(errors.MalformedAddress),
    errors.LimitExceeded: invalid(errors.LimitExceeded),
    errors.InvalidCursor: st.builds(errors.InvalidCursor, texts),
    errors.Unauthenticated: st.builds(errors.Unauthenticated, texts),
    errors.SignInRefused: st.builds(errors.SignInRefused, texts, texts),
    errors.NoCredential: st.builds(errors.NoCredential, texts),
    errors.Forbidden: st.builds(errors.Forbidden, st.none() | scope_names, reason=st.just("") | scope_names),
    errors.NoSuchRoute: st.builds(errors.NoSuchRoute, texts),
    errors.MethodNotAllowed: st.builds(errors.MethodNotAllowed, texts, st.just(()) | st.just(("GET", "POST"))),
    errors.NotFound: st.builds(errors.NotFound, texts, texts),
    errors.Conflict: st.builds(errors.Conflict, texts),
    errors.RateLimited: st.builds(errors.RateLimited, moments),
    errors.Unavailable: st.builds(errors.Unavailable, texts),
    GrantRefused: st.builds(GrantRefused, st.sampled_from(GrantError), texts),
    email_server.SecretNeeded: st.builds(email_server.SecretNeeded, st.sampled_from(email_server.AuthType)),
    email_server.AnotherEnabled: st.builds(email_server.AnotherEnabled),
    email_server.TooManyServers: st.builds(email_server.TooManyServers, st.integers(0, 100)),
    email_server.ServerFailed: st.builds(email_server.ServerFailed, st.sampled_from(email_server.Failing), texts),
    event_hook.NotVerified: st.builds(event_hook.NotVerified, texts, texts),
    tree.InvalidFilter: st.builds(tree.InvalidFilter, texts, summary=texts),
    tree.UnsupportedCombination: st.builds(tree.UnsupportedCombination, texts, texts),
    okta_log.InvalidParameter: st.builds(okta_log.InvalidParameter, texts, texts),
    okta_log.SinceTooOld: invalid(okta_log.SinceTooOld),
    InvalidProfile: st.builds(causes, st.lists(st.tuples(texts, texts), min_size=1, max_size=3)),
    InvalidSearch: invalid(InvalidSearch),
    net_errors.NetError: st.builds(net_errors.NetError, st.sampled_from(net_errors.Trouble)),
    **{kind: of_zoho(kind) for kind in zoho.Refused.__subclasses__()},
    **{kind: of_smtp(kind) for kind in (smtp_errors.SmtpError, *smtp_errors.SmtpError.__subclasses__())},
}
#: errors that the caller did not cause
OURS = (errors.Unavailable, smtp_errors.SmtpError, net_errors.NetError)


def classes() -> set[type[ReprieveError]]:
    """Every class of error in the package, wherever it is defined."""
    for found in pkgutil.walk_packages(reprieve.__path__, "reprieve."):
        importlib.import_module(found.name)
    left, known = [ReprieveError], set()
    while left:
        kind = left.pop()
        known.add(kind)
        left += kind.__subclasses__()
    # a base class is never raised itself
    return {kind for kind in known if kind.__module__.startswith("reprieve.")} - {zoho.Refused}


def requests() -> st.SearchStrategy[Request]:
    """Requests with arbitrary paths, parameters and headers."""
    path = st.just({}) | st.fixed_dictionaries({"id": texts, "emailServerId": texts, "eventHookId": texts})
    url = st.just("https://example.com/") | st.from_regex(r"https?://[!-~]{0,30}", fullmatch=True)
    caller = Caller(Organization("demo", "Demo"), "cred-1", frozenset())
    return st.builds(
        Request,
        id=st.just("0" * 32),
        method=st.just("GET"),
        resource=st.just("/r"),
        url=url,
        path=path,
        query=st.dictionaries(texts, st.tuples(texts), max_size=2),
        headers=st.dictionaries(texts, texts, max_size=2),
        body=st.binary(max_size=10),
        caller=st.none() | st.just(caller),
        now=moments,
    )


def request() -> Request:
    return Request("0" * 32, "GET", "/r", "https://example.com/r", {}, {}, {}, b"", None, NOW)


def test_every_class_of_error_has_instances_here() -> None:
    assert set(INSTANCES) == classes()


@pytest.mark.parametrize("kind", INSTANCES, ids=lambda kind: kind.__name__)
@settings(max_examples=settings.default.max_examples // 4)  # there are 40 kinds, and the requests are alike for all
@given(data=st.data())
def test_every_error_has_an_answer_in_every_dialect_that_can_be_sent_with_its_id(
    kind: type[ReprieveError], data: st.DataObject
) -> None:
    error, asked = data.draw(INSTANCES[kind]), data.draw(requests())
    for dialect in VALUES.values():
        answer = dialect.finish(dialect.refuse(error, asked, ERROR_ID), asked)
        assert answer.status // 100 == (5 if kind is ReprieveError or issubclass(kind, OURS) else 4), dialect.name
        json.dumps(answer.body, ensure_ascii=False, allow_nan=False).encode()
        assert all(re.fullmatch(r"[ -~]*", value) for _, value in answer.headers)
        assert ERROR_ID in str(answer.body) + str(answer.headers)


@EACH
@pytest.mark.parametrize("kind", [ReprieveError, errors.Unavailable])
def test_what_failed_inside_is_not_described_to_callers(dialect: Dialect, kind: type[ReprieveError]) -> None:
    assert "Secret" not in str(dialect.refuse(kind("the store did not answer: Secret"), request(), ERROR_ID))


@EACH
def test_a_missing_scope_is_named_in_the_body_and_to_programs(dialect: Dialect) -> None:
    answer = dialect.refuse(errors.Forbidden("some.scope"), request(), ERROR_ID)
    assert "some.scope" in str(answer.body)
    assert dict(answer.headers)["WWW-Authenticate"] == (
        'Bearer realm="https://example.com", scope="some.scope", error="insufficient_scope", '
        'error_description="The access token provided does not contain the required scopes."'
    )
    no_scope_would = dialect.refuse(errors.Forbidden(), request(), ERROR_ID)
    assert "None" not in str(no_scope_would.headers)
    assert "WWW-Authenticate" not in dict(no_scope_would.headers)


@EACH
def test_a_client_that_is_to_come_back_gets_whole_seconds_that_are_not_too_few(dialect: Dialect) -> None:
    for retry_at, seconds in ((NOW + 1, "1"), (NOW + 1000, "1"), (NOW + 1001, "2"), (NOW - 5000, "1")):
        headers = dict(dialect.refuse(errors.RateLimited(retry_at), request(), ERROR_ID).headers)
        assert headers["Retry-After"] == seconds
    headers = dict(dialect.refuse(errors.Unavailable("x"), request(), ERROR_ID).headers)
    assert headers["Retry-After"] == "60"


@EACH
def test_a_wrong_method_is_answered_with_the_right_ones(dialect: Dialect) -> None:
    headers = dict(dialect.refuse(errors.MethodNotAllowed("PUT", ("GET", "POST")), request(), ERROR_ID).headers)
    assert headers["Allow"] == "GET, POST"


# ---------------------------------------------------------------- the dialect's value, and everything derived from it


def test_every_folder_of_the_dialects_is_registered() -> None:
    assert {f"{dialect.name}.dialect" for dialect in DIALECTS} == {name for name in VALUES if name.endswith(".dialect")}


@EACH
def test_what_a_subject_refuses_is_all_that_it_adds_to_its_dialect(dialect: Dialect) -> None:
    (whole,) = (one for one in DIALECTS if one.name == dialect.name)
    assert replace(dialect, errors=whole.errors) == whole
    assert dialect.errors.keys() >= whole.errors.keys()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_gateway_has_an_answer_for_everything_that_it_refuses_by_itself(dialect: Dialect) -> None:
    rows = dialect.gateway_rows()
    assert rows.keys() == GATEWAY.keys()
    assert all(isinstance(row, Refusal) for row in rows.values())
    assert dialect.gateway_headers.keys() <= rows.keys()


def test_every_function_answers_in_a_registered_dialect_and_every_dialect_has_a_function() -> None:
    assert {api.dialect.name for api in apis().values()} == {dialect.name for dialect in DIALECTS}


def test_whatever_lists_dialects_lists_these() -> None:
    names = {dialect.name: dialect.api for dialect in DIALECTS}
    assert names == cli_stack.APIS
    assert {dialect.name: dialect.scopes for dialect in DIALECTS} == cli_scopes.BY_DIALECT
    assert len({dialect.stage for dialect in DIALECTS}) == len(DIALECTS)


# ---------------------------------------------------------------- scopes

#: how a scope can spell a custom module called `My_Things`
MODULE = re.compile(r"\b(?:mythings|custom|My_Things)\b")


def asked_by(route: Route) -> Iterable[str]:
    """The scopes of a route, with `{module}` in place of a module's name."""
    if not callable(route.scopes):
        return route.scopes
    caller = Caller(Organization("demo", "Demo", modules=frozenset({"My_Things"})), "cred-1", frozenset())
    asked = replace(request(), path={"version": "v8", "module": "My_Things"}, caller=caller)
    return [MODULE.sub("{module}", scope) for scope in route.scopes(asked)]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_scope_can_be_granted_exactly_if_a_route_asks_for_it(dialect: Dialect) -> None:
    asked = {scope for route in routes() if route.dialect.name == dialect.name for scope in asked_by(route)}
    assert asked == dialect.scopes | dialect.named_scopes


def test_the_page_of_scopes_has_all_and_no_other() -> None:
    rows = [line for line in SCOPES_PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    documented = [scope for row in rows for scope in re.findall(r"`([^`]+)`", row)]
    known = frozenset[str]().union(*(dialect.scopes | dialect.named_scopes for dialect in DIALECTS))
    assert sorted(documented) == sorted(known)


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("ZohoCRM.modules.Leads.READ", True),
        ("ZohoCRM.modules.My_Things2.ALL", True),
        ("ZohoCRM.send_mail.leads.CREATE", True),
        ("ZohoCRM.modules.{module}.READ", False),
        ("ZohoCRM.modules.Leads.READ.ALL", False),
        ("ZohoCRM.modules.2.READ", False),
        ("ZohoCRM.modules..READ", False),
        ("ZohoCRM.modules.Leads.READ\n", False),
        ("ZohoCRMxmodules.Leads.READ", False),
    ],
)
def test_a_scope_may_name_a_module_where_it_has_room_for_one(scope: str, granted: bool) -> None:
    assert any(dialect.grants(scope) for dialect in DIALECTS) is granted


@pytest.mark.parametrize(
    "scope",
    [
        "asm.groups.suppressions.update",
        "asm.suppressions.global.update",
        "suppression.update",
        "suppression.bounces.create",
        "suppression.unsubscribes.update",
        "mail_settings.bounce_purge.create",
        "mail_settings.bounce_purge.delete",
    ],
)
def test_a_scope_of_sendgrid_that_nothing_here_asks_for_cannot_be_granted(scope: str) -> None:
    assert not any(dialect.grants(scope) for dialect in DIALECTS)
