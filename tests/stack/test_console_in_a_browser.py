"""Every main path of the console in Chromium, on the real template.

A person signs in at Cognito's own page and by a token, lifts one address and many, exports and imports, tries an email
server, searches the log, and enables the policy.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme

from reprieve.clock import SECOND, now
from tests.support import walks
from tests.support.browser import by_name, chromium, walk
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink, free_place
from tests.support.webhook import signed, signing_key

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.usefixtures("browser", "uncounted", "policy"),
    # for aiosmtpd only STARTTLS is TLS
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]
Stack = dict[str, Any]

#: addresses that are put on a list by a file, and lifted as one
MANY = 500
#: a step that waits for a run of the removal job, or for a part of the stack to start; on a busy machine
SECONDS_OF_A_STEP = 400


@pytest.fixture(scope="session")
def browser() -> str:
    """Chromium, which is looked for before the stack is started."""
    return chromium()


@pytest.fixture
def sink(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    """A mail server that the organization has enrolled as `Own relay`; afterwards it has not."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    host, port = free_place()
    with MailSink(trustme.CA(), host=host, port=port) as sink:
        server = {"alias": "Own relay", "host": host, "port": port, "username": USERNAME, "password": PASSWORD}
        url = f"{stack['okta']['base_url']}/api/v1/email-servers"
        made = ask("POST", url, f"SSWS {stack['okta']['token']}", json={**server, "privateCa": sink.ca_pem})
        yield sink
        ask("DELETE", f"{url}/{made.json()['id']}", f"SSWS {stack['okta']['token']}")


@pytest.fixture
def policy(stack: Stack) -> Iterator[None]:
    """Give the policy up at the end."""
    yield
    url, token = f"{stack['reprieve']['base_url']}/reprieve/policies", f"Bearer {stack['reprieve']['token']}"
    ask("DELETE", url, token, **{"If-Match": ask("GET", url, token).headers["ETag"]})


def ask(method: str, url: str, authorization: str, json: object = None, **headers: str) -> requests.Response:
    """Send a request to an API of the stack."""
    sent = {"Authorization": authorization, **headers}
    answer = requests.request(method, url, json=json, headers=sent, timeout=60)
    assert answer.ok, answer.text
    return answer


def bounced(stack: Stack, email: str) -> None:
    """Have a webhook report a bounce, to the organization and to the one that plays its provider."""
    event = {"email": email, "event": "bounce", "type": "bounce", "timestamp": now() // SECOND, "status": "5.1.1"}
    ids = {"sg_event_id": uuid.uuid4().hex, "sg_message_id": uuid.uuid4().hex}
    body = json.dumps([{**event, **ids, "reason": "550 5.1.1 user unknown"}]).encode()
    for one in ("demo", "upstream"):
        url = f"{stack['reprieve']['base_url']}/reprieve/events/sendgrid/{one}"
        said = requests.post(url, data=body, headers=signed(signing_key(stack), body), timeout=60)
        assert said.json()["listed"] == 1


def is_bounced(stack: Stack, email: str, side: str) -> bool:
    url = f"{stack[side]['base_url']}/v3/suppression/bounces/{email}"
    return bool(ask("GET", url, f"Bearer {stack[side]['token']}").json())


def test_every_main_path_of_the_console_works_in_a_browser(stack: Stack, sink: MailSink) -> None:
    domain = f"{uuid.uuid4().hex[:12]}.example"
    ann, many = f"ann@{domain}", [f"user{number:03}@{domain}" for number in range(MANY)]
    file = "\n".join(["email;reason", *(f"{email};552 5.2.2 mailbox full" for email in many)])
    bounced(stack, ann)
    steps = [
        # by Cognito's own page
        ["goto", "/console/"],
        ["type", "#organization", "demo"],
        ["press", "Enter"],
        ["type", "#username", "ada"],
        ["type", "#password", stack["console"]["sign_in"]["password"]],
        ["press", "Enter"],
        ["wait", "#email"],
        ["text", ".viewer p"],
        *walks.SIGN_OUT,
        # by a token
        *walks.sign_in(stack["console"]["token"]),
        # one address, to the provider
        *walks.look_up(ann),
        *walks.LIFT,
        ["says", ".headline", "Done"],
        # a file in, a file out, and many lifts
        ["goto", "/console/lists/import"],
        ["choose", "#file", "list.csv", file],
        ["click", "main button:text-is('Import')"],
        ["text", ".headline"],
        *walks.filter_lists(domain),
        ["says", "#about", f"{MANY} entries"],
        ["click", "text=Export as CSV"],
        ["says", "#about", f"Entries 1 to {MANY}"],
        ["download", "text=Download as CSV"],
        *walks.check_many(many),
        ["click", f"text=Lift all {MANY} now"],
        ["wait", ".headline.good"],
        ["count", "tbody tr"],
        # what the organization has set
        *walks.fill_in_test("Own relay", "ada@example.com", "grace@example.com"),
        *walks.SEND_TEST,
        ["click", "nav li >> text=Log"],
        ["type", "#filter", f'target.id eq "{ann}" and eventType eq "reprieve.removal.done"'],
        ["click", "text=Search"],
        ["text", ".entries li:only-child summary b"],
        ["click", "nav li >> text=People"],
        ["says", "li", "help-desk: help desk, on every page"],
        ["says", "h3", "local zoho"],
        *walks.REHEARSE_POLICY,
        *walks.ENABLE_POLICY,
        ["click", "text=Disable the policy"],
        ["says", ".headline", "The policy is not in force."],
        *walks.SIGN_OUT,
    ]
    found = walk(stack["console"]["base_url"], steps, seconds=SECONDS_OF_A_STEP)

    assert [" ".join(one.split()) for one in by_name(steps, found, "text")] == [
        "demo Ada Lovelace, admin",
        "No mail goes to this address.",
        f"{MANY} rows changed the list. 0 changed nothing; 0 were left out.",
        "Lifted",
    ]
    assert by_name(steps, found, "goto") == [401, 401, 401, 200, 401]
    assert by_name(steps, found, "cookies") == [[], []]
    ((_, exported),) = by_name(steps, found, "download")
    assert sorted(line.split(",")[1] for line in exported.splitlines()[1:]) == many
    assert by_name(steps, found, "count") == [MANY]
    assert [(mail["From"], mail["To"]) for mail in sink.mails] == [("ada@example.com", "grace@example.com")]
    assert not is_bounced(stack, ann, "upstream")
    assert not is_bounced(stack, ann, "sendgrid")
