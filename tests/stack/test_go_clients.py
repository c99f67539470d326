"""The vendors' unmodified Go clients on the real template: Okta's SDK in each of its modes, and SendGrid's client."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from reprieve.access import jose
from tests.stack.test_main_loop import bounce, post
from tests.support.go import require_go, run_go
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink, free_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,  # Okta's SDK takes minutes to compile on a new machine
    # for aiosmtpd only STARTTLS is TLS
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]
Stack = dict[str, Any]

#: seconds for which a token is valid, and that the SDK lets pass; it renews a token two seconds before its end
LIFETIME, PAUSE = 20, 21
SCOPES = ("okta.users.manage", "okta.users.read", "okta.emailServers.manage", "okta.emailServers.read")
MORE_SCOPES = ("okta.logs.read", "okta.orgs.manage")
FROM, TO = "sender@example.com", "receiver@example.org"


@pytest.fixture(autouse=True)
def go() -> None:
    """Go itself, before anything is set up."""
    require_go()


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """A mail server at an address that mail may go to."""
    host, port = free_place()
    with MailSink(trustme.CA(), host=host, port=port) as sink:
        yield sink


@pytest.fixture
def mark() -> str:
    """The beginning of this test's names and addresses."""
    return f"t{uuid.uuid4().hex[:11]}"


def pem(jwk: str) -> str:
    """A private key as Okta's Go SDK takes it in PrivateKey mode."""
    return jose.own_key(jwk).as_pem(private=True).decode()


@pytest.mark.usefixtures("uncounted")
@pytest.mark.parametrize("mode", ["SSWS", "PrivateKey", "JWK"])
def test_oktas_go_sdk_drives_users_email_servers_the_log_and_bounces_and_renews_a_token_that_expires(
    stack: Stack, reprieve: Callable[..., str], sink: MailSink, mark: str, mode: str
) -> None:
    asked = {
        "base_url": stack["okta"]["base_url"],
        "mode": mode,
        "server": {
            "host": sink.host,
            "port": sink.port,
            "username": USERNAME,
            "password": PASSWORD,
            "private_ca": sink.ca_pem,
        },
        "from": FROM,
        "to": TO,
        "filter": f'target.id ew "@{mark}.example.com"',
        "mark": mark,
    }
    if mode == "SSWS":
        asked |= {"token": stack["okta"]["token"]}
    else:
        made = json.loads(
            reprieve(
                *("clients", "create", "demo", "--name", "Go", "--dialect", "okta", "--json"),
                *("--token-lifetime", f"{LIFETIME}s"),
            )
        )
        key = json.dumps(made["private_jwk"])
        asked |= {
            "client_id": made["client_id"],
            "private_key": pem(key) if mode == "PrivateKey" else key,
            "scopes": [*SCOPES, *MORE_SCOPES],
            "pause": PAUSE,
        }
    bounced = [f"{number}@{mark}.example.com" for number in range(5)]
    assert post(stack, *map(bounce, bounced)).ok

    seen = run_go("okta", asked)

    tokens, first, later = (seen.pop(name) for name in ("tokens", "first", "later"))
    assert sorted(seen["log"].pop("targets")) == bounced
    assert seen == {
        "users": {
            "made": f"{mark}@example.com",
            "found": f"{mark}@example.com",
            "matching": 1,
            "changed": "Pher",
            "gone": "E0000007",
        },
        "servers": {
            "made": False,
            "listed": 1,
            "host": sink.host,
            "port": sink.port,
            "changed": ["Gone", True],
            "left": 0,
            "gone": "E0000007",
        },
        "log": {"pages": 3, "refused": "E0000053"},
        "bounces": [
            "name@okta@com: Invalid email address. The provided email address failed validation against RFC 3696.",
            f"{mark}@stranger.example.com: This email address does not belong to any user in your organization.",
        ],
    }
    assert (len(set(first)), later) == (4, first)
    # more than two where the machine is so busy that all of it takes longer than a token is valid
    assert tokens == 0 if mode == "SSWS" else tokens >= 2
    assert [(mail["From"], mail["To"]) for mail in sink.mails] == [(FROM, TO)]


def test_sendgrids_go_client_drives_lists_groups_and_the_whitelist(stack: Stack, mark: str) -> None:
    addresses = [f"{mark}-{letter}@example.com" for letter in "abc"] + [f"{mark}-d+x@example.com"]
    assert post(stack, *(bounce(email, type="bounce") for email in addresses)).ok
    seen = run_go(
        "sendgrid",
        BASE_URL=stack["sendgrid"]["base_url"],
        TOKEN=stack["sendgrid"]["token"],
        NAME=mark,
        ADDRESSES=json.dumps(addresses),
    )
    assert {name: answer["status"] for name, answer in seen.items()} == {
        "create": 201,
        "again": 400,
        "change": 201,
        "add": 201,
        "get": 200,
        "some": 200,
        "members": 200,
        "search": 200,
        "remove": 204,
        "entries": 200,
        "groupsOf": 200,
        "delete": 204,
        "gone": 404,
        "list": 200,
        "outOfRange": 400,
        "one": 200,
        "deleteOne": 204,
        "deleteAgain": 404,
        "deleteSome": 204,
        "left": 200,
        "unsubscribe": 201,
        "unsubscribed": 200,
        "resubscribe": 204,
        "blocks": 200,
        "invalid_emails": 200,
        "spam_reports": 200,
        "unsubscribes": 200,
        "setWhitelist": 200,
        "whitelist": 200,
        "notWhitelist": 400,
        "unsetWhitelist": 200,
    }
    body = {name: answer["body"] for name, answer in seen.items()}
    group = body["create"]["id"]
    assert (body["change"]["description"], body["get"]["unsubscribes"]) == ("changed", 2)
    assert [one["id"] for one in body["some"]] == [group]
    assert sorted(body["members"]) == sorted(body["search"]) == addresses[:2]
    assert [one["email"] for one in body["entries"] if one["group_id"] == group] == addresses[1:2]
    assert [one["suppressed"] for one in body["groupsOf"]["suppressions"] if one["id"] == group] == [True]
    assert sorted(one["email"] for one in body["list"]) == sorted(addresses)
    assert [one["email"] for one in body["one"]] == addresses[3:]
    assert [one["email"] for one in body["left"]] == addresses[:1]
    assert body["unsubscribed"] == {"recipient_email": addresses[0]}
    assert body["whitelist"] == {"enabled": True, "list": [addresses[0], "example.net"]}
