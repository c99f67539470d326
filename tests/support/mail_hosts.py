"""A DNS for tests: it says what a test sets, and nothing of any other domain."""

from __future__ import annotations

from reprieve.addresses.mail_domain import Mail


class NoDns(dict[str, Mail]):
    """`addresses.ports.MailHosts`, domain by domain; `asked` has the domains in the order of the questions."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def mail_of(self, domain: str) -> Mail:
        """See the port."""
        self.asked.append(domain)
        return self.get(domain, Mail.UNKNOWN)
