"""The fields of a system log entry, and the comparisons that a filter can make with each.

The fields are the members of LogEvent, as Okta's OpenAPI file (2026.06.3) lists them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reprieve.system_log.filter.tree import InvalidFilter, Operator, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.system_log.filter.tree import Value


def _members(parent: str, names: str) -> frozenset[str]:
    return frozenset(f"{parent}.{name}" for name in names.split())


def _place(parent: str) -> frozenset[str]:
    return _members(parent, "city country postalCode state geolocation.lat geolocation.lon")


def _network(parent: str) -> frozenset[str]:
    categories = _members("ipServiceCategories", "isAnonymous operator type")
    return _members(parent, f"asNumber asOrg domain isp {' '.join(categories)}")


#: fields with values. `published` is missing because it could contradict since, until and after, and
#: `target.changeDetails` because Okta does not query it
SCALARS: Final = (
    frozenset({"displayMessage", "eventType", "legacyEventType", "severity", "uuid", "version"})
    | _members("actor", "alternateId displayName id type")
    | _members(
        "authenticationContext",
        "authenticationProvider authenticationStep credentialProvider credentialType externalSessionId interface"
        " issuer.id issuer.type",
    )
    | _members("client", "device id ipAddress zone userAgent.browser userAgent.os userAgent.rawUserAgent")
    | _place("client.geographicalContext")
    | _members("outcome", "reason result")
    | _members("request.ipChain", "ip source version")
    | _place("request.ipChain.geographicalContext")
    | _network("request.ipChain.ipDetails")
    | _members("securityContext", "asNumber asOrg domain isp isProxy botProtection.level")
    | _network("securityContext.ipDetails")
    | _members("securityContext.risk", "detectionName issuer level previousLevel reasons")
    | _members("securityContext.userBehaviors", "id name result")
    | _members("target", "alternateId displayName id type")
    | _members("transaction", "id type")
)

#: objects whose members are not published (`device` is in Okta's samples, but not in its schema)
_OPEN: Final = frozenset(
    {"actor.detailEntry", "debugContext.debugData", "device", "target.detailEntry", "transaction.detail"}
)


def _ancestors(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


#: fields that only `pr` can be applied to
_OBJECTS: Final = _OPEN | {parent for name in SCALARS | _OPEN for parent in _ancestors(name)}

#: Okta's page uses this older spelling in one of its samples
_ALIASES: Final = {"event_type": "eventType"}

#: Okta refuses these by name
_REFUSED: Final = frozenset(
    {(Operator.CO, "debugContext.debugData.url"), (Operator.CO, "debugContext.debugData.requestUri")}
)

#: RFC 7644's attrName, any number of them
_NAMES: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*+(?:\.[A-Za-z][A-Za-z0-9_-]*+)*+")


def _is_field(name: str) -> bool:
    within_open = any(name.startswith(f"{parent}.") for parent in _OPEN)
    return name in SCALARS or name in _OBJECTS or (within_open and _NAMES.fullmatch(name) is not None)


_TEXTUAL: Final = frozenset({Operator.SW, Operator.EW, Operator.CO})
_EQUALITY: Final = frozenset({Operator.EQ, Operator.NE})


def field_named(name: str) -> str:
    """The field of a name; an older spelling is understood too.

    Raises:
        InvalidFilter: there is no such field, or it cannot be queried.
    """
    name = _ALIASES.get(name, name)
    if not _is_field(name):
        raise InvalidFilter("field is not valid", summary=f"field is not valid: {name}")
    return name


def go_together(operation: Operator, field: str, value: Value) -> bool:
    """Whether this comparison could ever hold, and Okta allows it.

    RFC 7644 wants an error for `gt` and others on booleans; order and parts of a null, parts of a number and the value
    of a whole object are the same kind of mistake.
    """
    if field in _OBJECTS or (operation, field) in _REFUSED:
        return False
    if operation in _TEXTUAL:
        return isinstance(value, str)
    return operation in _EQUALITY or not (value is None or isinstance(value, bool))


#: the vocabulary for entries of the system log
ENTRY: Final = Vocabulary(field_named, go_together)
