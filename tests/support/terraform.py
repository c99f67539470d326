"""The requests of Terraform's okta provider for `okta_email_smtp_server`, over any way to send them.

Written after the provider's recorded sessions (terraform-provider-okta, TestAccResourceOktaSMTPServer_crud) and its
behaviour: it checks a token with users/me, by two generations of the Go SDK; create and update are followed by a read;
a read takes the flat members of the answer and fails on any other type; a 404 drops the resource from the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    #: method, path and body to status and body
    Send = Callable[[str, str, dict[str, Any] | None], tuple[int, Any]]

OK, CREATED, GONE, NOT_FOUND = 200, 201, 204, 404
SERVERS: Final = "/api/v1/email-servers"
#: what the provider reads, and the types that it insists on
READ: Final = {"host": str, "alias": str, "enabled": bool, "username": str, "port": int}
CONFIGURATION: Final = {
    "alias": "CustomisedServer",
    "enabled": False,
    "host": "192.168.2.0",
    "password": "testPwd",
    "port": 8086,
    "username": "test_user",
}


@dataclass
class Provider:
    """One run of Terraform."""

    send: Send

    def configure(self) -> None:
        """Check the token as each of the two SDKs does."""
        for _ in range(2):
            status, user = self.send("GET", "/api/v1/users/me", None)
            assert status == OK, user
            assert user["id"]
            assert user["status"] == "ACTIVE"
            assert isinstance(user["profile"], dict)

    def create(self, configuration: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
        """The new resource's id, and its state."""
        status, server = self.send("POST", SERVERS, configuration)
        assert status == CREATED, server
        return server["id"], self.read(server["id"])

    def read(self, identifier: str) -> dict[str, Any] | None:
        """The state of a resource or data source; None when it is gone."""
        status, server = self.send("GET", f"{SERVERS}/{identifier}", None)
        if status == NOT_FOUND:
            return None
        assert status == OK, server
        assert {name: type(server[name]) for name in READ} == READ
        return {name: server[name] for name in READ}

    def update(self, identifier: str, configuration: dict[str, Any]) -> dict[str, Any] | None:
        """The state after an update. The provider swallows an error, so none is raised."""
        status, server = self.send("PATCH", f"{SERVERS}/{identifier}", configuration)
        assert status == OK, server
        return self.read(identifier)

    def destroy(self, identifier: str) -> None:
        """Delete the resource."""
        status, body = self.send("DELETE", f"{SERVERS}/{identifier}", None)
        assert (status, body) == (GONE, None)


def planned(configuration: dict[str, Any]) -> dict[str, Any]:
    """The state for which a plan is empty: the password is never read back."""
    return {name: value for name, value in configuration.items() if name != "password"}


def life_of_a_server(send: Send) -> None:
    """Create, refresh, plan, update, read as a data source, import and destroy, each in a new run."""

    def run() -> Provider:
        provider = Provider(send)
        provider.configure()
        return provider

    identifier, state = run().create(CONFIGURATION)
    assert state == planned(CONFIGURATION)
    assert run().read(identifier) == planned(CONFIGURATION)
    changed = {**CONFIGURATION, "alias": "Renamed", "host": "smtp.example.com", "port": 587}
    assert run().update(identifier, changed) == planned(changed)
    # refresh before an empty plan, the data source, and an import read alike
    for _ in range(3):
        assert run().read(identifier) == planned(changed)
    run().destroy(identifier)
    assert run().read(identifier) is None
