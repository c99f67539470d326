"""Okta's Email Servers routes, with request bodies and whole answers."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from reprieve.organization import Organization
from tests.support.gateway import Answer, Matching, function
from tests.support.mail_sink import PASSWORD, USERNAME
from tests.support.okta import refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Gateway
    from tests.support.mail_sink import MailSink

MANAGE = ["okta.emailServers.manage"]


ID = Matching("ces[0-9A-Za-z]{17}")


FROM_TERRAFORM = {"alias": "tf", "host": "192.168.2.0", "port": 8086, "username": "u", "password": "p"}


CLIENT_CREDENTIALS = {
    "alias": "OAuthServer1",
    "enabled": False,
    "authType": "OAUTH2_CLIENT_CREDENTIALS",
    "host": "smtp.oauth.com",
    "port": 587,
    "username": "user@oauth.com",
    "clientId": "oauth-client-id",
    "clientSecret": "canary-client-secret",
    "tokenEndpoint": "https://oauth.example.com/token",
    "tokenEndpointAuthMethod": "CLIENT_SECRET_BASIC",
    "scopes": ["send_email"],
}


JWT_BEARER = {
    "alias": "OAuthServer2",
    "enabled": False,
    "authType": "OAUTH2_JWT_BEARER_GRANT",
    "host": "smtp.oauth.com",
    "port": 587,
    "username": "user@oauth.com",
    "clientId": "oauth-client-id",
    "tokenEndpoint": "https://oauth.example.com/token",
    "signingAlgorithm": "RS256",
    "keyId": "oauth-key-id",
    "issuer": "https://oauth.example.com",
    "subject": "user@oauth.com",
    "audience": "https://smtp.oauth.com",
    "scopes": ["org.email.send"],
    "privateKey": "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
}


ADDRESSES = {"fromAddress": "sender@example.com", "toAddress": "receiver@example.org"}


#: what the console's form of a test mail has
FORM = {"sender": ADDRESSES["fromAddress"], "recipient": ADDRESSES["toAddress"]}


class Client:
    """The routes, by what they do."""

    def __init__(self, call: Gateway) -> None:
        self._call = call
        self.organization = Organization(id="demo", name="Demo")

    def _send(self, method: str, resource: str, **arguments: Any) -> Answer:
        name = "email_server_test" if resource.endswith("/test") else "email_servers"
        arguments.setdefault("scopes", MANAGE)
        return self._call(function(name), method, resource, organization=self.organization, **arguments)

    def list(self) -> Answer:
        return self._send("GET", "/v1/email-servers")

    def create(self, body: object) -> Answer:
        return self._send("POST", "/v1/email-servers", body=body)

    def get(self, identifier: str) -> Answer:
        return self._send("GET", "/v1/email-servers/{emailServerId}", path={"emailServerId": identifier})

    def update(self, identifier: str, **body: object) -> Answer:
        path = {"emailServerId": identifier}
        return self._send("PATCH", "/v1/email-servers/{emailServerId}", path=path, body=body)

    def delete(self, identifier: str) -> Answer:
        return self._send("DELETE", "/v1/email-servers/{emailServerId}", path={"emailServerId": identifier})

    def test(self, identifier: str, body: object = ADDRESSES) -> Answer:
        path = {"emailServerId": identifier}
        return self._send("POST", "/v1/email-servers/{emailServerId}/test", path=path, body=body)


def enrolled(call: Gateway, sink: MailSink, **more: Any) -> str:
    """The id of a server that works, unless `more` says otherwise."""
    body = {
        "alias": "Sink",
        "host": sink.host,
        "port": sink.port,
        "username": USERNAME,
        "password": PASSWORD,
        "privateCa": sink.ca_pem,
    }
    identifier: str = Client(call).create(body | more).body["id"]
    return identifier


def invalid(field: str, problem: str) -> Answer:
    return refusal(400, "E0000001", f"Api validation failed: {field}", f"{field}: {problem}")


NEEDS_SECRET = "a change of where or how to log in needs the secret again, in the same request"


ANOTHER = refusal(
    400, "E0000222", "You can enable only one SMTP server at a time. Another SMTP server is already enabled."
)


TOO_MANY = refusal(
    400,
    "E0000225",
    "You reached the maximum number of enrolled SMTP servers. An org can't have more than 3 enrolled servers.",
)


RATE_LIMITED = refusal(429, "E0000047", "API call exceeded rate limit due to too many requests.")


def unconnected(reason: str) -> Answer:
    return refusal(400, "E0000223", "Connection with the specified SMTP server failed.", reason)


def unauthenticated(reason: str) -> Answer:
    return refusal(400, "E0000224", "Authentication with the specified SMTP server failed.", reason)


def logged(dynamodb: DynamoDBClient) -> list[dict[str, Any]]:
    items = dynamodb.scan(TableName="EventLog")["Items"]
    return [json.loads(zlib.decompress(item["event"]["B"])) for item in items]


def types(dynamodb: DynamoDBClient) -> list[tuple[str, str]]:
    prefix = "system.custom_email_server.lifecycle."
    return sorted((entry["eventType"].removeprefix(prefix), entry["outcome"]["result"]) for entry in logged(dynamodb))
