"""Unblock Email on the real template, driven by Zoho's own unmodified clients over HTTP.

Zoho's Python SDKs of two majors both install the package `zohocrmsdk`, so each gets an environment of its own under
.local, made once from its lock; the scripts in sdk-python and sdk-node say what the SDK makes of each answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
import venv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.deploy import client, outputs
from local.lock_file import take_lock
from local.place import ROOT
from reprieve.access.credential import Credential, digest_of, issue_token
from tests.support import node
from tests.support.relay import relay
from tests.support.stack_access import access_of
from tests.support.webhook import signed, signing_key

if TYPE_CHECKING:
    from local.place import Place

pytestmark = pytest.mark.stack
Stack = dict[str, Any]

CLIENTS = ("node-8", "python-8", "python-6")
FREE = ("NOT_ALLOWED", "Email is already unblocked")
PERMANENT = ("NOT_ALLOWED", "Cannot unblock, Email is blocked permanently")
EXHAUSTED = ("NOT_ALLOWED", "Cannot unblock, email has been unblocked 5 times already")
UNKNOWN = ("INVALID_DATA", "Invalid record provided")
SUCCESS = ("SUCCESS", "Unblocked successfully")
ATTEMPTS = 5


def python_with_sdk(major: str) -> str:
    """A Python with Zoho's SDK of one major version, installed once from the lock."""
    lock = ROOT / "requirements" / f"zoho{major}.txt"
    home = ROOT / ".local" / f"zoho{major}-{sys.version_info[0]}.{sys.version_info[1]}"
    python, stamp = home / "bin" / "python", home / sha256(lock.read_bytes()).hexdigest()
    home.parent.mkdir(exist_ok=True)
    with take_lock(home.with_suffix(".lock"), seconds=300, otherwise="another run is installing Zoho's SDK"):
        if not stamp.exists():
            venv.create(home, clear=True, with_pip=True)
            options = ["--require-hashes", "--no-deps", "--quiet", "--disable-pip-version-check"]
            subprocess.run([python, "-m", "pip", "install", *options, "-r", lock], check=True)
            stamp.touch()
    return str(python)


#: one client in the quick suite; the others need an environment of their own, which takes long to install
EACH = pytest.mark.parametrize(
    "command", [CLIENTS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in CLIENTS[1:])], indirect=True
)


@pytest.fixture(scope="session")
def command(request: pytest.FixtureRequest) -> list[str]:
    """The command that runs one of Zoho's clients."""
    language, major = request.param.split("-")
    if language == "python":
        return [python_with_sdk(major), str(ROOT / "tests" / "sdk-python" / "zoho_unblock.py")]
    node.require_node()
    return ["node", str(node.CLIENTS / "zoho_unblock.mjs")]


@pytest.fixture
def sdk(command: list[str], stack: Stack) -> Any:
    """A caller of the client that returns its reading of each answer."""

    def calls(*wanted: dict[str, Any], token: str = "", base_url: str = "") -> list[dict[str, Any]]:
        asked = {
            "base_url": base_url or stack["zoho"]["base_url"],
            "token": token or stack["zoho"]["token"],
            "calls": wanted,
        }
        environment = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=120, env=environment
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        said: list[dict[str, Any]] = json.loads(done.stdout)
        return said

    return calls


class Crm:
    """Plain HTTP calls that set up the data of a test."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.url = f"{stack['zoho']['base_url']}/crm/v8"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=20))
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {stack['zoho']['token']}"

    def records(self, emails: list[str], *, module: str = "Leads") -> list[str]:
        ids: list[str] = []
        for start in range(0, len(emails), 100):
            data = [{"Last_Name": "Smith", "Email": email} for email in emails[start : start + 100]]
            answer = self.session.post(f"{self.url}/{module}", json={"data": data}, timeout=30)
            assert answer.status_code == 201, answer.text
            ids += [entry["details"]["id"] for entry in answer.json()["data"]]
        return ids

    def bounced(self, emails: list[str], *, status: str = "5.2.2", kind: str = "bounce", at: int | None = None) -> None:
        moment = at or int(time.time())
        events = [
            {
                "email": email,
                "event": "bounce",
                "type": kind,
                "status": status,
                "sg_event_id": uuid.uuid4().hex,
                "timestamp": moment,
            }
            for email in emails
        ]
        for start in range(0, len(events), 100):
            body = json.dumps(events[start : start + 100]).encode()
            headers = signed(signing_key(self.stack), body)
            # as SendGrid does, it posts again what a busy machine did not take in time
            for _ in range(ATTEMPTS):
                answer = self.session.post(self.stack["webhook"]["url"], data=body, headers=headers, timeout=60)
                if answer.status_code < 500:
                    break
            assert answer.status_code == 200, answer.text

    def explained(self, email: str) -> dict[str, Any]:
        """The answer of GET /reprieve/addresses about an address."""
        headers = {"Authorization": f"Bearer {self.stack['reprieve']['token']}"}
        url = f"{self.stack['reprieve']['base_url']}/reprieve/addresses/{email}"
        answer = self.session.get(url, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        explanation: dict[str, Any] = answer.json()
        return explanation

    def unblock(self, ids: list[str], **more: Any) -> requests.Response:
        body = {"unblock_fields": ["Email"], "ids": ids}
        return self.session.post(f"{self.url}/Leads/actions/unblock_email", json=body, timeout=200, **more)


@pytest.fixture
def crm(stack: Stack) -> Crm:
    return Crm(stack)


def emails(count: int) -> list[str]:
    tag = uuid.uuid4().hex[:12]
    return [f"u{number}.{tag}@example.com" for number in range(count)]


def said(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(entry["code"], entry["message"], str(entry["details"].get("id"))) for entry in answer["data"]]


def exhaust(crm: Crm, email: str, record: str) -> None:
    """Unblock an address as often as allowed, and let it bounce once more."""
    for turn in range(5):
        crm.bounced([email], at=int(time.time()) + 60 * turn)
        assert crm.unblock([record]).status_code == 200
    crm.bounced([email], at=int(time.time()) + 600)


@EACH
def test_a_client_gets_success_partial_success_and_every_record_error(sdk: Any, crm: Crm) -> None:
    soft, single, hard, free, exhausted = emails(5)
    ids = crm.records([soft, single, hard, free, exhausted])
    crm.bounced([soft, single])
    crm.bounced([hard], status="5.1.1")
    exhaust(crm, exhausted, ids[4])
    unknown = "2423488000000569001"
    one, some, none = sdk(
        {"module": "Leads", "id": ids[1], "fields": ["Email", "Secondary_Email"]},
        {"module": "Leads", "ids": [ids[0], ids[2], ids[3], ids[4], unknown], "fields": ["Email"]},
        {"module": "Leads", "id": ids[0], "fields": ["Email"]},
    )
    assert (one["kind"], one["http"], said(one)) == ("actions", 200, [(*SUCCESS, ids[1])])
    assert (some["kind"], some["http"]) == ("actions", 207)
    assert said(some) == [
        (*SUCCESS, ids[0]),
        (*PERMANENT, ids[2]),
        (*FREE, ids[3]),
        (*EXHAUSTED, ids[4]),
        (*UNKNOWN, unknown),
    ]
    assert (none["kind"], none["http"], said(none)) == ("actions", 400, [(*FREE, ids[0])])


@EACH
def test_a_client_gets_every_error_of_the_request(sdk: Any) -> None:
    one = ["2423488000000569001"]
    answers = sdk(
        {"module": "Leads", "ids": one, "fields": ["Work_Email"]},
        {"module": "Deals", "ids": one, "fields": ["Secondary_Email"]},
        {"module": "Leads"},
        {"module": "Leads", "fields": ["Email"]},
        {"module": "Nothings", "ids": one, "fields": ["Email"]},
        {"module": "Leads", "ids": one * 501, "fields": ["Email"]},
        {"module": "Leads/Some/Where", "ids": one, "fields": ["Email"]},
    )
    assert [(answer["kind"], answer["http"], answer["code"], answer["message"]) for answer in answers] == [
        ("error", 400, "NOT_ALLOWED", "unknown field provided"),
        ("error", 400, "NOT_ALLOWED", "EMAIL, SECONDARY_EMAIL field not available for module"),
        ("error", 400, "MANDATORY_NOT_FOUND", "required field not found"),
        ("error", 400, "MANDATORY_NOT_FOUND", "required field not found"),
        ("error", 400, "INVALID_MODULE", "The module name given seems to be invalid"),
        ("error", 400, "LIMIT_EXCEEDED", "limit exceeded"),
        ("error", 404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"),
    ]
    assert answers[0]["details"]["json_path"] == "$.unblock_fields[0]"
    assert answers[4]["details"]["resource_path_index"] == 0


@pytest.fixture
def scoped(place: Place) -> str:
    """A credential of the demo organization that can only read records."""
    token = issue_token("demo")
    access = access_of(place)
    scopes = frozenset({"ZohoCRM.modules.leads.READ"})
    access.add_credential(Credential(uuid.uuid4().hex[:16], "demo", digest_of(token), "reader", scopes, 1))
    return token


@pytest.fixture
def broken(place: Place) -> str:
    """The id of a record that our code would never write."""
    identifier = f"9{uuid.uuid4().int % 10**17:017d}"
    item = {"partition": {"S": "demo#Leads"}, "sort": {"S": identifier}}
    client(place, "dynamodb").put_item(TableName=outputs(place)["RecipientsTable"], Item=item)
    return identifier


@EACH
def test_a_client_gets_the_errors_that_are_not_its_own_fault(sdk: Any, stack: Stack, broken: str) -> None:
    call = {"module": "Leads", "ids": ["2423488000000569001"], "fields": ["Email"]}
    with relay(stack["zoho"]["base_url"], method="GET") as base_url:
        (method,) = sdk(call, base_url=base_url)
    with relay(stack["zoho"]["base_url"], without="Authorization") as base_url:
        (stranger,) = sdk(call, base_url=base_url)
    (fault,) = sdk({**call, "ids": [broken]})
    assert [(one["kind"], one["http"], one["code"], one["message"]) for one in (method, stranger, fault)] == [
        ("error", 400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one"),
        ("error", 401, "AUTHENTICATION_FAILURE", "Authentication failed"),
        ("error", 500, "INTERNAL_ERROR", "Internal Server Error"),
    ]


@EACH
def test_a_client_learns_what_is_wrong_with_its_token(sdk: Any, scoped: str) -> None:
    call = {"module": "Leads", "ids": ["2423488000000569001"], "fields": ["Email"]}
    (bad,) = sdk(call, token="1000.unknown")
    (mismatch,) = sdk(call, token=scoped)
    assert (bad["http"], bad["code"], bad["message"]) == (401, "INVALID_TOKEN", "invalid oauth token")
    assert (mismatch["http"], mismatch["code"], mismatch["message"]) == (401, "OAUTH_SCOPE_MISMATCH", "Unauthorized")


def test_a_request_without_a_token_and_with_a_wrong_method_get_zohos_answers(crm: Crm) -> None:
    url = f"{crm.url}/Leads/actions/unblock_email"
    stranger = requests.post(url, timeout=30)
    message = "Authentication failed"
    expected = {"code": "AUTHENTICATION_FAILURE", "details": {}, "message": message, "status": "error"}
    assert (stranger.status_code, stranger.json()) == (401, expected)
    message = "The http request method type is not a valid one"
    expected = {"code": "INVALID_REQUEST_METHOD", "details": {}, "message": message, "status": "error"}
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        for path in (url, f"{crm.url}/Leads/2423488000000569001/actions/unblock_email"):
            answer = crm.session.request(method, path, timeout=30)
            assert (answer.status_code, answer.json()) == (400, expected)


def test_the_answer_about_an_address_has_its_block_and_the_unblocks_left(crm: Crm) -> None:
    (email,) = emails(1)
    (record,) = crm.records([email])
    crm.bounced([email])
    blocked = crm.explained(email)
    assert blocked["block"] == {
        "kind": "temporary",
        "count": 1,
        "reason": None,
        "since": blocked["suppressions"][0]["since"],
    }
    assert blocked["limits"]["unblocks"] == {"limit": 5, "remaining": 5}
    assert crm.unblock([record]).status_code == 200
    free = crm.explained(email)
    assert (free["block"]["kind"], free["limits"]["unblocks"]["remaining"], free["mailed"]) == ("none", 4, True)


@pytest.mark.slow
def test_five_hundred_records_are_unblocked_by_one_request(crm: Crm) -> None:
    addresses = emails(500)
    ids = crm.records(addresses)
    crm.bounced(addresses)
    rehearsal = crm.unblock(ids, params={"dry_run": "true"})
    assert rehearsal.status_code == 200
    answer = crm.unblock(ids)
    assert answer.status_code == 200
    assert [entry["details"] for entry in answer.json()["data"]] == [{"id": one} for one in ids]
    assert {entry["details"]["remaining"] for entry in rehearsal.json()["data"]} == {4}


def test_a_search_reaches_the_search_and_not_a_record_of_that_name(crm: Crm) -> None:
    (email,) = emails(1)
    ids = crm.records([email])
    answer = crm.session.get(f"{crm.url}/Leads/search", params={"email": email.upper()}, timeout=30)
    assert (answer.status_code, [one["id"] for one in answer.json()["data"]]) == (200, ids)
    refused = crm.session.delete(f"{crm.url}/Leads/search", timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST_METHOD")


def insist(crm: Crm, record: str) -> str:
    """The message of one record's entry.

    A machine too busy to start a function in time answers 5xx or 429, so ask until it does not. The key makes all of
    these one request, whatever became of the answers before.
    """
    key = {"Idempotency-Key": uuid.uuid4().hex}
    while (answer := crm.unblock([record], headers=key)).status_code in {409, 429, 500, 502, 503, 504}:
        time.sleep(1)
    assert answer.status_code in {200, 400}, answer.text
    assert "data" in answer.json(), answer.text
    message: str = answer.json()["data"][0]["message"]
    return message


@pytest.mark.slow
def test_of_eight_requests_at_a_time_one_unblocks_and_five_is_never_exceeded(crm: Crm) -> None:
    (email,) = emails(1)
    (record,) = crm.records([email])
    for turn in range(6):
        crm.bounced([email], at=int(time.time()) + 60 * turn)
        if turn < 4:
            assert insist(crm, record) == SUCCESS[1]
            continue
        # the last one that is allowed, and the one after it
        with ThreadPoolExecutor(8) as threads:
            counts = Counter(threads.map(lambda _: insist(crm, record), range(8)))
        assert counts == ({SUCCESS[1]: 1, FREE[1]: 7} if turn < 5 else {EXHAUSTED[1]: 8})
