"""Every scope that a credential can be given, by dialect, in the dialects' own spellings."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from reprieve.errors import InvalidInput
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterable

_ACTIONS: Final = ("create", "read", "update", "delete")

#: dialect -> what it knows; `--dialect` grants all of them
BY_DIALECT: Final[dict[str, frozenset[str]]] = {
    "okta": frozenset(
        {
            "okta.orgs.manage",
            "okta.logs.read",
            "okta.users.read",
            "okta.users.manage",
            "okta.emailServers.read",
            "okta.emailServers.manage",
        }
    ),
    "sendgrid": frozenset(
        f"{prefix}.{action}"
        for prefix in (
            "suppression",
            *(f"suppression.{name}" for name in SuppressionList),
            "asm.groups",
            "asm.groups.suppressions",
            "asm.suppressions.global",
            "mail_settings.bounce_purge",
        )
        for action in _ACTIONS
    ),
    "zoho": frozenset(
        {
            "ZohoCRM.modules.ALL",
            "ZohoCRM.send_mail.all.CREATE",
            "ZohoCRM.settings.emails.CREATE",
            "ZohoCRM.users.READ",
            "ZohoCRM.users.ALL",
            "ZohoCRM.org.READ",
            "ZohoCRM.org.ALL",
            "ZohoSearch.securesearch.READ",
        }
    ),
    "reprieve": frozenset(
        {
            "reprieve.addresses.read",
            "reprieve.removals.read",
            "reprieve.removals.manage",
            "reprieve.suppressions.read",
        }
    ),
}
#: Zoho grants a module at a time, too, and modules have any name
_ZOHO_MODULE: Final = re.compile(
    r"ZohoCRM\.(?:modules\.[A-Za-z][A-Za-z0-9_]*\.(?:ALL|CREATE|READ|UPDATE|DELETE)|send_mail\.[A-Za-z][A-Za-z0-9_]*\.CREATE)"
)
_KNOWN: Final = frozenset().union(*BY_DIALECT.values())


def check(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes, once each.

    Raises:
        InvalidInput: there is none, or one that nothing asks for; a credential with it would look fine and be refused.
    """
    wanted = frozenset(scopes)
    if not wanted:
        raise InvalidInput("at least one", field="scopes")
    for scope in sorted(wanted - _KNOWN):
        if not _ZOHO_MODULE.fullmatch(scope):
            close = get_close_matches(scope, _KNOWN, n=1)
            advice = f"; did you mean {close[0]}?" if close else "; `reprieve credentials scopes` lists them"
            raise InvalidInput(f"nothing asks for this one{advice}", field=f"scope {scope!a}")
    return wanted
