"""Setting where an organization's people sign in, and removing that.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.access.claims import MAX_CLAIM
from reprieve.access.issuer import Issuer
from reprieve.access.issuers import check_grants, check_private_ca, check_text, check_url
from reprieve.access.log_entries import sign_in_changed
from reprieve.access.sign_in import SignIn
from reprieve.errors import InvalidInput, NotFound
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.access.issuer import Grant
    from reprieve.access.ports import IdentityProviders, KeyVault, SignInStore
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: where an issuer publishes its metadata (OpenID Connect Discovery, section 4)
METADATA: Final = "/.well-known/openid-configuration"
MAX_SECRET: Final = 1_000
#: the members of the metadata that name the endpoints, by the name of the setting
ENDPOINTS: Final = {
    "authorization_url": "authorization_endpoint",
    "token_url": "token_endpoint",
    "jwks_url": "jwks_uri",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a sign-in is to be; see `SignIn` and `Issuer`.

    Attributes:
        endpoints: the URLs of `ENDPOINTS`, by the name of the setting; those that are missing are discovered.
        secret: the client's; "" for a public client, None for the one that is stored.
    """

    issuer: str
    client_id: str
    claim: str
    grants: Sequence[Grant]
    endpoints: Mapping[str, str]
    secret: str | None = None
    private_ca: str = ""


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """The sign-ins of organizations.

    Attributes:
        check_scopes: raises InvalidInput for scopes that no page asks for.
    """

    store: SignInStore
    vault: KeyVault
    providers: IdentityProviders
    log: EventLog
    check_scopes: Callable[[frozenset[str]], None]

    def set(self, context: Context, wanted: Wanted) -> SignIn:
        """Set where the organization's people sign in, in place of what was set before.

        With the same issuer and client, sessions go on, in the role that the new grants give them; with another, they
        end at their next request.

        Raises:
            InvalidInput: one of the values cannot be used, or the metadata names none; it says which.
            Unavailable: the metadata could not be read, or the secret not sealed.
        """
        check_text(wanted.issuer, "issuer", MAX_CLAIM)
        check_text(wanted.client_id, "client_id", MAX_CLAIM)
        check_text(wanted.claim, "claim", 256)
        check_grants(wanted.grants, self._check_scopes)
        check_private_ca(wanted.private_ca)
        _, before = self.store.sign_in(context.organization.id)
        urls = self._endpoints(wanted)
        for field, url in urls.items():
            check_url(url, field, self.providers.may_call)
        issuer = Issuer(
            context.organization.id,
            wanted.issuer,
            wanted.client_id,
            urls["jwks_url"],
            wanted.claim,
            tuple(wanted.grants),
            context.now,
            wanted.private_ca,
        )
        made = SignIn(issuer, urls["authorization_url"], urls["token_url"], self._sealed(context, wanted, before))
        self.store.set_sign_in(made)
        self.log.append(context.organization, [sign_in_changed(EventType.SIGN_IN_SET, made, before, context=context)])
        return made

    def of(self, organization: Organization) -> SignIn | None:
        """Where an organization's people sign in; None where that was not set."""
        return self.store.sign_in(organization.id)[1]

    def remove(self, context: Context) -> None:
        """Remove the organization's sign-in with its secret; the sessions of its people end at their next request.

        Raises:
            NotFound: it has none.
        """
        before = self.of(context.organization)
        if before is None or not self.store.remove_sign_in(context.organization.id):
            raise NotFound("sign-in", f"of {context.organization.id}")
        entry = sign_in_changed(EventType.SIGN_IN_REMOVE, before, None, context=context)
        self.log.append(context.organization, [entry])

    def _check_scopes(self, scopes: frozenset[str]) -> None:
        """As for any other grant, except that one without scopes is for every page."""
        if scopes:
            self.check_scopes(scopes)

    def _endpoints(self, wanted: Wanted) -> dict[str, str]:
        given = {name: wanted.endpoints[name] for name in ENDPOINTS if wanted.endpoints.get(name)}
        missing = ENDPOINTS.keys() - given.keys()
        if not missing:
            return given
        check_url(wanted.issuer, "issuer", self.providers.may_call)
        found = self.providers.document(f"{wanted.issuer.rstrip('/')}{METADATA}", wanted.private_ca)
        if not isinstance(found, dict) or found.get("issuer") != wanted.issuer:
            raise InvalidInput("its metadata is not that of this issuer, to the letter", field="issuer")
        methods = found.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(methods, list) or "S256" not in methods:
            raise InvalidInput("its metadata does not offer PKCE with S256", field="issuer")
        for name in sorted(missing):
            url = found.get(ENDPOINTS[name])
            if not isinstance(url, str):
                raise InvalidInput(f"its metadata has no {ENDPOINTS[name]}", field="issuer")
            given[name] = url
        return {name: given[name] for name in ENDPOINTS}

    def _sealed(self, context: Context, wanted: Wanted, before: SignIn | None) -> bytes:
        if wanted.secret is None:
            if before is None or (before.issuer.url, before.client_id) != (wanted.issuer, wanted.client_id):
                raise InvalidInput("none is stored for this issuer and client", field="client_secret")
            return before.sealed_secret
        if not wanted.secret:
            return b""
        check_text(wanted.secret, "client_secret", MAX_SECRET)
        return self.vault.seal(wanted.secret, secret_context(context.organization.id))


def secret_context(organization_id: str) -> dict[str, str]:
    """The encryption context of a client's secret: it cannot be unsealed for another organization or purpose."""
    return {"organization": organization_id, "purpose": "console-sign-in"}
