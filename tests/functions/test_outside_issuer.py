"""A request with the access token of an organization's own identity provider, whose keys are read over TLS."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from reprieve.access import jose
from reprieve.access.issuer import Grant
from reprieve.organization import Membership, Organization
from reprieve.role import Role
from reprieve.runtime import wiring
from tests.net.test_exchange import saying
from tests.support.contexts import context
from tests.support.gateway import DEMO, function
from tests.unit.test_outside_tokens import AUDIENCE, URL, published, signed

if TYPE_CHECKING:
    from io import StringIO

    from tests.support.gateway import Calls, Clock, Gateway

SCOPES = frozenset({"okta.orgs.manage", "okta.users.read", "okta.logs.read"})
ACME = Organization("demo", "Demo", Membership.ANYONE, help_desk_lifts=1)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def test_a_groups_member_works_in_the_groups_role_and_is_named_in_the_log(
    call: Gateway, calls: Calls, clock: Clock, authority: trustme.CA, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring.access().create_organization(ACME)
    key = jose.new_client_key()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    body = json.dumps(published(key)).encode()
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), context=tls) as server:
        monkeypatch.setenv("TOKEN_PORTS", str(server.port))
        monkeypatch.setenv("PRIVATE_MAIL_NETWORKS", "127.0.0.0/8")
        wiring.issuers(lambda _: None).trust(
            context(ACME, now=clock.now),
            url=URL,
            audience=AUDIENCE,
            jwks_url=f"https://127.0.0.1:{server.port}/keys",
            claim="groups",
            grants=[Grant("Help desk", Role.HELP_DESK, SCOPES)],
            private_ca=authority.cert_pem.bytes().decode(),
        )
        token = signed(clock, key, groups=["Help desk"])  # type: ignore[arg-type]  (it has the moment)

        def lift(email: str) -> int:
            return call(
                function("remove_list"),
                "POST",
                "/v1/org/email/bounces/remove-list",
                headers={"Authorization": f"Bearer {token}"},
                body={"emailAddresses": [email]},
                organization=None,
            ).status

        assert lift("a@x.io") == 200
        # the issuer, and the organization with what it has revoked
        assert calls.verifying == 2
        assert lift("b@x.io") == 403
        assert calls.verifying == 1
    assert len([line for line in server.heard if line.startswith(b"GET /keys ")]) == 1
    logs = call(
        function("system_log"),
        "GET",
        "/v1/logs",
        scopes=["okta.logs.read"],
        organization=ACME,
        query={"since": "2025-12-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"},
    )
    (entry,) = [one for one in logs.body if one["eventType"] == "system.email.bounce.removal"]
    assert entry["actor"]["alternateId"] == "ann@acme.example"
    # the subject is an address, which is in the system log and in no function log
    assert "ann@acme" not in log.getvalue()
    assert DEMO.id in log.getvalue()
