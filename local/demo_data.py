"""The demo's organizations, made once with the operator's own functions: `python -m local.demo_data`.

Two of them: `demo`, whose recipients are the people in people.csv, and `upstream`, which plays its email provider: the
removal job lifts demo's bounces at upstream's SendGrid API, over HTTP, as it would at SendGrid's.

It is a process of its own because the operator's functions find their stack in the environment. It reads what an
earlier run handed out (null, the first time) from its standard input, and writes what there is now to its output.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.place import STACK_NAME
from reprieve.access.provider_account import ProviderKind
from reprieve.errors import Conflict
from reprieve.organization import Membership
from reprieve_cli import operations, stack
from reprieve_cli.scopes import BY_DIALECT

DEMO: Final = "demo"
UPSTREAM: Final = "upstream"
PEOPLE: Final = Path(__file__).with_name("people.csv")


def main() -> None:
    """Make what is missing."""
    upstream_url = sys.argv[1]
    stack.connect(STACK_NAME)
    known = json.load(sys.stdin) or create()
    if known.get("upstream_url") != upstream_url:
        connect_provider(known, upstream_url)
    json.dump({**known, "upstream_url": upstream_url}, sys.stdout)


def create() -> dict[str, str]:
    """Make both organizations; return the secrets, each of which is shown this once."""
    create_organization(DEMO, Membership.RECIPIENTS)
    create_organization(UPSTREAM, Membership.ANYONE)
    operations.import_recipients(DEMO, PEOPLE.read_text(encoding="utf-8"))
    signing_key = ec.generate_private_key(ec.SECP256R1())
    known = {
        "signing_key_pem": signing_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "upstream": issue(UPSTREAM, "sendgrid"),
        **{dialect: issue(DEMO, dialect) for dialect in BY_DIALECT},
    }
    # The provider's side has nobody further up; the same key signs both webhooks, as one sender would.
    operations.set_provider(UPSTREAM, kind=ProviderKind.NONE, webhook_key=public_key(known))
    return known


def create_organization(name: str, membership: Membership) -> None:
    """Make an organization, or find it there: an earlier start may have been interrupted right after."""
    try:
        operations.create_organization(name, membership=membership)
    except Conflict:
        return


def issue(organization: str, dialect: str) -> str:
    """A token that may do everything in one dialect."""
    return operations.issue_credential(organization, name=f"local {dialect}", scopes=BY_DIALECT[dialect])


def connect_provider(known: dict[str, str], upstream_url: str) -> None:
    """Tell demo where its provider is: at a new address after every change of the port."""
    operations.set_provider(
        DEMO,
        kind=ProviderKind.SENDGRID,
        base_url=upstream_url,
        api_key=known["upstream"],
        webhook_key=public_key(known),
    )


def public_key(known: dict[str, str]) -> str:
    """The webhook's public key as SendGrid shows it: base64 of its DER form."""
    key = serialization.load_pem_private_key(known["signing_key_pem"].encode(), password=None)
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


if __name__ == "__main__":
    main()
