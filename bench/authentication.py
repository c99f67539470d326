"""What it takes to say who calls, and to count the request: DynamoDB's requests and units, and processor time.

    python -m bench.authentication

A long-lived token is looked up; an access token is verified by its signature, with the organization read beside it.
Processor time is this process's own, the store's client included; the store runs in another process.
"""

from __future__ import annotations

import json
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.store import running
from reprieve.access import access_token, jose
from reprieve.access.access_token import AccessToken
from reprieve.access.authenticate import authenticate
from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.access.key_sets import KeySets
from reprieve.access.outside_token import OutsideTokens
from reprieve.access.quota import Bucket
from reprieve.access.quotas import Quotas
from reprieve.access.signing_key import SigningKey
from reprieve.access.trust import Trust
from reprieve.clock import HOUR, SECOND, Millis
from reprieve.organization import Organization
from reprieve.store.access import Access
from reprieve.store.boto3_transport import Boto3
from reprieve.store.quotas import Leases
from reprieve.store.table import Table
from reprieve.store.tokens import Tokens
from reprieve.store.tokens import Trust as TrustStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.store import Meter

ISSUER: Final = "urn:reprieve:bench"
SCOPES: Final = frozenset({"okta.logs.read", "okta.orgs.manage", "okta.users.read"})
NOW: Final = Millis(1_767_225_600_000)
ACME: Final = Organization("acme", "Acme", created=NOW)
#: requests that are measured, and from how far apart: 60 per second, so a minute has 3,600 of them
REQUESTS: Final = 600
APART: Final = SECOND // 60
ROUNDS: Final = 3


def measured(name: str, act: Callable[[Millis], object], meter: Meter) -> str:
    """A row of the table: of all rounds the one with the least processor time."""
    rounds: list[tuple[float, str]] = []
    for number in range(ROUNDS):
        start = NOW + number * HOUR
        meter.clear()
        began = time.process_time()
        for at in range(REQUESTS):
            act(Millis(start + at * APART))
        took = (time.process_time() - began) / REQUESTS * 1_000
        totals = [count.total() / REQUESTS for count in (meter.requests, meter.reads, meter.writes)]
        rounds.append((took, " | ".join(f"{total:.2f}" for total in totals)))
    took, units = min(rounds)
    return f"| {name} | {units} | {took:.2f} |"


def main() -> None:
    """Print the table."""
    with running() as (client, meter):
        transport = Boto3(client)
        access_table = Table(transport, "Access")
        store = Access(access_table, Table(transport, "ProviderAccounts"))
        store.create_organization(ACME)
        opaque = issue_token("acme")
        store.add_credential(Credential("c1", "acme", digest_of(opaque), "bench", SCOPES, NOW))
        pair = jose.new_key()
        key = SigningKey(pair.thumbprint(), json.dumps(jose.public_jwk(pair)), created=NOW, signs_from=NOW)
        assert Tokens(Table(transport, "Tokens"), access_table).set_signing_keys([key], before=[])
        trusted = TrustStore(access_table)

        def signed(at: Millis) -> str:
            said = AccessToken(secrets.token_hex(8), "acme", "rpc_acme_1", tuple(SCOPES), at, Millis(at + HOUR))
            return access_token.write(said, issuer=ISSUER, key=pair)

        tokens = {NOW + number * HOUR: signed(Millis(NOW + number * HOUR)) for number in range(ROUNDS)}
        trust = Trust(trusted, ISSUER, OutsideTokens(trusted, KeySets(no_keys)))
        verify = partial(authenticate, store, schemes={"Bearer"}, tokens=lambda: trust)
        quotas = Quotas(Leases(access_table))
        rows: Sequence[tuple[str, Callable[[Millis], object]]] = (
            ("a long-lived token", lambda now: verify(f"Bearer {opaque}", now=now)),
            ("an access token", lambda now: verify(f"Bearer {tokens[now - now % HOUR]}", now=now)),
            ("counting the request", lambda now: quotas.count(ACME, Bucket.SENDGRID, now=now)),
        )
        print("| what | requests | read units | write units | processor ms |")
        print("|---|---:|---:|---:|---:|")
        for name, act in rows:
            print(measured(name, act, meter))


def no_keys(_: object) -> object:
    """The keys of an outside issuer, of which this bench has none."""
    raise AssertionError("no outside issuer here")


if __name__ == "__main__":
    main()
