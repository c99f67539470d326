"""How far the runs of policies have come, and their brakes: two items per organization, in the table of the lists.

partition, address      {org}#policy, progress
version, walked, looked, walking, counted, entries, heard, rests, announced, turn
                        see `policies.progress.Progress`
list, second, key       the place that a walk has come to, if it has come to one

partition, address      {org}#policy, brakes
day, lifted, version, turn
                        see `policies.brakes.Brakes`
domains                 a JSON object: how many addresses of each domain were lifted on the day
watched                 a JSON list of [list, key, moment]
probes                  a JSON object by domain: [when lifted, when delivered], 0 for not yet
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import EPOCH
from reprieve.errors import Conflict
from reprieve.policies.brakes import Brakes, Watched
from reprieve.policies.probes import Probe, Probes
from reprieve.policies.progress import Progress
from reprieve.store import keys
from reprieve.suppressions.listing import Position
from reprieve.suppressions.suppression import list_named

if TYPE_CHECKING:
    from reprieve.clock import Millis, Seconds
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table

#: the sort keys of the two items
PROGRESS: Final = "progress"
BRAKES: Final = "brakes"
#: no other run has kept it since; those of before turns were counted have none
SAME_TURN: Final = "(attribute_not_exists(#turn) OR #turn = :before)"


class PolicyProgress:
    """`policies.ports.ProgressStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def progress(self, organization: Organization) -> Progress:
        """See the port. One GetItem."""
        item = self._table.get(_key(organization, PROGRESS), consistent=True)
        if item is None:
            return Progress()
        return Progress(
            version=cast("int", item["version"]),
            walked=cast("Millis", item["walked"]),
            looked=cast("Millis", item["looked"]),
            place=_place(item),
            walking=cast("bool", item["walking"]),
            counted=cast("int", item.get("counted", 0)),
            entries=cast("int", item.get("entries", 0)),
            heard=cast("str", item.get("heard", "")),
            turn=cast("int", item.get("turn", 0)),
            rests=cast("Millis", item.get("rests", EPOCH)),
            announced=cast("Millis", item.get("announced", EPOCH)),
        )

    def keep(self, organization: Organization, progress: Progress) -> Progress:
        """See the port. One PutItem."""
        place = progress.place
        self._keep(
            progress.turn,
            {
                **_key(organization, PROGRESS),
                "version": progress.version,
                "walked": progress.walked,
                "looked": progress.looked,
                "walking": progress.walking,
                "counted": progress.counted,
                "entries": progress.entries,
                "heard": progress.heard,
                "rests": progress.rests,
                "announced": progress.announced,
                **({"list": place.list.value, "second": place.second, "key": place.key} if place else {}),
            },
        )
        return replace(progress, turn=progress.turn + 1)

    def brakes(self, organization: Organization) -> Brakes:
        """See the port. One GetItem."""
        item = self._table.get(_key(organization, BRAKES), consistent=True)
        if item is None:
            return Brakes()
        watched, probes = (json.loads(cast("str", item.get(name, "{}"))) for name in ("watched", "probes"))
        return Brakes(
            day=cast("int", item["day"]),
            lifted=cast("int", item["lifted"]),
            domains=json.loads(cast("str", item["domains"])),
            version=cast("int", item["version"]),
            watched=tuple(Watched(list_named(name), key, at) for name, key, at in watched),
            probes=Probes({name: Probe(*moments) for name, moments in probes.items()}),
            turn=cast("int", item.get("turn", 0)),
        )

    def keep_brakes(self, organization: Organization, brakes: Brakes) -> Brakes:
        """See the port. One PutItem."""
        watched = [[one.list.value, one.key, one.at] for one in brakes.watched]
        probes = {name: [one.at, one.delivered] for name, one in brakes.probes.known.items()}
        self._keep(
            brakes.turn,
            {
                **_key(organization, BRAKES),
                "day": brakes.day,
                "lifted": brakes.lifted,
                "domains": json.dumps(brakes.domains, separators=(",", ":")),
                "version": brakes.version,
                "watched": json.dumps(watched, separators=(",", ":")),
                "probes": json.dumps(probes, separators=(",", ":")),
            },
        )
        return replace(brakes, turn=brakes.turn + 1)

    def _keep(self, turn: int, item: Item) -> None:
        if not self._table.put({**item, "turn": turn + 1}, condition=SAME_TURN, values={":before": turn}):
            raise Conflict("another run of the policy came first")


def _key(organization: Organization, name: str) -> Item:
    return {"partition": keys.policy(organization), "address": name}


def _place(item: Item) -> Position | None:
    if "list" not in item:
        return None
    return Position(cast("Seconds", item["second"]), cast("str", item["key"]), list_named(cast("str", item["list"])))
