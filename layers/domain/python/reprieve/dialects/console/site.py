"""The console as a site: where it is, what its pages ask for, and what every answer carries."""

from __future__ import annotations

from typing import Final

#: the stage, or the base path of a domain name
BASE: Final = "/console"
SIGN_IN: Final = "/sign-in"
SIGN_IN_OF: Final = "/sign-in/{organization}"
#: where an attempt to sign in at an identity provider begins and ends
OIDC: Final = "/oidc"
ASSETS: Final = "/assets/{name}"
HTML: Final = "text/html; charset=utf-8"

READ_ADDRESSES: Final = ("reprieve.addresses.read",)
READ_REMOVALS: Final = ("reprieve.removals.read", "reprieve.removals.manage")
READ_LISTS: Final = ("reprieve.suppressions.read",)
READ_HOLDS: Final = ("reprieve.holds.read", "reprieve.holds.manage")
MANAGE_HOLDS: Final = ("reprieve.holds.manage",)
IMPORT: Final = ("reprieve.suppressions.create",)
READ_GROUPS: Final = ("asm.groups.read",)
RETRY: Final = ("reprieve.removals.manage",)
READ_LOG: Final = ("okta.logs.read",)
MANAGE_CREDENTIALS: Final = ("reprieve.credentials.manage",)
READ_CREDENTIALS: Final = ("reprieve.credentials.read", *MANAGE_CREDENTIALS)
MANAGE_SERVERS: Final = ("okta.emailServers.manage",)
READ_SERVERS: Final = ("okta.emailServers.read", *MANAGE_SERVERS)
MANAGE_HOOKS: Final = ("reprieve.hooks.manage",)
READ_HOOKS: Final = ("reprieve.hooks.read", *MANAGE_HOOKS)
MANAGE_POLICY: Final = ("reprieve.policies.manage",)
READ_POLICY: Final = ("reprieve.policies.read", *MANAGE_POLICY)
#: what lifts through the other APIs; which list each is for is looked at when a list is known
LIFT: Final = (
    "suppression.delete",
    "suppression.bounces.delete",
    "suppression.blocks.delete",
    "suppression.invalid_emails.delete",
    "suppression.spam_reports.delete",
    "suppression.unsubscribes.delete",
    "asm.groups.suppressions.delete",
    "okta.orgs.manage",
)

#: a page runs and loads what the console serves, and nothing else; the icon is in the page itself
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = (
    ("Content-Security-Policy", POLICY),
    # nothing to other sites; without any referrer a form would have `Origin: null`, too (Fetch, "append a request
    # `Origin` header"), and an older browser says by nothing else where it comes from
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Robots-Tag", "noindex"),
)
#: a page shows addresses; an asset's name has its digest, so that it is never another one
NOT_KEPT: Final = ("Cache-Control", "no-store")
KEPT: Final = ("Cache-Control", "public, max-age=31536000, immutable")
