"""Trusting outside issuers, and ceasing to.

An entry of the system log is written once its change is done. If the log does not answer, the caller gets Unavailable
although the change stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.access.claims import MAX_CLAIM
from reprieve.access.issuer import Issuer
from reprieve.access.log_entries import issuer_changed
from reprieve.errors import Conflict, InvalidInput, NotFound
from reprieve.https_url import is_plain_https
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.access.issuer import Grant
    from reprieve.access.ports import IssuerStore
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: what one issuer may have granted
MAX_GRANTS: Final = 100
MAX_NAME: Final = 256
MAX_PEM: Final = 16_384


@dataclass(frozen=True, slots=True)
class Issuers:
    """The outside issuers that organizations trust.

    Attributes:
        check_scopes: raises InvalidInput for scopes that no route asks for.
    """

    issuers: IssuerStore
    log: EventLog
    check_scopes: Callable[[frozenset[str]], None]

    def trust(
        self,
        context: Context,
        *,
        url: str,
        audience: str,
        jwks_url: str,
        claim: str,
        grants: Sequence[Grant],
        private_ca: str = "",
    ) -> Issuer:
        """Trust an issuer for an audience, within a minute; see `Issuer` for the arguments.

        Raises:
            InvalidInput: one of the values cannot be used; it is named.
            Conflict: an organization trusts this issuer for this audience already.
        """
        for field, text in (("issuer", url), ("jwks_url", jwks_url)):
            check_url(text, field)
        for field, text, most in (("audience", audience, MAX_CLAIM), ("claim", claim, MAX_NAME)):
            check_text(text, field, most)
        check_grants(grants, self.check_scopes)
        check_private_ca(private_ca)
        issuer = Issuer(context.organization.id, url, audience, jwks_url, claim, tuple(grants), context.now, private_ca)
        if not self.issuers.add(issuer):
            raise Conflict("an organization trusts this issuer for this audience already")
        self.log.append(context.organization, [issuer_changed(EventType.ISSUER_TRUST, issuer, context=context)])
        return issuer

    def of(self, organization: Organization) -> list[Issuer]:
        """The issuers that an organization trusts, oldest first."""
        return sorted(self.issuers.of(organization.id), key=lambda one: (one.created, one.id))

    def distrust(self, context: Context, issuer_id: str) -> None:
        """Trust an issuer no more; its tokens are refused within a minute.

        Raises:
            NotFound: the organization trusts no such issuer.
        """
        found = next((one for one in self.of(context.organization) if one.id == issuer_id), None)
        if found is None or not self.issuers.remove(found):
            raise NotFound("issuer", ascii(issuer_id))
        self.log.append(context.organization, [issuer_changed(EventType.ISSUER_DISTRUST, found, context=context)])


def check_text(text: str, field: str, most: int) -> None:
    """Refuse a text that is empty, longer than `most` characters, or not printable (InvalidInput)."""
    if not 1 <= len(text) <= most or not text.isprintable():
        raise InvalidInput(f"1 to {most} printable characters", field=field)


def check_grants(grants: Sequence[Grant], check_scopes: Callable[[frozenset[str]], None]) -> None:
    """Refuse grants that are none, too many or for one value twice, or that have unknown scopes (InvalidInput)."""
    if not 1 <= len(grants) <= MAX_GRANTS:
        raise InvalidInput(f"1 to {MAX_GRANTS}", field="grants")
    for grant in grants:
        check_text(grant.value, "grant", MAX_NAME)
        check_scopes(grant.scopes)
    if len({grant.value for grant in grants}) < len(grants):
        raise InvalidInput("each value once", field="grants")


def check_private_ca(text: str) -> None:
    """Refuse what is neither "" nor a certificate in PEM (InvalidInput)."""
    if len(text) > MAX_PEM or (text and "-----BEGIN CERTIFICATE-----" not in text):
        raise InvalidInput("a certificate in PEM", field="private_ca")


def check_url(text: str, field: str, may_call: Callable[[str], bool] = is_plain_https) -> None:
    """Refuse a URL that may not be called (InvalidInput)."""
    if not may_call(text):
        raise InvalidInput("an https URL without a user, a space or a fragment", field=field)
