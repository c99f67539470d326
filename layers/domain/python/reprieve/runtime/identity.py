"""The verified caller in the authorizer's context, which API Gateway passes to functions and no caller can write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reprieve.access.caller import Caller
from reprieve.organization import BouncePurge, Membership, Organization
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Mapping


def write(caller: Caller) -> dict[str, str]:
    """A caller as an authorizer's context: text only, as API Gateway demands."""
    organization = caller.organization
    settings = {
        "id": organization.id,
        "name": organization.name,
        "membership": organization.membership.value,
        "domains": sorted(organization.domains),
        "shards": organization.shards,
        "parent": organization.parent,
        "created": organization.created,
        "soft_bounce_threshold": organization.soft_bounce_threshold,
        "modules": sorted(organization.modules),
        "purge": [organization.purge.enabled, organization.purge.soft_days, organization.purge.hard_days],
        "cleared": organization.cleared,
        "provider_name": organization.provider_name,
    }
    return {
        "organization": json.dumps(settings),
        "credential": caller.credential_id,
        "scopes": " ".join(sorted(caller.scopes)),
    }


def read(context: Mapping[str, Any] | None) -> Caller | None:
    """The caller in an authorizer's context; None when the route has no authorizer."""
    if not context or "organization" not in context:
        return None
    settings = json.loads(context["organization"])
    organization = Organization(
        id=settings["id"],
        name=settings["name"],
        membership=Membership(settings["membership"]),
        domains=frozenset(settings["domains"]),
        shards=settings["shards"],
        parent=settings["parent"],
        created=settings["created"],
        soft_bounce_threshold=settings.get("soft_bounce_threshold", 5),
        modules=frozenset(settings.get("modules", ())),
        purge=BouncePurge(*settings.get("purge", ())),
        cleared={SuppressionList(name): moment for name, moment in settings.get("cleared", {}).items()},
        provider_name=settings.get("provider_name", ""),
    )
    return Caller(organization, context["credential"], frozenset(context["scopes"].split()))
