"""Every verb that changes something writes an entry to the system log.

The verbs are found in the source: a public method of a subject's class that reaches, by itself or through other methods
of its class, a method of a port that writes. A method of a port counts as writing unless it is in READS, so a new one
is red until it is logged or is said to read.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "layers" / "domain" / "python" / "reprieve"
SUBJECTS = (
    *("access", "recipients", "suppressions", "removals", "policies", "addresses", "email_servers", "exports"),
    *("hooks", "rates"),
)

#: methods of ports that only read
READS = {
    *("AccessStore.organization", "AccessStore.organizations", "AccessStore.credential"),
    *("AccessStore.credentials", "SessionStore.find"),
    "AccessStore.provider_accounts",
    *("KeyVault.seal", "KeyOpener.unseal", "TrustStore.trusted", "SignInStore.sign_in"),
    *("TrustStore.issuer", "IssuerStore.of"),
    *("TokenStore.client", "TokenStore.refresh_token", "TokenStore.signing_keys"),
    *("SenderStore.claimed", "SenderStore.owner"),
    *("RecipientStore.members", "RecipientStore.get", "RecipientStore.get_many", "RecipientStore.listing"),
    *("RecipientStore.holders", "RecipientStore.named", "RecipientStore.linked"),
    *("ProviderLists.entries", "ProviderLists.close", "Comparison.missing"),
    *("ListingStore.get", "ListingStore.page", "ListingStore.count", "ListingStore.each", "ListingStore.search"),
    *(
        "WhitelistStore.whitelist",
        "EvidenceStore.known",
        "ProgressStore.progress",
        "ProgressStore.brakes",
        "ListingStore.oldest_first",
    ),
    *("ListingStore.total", "ListingStore.hidden", "ListingStore.counts", "ListingStore.on_lists"),
    *("SuppressionStore.barred", "GroupStore.all", "LinkKeys.key_to_verify"),
    *("RemovalQueue.due", "RemovalQueue.listed", "HoldStore.of", "HeldAddresses.held", "HeldAddresses.held_of_many"),
    "ProviderLists.kept_with",
    *("RemovalRecords.of_request", "RemovalRecords.one", "RemovalRecords.of_address", "RemovalRecords.waiting"),
    *("UnblockStore.block_states", "EventWebhookStore.event_webhooks", "AccessStore.has_provider_account"),
    *("AddressRecords.records", "MailHosts.mail_of", "RateStore.hours"),
    *("EmailServerStore.get", "EmailServerStore.all"),
    *("Secrets.seal", "Secrets.unseal"),
    *("HookStore.hooks", "HookStore.enabled", "HookStore.deliveries"),
    *("OrganizationRows.rows", "OrganizationRows.without_secret"),
}
#: ports that change nothing of an organization
OUTSIDE = {
    *("WebhookPoster", "HookPoster", "EventLog", "LogReader", "QuotaStore", "DeadLetters", "DeadLetterQueue"),
    *("Courier", "IdentityProviders"),
}
#: verbs without an entry of their own, with the reason
EXCEPTIONS = {
    "Allowance.spend": "counts; the lifts that are counted have their entries",
    "Inquiries.run": "asks; what is found is put on its list by Reconciliation.ask, with its entry",
    "Repeats.once": "keeps an answer; the work that it does has its own entries",
    "Repeats.proves": "keeps what proved a post; the post's events have their own entries",
    "ConfirmationLinks.make": "at most makes a key; a link changes nothing until it is followed",
    "SignIns.begin": "keeps an attempt; the session that comes of it has its entry",
    "SignIns.finish": "uses an attempt up; the session that comes of it has its entry",
    "UnsubscribeLinks.make": "at most makes a key; a link changes nothing until it is followed",
    "UnsubscribeGroups.sweep": "finishes what GROUP_DELETE said",
    "Upkeep.run": "carries out what LIST_CLEARED and PURGE_UPDATE said; each removal's end has its entry",
}


@dataclass
class Verbs:
    """A class of a subject: its fields by the port that each is, and what each method calls."""

    name: str
    ports: dict[str, str]
    calls: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)

    def reached(self, method: str, seen: frozenset[str] = frozenset()) -> set[tuple[str, ...]]:
        """The calls of a method, and of the methods of its class that it calls, in whichever way it hands them on."""
        found = set(self.calls[method])
        for path in self.calls[method]:
            if len(path) == 1 and path[0] in self.calls and path[0] not in seen | {method}:
                found |= self.reached(path[0], seen | {method})
        return found

    def writes(self, method: str) -> set[str]:
        """The writing methods of ports that a method reaches."""
        calls = [path for path in self.reached(method) if path[0] in self.ports and path[1:]]
        asked = {(self.ports[path[0]], path[1]) for path in calls}
        return {f"{port}.{name}" for port, name in asked if port not in OUTSIDE} - READS

    def logs(self, method: str) -> bool:
        """Whether a method reaches the system log."""
        return ("log", "append") in self.reached(method)


def ports() -> set[str]:
    found = set()
    for path in PACKAGE.glob("*/ports.py"):
        found |= {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}
    return found


def methods_of_ports() -> set[str]:
    return {
        f"{node.name}.{method.name}"
        for path in PACKAGE.glob("*/ports.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef)
    }


def path_from_self(node: ast.Attribute) -> tuple[str, ...]:
    """`self.log.append` as ("log", "append"); () when it does not begin with self."""
    names: list[str] = []
    at: ast.expr = node
    while isinstance(at, ast.Attribute):
        names.append(at.attr)
        at = at.value
    return tuple(reversed(names)) if isinstance(at, ast.Name) and at.id == "self" else ()


def classes() -> list[Verbs]:
    found = []
    for subject in SUBJECTS:
        for path in sorted((PACKAGE / subject).glob("*.py")):
            if path.name == "ports.py":
                continue
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if not isinstance(node, ast.ClassDef):
                    continue
                fields = {
                    one.target.id: ast.unparse(one.annotation)
                    for one in node.body
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                }
                verbs = Verbs(node.name, {name: port for name, port in fields.items() if port in ports()})
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        paths = {path_from_self(one) for one in ast.walk(method) if isinstance(one, ast.Attribute)}
                        verbs.calls[method.name] = paths - {()}
                if verbs.ports:
                    found.append(verbs)
    return found


VERBS = {
    f"{verbs.name}.{method}": (verbs, method)
    for verbs in classes()
    for method in verbs.calls
    if not method.startswith("_") and verbs.writes(method)
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_changes_something_writes_a_log_entry(verb: str) -> None:
    verbs, method = VERBS[verb]
    assert verbs.logs(method) != (verb in EXCEPTIONS), f"{verb} writes by {sorted(verbs.writes(method))}"


def test_the_walk_finds_the_verbs_that_people_use() -> None:
    assert {
        *("Organizations.create", "Organizations.change", "Organizations.change_purge"),
        *(
            "Credentials.issue",
            "Credentials.change",
            "Credentials.revoke",
            "ProviderAccounts.set",
            "ProviderAccounts.resume",
        ),
        *(
            "Credentials.set_role",
            "Clients.set_role",
            "Clients.create",
            "Clients.revoke",
            "Issuers.trust",
            "Issuers.distrust",
            "SignInSettings.set",
            "SignInSettings.remove",
            "Sessions.open_for",
            "SigningKeys.rotate",
            "SigningKeys.ensure",
        ),
        *("TokenRequests.revoke_refresh_token",),
        *("Users.create", "Users.change", "Users.deactivate", "Users.delete"),
        *("Records.insert", "Records.upsert", "Records.delete", "RecipientImports.run"),
        *("UnsubscribeGroups.create", "UnsubscribeGroups.change", "UnsubscribeGroups.delete"),
        *("UnsubscribeGroups.hear_of", "UnsubscribeGroups.take_over"),
        *("Ingest.accept", "Unsubscribes.add", "TakeOver.record"),
        *("Removals.request", "Lists.lift", "Lists.lift_many", "Lists.clear", "Unblocks.request", "Unblocks.reset"),
        *("Following.retry", "RemovalJob.run", "Whitelists.change", "Imports.run", "Holds.add"),
        *("Policies.put", "Policies.reset", "Policies.enable"),
        *("StoredHooks.add", "StoredHooks.change", "StoredHooks.remove", "StoredHooks.start_replay"),
    } <= VERBS.keys()


def test_the_methods_that_are_listed_as_reading_exist() -> None:
    assert methods_of_ports() >= READS
    assert VERBS.keys() >= EXCEPTIONS.keys()
