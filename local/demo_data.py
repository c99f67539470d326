"""Create the demo's organizations, once, with the operator's own functions: `python -m local.demo_data`.

There are two: `demo`, whose recipients are those in people.csv, and `upstream`, which plays its email provider.
The removal job lifts demo's bounces at upstream's SendGrid API, over HTTP, as it would at SendGrid. Both begin with the
bounces in bounces.csv, so that the first requests have something to show.

This is a separate process because the operator's functions find their stack in the environment. It reads the secrets
of an earlier run (null the first time) from standard input, and writes the current ones to standard output.
"""

import base64
import contextlib
import json
import sys
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local import people
from local.place import STACK_NAME
from reprieve.access.client import ClientKind, Secrets
from reprieve.clock import HOUR, Millis, now
from reprieve.errors import Conflict, NotFound, ReprieveError
from reprieve.organization import Membership
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import operations, stack
from reprieve_cli.scopes import BY_DIALECT, check

DEMO: Final = "demo"
UPSTREAM: Final = "upstream"
PEOPLE: Final = Path(__file__).with_name("people.csv")
BOUNCES: Final = Path(__file__).with_name("bounces.csv")


def main() -> None:
    """Create what is missing."""
    upstream_url = sys.argv[1]
    deployed = stack.connect(STACK_NAME)
    known = json.load(sys.stdin) or create()
    widen()
    if "okta_client_id" not in known:
        known |= create_clients()
    # an earlier version had fewer dialects
    known |= {dialect: issue(DEMO, dialect) for dialect in BY_DIALECT if dialect not in known}
    if not people.exist(known):
        known |= people.create(upstream_url)
        operations.set_sign_in(DEMO, people.sign_in(known, upstream_url), url=upstream_url)
    elif known.get("upstream_url") != upstream_url:
        people.move(known, upstream_url)
        operations.set_sign_in(DEMO, people.sign_in(known, upstream_url), url=upstream_url)
    if known.get("upstream_url") != upstream_url or not all(map(has_account, (DEMO, UPSTREAM))):
        connect_providers(known, upstream_url)
        connect_webhook(deployed)
    json.dump({**known, "upstream_url": upstream_url}, sys.stdout)


def create() -> dict[str, str]:
    """Create both organizations; return their secrets, each of which is shown only once."""
    create_organization(DEMO, Membership.RECIPIENTS)
    create_organization(UPSTREAM, Membership.ANYONE)
    operations.import_recipients(DEMO, PEOPLE.read_text(encoding="utf-8"))
    for organization in (UPSTREAM, DEMO):
        operations.import_list(
            organization,
            SuppressionList.BOUNCES,
            BOUNCES.read_text(encoding="utf-8"),
            created=Millis(now() - HOUR),
        )
    signing_key = ec.generate_private_key(ec.SECP256R1())
    return {
        "signing_key_pem": signing_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "upstream": issue(UPSTREAM, "sendgrid"),
        **{dialect: issue(DEMO, dialect) for dialect in BY_DIALECT},
    }


def create_clients() -> dict[str, str]:
    """Create an OAuth client of each kind; return what each has to know."""
    okta, key = client(ClientKind.PRIVATE_KEY, "okta")
    zoho, refresh = client(ClientKind.REFRESH, "zoho")
    reader, secret = client(ClientKind.SECRET, "reprieve")
    return {
        "okta_client_id": okta,
        "okta_private_jwk": key.private_jwk,
        "zoho_client_id": zoho,
        "zoho_client_secret": refresh.secret,
        "zoho_refresh_token": refresh.refresh_token,
        "reprieve_client_id": reader,
        "reprieve_client_secret": secret.secret,
    }


def client(kind: ClientKind, dialect: str) -> tuple[str, Secrets]:
    """A client with every scope of one dialect: its id, and what it is given."""
    made, secrets = operations.create_client(DEMO, kind, name=f"local {dialect}", scopes=BY_DIALECT[dialect])
    return made.id, secrets


def create_organization(name: str, membership: Membership) -> None:
    """Create an organization, unless an earlier start that was interrupted created it."""
    try:
        operations.create_organization(name, membership=membership)
    except Conflict:
        return


def issue(organization: str, dialect: str) -> str:
    """A token with every scope of one dialect."""
    token, _ = operations.issue_credential(organization, name=f"local {dialect}", scopes=BY_DIALECT[dialect])
    return token


def widen() -> None:
    """Give the tokens that an earlier version has issued the scopes that there are now."""
    for organization in map(operations.find_organization, (DEMO, UPSTREAM)):
        for credential in wiring.access().credentials(organization.id):
            scopes = BY_DIALECT.get(credential.name.removeprefix("local "))
            if scopes and credential.scopes != frozenset(scopes):
                wiring.credentials(check).change(
                    operations.asking(organization), credential.id, name=credential.name, scopes=scopes
                )


def has_account(organization: str) -> bool:
    """Whether an organization has a provider account; versions before ProviderAccounts kept it elsewhere."""
    try:
        wiring.provider_accounts().find(operations.find_organization(organization))
    except NotFound:
        return False
    return True


def connect_providers(known: dict[str, str], upstream_url: str) -> None:
    """Set the providers: `upstream` has none of its own, and the base URL of demo's changes with the stack's port.

    One key signs both webhooks, as one sender would.
    """
    operations.set_provider(UPSTREAM, kind="none", webhook_key=public_key(known))
    operations.set_provider(
        DEMO,
        kind="sendgrid",
        base_url=upstream_url,
        api_key=known["upstream"],
        webhook_key=public_key(known),
    )


def connect_webhook(deployed: stack.Stack) -> None:
    """Have upstream's event webhook post to demo, as `reprieve connect` does; only its test posts anything.

    A token of an earlier version lacks the scopes for it; then `reprieve doctor` says what is missing.
    """
    demo = operations.find_organization(DEMO)
    account = wiring.provider_accounts().find(demo)
    plan = wiring.connection(operations.asking(demo), account, operations.wish(deployed, demo, account))
    with contextlib.suppress(ReprieveError):
        for step in plan.steps if plan else ():
            if step.missing():
                step.apply()


def public_key(known: dict[str, str]) -> str:
    """The webhook's public key as SendGrid shows it: base64 of its DER form."""
    key = serialization.load_pem_private_key(known["signing_key_pem"].encode(), password=None)
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


if __name__ == "__main__":
    main()
