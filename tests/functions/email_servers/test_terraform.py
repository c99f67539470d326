"""Terraform's okta provider, replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.gateway import function
from tests.support.terraform import life_of_a_server

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

#: enough for its resource; the check of the token takes no scope
SCOPES = ["okta.emailServers.manage"]


def test_terraform_takes_a_server_through_its_life(call: Gateway) -> None:
    def send(method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        resource, named = path.removeprefix("/api"), {}
        if resource.startswith("/v1/email-servers/"):
            named = {"emailServerId": resource.rpartition("/")[2]}
            resource = "/v1/email-servers/{emailServerId}"
        name = "recipients" if resource == "/v1/users/me" else "email_servers"
        answer = call(function(name), method, resource, path=named, body=body, scopes=SCOPES)
        return answer.status, answer.body

    life_of_a_server(send)
