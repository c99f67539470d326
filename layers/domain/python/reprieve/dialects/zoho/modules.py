"""Zoho's versions and modules: which there are, which email fields each has, and which scopes allow what in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reprieve.dialects.zoho.dialect import UnknownModule
from reprieve.errors import NoSuchRoute
from reprieve.recipients.recipient import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.dialects.exchange import Request

#: the versions whose clients can be served; their requests to this API are the same
VERSIONS: Final = frozenset({"v2", "v2.1", "v3", "v4", "v5", "v6", "v7", "v8"})
EMAIL: Final = "Email"
SECONDARY_EMAIL: Final = "Secondary_Email"
#: the system-defined email fields by API name
FIELDS: Final = {EMAIL: Field.EMAIL, SECONDARY_EMAIL: Field.SECONDARY_EMAIL}
#: the API names by field
API_NAMES: Final[Mapping[str, str]] = {field: name for name, field in FIELDS.items()}
#: the supported modules, and which of those fields each has
MODULES: Final = {
    "Leads": (EMAIL, SECONDARY_EMAIL),
    "Contacts": (EMAIL, SECONDARY_EMAIL),
    "Accounts": (EMAIL,),
    "Deals": (EMAIL,),
    "Sales_Orders": (EMAIL,),
    "Purchase_Orders": (EMAIL,),
    "Invoices": (EMAIL,),
    "Quotes": (EMAIL,),
    "Cases": (EMAIL,),
}
#: every custom module is made with both
CUSTOM: Final = (EMAIL, SECONDARY_EMAIL)
#: the form of a record's id
RECORD_ID: Final = re.compile(r"[0-9]{18,19}", re.ASCII)


def module(request: Request) -> str:
    """The module that a request is about.

    Raises:
        NoSuchRoute: no such version.
        UnknownModule: neither supported nor registered.
    """
    check_version(request)
    name = request.path["module"]
    if name not in MODULES and name not in request.organization.modules:
        raise UnknownModule({"resource_path_index": 0})
    return name


def check_version(request: Request) -> None:
    """Refuse a version that does not exist.

    Raises:
        NoSuchRoute: it is none of Zoho's.
    """
    if request.path["version"] not in VERSIONS:
        raise NoSuchRoute(request.resource)


def fields_of(name: str) -> tuple[str, ...]:
    """The email fields that a module has, of the two."""
    return MODULES.get(name, CUSTOM)


def allowing(*operations: str, mail: bool = False) -> Callable[[Request], tuple[str, ...]]:
    """The scopes of a route in a module, any one of which allows its operations there, in every generation of the API.

    A scope names a module in lower case without underscores, a custom one also as `custom`; the API's own spelling is
    accepted too.

    Args:
        operations: alternatives to ALL (`UPDATE`).
        mail: whether the scopes for sending mail allow it too, as they do in Zoho's newer versions.
    """

    def scopes(request: Request) -> tuple[str, ...]:
        name = module(request)
        words = [name.replace("_", "").lower(), *([] if name in MODULES else ["custom"]), name]
        found = [f"ZohoCRM.modules.{word}.{operation}" for word in words for operation in (*operations, "ALL")]
        found.append("ZohoCRM.modules.ALL")
        if mail:
            found += [f"ZohoCRM.send_mail.{word}.CREATE" for word in words]
            found += ["ZohoCRM.send_mail.all.CREATE", "ZohoCRM.settings.emails.CREATE"]
        return tuple(found)

    return scopes
