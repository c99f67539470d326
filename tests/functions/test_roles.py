"""Roles: how far a caller may go with what its scopes allow, on every route the same."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.clock import DAY
from reprieve.errors import Forbidden
from reprieve.organization import Membership
from reprieve.removals.removal import RemovalState
from reprieve.role import Permission, Role
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from tests.functions.test_scopes import BESIDES, EVERYTHING, EXPECTED, LISTS, PATH, ROUTES
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, function, problem
from tests.support.unblock_email import bounce, enrol, rid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock, Gateway
    from tests.support.routes import Route

ORGANIZATION = replace(DEMO, membership=Membership.ANYONE, modules=frozenset({"My_Things"}), help_desk_lifts=3)
CLOSED = [route for route in ROUTES if not route.open]

REHEARSED = frozenset({Permission.LIFT, Permission.LOOK_UP})
#: the routes that ask for something else than READ for GET and CHANGE for the rest; of several, by request
UNUSUAL: dict[str, frozenset[Permission]] = {
    **dict.fromkeys(
        (
            "okta GET /v1/users/me",
            "okta GET /v1/users/{id}",
            *(f"sendgrid GET /suppression/{name}/{{email+}}" for name in LISTS),
            "sendgrid GET /asm/suppressions/global/{email+}",
            "sendgrid GET /asm/suppressions/{email+}",
            "sendgrid GET /scopes",
            "zoho GET /{version}/{module}/{record_id}",
            "zoho GET /{version}/users",
            "zoho GET /{version}/org",
            "reprieve GET /addresses/{email+}",
            "reprieve GET /holds/{subject+}",
            "reprieve GET /removals/{id}",
            "console GET /",
            "console POST /address",
            "console GET /removals/{id}",
            "console GET /lifts/many/{id}",
            "console POST /sign-out",
        ),
        frozenset({Permission.LOOK_UP}),
    ),
    "zoho GET /{version}/{module}/search": frozenset({Permission.READ, Permission.LOOK_UP}),
    "reprieve GET /removals": frozenset({Permission.READ, Permission.LOOK_UP}),
    "sendgrid POST /asm/groups/{group_id}/suppressions/search": frozenset({Permission.READ}),
    "okta POST /v1/org/email/bounces/remove-list": frozenset({Permission.LIFT}),
    "console POST /log": frozenset({Permission.READ}),
    "console POST /log/newer": frozenset({Permission.READ}),
    "console POST /lifts": frozenset({Permission.LIFT}),
    "console GET /lifts/many": frozenset({Permission.LIFT}),
    "console POST /lifts/many": frozenset({Permission.LIFT}),
    "console POST /lifts/many/dry-run": frozenset({Permission.LIFT}),
    "console POST /holds": frozenset({Permission.READ}),
    "console POST /removals": frozenset({Permission.READ}),
    "console POST /lists": frozenset({Permission.READ}),
    "console POST /lists/export": frozenset({Permission.READ}),
    "console POST /lists/file": frozenset({Permission.READ}),
    "console GET /lists/import": frozenset({Permission.CHANGE}),
    "console GET /people/{id}/revoke": frozenset({Permission.CHANGE}),
    "console POST /lifts/dry-run": frozenset({Permission.LIFT}),
    # the lists that the help desk may not lift from are refused by the verb
    **{f"sendgrid DELETE /suppression/{name}": frozenset({Permission.LIFT}) for name in LISTS},
    **{f"sendgrid DELETE /suppression/{name}/{{email+}}": frozenset({Permission.LIFT}) for name in LISTS},
    "reprieve POST /proofs/{email+}": frozenset({Permission.LIFT}),
    "zoho POST /{version}/{module}/actions/unblock_email": REHEARSED,
    "zoho POST /{version}/{module}/{record_id}/actions/unblock_email": REHEARSED,
}
#: the queries with which a route asks for less
LESS: dict[str, list[Mapping[str, str]]] = {
    "zoho GET /{version}/{module}/search": [{"email": "a@x.io"}],
    "reprieve GET /removals": [{"email": "a@x.io"}, {"request_id": "r"}],
    "zoho POST /{version}/{module}/actions/unblock_email": [{"dry_run": "true"}],
    "zoho POST /{version}/{module}/{record_id}/actions/unblock_email": [{"dry_run": "true"}],
}
#: what a role has, written down apart from the code
MAY = {
    Role.VIEWER: {Permission.LOOK_UP, Permission.READ},
    Role.HELP_DESK: {Permission.LOOK_UP, Permission.LIFT},
    Role.ADMIN: {Permission.LOOK_UP, Permission.READ, Permission.LIFT, Permission.CHANGE},
}


def asked_by(route: Route) -> frozenset[Permission]:
    usual = Permission.READ if route.method == "GET" else Permission.CHANGE
    return UNUSUAL.get(str(route), frozenset({usual}))


def token(role: Role, scopes: frozenset[str] = EVERYTHING, name: str = "c") -> str:
    """The token of a new credential in a role."""
    wiring.access().create_organization(ORGANIZATION)
    text = issue_token("demo")
    wiring.access().add_credential(Credential(name, "demo", digest_of(text), "test", scopes, 1, role=role))
    return text


def send(call: Gateway, route: Route, bearer: str, query: Mapping[str, str] | None = None) -> Answer:
    return call(
        function(route.function),
        route.method,
        route.resource,
        path={name: value for name, value in PATH.items() if f"{{{name}}}" in route.resource or name == "email"},
        query=query,
        headers={"Authorization": f"Bearer {bearer}"},
        body=None if route.method == "GET" else {},
        organization=None,
        stage=route.dialect.stage,
    )


def refused(answer: Answer, role: Role) -> bool:
    """Whether an answer is the refusal of a role in its dialect."""
    return answer.status == HTTPStatus.FORBIDDEN and f"the role {role} " in str(answer.body)


# ---------------------------------------------------------------- what each route asks for


def test_the_unusual_routes_exist() -> None:
    assert UNUSUAL.keys() <= EXPECTED.keys()
    assert {name for name, asked in UNUSUAL.items() if len(asked) > 1} == LESS.keys()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", CLOSED, ids=str)
def test_a_role_that_lacks_what_a_route_asks_for_is_refused_before_anything_is_read(
    call: Gateway, calls: Calls, route: Route, role: Role
) -> None:
    bearer = token(role)
    (most, *less) = sorted(asked_by(route), key=list(Permission).index, reverse=True)
    answer = send(call, route, bearer)
    if most in MAY[role]:
        # a verb may still refuse a list
        assert role is Role.HELP_DESK or not refused(answer, role)
    else:
        assert refused(answer, role)
        assert "www-authenticate" not in answer.headers
        assert (calls, calls.verifying) == ({}, 1)
    for query in LESS.get(str(route), []):
        assert refused(send(call, route, bearer, query), role) is (less[0] not in MAY[role])


@pytest.mark.parametrize("route", [route for route in CLOSED if EXPECTED[str(route)]], ids=str)
def test_a_scope_that_is_missing_is_named_before_the_role_is_looked_at(call: Gateway, route: Route) -> None:
    own = EXPECTED[str(route)]
    answer = send(call, route, token(Role.VIEWER, EVERYTHING - {*own, *BESIDES.get(str(route), ())}))
    assert own[0] in str(answer.body)
    assert not refused(answer, Role.VIEWER)


def test_a_role_is_refused_in_the_words_of_each_dialect(call: Gateway) -> None:
    bearer = token(Role.VIEWER)
    said = {}
    for name in (
        "okta POST /v1/org/email/bounces/remove-list",
        "sendgrid DELETE /suppression/bounces",
        "zoho DELETE /{version}/{module}",
        "reprieve POST /holds",
    ):
        (route,) = [one for one in ROUTES if str(one) == name]
        said[route.dialect.name] = send(call, route, bearer)
    reason = "the role viewer does not allow this"
    assert said["okta"].body["errorCode"] == "E0000006"
    assert said["okta"].body["errorCauses"] == [{"errorSummary": reason}]
    assert said["sendgrid"].body["errors"] == [
        {"field": None, "message": "access forbidden", "help": {"reason": reason}}
    ]
    assert said["zoho"] == Answer(
        403,
        {
            "code": "NO_PERMISSION",
            "details": {"permissions": [], "reason": reason},
            "message": "permission denied",
            "status": "error",
        },
    )
    assert said["reprieve"] == problem(403, "Forbidden", reason)


def test_a_credential_that_was_stored_before_there_were_roles_is_an_admin(dynamodb: Client) -> None:
    text = token(Role.ADMIN)
    items = dynamodb.scan(TableName="Access")["Items"]
    assert [item.get("role") for item in items if item["sort"]["S"].startswith("credential#")] == [None]
    _, credential = wiring.access().credential("demo", digest_of(text))
    assert credential is not None
    assert credential.role is Role.ADMIN


# ---------------------------------------------------------------- what the help desk lifts


@pytest.fixture
def desk(clock: Clock) -> str:
    return token(Role.HELP_DESK)


def okta(call: Gateway, bearer: str, *emails: str) -> Answer:
    return call(
        function("remove_list"),
        "POST",
        "/v1/org/email/bounces/remove-list",
        headers={"Authorization": f"SSWS {bearer}"},
        body={"emailAddresses": list(emails)},
        organization=None,
    )


def sendgrid(call: Gateway, bearer: str, name: str, email: str | None = None, body: object = None) -> Answer:
    return call(
        function("suppressions"),
        "DELETE",
        f"/suppression/{name}" + ("/{email+}" if email else ""),
        path={"email": email} if email else {},
        headers={"Authorization": f"Bearer {bearer}"},
        body=body,
        organization=None,
        stage="v3",
    )


def zoho(call: Gateway, bearer: str, *ids: str, dry_run: bool = False) -> Answer:
    return call(
        function("unblock_email"),
        "POST",
        "/{version}/{module}/actions/unblock_email",
        path={"version": "v8", "module": "Leads"},
        query={"dry_run": "true"} if dry_run else {},
        headers={"Authorization": f"Zoho-oauthtoken {bearer}"},
        body={"unblock_fields": ["Email"], "ids": list(ids)},
        organization=None,
        stage="crm",
    )


USED_UP = "the role help_desk lifts at most 3 addresses a day"


def waiting() -> set[str]:
    """The addresses whose removal waits."""
    return {
        report.followed.email
        for report in wiring.following().waiting(ORGANIZATION, RemovalState.PENDING, limit=99, after=None)[0]
    }


def test_a_day_s_lifts_are_counted_together_whatever_the_dialect(call: Gateway, calls: Calls, desk: str) -> None:
    enrol(1, "zoe@x.io")
    for email in ("eve@x.io", "zoe@x.io"):
        bounce(email, at=DEMO.created)
    assert okta(call, desk, "ann@x.io").status == 200
    # the count beside what any caller's removal costs
    assert calls == {"UpdateItem": 3, "BatchExecuteStatement": 1}
    assert sendgrid(call, desk, "bounces", "eve@x.io").status == 204
    assert zoho(call, desk, rid(1)).status == 200
    for answer in (okta(call, desk, "late@x.io"), sendgrid(call, desk, "blocks", body={"emails": ["late@x.io"]})):
        assert answer.status == 403
        assert USED_UP in str(answer.body)
    assert waiting() == {"ann@x.io", "eve@x.io", "zoe@x.io"}


def test_the_addresses_of_one_request_count_each_and_it_is_done_whole_or_not_at_all(call: Gateway, desk: str) -> None:
    assert okta(call, desk, "a@x.io", "A@x.io", "not an address").status == 200
    assert okta(call, desk, "b@x.io", "c@x.io", "d@x.io").status == 403
    assert waiting() == {"a@x.io"}
    assert okta(call, desk, "b@x.io", "c@x.io").status == 200
    assert okta(call, desk, "d@x.io").status == 403
    assert waiting() == {"a@x.io", "b@x.io", "c@x.io"}


def test_the_next_day_and_another_credential_have_lifts_of_their_own(call: Gateway, clock: Clock, desk: str) -> None:
    assert okta(call, desk, "a@x.io", "b@x.io", "c@x.io").status == 200
    assert okta(call, desk, "d@x.io").status == 403
    assert okta(call, token(Role.HELP_DESK, name="another"), "d@x.io").status == 200
    clock.now += DAY - 1
    assert okta(call, desk, "e@x.io").status == 403
    clock.now += 1
    assert okta(call, desk, "e@x.io").status == 200


def test_a_count_is_kept_beyond_its_day(call: Gateway, dynamodb: Client, clock: Clock, desk: str) -> None:
    assert okta(call, desk, "a@x.io").status == 200
    (count,) = [it for it in dynamodb.scan(TableName="Access")["Items"] if it["sort"]["S"].startswith("lifts#")]
    tomorrow = (clock.now // DAY + 1) * DAY
    assert tomorrow <= int(count["expires_at"]["N"]) * 1_000 <= tomorrow + DAY


def test_an_admin_lifts_as_many_as_it_likes(call: Gateway, clock: Clock) -> None:
    assert okta(call, token(Role.ADMIN), *(f"u{number}@x.io" for number in range(9))).status == 200
    assert len(waiting()) == 9


def test_nothing_is_lifted_where_the_organization_allows_the_help_desk_none(call: Gateway, desk: str) -> None:
    wiring.access().change_organization("demo", {"help_desk_lifts": 0})
    assert okta(call, desk, "a@x.io").status == 403
    assert waiting() == set()


@pytest.mark.parametrize("name", LISTS)
def test_the_help_desk_lifts_bounces_and_blocks_by_name_and_nothing_else(
    call: Gateway, calls: Calls, desk: str, name: str
) -> None:
    bounce("ann@x.io", at=DEMO.created)
    allowed = name in {"bounces", "blocks"}
    answer = sendgrid(call, desk, name, body={"emails": ["ann@x.io"]})
    assert answer.status == (204 if allowed else 403)
    if not allowed:
        assert calls == {}
        assert sendgrid(call, desk, name, "ann@x.io").status == 403
    cleared = sendgrid(call, desk, name, body={"delete_all": True})
    assert cleared.status == 403
    assert "the role help_desk does not lift all of this list" in str(cleared.body)
    assert calls == {}
    organization = wiring.access().organization("demo")
    assert organization is not None
    assert organization.cleared == {}
    assert waiting() == ({"ann@x.io"} if allowed else set())


def test_a_rehearsal_changes_and_counts_nothing(call: Gateway, calls: Calls, desk: str) -> None:
    enrol(1, "zoe@x.io")
    bounce("zoe@x.io", at=DEMO.created)
    for _ in range(4):
        assert zoho(call, desk, rid(1), dry_run=True).status == 200
        assert calls == {"BatchGetItem": 2}
    assert waiting() == set()


def test_an_unblock_that_is_repeated_by_its_key_is_counted_once(call: Gateway, desk: str) -> None:
    enrol(1, "zoe@x.io")
    bounce("zoe@x.io", at=DEMO.created)
    for _ in range(4):
        answer = call(
            function("unblock_email"),
            "POST",
            "/{version}/{module}/actions/unblock_email",
            path={"version": "v8", "module": "Leads"},
            headers={"Authorization": f"Zoho-oauthtoken {desk}", "Idempotency-Key": "k"},
            body={"unblock_fields": ["Email"], "ids": [rid(1)]},
            organization=None,
            stage="crm",
        )
        assert answer.status == 200
    assert okta(call, desk, "b@x.io", "c@x.io").status == 200
    assert okta(call, desk, "d@x.io").status == 403


def test_an_unblock_of_an_address_that_is_not_blocked_costs_no_count(call: Gateway, calls: Calls, desk: str) -> None:
    enrol(1, "zoe@x.io")
    zoho(call, desk, rid(1))
    assert "BatchGetItem" in calls
    assert "UpdateItem" not in calls


def test_an_address_that_the_caller_may_not_lift_is_not_counted(call: Gateway, desk: str) -> None:
    wiring.access().change_organization("demo", {"membership": "recipients"})
    for _ in range(4):
        assert okta(call, desk, "stranger@x.io").body["errors"] != []
    wiring.access().change_organization("demo", {"membership": "anyone"})
    assert okta(call, desk, "a@x.io", "b@x.io", "c@x.io").status == 200


def test_a_viewer_is_refused_by_every_verb_that_lifts(clock: Clock) -> None:
    """So that a route that forgets to ask cannot be a way around."""
    by = replace(context(ORGANIZATION, now=clock.now), role=Role.VIEWER)
    verbs: list[Any] = [
        lambda: wiring.removals().request(by, ["a@x.io"]),
        lambda: wiring.lists().lift(by, SuppressionList.BOUNCES, "a@x.io"),
        lambda: wiring.lists().lift_many(by, SuppressionList.BOUNCES, ["a@x.io"]),
        lambda: wiring.lists().clear(by, SuppressionList.BOUNCES),
    ]
    for verb in verbs:
        with pytest.raises(Forbidden):
            verb()
    assert waiting() == set()
