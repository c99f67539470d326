"""Email servers on the real template: Okta's own clients, and mail that really arrives by STARTTLS and AUTH.

The sink's certificate is of a private authority, which Okta's clients cannot name; one plain request sets it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme

from local.deploy import client, outputs
from tests.support.contracts import contract
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink, free_place
from tests.support.node import run_node

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from local.place import Place

pytestmark = [
    pytest.mark.stack,
    pytest.mark.usefixtures("uncounted"),
    # for aiosmtpd only STARTTLS is TLS
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]

ENROLLED = {"alias": "Sink", "username": USERNAME, "password": PASSWORD}
ADDRESSES = ("sender@example.com", "receiver@example.org")


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    """A mail server on an allowed STARTTLS port."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    host, port = free_place()
    with MailSink(trustme.CA(), host=host, port=port) as sink:
        yield sink


class Plain:
    """A plain client of the API, not one of Okta's."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self._url = f"{stack['okta']['base_url']}/api/v1/email-servers"
        self._headers = {"Authorization": f"SSWS {stack['okta']['token']}"}

    def send(self, method: str, path: str = "", **body: object) -> requests.Response:
        sent = body or None
        return requests.request(method, self._url + path, json=sent, headers=self._headers, timeout=40)


@pytest.fixture
def plain(stack: dict[str, Any]) -> Iterator[Plain]:
    """A plain client; afterwards the organization's servers and connection counts are deleted."""
    plain = Plain(stack)
    yield plain
    for server in plain.send("GET").json()["email-servers"]:
        plain.send("DELETE", f"/{server['id']}")


def run(call: Awaitable[Any]) -> Any:
    """The answer to a call of Okta's Python client; its error fails the test."""

    async def wait() -> Any:
        return await call

    data, _, error = asyncio.run(wait())
    assert error is None, error
    return data


def test_okta_s_python_client_drives_a_server_through_its_life(
    stack: dict[str, Any], plain: Plain, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    import okta.models as okta
    from okta.client import Client

    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
    sdk = Client({"orgUrl": stack["okta"]["base_url"], "token": stack["okta"]["token"]})

    created = run(sdk.create_email_server(okta.EmailServerPost(host=sink.host, port=sink.port, **ENROLLED)))
    assert (created.alias, created.host, created.port, created.enabled) == ("Sink", sink.host, sink.port, False)
    assert plain.send("PATCH", f"/{created.id}", privateCa=sink.ca_pem, password=PASSWORD).status_code == 200
    assert [server.id for server in run(sdk.list_email_servers()).email_servers] == [created.id]
    assert [server.host for server in run(sdk.get_email_server(created.id)).email_servers] == [sink.host]
    updated = run(sdk.update_email_server(created.id, okta.EmailServerRequest(alias="New", enabled=True)))
    assert (updated.alias, updated.enabled) == ("New", True)
    run(sdk.test_email_server(created.id, okta.EmailTestAddresses(fromAddress=ADDRESSES[0], toAddress=ADDRESSES[1])))
    run(sdk.delete_email_server(created.id))
    assert run(sdk.list_email_servers()).email_servers in ([], None)

    assert [(mail["From"], mail["To"]) for mail in sink.mails] == [ADDRESSES]
    assert sink.logins == [("PLAIN", PASSWORD)] * 2


NODE = """
const { Client } = require("@okta/okta-sdk-nodejs");
const { orgUrl, token, privateCa, server, addresses } = given;
const client = new Client({ orgUrl, token });
const api = client.emailServerApi;
const created = await api.createEmailServer({ emailServerPost: server });
const emailServerId = created.id;
const patched = await fetch(`${orgUrl}/api/v1/email-servers/${emailServerId}`, {
  method: "PATCH",
  headers: { Authorization: `SSWS ${token}`, "Content-Type": "application/json" },
  body: JSON.stringify({ privateCa, password: server.password }),
});
const got = await api.getEmailServer({ emailServerId });
const listed = await api.listEmailServers();
const updated = await api.updateEmailServer({ emailServerId, emailServerRequest: { alias: "New", enabled: true } });
const [fromAddress, toAddress] = addresses;
await api.testEmailServer({ emailServerId, emailTestAddresses: { fromAddress, toAddress } });
await api.deleteEmailServer({ emailServerId });
return { created, patched: patched.status, got, listed, updated };
"""


def test_okta_s_node_client_drives_a_server_through_its_life(
    stack: dict[str, Any], plain: Plain, sink: MailSink
) -> None:
    okta = stack["okta"]
    done = run_node(
        NODE,
        orgUrl=okta["base_url"],
        token=okta["token"],
        privateCa=sink.ca_pem,
        server={"host": sink.host, "port": sink.port, **ENROLLED},
        addresses=ADDRESSES,
    )
    identifier = done["created"]["id"]
    assert done["patched"] == 200
    assert (done["got"]["id"], done["got"]["host"], done["got"]["enabled"]) == (identifier, sink.host, False)
    assert [server["id"] for server in done["listed"]["email-servers"]] == [identifier]
    assert (done["updated"]["alias"], done["updated"]["enabled"]) == ("New", True)
    assert [(mail["From"], mail["To"]) for mail in sink.mails] == [ADDRESSES]
    assert plain.send("GET").json() == {"email-servers": []}


def test_a_changed_host_or_an_edited_record_sends_no_password(plain: Plain, sink: MailSink, place: Place) -> None:
    """With the KMS and the roles of the stack, not with those of a test."""
    server = plain.send("POST", host="smtp.example.com", port=sink.port, privateCa=sink.ca_pem, **ENROLLED).json()
    refused = plain.send("PATCH", f"/{server['id']}", host=sink.host)
    assert (refused.status_code, refused.json()["errorCauses"][0]["errorSummary"].split(":")[0]) == (400, "password")
    client(place, "dynamodb").update_item(
        TableName=outputs(place)["EmailServersTable"],
        Key={"partition": {"S": "demo#servers"}, "sort": {"S": server["id"]}},
        UpdateExpression="SET host = :host",
        ExpressionAttributeValues={":host": {"S": sink.host}},
    )
    tested = plain.send("POST", f"/{server['id']}/test", fromAddress=ADDRESSES[0], toAddress=ADDRESSES[1])
    assert tested.status_code == 503
    assert sink.logins == []


def test_no_secret_is_in_an_answer_the_logs_or_the_tables(plain: Plain, sink: MailSink, place: Place) -> None:
    answers = [plain.send("POST", host=sink.host, port=sink.port, privateCa=sink.ca_pem, enabled=True, **ENROLLED)]
    identifier = answers[0].json()["id"]
    addresses = {"fromAddress": ADDRESSES[0], "toAddress": ADDRESSES[1]}
    answers += [
        plain.send("GET"),
        plain.send("GET", f"/{identifier}"),
        plain.send("POST", f"/{identifier}/test", **addresses),
        plain.send("POST", f"/{identifier}/test", **addresses | {"toAddress": "unknown@example.org"}),
        plain.send("PATCH", f"/{identifier}", password=f"{PASSWORD}-wrong"),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 204, 400, 400]
    logs, dynamodb = client(place, "logs"), client(place, "dynamodb")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    events = [event["message"] for group in groups for event in logs.filter_log_events(logGroupName=group)["events"]]
    assert any("email-server-test" in message for message in events)
    names = [name for output, name in outputs(place).items() if output.endswith("Table")]
    entries = dynamodb.scan(TableName=outputs(place)["EventLogTable"])["Items"]
    assert entries
    shown = [
        *(answer.text for answer in answers),
        *events,
        *(repr(dynamodb.scan(TableName=name)["Items"]) for name in names),
        *(zlib.decompress(entry["event"]["B"]).decode() for entry in entries),
        *(path.read_text(errors="replace") for path in place.logs.iterdir()),
    ]
    assert sink.logins.count(("PLAIN", PASSWORD)) == 3
    assert [text for text in shown if PASSWORD in text] == []


@pytest.mark.slow
def test_the_contract_holds_for_whatever_schemathesis_thinks_of(
    stack: dict[str, Any], plain: Plain, tmp_path: Path
) -> None:
    """Okta's document has no bounds, so a request that it allows may be refused (a port of -1, an eleventh server).

    And a method that no path has, such as TRACE, is answered by the gateway before any function.
    """
    identifier = plain.send("POST", host="smtp.example.com", port=587, **ENROLLED).json()["id"]
    operations = [
        f'[[operations]]\ninclude-operation-id = "{operation}"\nparameters = {{ emailServerId = "{identifier}" }}\n'
        for operation in ("getEmailServer", "updateEmailServer", "testEmailServer")
    ]
    (tmp_path / "schemathesis.toml").write_text("\n".join(operations))
    ended = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", str(contract("okta.yaml"))),
            *("--url", stack["okta"]["base_url"], "--include-path-regex", "/email-servers"),
            *("-H", f"Authorization: SSWS {stack['okta']['token']}"),
            *("--exclude-checks", "positive_data_acceptance,unsupported_method"),
            *("--max-examples", "20", "--seed", "5", "--no-color", "--request-timeout", "30"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
