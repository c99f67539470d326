"""What the benchmarks of single requests share: a store with one organization, and the events and programs that use it.

with running() as (client, _):
    prepare(client, entries=500)
    process = handling("suppressions", [event], status=200, endpoint=client.meta.endpoint_url)
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bench.processes import Process
from local.build import BUILD, name_of
from reprieve.access.credential import Credential, digest_of
from reprieve.access.provider_account import ProviderAccount
from reprieve.access.quota import Bucket
from reprieve.address import Address
from reprieve.clock import EPOCH, MINUTE, Millis, now
from reprieve.organization import MAX_LIMIT
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.store.access import Access
from reprieve.store.boto3_transport import Boto3
from reprieve.store.recipients import Recipients
from reprieve.store.suppressions import Suppressions
from reprieve.store.system_log import EventLog
from reprieve.store.table import Table
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support.event_posts import KEY, bounce
from tests.support.gateway import CREDENTIAL, DEMO, EXAMPLES, proxy_event
from tests.support.tables import environment, settings_of
from tests.support.webhook import public, signed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mypy_boto3_dynamodb import DynamoDBClient

LAYERS: Final = (BUILD / "DomainLayer" / "python", BUILD / "DependenciesLayer" / "python")
#: the settings of functions, beside the tables' names
SETTINGS: Final = {
    "METRICS_NAMESPACE": "Bench",
    "TOKEN_ISSUER": "urn:reprieve:bench",
    "MAX_EMAIL_SERVERS": "10",
    "MAIL_CLIENT_NAME": "",
    "MAIL_PORTS": "587",
    "TOKEN_PORTS": "443",
    "PRIVATE_MAIL_NETWORKS": "",
    "SECRETS_KEY": "none",
    "DEAD_LETTER_QUEUE_URL": "none",
    "EVENT_BUS": "",
    "PROVIDER_KIND": "ses",
    "DYNAMODB_TRANSPORT": "light",
}
#: answers every event, and fails unless each answer has the status; the first one is before a mark, the end is another
PROGRAM: Final = """
import json, os, app
class Context:
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    function_name = "f"; function_version = "1"; memory_limit_in_mb = "512"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
    def get_remaining_time_in_millis(self): return 29_000
with open({file!r}, encoding="utf-8") as lines:
    for number, line in enumerate(lines):
        if number == 1:
            {mark}
        answer = app.handler(json.loads(line), Context())
        assert answer["statusCode"] == {status}, answer
{mark}
"""


def email(number: int) -> str:
    """The address of one of the organization's recipients."""
    return f"recipient-{number:06}@example.com"


def prepare(client: DynamoDBClient, *, entries: int = 10, logged: int = 10) -> None:
    """Store the organization, a credential per dialect, a provider account, recipients that bounced, and their log."""
    tables = {name: Table(Boto3(client), name) for name in environment().values()}
    access = Access(tables["Access"], tables["ProviderAccounts"])
    access.create_organization(replace(DEMO, limits=dict.fromkeys(Bucket, MAX_LIMIT)))
    for token, scopes in EXAMPLES.items():
        access.add_credential(Credential(CREDENTIAL, DEMO.id, digest_of(token), "bench", scopes, EPOCH))
    account = ProviderAccount("none", webhook_key=public(KEY))
    access.set_provider_account(DEMO.id, account, provider_name="", before=None)
    addresses = [Address.parse(email(number)) for number in range(entries)]
    people = [Recipient(f"00u{number:017}", USERS, one, None, EPOCH, EPOCH) for number, one in enumerate(addresses)]
    Recipients(tables["Recipients"]).add_many(DEMO, people)
    reason, before = "550 5.1.1 no such user", now() - 10 * MINUTE
    bounced = [
        Suppression(SuppressionList.BOUNCES, one.key, one.spelling, Millis(before - 1_000 * number), reason=reason)
        for number, one in enumerate(addresses)
    ]
    Suppressions(tables["Suppressions"]).record(DEMO, bounced)
    log = EventLog(tables["EventLog"], lambda: Millis(before))
    log.append(DEMO, [_entry(number, before) for number in range(logged)])


def _entry(number: int, before: int) -> Any:
    event = DeliveryEvent(
        f"logged-{number}",
        DeliveryKind.BOUNCE,
        email(number),
        email(number),
        Millis(before - number),
        "550 5.1.1 no such user",
        provider="sendgrid",
    )
    return delivery_entry(event, provider_name="SendGrid")


def get(dialect: str, stage: str, resource: str, *, path: Any = None, query: Any = None) -> dict[str, Any]:
    """The event of a GET."""
    return _event(dialect, "GET", resource, path=path or {}, query=query or {}, stage=stage, body=None)


def post(dialect: str, stage: str, resource: str, body: object) -> dict[str, Any]:
    """The event of a POST of JSON."""
    return _event(dialect, "POST", resource, path={}, query={}, stage=stage, body=json.dumps(body).encode())


def _event(dialect: str, method: str, resource: str, **more: Any) -> dict[str, Any]:
    token = next(token for token in EXAMPLES if f"-{dialect}-" in token)
    headers = {"authorization": f"{'SSWS' if dialect == 'okta' else 'Bearer'} {token}"}
    return proxy_event(method, resource, headers=headers, as_base64=False, **more)


def webhook(first: int, count: int) -> dict[str, Any]:
    """The event of a post of bounces that were never seen before, signed."""
    body = json.dumps([bounce(number) for number in range(first, first + count)]).encode()
    return proxy_event(
        "POST",
        "/events/{kind}/{org}",
        path={"kind": "sendgrid", "org": DEMO.id},
        query={},
        headers=signed(KEY, body),
        body=body,
        stage="reprieve",
        as_base64=True,
    )


def handling(
    function: str,
    events: Sequence[dict[str, Any]],
    *,
    status: int,
    endpoint: str,
    folder: Path,
    first: tuple[Path, ...] = (),
    after: str = "",
    mark: str = "pass",
) -> Process:
    """The process of a function, as built, that answers events.

    Args:
        function: the name of its folder.
        events: of API Gateway.
        status: what each is answered with.
        endpoint: the URL of DynamoDB.
        folder: where the events are written.
        first: folders that come before the layers.
        after: what the program does at the end.
        mark: what it does after the first answer and after the last; see `processes.between_marks`.
    """
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".jsonl", delete=False, encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)
    code = BUILD / name_of(function)
    given = {name: value for name, value in SETTINGS.items() if name in settings_of(function)}
    variables = {**environment(), **given, "AWS_ENDPOINT_URL": endpoint}
    return Process(PROGRAM.format(file=file.name, status=status, mark=mark) + after, (*first, code, *LAYERS), variables)
