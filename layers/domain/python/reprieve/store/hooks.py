"""Hooks and the log of their deliveries, in the table of the lists.

    partition, address      {org}#hooks, the hook's place: 0 to 4, or 5 to 29 for event hooks, so that there are no more
    id, url, description, types, enabled, disabled_reason, created, updated, version
    secret, previous, previous_until    the sealed secret; the one before it, and until when that signs, too
    event_hook              what only an event hook of Okta's form has, as JSON; missing in any other
    after                   the position in the system log up to which the hook has heard
    waiting                 a JSON list of [position, attempts, first, due]
    replay                  a JSON list of two positions; missing where none is under way
    failures, failing_since, turn
    queue, due_at           "#hooks", and until when the hook is left alone; missing while it is not posted to

    partition, address      {org}#hook#{id}, {at}#{notice}: one post of one notice; forgotten after 30 days
    type, attempt, result, status, problem              no type where the system log has the notice no longer

The partition "#hooks" of the index Pending has the hooks of all organizations that are posted to; no organization's id
is empty.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import EPOCH, Millis, to_seconds
from reprieve.hooks.event_hook import EventHook
from reprieve.hooks.hook import DELIVERIES_KEPT, Delivery, Hook, Progress, Result, Secret, Stretch, Waiting
from reprieve.hooks.notice import NoticeType
from reprieve.store import keys
from reprieve.store.language import Update
from reprieve.store.suppression_item import attributes_of, primary_key
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Table

PENDING: Final = "Pending"
#: the partition of Pending with the enabled hooks
QUEUE: Final = "#hooks"
NEW: Final = "attribute_not_exists(#partition)"
#: the hook's settings have not changed since they were read
SAME: Final = "#id = :id AND #version = :before"
#: no other run has kept anything of it since
SAME_TURN: Final = "#id = :id AND #turn = :before"


class Hooks:
    """`hooks.ports.HookStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def hooks(self, organization: Organization) -> list[Hook]:
        """See the port. One Query."""
        partition = keys.hooks(organization.id)
        found = self._table.query_all("#partition = :partition", {":partition": partition}, consistent=True)
        return [_hook(item) for item in found]

    def enabled(self) -> Iterator[Hook]:
        """See the port. One Query, and one batch read per hundred."""
        found = self._table.query_all(
            "#queue = :queue", {":queue": QUEUE}, index=PENDING, only=["partition", "address"]
        )
        handles = [attributes_of(primary_key(item)) for item in found]
        hooks = map(_hook, self._table.get_many(handles, consistent=True))
        return (hook for hook in hooks if hook.is_posted_to)

    def add(self, hook: Hook) -> bool:
        """See the port. One PutItem."""
        return self._table.put(_item(hook), condition=NEW)

    def change(self, before: Hook, after: Hook) -> bool:
        """See the port. One UpdateItem."""
        settings = _settings(after)
        given = {name: value for name, value in settings.items() if value is not None}
        begins = after.is_posted_to and not before.is_posted_to
        if begins:
            given |= {"queue": QUEUE, "due_at": EPOCH, "failures": 0}
        gone = [name for name in settings if name not in given] + ([] if after.is_posted_to else ["queue", "due_at"])
        if begins:
            gone.append("failing_since")
        update = Update(
            set=[f"#{name} = :{name}" for name in given],
            remove=[f"#{name}" for name in gone],
            # what a run has read of a hook must not undo this
            add=["#turn :one"],
            condition=SAME,
        )
        values: dict[str, Value] = {f":{name}": value for name, value in given.items()}
        return self._update(before, update, values | {":before": before.version, ":one": 1})

    def start_replay(self, before: Hook, after: Hook) -> bool:
        """See the port. One UpdateItem."""
        update = Update(set=["#replay = :replay", "#turn = :turn"], condition=SAME_TURN)
        values: dict[str, Value] = {":replay": _replay(after.progress), ":turn": after.turn, ":before": before.turn}
        return self._update(before, update, values)

    def remove(self, hook: Hook) -> bool:
        """See the port. One DeleteItem."""
        return self._table.delete(_key(hook), condition="#id = :id", values={":id": hook.id}) is not None

    def keep(self, hook: Hook, progress: Progress, deliveries: Sequence[Delivery]) -> Hook | None:
        """See the port. The deliveries by one call of inserts per 25, the progress by one UpdateItem."""
        self._table.insert_many([_delivery_item(hook, one) for one in deliveries])
        after = replace(hook, progress=progress, turn=hook.turn + 1)
        given = {name: value for name, value in _progress(progress).items() if value is not None}
        gone = [name for name, value in _progress(progress).items() if value is None]
        if progress.due != hook.progress.due:
            given["due_at"] = progress.due
        update = Update(
            set=[f"#{name} = :{name}" for name in (*given, "turn")],
            remove=[f"#{name}" for name in gone],
            condition=SAME_TURN,
        )
        values: dict[str, Value] = {f":{name}": value for name, value in given.items()}
        return after if self._update(hook, update, values | {":turn": after.turn, ":before": hook.turn}) else None

    def disable(self, hook: Hook, reason: str) -> bool:
        """See the port. One UpdateItem."""
        update = Update(
            set=["#enabled = :off", "#disabled_reason = :reason", "#turn = :turn"],
            remove=["#queue", "#due_at"],
            add=["#version :one"],
            condition=SAME_TURN,
        )
        values: dict[str, Value] = {":off": False, ":reason": reason, ":turn": hook.turn + 1, ":one": 1}
        return self._update(hook, update, values | {":before": hook.turn})

    def deliveries(
        self, organization: Organization, identifier: str, *, after: str | None, limit: int
    ) -> tuple[list[Delivery], str | None]:
        """See the port. One Query."""
        partition = keys.hook_deliveries(organization.id, identifier)
        page = self._table.query(
            "#partition = :partition",
            {":partition": partition},
            newest_first=True,
            limit=limit,
            after={"partition": partition, "address": after} if after else None,
        )
        return [_delivery(item) for item in page.items], cast("str", page.after["address"]) if page.after else None

    def _update(self, hook: Hook, update: Update, values: dict[str, Value]) -> bool:
        given = {":id": hook.id, **values}
        return self._table.update(_key(hook), update, given, returning="UPDATED_NEW") is not None


def _key(hook: Hook) -> Item:
    return {"partition": keys.hooks(hook.organization_id), "address": str(hook.place)}


def _item(hook: Hook) -> Item:
    queued: Item = {"queue": QUEUE, "due_at": hook.progress.due} if hook.is_posted_to else {}
    return {
        **_key(hook),
        "id": hook.id,
        "created": hook.created,
        "turn": hook.turn,
        **_settings(hook),
        **_progress(hook.progress),
        **queued,
    }


def _settings(hook: Hook) -> Item:
    secret, previous = (*hook.secrets, None, None)[:2]
    return {
        "url": hook.url,
        "description": hook.description,
        "types": json.dumps(sorted(hook.types)),
        "enabled": hook.enabled,
        "disabled_reason": hook.disabled_reason,
        "secret": secret.sealed if secret else None,
        "previous": previous.sealed if previous else None,
        "previous_until": previous.until if previous else None,
        "event_hook": _event_hook_text(hook.event_hook) if hook.event_hook else None,
        "updated": hook.updated,
        "version": hook.version,
    }


def _progress(progress: Progress) -> Item:
    waiting = [[one.position, one.attempts, one.first, one.due] for one in progress.waiting]
    return {
        "after": progress.after,
        "waiting": json.dumps(waiting, separators=(",", ":")),
        "replay": _replay(progress),
        "failures": progress.failures,
        "failing_since": progress.failing_since,
    }


def _replay(progress: Progress) -> str | None:
    return json.dumps([progress.replay.after, progress.replay.before]) if progress.replay else None


def _hook(item: Item) -> Hook:
    replay = item.get("replay")
    return Hook(
        organization_id=cast("str", item["partition"]).partition("#")[0],
        id=cast("str", item["id"]),
        place=int(cast("str", item["address"])),
        url=cast("str", item["url"]),
        description=cast("str", item["description"]),
        types=frozenset(map(NoticeType, json.loads(cast("str", item["types"])))),
        enabled=cast("bool", item["enabled"]),
        disabled_reason=cast("str", item["disabled_reason"]),
        secrets=tuple(_secrets(item)),
        created=cast("Millis", item["created"]),
        updated=cast("Millis", item["updated"]),
        progress=Progress(
            after=cast("str", item["after"]),
            waiting=tuple(Waiting(*one) for one in json.loads(cast("str", item["waiting"]))),
            replay=Stretch(*json.loads(cast("str", replay))) if replay else None,
            failures=cast("int", item["failures"]),
            failing_since=cast("Millis | None", item.get("failing_since")),
            due=cast("Millis", item.get("due_at", EPOCH)),
        ),
        version=cast("int", item["version"]),
        turn=cast("int", item["turn"]),
        event_hook=_event_hook(cast("str", item["event_hook"])) if "event_hook" in item else None,
    )


def _event_hook_text(one: EventHook) -> str:
    return json.dumps(asdict(one), ensure_ascii=False, separators=(",", ":"))


def _event_hook(text: str) -> EventHook:
    stored = json.loads(text)
    events, headers = map(EventType, stored.pop("events")), stored.pop("headers")
    return EventHook(events=tuple(events), headers=tuple((name, value) for name, value in headers), **stored)


def _secrets(item: Item) -> Iterator[Secret]:
    if "secret" not in item:
        return
    yield Secret(bytes(cast("bytes", item["secret"])))
    if "previous" in item:
        yield Secret(bytes(cast("bytes", item["previous"])), cast("Millis", item["previous_until"]))


def _delivery_item(hook: Hook, one: Delivery) -> Item:
    return {
        "partition": keys.hook_deliveries(hook.organization_id, hook.id),
        "address": f"{one.at:013d}#{one.notice}",
        **({"type": str(one.type)} if one.type else {}),
        "attempt": one.attempt,
        "result": one.result.value,
        "status": one.status,
        "problem": one.problem,
        "expires_at": to_seconds(Millis(one.at + DELIVERIES_KEPT)),
    }


def _delivery(item: Item) -> Delivery:
    at, _, notice = cast("str", item["address"]).partition("#")
    return Delivery(
        at=Millis(int(at)),
        notice=notice,
        type=cast("str | None", item.get("type")),
        attempt=cast("int", item["attempt"]),
        result=Result(cast("str", item["result"])),
        status=cast("int", item["status"]),
        problem=cast("str", item["problem"]),
    )
