"""What the commands do, as functions: for the commands, and for programs that prepare data without a shell.

`stack.connect` comes first; it says which stack these work on. All times are milliseconds since the epoch.
"""

from __future__ import annotations

import base64
import ipaddress
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.access.provider_account import ProviderAccount, ProviderKind
from reprieve.address import Address
from reprieve.errors import Conflict, InvalidInput, MalformedAddress, NotFound
from reprieve.organization import ORGANIZATION_ID, Membership, Organization
from reprieve.runtime import wiring
from reprieve.system_log.entry import EventType
from reprieve_cli import journal
from reprieve_cli import scopes as known
from reprieve_cli.importing import ImportReport, import_recipients

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ImportReport",
    "change_organization",
    "create_organization",
    "find_organization",
    "import_recipients",
    "issue_credential",
    "make_credential",
    "provider_account",
    "resume_provider",
    "revoke_credential",
    "set_provider",
]

SENDGRID: Final = "https://api.sendgrid.com"
MAX_NAME: Final = 100
#: far more than any provider's key has, and what KMS seals without asking for more
MAX_KEY: Final = 1_000


def create_organization(
    organization_id: str,
    *,
    name: str | None = None,
    membership: Membership = Membership.RECIPIENTS,
    domains: Iterable[str] = (),
    shards: int = 1,
    parent: str | None = None,
    soft_bounce_threshold: int = 5,
    modules: Iterable[str] = (),
) -> Organization:
    """Add an organization.

    Args:
        organization_id: 2 to 39 lower-case letters, digits and hyphens; part of every key and token.
        name: for people; the id when not given.
        membership: whose addresses it may lift.
        domains: its verified domains, in Unicode or A-labels.
        shards: how many partitions its lists are spread over; chosen here and never again.
        parent: an existing organization whose credentials may act for this one.
        soft_bounce_threshold: how many soft bounces block an address temporarily, 1 to 32.
        modules: its custom CRM modules, as their API spells them.

    Raises:
        InvalidInput: one of the values cannot be used.
        NotFound: there is no such parent.
        Conflict: the id is taken.
    """
    created = Organization(
        id=organization_id,
        name=_label(organization_id if name is None else name),
        membership=membership,
        domains=_domains(domains),
        shards=shards,
        parent=find_organization(parent).id if parent else None,
        created=wiring.now(),
        soft_bounce_threshold=soft_bounce_threshold,
        modules=frozenset(modules),
    )
    _check_membership(created)
    if not wiring.access().create_organization(created):
        raise Conflict(f"the organization {created.id} exists already")
    return created


def change_organization(
    organization_id: str,
    *,
    name: str | None = None,
    membership: Membership | None = None,
    domains: Iterable[str] | None = None,
    soft_bounce_threshold: int | None = None,
    modules: Iterable[str] | None = None,
) -> Organization:
    """Change an organization's settings; None leaves one as it is.

    The number of shards is not among them: what is stored would have to move.

    Raises:
        InvalidInput: one of the values cannot be used.
        NotFound: there is no such organization.
    """
    before = find_organization(organization_id)
    changed = replace(
        before,
        name=before.name if name is None else _label(name),
        membership=membership or before.membership,
        domains=before.domains if domains is None else _domains(domains),
        soft_bounce_threshold=soft_bounce_threshold or before.soft_bounce_threshold,
        modules=before.modules if modules is None else frozenset(modules),
    )
    _check_membership(changed)
    if not wiring.access().change_organization(changed):
        raise NotFound("organization", organization_id)
    return changed


def find_organization(organization_id: str) -> Organization:
    """An organization by its id.

    Raises:
        NotFound: there is none.
    """
    usable = ORGANIZATION_ID.fullmatch(organization_id)
    found = wiring.access().organization(organization_id) if usable else None
    if found is None:
        raise NotFound("organization", organization_id if usable else ascii(organization_id))
    return found


def issue_credential(organization_id: str, *, name: str, scopes: Iterable[str], expires_in: int | None = None) -> str:
    """Issue a credential and return its token, which is stored nowhere; see `make_credential`."""
    return make_credential(organization_id, name=name, scopes=scopes, expires_in=expires_in)[0]


def make_credential(
    organization_id: str, *, name: str, scopes: Iterable[str], expires_in: int | None = None
) -> tuple[str, Credential]:
    """Issue a credential.

    Args:
        organization_id: whom it speaks for.
        name: for people.
        scopes: what it may do (`scopes.BY_DIALECT` has them by dialect).
        expires_in: in milliseconds from now; None lasts until it is revoked.

    Returns:
        The token, which is stored nowhere, and the record of it.

    Raises:
        InvalidInput: a scope that nothing asks for, or no usable name.
        NotFound: there is no such organization.
    """
    organization = find_organization(organization_id)
    granted = known.check(scopes)
    now = wiring.now()
    token = issue_token(organization.id)
    credential = Credential(
        id=secrets.token_hex(8),
        organization_id=organization.id,
        digest=digest_of(token),
        name=_label(name),
        scopes=granted,
        created=now,
        expires_at=None if expires_in is None else now + expires_in,
    )
    wiring.access().add_credential(credential)
    journal.tell_credential(EventType.TOKEN_CREATE, organization, credential.id, credential.name)
    return token, credential


def revoke_credential(organization_id: str, credential_id: str) -> None:
    """Forget a credential at once.

    Raises:
        NotFound: there is no such organization, or no such credential in it.
    """
    organization = find_organization(organization_id)
    if not wiring.access().revoke_credential(organization.id, credential_id):
        raise NotFound("credential", ascii(credential_id))
    journal.tell_credential(EventType.TOKEN_REVOKE, organization, credential_id, credential_id)


def set_provider(
    organization_id: str,
    *,
    kind: ProviderKind,
    base_url: str = "",
    api_key: str | None = None,
    on_behalf_of: str = "",
    webhook_key: str = "",
) -> ProviderAccount:
    """Create or replace an organization's account at its provider; that ends a pause.

    Args:
        organization_id: whose account.
        kind: of provider.
        base_url: SendGrid's, without /v3; SendGrid's own when not given.
        api_key: SendGrid's; None keeps the stored one, for the same kind and base URL.
        on_behalf_of: the subuser (SendGrid) or tenant (SES) to act for.
        webhook_key: the public key of SendGrid's event webhook: base64 of its DER form.

    Raises:
        InvalidInput: a value cannot be used, or is none of this kind's; it is named, never quoted.
        NotFound: there is no such organization.
        Unavailable: the key could not be sealed.
    """
    organization = find_organization(organization_id)
    _check_webhook_key(webhook_key)
    sealed = b""
    if kind is ProviderKind.SENDGRID:
        base_url = base_url.rstrip("/") or SENDGRID
        _check_sendgrid(base_url, "kept" if api_key is None else api_key, on_behalf_of)
        sealed = _stored_key(organization, base_url) if api_key is None else _seal(organization, api_key)
    elif base_url or api_key is not None:
        raise InvalidInput("only SendGrid has one", field="base_url" if base_url else "api_key")
    elif kind is ProviderKind.NONE and on_behalf_of:
        raise InvalidInput("nobody is asked, so for nobody", field="on_behalf_of")
    acts_for = on_behalf_of and _label(on_behalf_of, field="on_behalf_of")
    account = ProviderAccount(kind, base_url, sealed, acts_for, webhook_key)
    wiring.access().set_provider_account(organization.id, account)
    return account


def provider_account(organization_id: str) -> ProviderAccount:
    """An organization's account at its provider.

    Raises:
        NotFound: there is no such organization, or it has no account.
    """
    account = wiring.access().provider_account(find_organization(organization_id).id)
    if account is None:
        raise NotFound("provider account of", organization_id)
    return account


def resume_provider(organization_id: str) -> bool:
    """End a pause; False when there was none. Removals are tried again when each is due.

    Raises:
        NotFound: there is no such organization, or it has no account.
    """
    account = provider_account(organization_id)
    if account.paused_until <= wiring.now():
        return False
    wiring.access().pause_provider(organization_id, until=0, reason="")
    return True


def _seal(organization: Organization, api_key: str) -> bytes:
    return wiring.vault().seal(api_key, wiring.provider_context(organization.id))


def _stored_key(organization: Organization, base_url: str) -> bytes:
    """The sealed key of the account as it is: for the same place only, so that no key moves to another host."""
    account = wiring.access().provider_account(organization.id)
    if account is None or account.kind is not ProviderKind.SENDGRID or account.base_url != base_url:
        raise InvalidInput("needed, because none is stored for this base URL", field="api_key")
    return account.sealed_key


def _check_sendgrid(base_url: str, api_key: str, on_behalf_of: str) -> None:
    """What the adapter would refuse later is refused now."""
    from reprieve.providers.sendgrid.adapter import SendGrid  # noqa: PLC0415  (requests takes longer than most commands)

    if len(api_key) > MAX_KEY:
        raise InvalidInput(f"at most {MAX_KEY} characters", field="api_key")
    SendGrid(base_url=base_url, api_key=api_key, on_behalf_of=on_behalf_of, clock=wiring.now)
    parts = urlsplit(base_url)
    if parts.path.endswith("/v3"):
        raise InvalidInput("without its version: /v3 is added to it", field="base_url")
    if parts.scheme == "http" and not _loopback(parts.hostname or ""):
        raise InvalidInput("https, or the key would travel in the clear; http only on this machine", field="base_url")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_webhook_key(webhook_key: str) -> None:
    """Only a key that can verify anything is stored: otherwise every event would be refused, in silence here."""
    if not webhook_key:
        return
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        key = load_der_public_key(base64.b64decode(webhook_key, validate=True))
        usable = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    except (ValueError, UnsupportedAlgorithm):
        usable = False
    if not usable:
        raise InvalidInput("not a public key as SendGrid's webhook settings show it", field="webhook_key")


def _check_membership(organization: Organization) -> None:
    if organization.membership is Membership.DOMAINS and not organization.domains:
        raise InvalidInput("membership by domains needs at least one", field="domains")


def _domains(domains: Iterable[str]) -> frozenset[str]:
    """The domains as the addresses in them have them: lower-case A-labels."""
    return frozenset(_domain(domain) for domain in domains)


def _domain(domain: str) -> str:
    try:
        return Address.parse(f"postmaster@{domain}").domain
    except MalformedAddress:
        raise InvalidInput(f"{domain!a} is no domain of email addresses", field="domains") from None


def _label(text: str, *, field: str = "name") -> str:
    """A name that can be shown on any terminal."""
    if not 1 <= len(text) <= MAX_NAME or not text.isprintable() or text != text.strip():
        raise InvalidInput(f"1 to {MAX_NAME} printable characters, no space around them", field=field)
    return text
