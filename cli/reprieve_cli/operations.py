"""The verbs of the domain as the operator uses them: for the commands, and for programs that prepare data.

`stack.connect` comes first; it says which stack these work on. All times are milliseconds since the epoch.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from reprieve.access.client import MAX_LIFETIME
from reprieve.access.organizations import new_organization
from reprieve.access.provider_account import DEFAULT
from reprieve.access.provider_accounts import AccountChanges
from reprieve.address import comparison_key
from reprieve.clock import SECOND, Millis
from reprieve.context import OPERATOR, Actor, Context
from reprieve.dialects.reprieve.dialect import DIALECT as REPRIEVE
from reprieve.errors import InvalidInput, Unavailable
from reprieve.providers.connecting import Wish
from reprieve.providers.registry import provider_of
from reprieve.recipients.recipient import USERS
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import GroupList, SuppressionList
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import LATEST, Order, Span, fold, position
from reprieve_cli import scopes as known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reprieve.access.client import Client, ClientKind, Secrets
    from reprieve.access.credential import Credential
    from reprieve.access.issuer import Issuer
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.sign_in import SignIn
    from reprieve.access.sign_in_settings import SignInSettings, Wanted
    from reprieve.organization import Organization
    from reprieve.recipients.imports import ImportReport
    from reprieve.suppressions.imports import ListReport
    from reprieve.suppressions.suppression import AnyList
    from reprieve_cli.stack import Stack


def asking(organization: Organization) -> Context:
    """The context of one command: the operator, now."""
    return Context(organization, operator(), uuid.uuid4().hex, wiring.now())


def operator() -> Actor:
    """Who runs the command: their ARN, which AWS answers whatever their permissions are."""
    arn: str = wiring.client("sts").get_caller_identity()["Arn"]
    return replace(OPERATOR, alternate=arn)


def find_organization(organization_id: str) -> Organization:
    """An organization by its id; see `Organizations.find`."""
    return wiring.organizations().find(organization_id)


def find_list(organization: Organization, suppression_list: AnyList) -> AnyList:
    """A list that is there.

    Raises:
        NotFound: it is the list of a group that the organization does not have.
    """
    if isinstance(suppression_list, GroupList):
        wiring.group_store().all(organization).get(suppression_list.group)
    return suppression_list


def create_organization(organization_id: str, **settings: Any) -> Organization:  # noqa: ANN401  (as the verb has them)
    """Add an organization; see `new_organization` for its settings, and `Organizations.create`."""
    created = new_organization(organization_id, now=wiring.now(), **settings)
    return wiring.organizations().create(asking(created))


def change_organization(organization_id: str, **settings: Any) -> Organization:  # noqa: ANN401  (as the verb has them)
    """Change an organization's settings; see `Organizations.change`."""
    return wiring.organizations().change(asking(find_organization(organization_id)), **settings)


def issue_credential(
    organization_id: str,
    *,
    name: str,
    scopes: Iterable[str],
    expires_in: int | None = None,
    role: Role = Role.ADMIN,
) -> tuple[str, Credential]:
    """Issue a credential and return its token, which is stored nowhere, and its record; see `Credentials.issue`."""
    context = asking(find_organization(organization_id))
    verbs = wiring.credentials(known.check)
    return verbs.issue(context, name=name, scopes=scopes, expires_in=expires_in, role=role)


def set_credential_role(organization_id: str, credential_id: str, role: Role) -> Credential:
    """Change a credential's role; see `Credentials.set_role`."""
    context = asking(find_organization(organization_id))
    return wiring.credentials(known.check).set_role(context, credential_id, role)


def revoke_credential(organization_id: str, credential_id: str) -> None:
    """Forget a credential at once; see `Credentials.revoke`."""
    wiring.credentials(known.check).revoke(asking(find_organization(organization_id)), credential_id)


def create_client(
    organization_id: str,
    kind: ClientKind,
    *,
    name: str,
    scopes: Iterable[str],
    jwks: str = "",
    lifetime: Millis = MAX_LIFETIME,
    role: Role = Role.ADMIN,
) -> tuple[Client, Secrets]:
    """Create an OAuth client; see `Clients.create`. The first one brings the first signing key.

    Args:
        organization_id: whose it is.
        kind: how it proves who it is.
        name: the display name.
        scopes: the most that its tokens may allow.
        jwks: its public keys: a JWK, a JWK set, or one key in PEM; "" makes a pair.
        lifetime: how long its access tokens count, in milliseconds.
        role: how far they may go with what their scopes allow.
    """
    from reprieve.access import jose  # noqa: PLC0415  (only clients need it)

    context = asking(find_organization(organization_id))
    keys = jose.public_keys_in(jwks, field="public key") if jwks else ()
    made = wiring.clients(known.check).create(
        context, kind, name=name, scopes=scopes, keys=keys, lifetime=lifetime, role=role
    )
    wiring.signing_keys().ensure(asking, now=context.now)
    return made


def set_client_role(organization_id: str, client_id: str, role: Role) -> Client:
    """Change an OAuth client's role; see `Clients.set_role`."""
    context = asking(find_organization(organization_id))
    return wiring.clients(known.check).set_role(context, client_id, role)


def revoke_client(organization_id: str, client_id: str) -> None:
    """Delete an OAuth client; see `Clients.revoke`."""
    wiring.clients(known.check).revoke(asking(find_organization(organization_id)), client_id)


def trust_issuer(organization_id: str, **settings: Any) -> Issuer:  # noqa: ANN401  (as the verb has them)
    """Trust an outside issuer; see `Issuers.trust`."""
    return wiring.issuers(known.check).trust(asking(find_organization(organization_id)), **settings)


def distrust_issuer(organization_id: str, issuer_id: str) -> None:
    """Trust an outside issuer no more; see `Issuers.distrust`."""
    wiring.issuers(known.check).distrust(asking(find_organization(organization_id)), issuer_id)


def sign_in_settings(url: str | None = None) -> SignInSettings:
    """The verbs for where people sign in; the URL is that of a local stack."""
    return wiring.sign_in_settings(known.check, url)


def set_sign_in(organization_id: str, wanted: Wanted, *, url: str | None = None) -> SignIn:
    """Set where an organization's people sign in; see `SignInSettings.set`, and `sign_in_settings` for the URL."""
    return sign_in_settings(url).set(asking(find_organization(organization_id)), wanted)


def remove_sign_in(organization_id: str) -> None:
    """Remove where an organization's people sign in; see `SignInSettings.remove`."""
    sign_in_settings().remove(asking(find_organization(organization_id)))


def set_provider(organization_id: str, **changes: str | None) -> ProviderAccount:
    """Create an organization's provider account, or change what is given; see `AccountChanges`."""
    return wiring.provider_accounts().set(asking(find_organization(organization_id)), AccountChanges(**changes))


def test_provider(organization: Organization, account: ProviderAccount) -> str | None:
    """Read the last second of the bounces list at the provider: None when it answers, or else what is wrong.

    Raises:
        InvalidInput: the kind of account has no provider behind it.
    """
    if not provider_of(account.kind).keeps_lists:
        raise InvalidInput("there is no provider behind an account of this kind", field=f"kind {account.kind}")
    now = wiring.now()
    try:
        provider = wiring.provider_for(organization, account)
        try:
            for _ in provider.entries(SuppressionList.BOUNCES, start=Millis(now - SECOND), end=now):
                pass
        finally:
            provider.close()
    except Unavailable as problem:
        return str(problem)
    return None


def wish(stack: Stack, organization: Organization, account: ProviderAccount) -> Wish:
    """What a connection of an account to a stack is to be; without a topic where the stack has none in its region."""
    url = f"{stack.base_url('reprieve')}/{REPRIEVE.stage}/events/{account.kind}/{organization.id}"
    topic = stack.outputs.get("SesTopic", "") if account.region in {"", stack.region} else ""
    return Wish(url, topic)


def deliveries_since(
    organization: Organization, moment: Millis, account: str, recipient: str, limit: int
) -> Iterator[dict[str, str]]:
    """The delivery events that arrived since a moment, in the order of their arrival.

    Args:
        organization: whose events.
        moment: in milliseconds.
        account: the name of the account that they came from.
        recipient: whose events; "" for every recipient's.
        limit: how many entries of the log are looked through.
    """
    target = fold(comparison_key(recipient)) if recipient else None
    span = Span(Order.ARRIVED, position(moment), LATEST, target=target)
    for stored in islice(wiring.log_reader().entries(organization, span, first=limit), limit):
        event, debug = stored.event, stored.event["debugContext"]["debugData"]
        if event["eventType"] == EventType.EMAIL_DELIVERY and debug.get("providerAccount", DEFAULT) == account:
            said = debug.get("providerMessage", "")
            yield {"email": event["target"][0]["displayName"], "outcome": event["outcome"]["reason"], "said": said}


def import_recipients(
    organization_id: str,
    text: str,
    *,
    module: str = USERS,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportReport:
    """Create and update recipients from CSV; see `recipient_csv` and `RecipientImports.run`.

    Raises:
        InvalidInput: the file as a whole cannot be used; nothing was changed.
    """
    from reprieve.dialects import recipient_csv  # noqa: PLC0415  (only imports need it)

    context = asking(find_organization(organization_id))
    content = recipient_csv.read(text, organization_id=context.organization.id, module=module, now=context.now)
    return wiring.recipient_imports().run(context, content, progress=progress)


def import_list(
    organization_id: str,
    suppression_list: AnyList,
    text: str,
    *,
    created: Millis | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ListReport:
    """Put a CSV file's rows on a list; see `list_csv` and `ListImports.run`.

    Raises:
        InvalidInput: the file as a whole cannot be used; nothing was changed.
    """
    from reprieve.dialects import list_csv  # noqa: PLC0415  (only imports and exports need it)

    context = asking(find_organization(organization_id))
    find_list(context.organization, suppression_list)
    rows, refused = list_csv.read(text, suppression_list=suppression_list, created=created, now=context.now)
    return wiring.list_imports().run(context, suppression_list, rows, refused, progress=progress)
