"""Where domains take mail, by the DNS."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from reprieve.addresses.mail_domain import Mail
from reprieve.net.guard import is_public

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dns.resolver import Answer, Resolver

#: for one domain, however many questions it takes, in seconds
SECONDS: Final = 1.5
#: for one attempt of one question
ATTEMPT_SECONDS: Final = 0.7
#: for how long a domain is not asked about again after it had no answer, and no domain is where `PATIENCE` had none
QUIET_SECONDS: Final = 60.0
#: domains without an answer, and no answer between, after which it is the network that has no DNS
PATIENCE: Final = 3
#: answers that a process keeps, each for as long as it says, and silences
KEPT: Final = 1_000
#: the top-level domains that no public name ends in: of special use (RFC 6761 and IANA's registry), never delegated
#: (ICANN), and those of private networks. What a resolver of the operator's has there is for no user to read.
PRIVATE: Final = frozenset(
    {
        *("alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"),
        *("corp", "home", "mail"),
        *("intranet", "lan", "localdomain", "private"),
    }
)


class MailHosts:
    """`addresses.ports.MailHosts` by the system's resolver, or by name servers of the caller's.

    Args:
        servers: their IP addresses; none for those of the system.
        port: of these servers.
    """

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self._servers, self._port = servers, port
        self._resolver: Resolver | None = None
        self._quiet_until = 0.0
        self._silent_until: dict[str, float] = {}
        self._unanswered: set[str] = set()

    def mail_of(self, domain: str) -> Mail:
        """See the port."""
        from dns.exception import DNSException, Timeout  # noqa: PLC0415  (only who asks for an address needs it)
        from dns.resolver import NXDOMAIN, NoResolverConfiguration  # noqa: PLC0415

        now = time.monotonic()
        if domain.rpartition(".")[2] in PRIVATE or now < max(self._quiet_until, self._silent_until.get(domain, 0.0)):
            return Mail.UNKNOWN
        asked = self._asked()
        try:
            found = self._mail_of(domain, now + SECONDS)
        except NXDOMAIN:
            found = Mail.MISSING
        except (Timeout, NoResolverConfiguration, OSError):
            self._note_silence(domain)
            return Mail.UNKNOWN
        except DNSException:
            found = Mail.UNKNOWN
        if self._asked() > asked:
            self._unanswered.clear()
        return found

    def _asked(self) -> int:
        """How many questions were sent, because no answer to them was kept."""
        cache = self._resolver and self._resolver.cache
        return cache.misses() if cache else 0

    def _note_silence(self, domain: str) -> None:
        until = time.monotonic() + QUIET_SECONDS
        if len(self._silent_until) >= KEPT:
            self._silent_until.clear()
        self._silent_until[domain] = until
        self._unanswered.add(domain)
        if len(self._unanswered) >= PATIENCE:
            self._quiet_until = until

    def _mail_of(self, domain: str, end: float) -> Mail:
        exchanges = [str(one.exchange) for one in self._ask(domain, "MX", end)]
        if exchanges:
            return Mail.NULL_MX if set(exchanges) == {"."} else Mail.MX
        has_host = any(is_public(one.address) for kind in ("A", "AAAA") for one in self._ask(domain, kind, end))
        return Mail.ADDRESS_ONLY if has_host else Mail.NO_HOST

    def _ask(self, domain: str, kind: str, end: float) -> Answer:
        if self._resolver is None:
            self._resolver = self._configured()
        left = max(end - time.monotonic(), 0.001)
        return self._resolver.resolve(f"{domain}.", kind, search=False, lifetime=left, raise_on_no_answer=False)

    def _configured(self) -> Resolver:
        from dns.resolver import LRUCache, Resolver  # noqa: PLC0415

        resolver = Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers, resolver.port = list(self._servers), self._port
        resolver.timeout = ATTEMPT_SECONDS
        resolver.cache = LRUCache(KEPT)
        return resolver
