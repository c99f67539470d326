"""What is to be expected of lifts, before they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprieve.address import is_address
from reprieve.addresses.mail_domain import MailDomain
from reprieve.addresses.misspelling import meant_by
from reprieve.addresses.prospect import prospect
from reprieve.policies.term import with_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.addresses.ports import MailHosts
    from reprieve.addresses.prospect import Prospect
    from reprieve.organization import Organization
    from reprieve.suppressions.ports import EvidenceStore
    from reprieve.suppressions.suppression import Suppression


@dataclass(frozen=True, slots=True)
class Prospects:
    """What is to be expected of the lifts of many entries; deliveries are not looked for."""

    store: EvidenceStore
    hosts: MailHosts

    def domain_of(self, key: str) -> MailDomain | None:
        """The domain of an address by its comparison key; None for what is not an address."""
        return domain_of(key, self.hosts)

    def of(self, organization: Organization, entries: Sequence[Suppression]) -> list[Prospect]:
        """What is to be expected of the lift of each entry, in order."""
        found = with_evidence(self.store, organization, entries)
        return [prospect(entry, evidence, self.domain_of(entry.key)) for entry, evidence in found]


def domain_of(key: str, hosts: MailHosts) -> MailDomain | None:
    """The domain of an address by its comparison key; None for what is not an address."""
    if not is_address(key):
        return None
    name = key.rpartition("@")[2]
    return MailDomain(name, hosts.mail_of(name), meant_by(name))
