"""The invariants of every history. The oracle sees every write and every call upstream, and does not use the code.

Times are those of the events: the effective watermark of an address is the greatest `forgiven_until` or
`forgiven_bounce` that its record has ever held, and what is newer than that must stay on the list.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from reprieve.address import comparison_key
from reprieve.clock import timestamp
from reprieve.removals.removal import LEASE, watermark
from tests.simulation.world import START, Failure, Process

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tests.simulation.world import World

    Item = dict[str, Any]
    #: organization, list, key
    Place = tuple[str, str, str]
    #: organization, list, "removal" or "addition", its id, and how it ended
    End = tuple[str, str, str, str, str]

#: the prefix of the ids of requests that lift only listed addresses
LISTED_ONLY = "listed-"
#: the prefix of the ids of requests that unblock
UNBLOCK = "unblock-"
#: the prefixes of the ids of requests that hold an address, and that lift a hold
HOLD, LIFT = "hold-", "lift-"
#: the prefix of the ids of what policies lift, and the lists that they may lift it from
POLICY = "policy-"
FAILURES = {"bounces", "blocks", "invalid_emails"}
#: how much further ahead than the true time a moment may be that is forgiven: the allowance, and a clock that is wrong
AHEAD = 150_000
INQUIRIES = "#inquiries"
#: the list of holds, and those that events put addresses on
HOLDS = "holds"
EVENTS = {"bounces", "blocks", "spam_reports"}
#: the beginnings of the names of processes that run the job
JOBS = ("job", "late", "tick")
ENDS = {"done", "failed", "superseded"}


class Oracle:
    """The observer of one run."""

    def __init__(self, world: World) -> None:
        self.world = world
        #: the second up to which a list was cleared
        self.cleared: Mapping[str, int] = {}
        #: the number of soft bounces that block an address, and of unblocks that it may have
        self.threshold = 0
        self.limit = 0
        #: the requests that unblocked each address, by organization and key
        self.unblocked: dict[tuple[str, str], set[str]] = defaultdict(set)
        #: records that had an event which was stamped far ahead
        self.ahead: set[Place] = set()
        #: records that have expired
        self.expired: set[Place] = set()
        self.forgiven: dict[Place, int] = defaultdict(int)
        self.requested: dict[Place, int] = {}
        self.removal_ids: set[tuple[Place, str]] = set()
        #: the accounts of each organization, by mark, and when each was added
        self.accounts: dict[str, dict[str, int]] = defaultdict(dict)
        #: whether hosts' clocks agree, so that it is certain which account was added before a request
        self.clocks_agree = True
        #: when entries that only the provider knows were listed there
        self.unreported: dict[Place, set[int]] = defaultdict(set)
        #: the acknowledged drops: organization, account's mark, list, spelling
        self.dropped: set[tuple[str, str, str, str]] = set()
        #: the last deletion by an account, by I/O; of an address in any spelling, and in each
        self.deleted: dict[tuple[Place, str], int] = {}
        self.spelled: dict[tuple[Place, str, str], int] = {}
        #: the last addition to a provider's list, by I/O, and when the last answered unsubscribe by hand began
        self.put: dict[tuple[Place, str], int] = {}
        self.added: dict[Place, int] = {}
        #: when the last answered lift of a hold began, by I/O
        self.lifted: dict[Place, int] = {}
        #: what some request wanted to unsubscribe
        self.unsubscribing: set[Place] = set()
        #: lists that providers keep as one
        self.shared: Collection[str] = ()
        #: the account that has a group, and the groups that were deleted, by organization and list
        self.homes: dict[tuple[str, str], str] = {}
        self.gone: set[tuple[str, str]] = set()
        #: when each record last had an entry, by I/O
        self.listed: dict[Place, float] = {}
        #: since when each hold is in force, by I/O
        self.held: dict[Place, float] = {}
        #: the workers that did something about an address, by organization and key
        self.workers: dict[tuple[str, str], set[Process]] = defaultdict(set)
        self.calls: Counter[tuple[Place, str, str, str]] = Counter()
        self.current: dict[Place, str] = {}
        self.events: dict[Place, set[tuple[int, str]]] = defaultdict(set)
        self.acknowledged: list[tuple[str, str, str, int]] = []
        self.acknowledged_ids: set[tuple[Place, str]] = set()
        #: every end that a removal or an addition came to
        self.ends: set[End] = set()
        #: the newest bounce of each record
        self.bounced: dict[Place, int] = {}
        #: the requests that have ended, answered or not, with the bounces that their late writes may still forgive
        self.ended: dict[str, tuple[int, dict[Place, int]]] = {}
        #: the worker that last claimed a row or a part
        self.holders: dict[Place | tuple[str, str], object] = {}

    def written(self, key: tuple[str, str], before: Item | None, after: Item | None) -> None:
        """Check a change of a record or of a part of a request."""
        place = _place(key)
        if key[0].endswith("#groups"):
            self.gone |= {(key[0].partition("#")[0], f"group-{one}") for one, *_ in json.loads(after["deleted"])}
            return
        if place is None and key[0].endswith(INQUIRIES):
            return
        if place is None:
            if after is None and _is_queued(before or {}):
                raise Failure(f"the part {key} expired while it was waiting")
            self._part_written(key, before or {}, after or {})
            return
        old = before or {}
        self._listed(place, old, after or {})
        if after is None:
            self._expired(place, old)
            return
        self.bounced[place] = after.get("bounced_at", 0)
        self._row_written(place, old, after)
        self._forgiven(place, old, after)
        self._state_written(place, old, after)

    def _listed(self, place: Place, old: Item, after: Item) -> None:
        """Check what gets on a list or is put over an older entry; a hold is put there whatever the clocks say."""
        if place[1] == HOLDS and ("by_time" in after) != ("by_time" in old):
            self.held[place] = self.world.ios if "by_time" in after else math.inf
        if "by_time" in after:
            self.listed[place] = math.inf
        elif "by_time" in old:
            self.listed[place] = self.world.ios
        if not after or place[1] == HOLDS or place[:2] in self.gone:
            return
        if after.get("bounced_at", 0) < old.get("bounced_at", 0):
            raise Failure(f"the bounce of {place} went back in time")
        if "by_time" not in after or "by_time" in old:
            return
        if after["bounced_at"] <= self.forgiven[place]:
            raise Failure(f"a forgiven bounce of {place} came back")
        if place not in self.unsubscribing and not self.events[place] and not self.unreported[place]:
            raise Failure(f"{place} was listed though it has neither bounced nor been unsubscribed")

    def _state_written(self, place: Place, old: Item, after: Item) -> None:
        if "expires_at" in after and (_is_needed(after) or ("unblocks" in after and "kept_until" not in after)):
            raise Failure(f"the record of {place} is needed, and will expire")
        state = after.get("removal_state")
        if state != old.get("removal_state"):
            self._worked(place)
            self._ended(place, after)
        if after.get("removal_id") != old.get("removal_id"):
            self._recorded(place, old, after)
            if place[1] == HOLDS and (place, after["removal_id"]) in self.removal_ids:
                raise Failure(f"{after['removal_id']} of {place} was recorded again after another had replaced it")
            self.requested[place] = self.world.ios
            self.removal_ids.add((place, after["removal_id"]))
            self.current[place] = after["removal_id"]
        elif state == "done" and old.get("removal_state") != "done":
            self._carried_out(place, old, after)
            if "adds" in after and "by_time" not in after:
                raise Failure(f"the addition of {place} took it off the list")
            if "adds" not in after and after.get("bounced_at", 0) > self.forgiven[place]:
                raise Failure(f"a bounce of {place} newer than its removal was lost")
        elif "adds" in old and "adds" not in after:
            self._held(place, old)
        elif old.get("removal_state") in ENDS and state != old["removal_state"] and old["removal_state"] != "failed":
            raise Failure(f"the removal of {place} ended {old['removal_state']} and then became {state}")

    def _ended(self, place: Place, after: Item) -> None:
        """Note the end of a removal; an addition to a group that was deleted ends by itself, and nothing was done."""
        if after.get("removal_state") in ENDS and not ("adds" in after and place[:2] in self.gone):
            self.ends.add((*place[:2], _kind(after), after["removal_id"], after["removal_state"]))

    def _carried_out(self, place: Place, old: Item, after: Item) -> None:
        """Check that each account has carried it out, of those that were there at the request and still are."""
        carried = self.put if "adds" in after else self.deleted
        for mark, added_at in self.accounts[place[0]].items():
            late = added_at > START and (not self.clocks_agree or added_at >= after["requested_at"])
            if late or (place[0], place[1]) in self.gone or self._is_elsewhere(place, mark):
                continue
            if carried.get((place, mark), -1) < self.requested[place] and not self._kept(place, after):
                raise Failure(f"{place} is done, but was not carried to {mark} after it was asked for")
            for text in () if "adds" in after or late else old.get("accounts", ()):
                name, _, spelling = text.partition(" ")
                last = self.spelled.get((place, mark, spelling or place[2]), -1)
                if name == mark.partition(" ")[0] and last < self.requested[place] and not self._kept(place, after):
                    raise Failure(f"{place} is done, but was not lifted from {mark} as it spells it")
        if "carried" in after:
            raise Failure(f"{place} is done, and some account is said to be left")

    def _held(self, place: Place, old: Item) -> None:
        """Check that a hold with an end has reached each account, or has ended, before it waits for its end."""
        ended = old["until"] <= self.world.now + AHEAD
        for mark, added_at in self.accounts[place[0]].items():
            if not ended and added_at == START and self.put.get((place, mark), -1) < self.requested[place]:
                raise Failure(f"{place} waits for its end, but was not carried to {mark}")

    def _is_elsewhere(self, place: Place, mark: str) -> bool:
        """Whether a list is of a group that another account has."""
        return self.homes.get(place[:2], name := mark.partition(" ")[0]) != name

    def _kept(self, place: Place, after: Item) -> bool:
        """Whether a removal that was not carried out left the address to another list that had it since the request."""
        others = [(place[0], name, place[2]) for name in self.shared if place[1] in self.shared and name != place[1]]
        return "adds" not in after and any(self.listed.get(one, -1) >= self.requested[place] for one in others)

    def _worked(self, place: Place) -> None:
        """Note that the running process did something about an address."""
        process = self.world.running()
        if isinstance(process, Process):
            self.workers[place[0], place[2]].add(process)

    def _raced(self, organization: str, key: str) -> bool:
        """Whether two runs of the job were busy with an address at the same time."""
        spans = sorted((one.first, one.last) for one in self.workers[organization, key] if one.name.startswith(JOBS))
        return any(begins < ended for (_, ended), (begins, _) in itertools.pairwise(spans))

    def _expired(self, place: Place, old: Item) -> None:
        """Check that TTL deleted only a record that is no longer needed, and a group's end only its own."""
        if place[:2] in self.gone:
            self.bounced.pop(place, None)
            self.holders.pop(place, None)
            return
        if _is_needed(old) or "unblocks" in old:
            raise Failure(f"the record of {place} expired")
        self.expired.add(place)
        self.bounced.pop(place, None)
        self.holders.pop(place, None)

    def _forgiven(self, place: Place, old: Item, after: Item) -> None:
        """Check that a removal forgives no more than was known at its acknowledgement."""
        marks = ("forgiven_until", "forgiven_bounce")
        changed = [after[name] for name in marks if after.get(name, 0) != old.get(name, 0)]
        self.forgiven[place] = max(self.forgiven[place], *changed, 0)
        if place[:2] in self.gone:
            return
        if changed and (place, after["removal_id"]) in self.acknowledged_ids:
            raise Failure(f"the removal of {place} was recorded once more after it was acknowledged")
        if changed and max(changed) > self.world.now + AHEAD:
            raise Failure(f"bounces of {place} are forgiven that have not happened yet")
        request = after.get("removal_id", "").rpartition("-")[0].removeprefix(LISTED_ONLY)
        if changed and request in self.ended:
            until, known = self.ended[request]
            if max(changed) > max(until, known.get(place, 0)):
                raise Failure(f"a bounce of {place} was forgiven by a request that had ended before it")

    def _recorded(self, place: Place, old: Item, after: Item) -> None:
        """Check that requests for listed addresses lift only those, and that the upkeep lifts only cleared entries."""
        removal_id = after["removal_id"]
        if "finished_at" in after or "last_answer" in after:
            raise Failure(f"{removal_id} of {place} begins with the end of another")
        if removal_id.startswith(POLICY):
            self._lifted_by_policy(place, old, after)
        if removal_id.startswith(UNBLOCK):
            self._unblocked(place, old, removal_id)
        if not removal_id.startswith((LISTED_ONLY, UNBLOCK, "upkeep")) and place[2].count("@") == 1:
            return
        hidden = old.get("bounced_at", 0) // 1000 <= self.cleared.get(place[1], -1)
        if "by_time" not in old or hidden != removal_id.startswith("upkeep"):
            raise Failure(f"{removal_id} is of {place}, which is not what was asked for")

    def _lifted_by_policy(self, place: Place, old: Item, after: Item) -> None:
        """Check that a policy lifts the very failure that is listed, and nothing that a person wants to stay."""
        removal_id = after["removal_id"]
        if place[1] not in FAILURES:
            raise Failure(f"{removal_id} is of {place}, which no policy may lift")
        if "by_time" not in old or after["forgiven_until"] != old["bounced_at"]:
            raise Failure(f"{removal_id} of {place} lifts another failure than the one that is listed")
        process, hold = self.world.running(), (place[0], HOLDS, place[2])
        if isinstance(process, Process) and self.held.get(hold, math.inf) < process.first:
            raise Failure(f"{removal_id} of {place} lifts what was held before the run began")

    def _unblocked(self, place: Place, old: Item, removal_id: str) -> None:
        """Check that an unblock lifts an existing temporary block, and no address more often than allowed."""
        soft = old.get("permanence") == "soft" and len(old.get("events", ())) >= self.threshold
        if not (soft if place[1] == "blocks" else old.get("permanence") == "soft"):
            raise Failure(f"{removal_id} of {place} unblocks what it may not")
        requests = self.unblocked[place[0], place[2]]
        requests.add(removal_id.rpartition("-")[0])
        if len(requests) > self.limit:
            raise Failure(f"{place} was unblocked too often")

    def _part_written(self, key: tuple[str, str], old: Item, after: Item) -> None:
        """Check that a worker claims only a part that is due and free, and releases only its own.

        A part that the release before has queued is moved by the upkeep, which makes no claim.
        """
        if "queue" in old and "slot" in after:
            return
        if "lease_until" in after and after.get("fence") != old.get("fence"):
            clock = after["lease_until"] - LEASE
            if old.get("due_at", clock + 1) > clock:
                raise Failure(f"the part {key} was taken though it was not due")
            if old.get("lease_until", 0) > clock:
                raise Failure(f"the part {key} was taken from a worker that still has it")
            self.holders[key] = self.world.running()
        elif "lease_until" in old and "lease_until" not in after and self.holders[key] is not self.world.running():
            raise Failure(f"a worker released the part {key} of another")

    def _row_written(self, place: Place, old: Item, after: Item) -> None:
        """Check that a worker claims only a row that is pending, due and free, and settles only its own."""
        if after.get("removal_id") != old.get("removal_id"):
            self.holders.pop(place, None)
        elif "lease_until" in after and after["lease_until"] != old.get("lease_until"):
            clock = after["lease_until"] - LEASE
            if old.get("removal_state") != "pending":
                raise Failure(f"{place} was taken though its removal has ended")
            if old["due_at"] > clock:
                raise Failure(f"{place} was taken before it was due")
            if old.get("lease_until", 0) > clock:
                raise Failure(f"{place} was taken from a worker that still has it")
            self.holders[place] = self.world.running()
            self._worked(place)
        elif _settled_alone(old, after) and self.holders.get(place) is not self.world.running():
            raise Failure(f"{place} was settled by a worker that had not taken it")

    def asked_upstream(self, organization: str, mark: str, name: str, emails: Iterable[str], *, exact: bool) -> None:
        """Record a call to the provider, whether it takes effect or not."""
        for email in emails:
            place = (organization, name, comparison_key(email))
            if place not in self.requested:
                raise Failure(f"{place} was deleted upstream without a request")
            call = (place, self.current[place], mark, email)
            self.calls[call] += 1
            if exact and self.calls[call] > 1:
                raise Failure(f"{place} was deleted upstream twice though nothing went wrong")

    def done_upstream(self, organization: str, mark: str, name: str, email: str) -> None:
        """Record a deletion at the provider."""
        place = (organization, name, comparison_key(email))
        self._worked(place)
        self.deleted[place, mark] = self.spelled[place, mark, email] = self.world.ios

    def put_upstream(self, organization: str, mark: str, name: str, email: str) -> None:
        """Check an addition at the provider: only what was on our list may get there."""
        place = (organization, name, comparison_key(email))
        if place not in self.requested:
            raise Failure(f"{place} was put upstream without a request")
        self._worked(place)
        self.put[place, mark] = self.world.ios

    def answered_by_hand(self, place: Place, began: int) -> None:
        """Record the acknowledgement of a hold or an unsubscribe that began at an I/O."""
        self.added[place] = max(began, self.added.get(place, -1))

    def answered_lift(self, place: Place, began: int) -> None:
        """Record the acknowledgement of a lift of a hold that began at an I/O."""
        self.lifted[place] = max(began, self.lifted.get(place, -1))

    def upstream_agrees(
        self, organization: str, account: str, records: Mapping[tuple[str, str], Item], upstream: set[Place]
    ) -> None:
        """Check the quiet end of a history in which no call upstream came late: what was listed by hand agrees.

        Args:
            organization: whose lists.
            account: the name of one of its accounts, which was there from the beginning.
            records: the items here.
            upstream: what the account has; holds are among the entries of the list that it keeps them on.
        """
        ours = {place: record for key, record in records.items() if (place := _place(key)) is not None}
        for place, record in ours.items():
            _, name, key = place
            elsewhere = self.homes.get(place[:2], account) != account
            if place[0] != organization or name in EVENTS or elsewhere or place[:2] in self.gone:
                continue
            if record.get("removal_state") != "done" or (name in self.shared and self._raced(organization, key)):
                continue
            together = [(organization, one, key) for one in (self.shared if name in self.shared else [name])]
            there = any(one in upstream for one in together)
            if "by_time" in record and not there:
                raise Failure(f"{place} is on our list, and not on the provider's")
            bounced = any(self.events[one] or self.unreported[one] for one in together)
            if there and not bounced and not any("by_time" in ours.get(one, {}) for one in together):
                raise Failure(f"{place} is on the provider's list, and not on ours")

    def over(self, request_id: str, now: int) -> None:
        """Record the end of a request, after which its writes are late. `now` is its host's time at the start."""
        self.ended[request_id] = max(self.world.now, watermark(now)), dict(self.bounced)

    def answered_unblock(self, organization: str, key: str, request_id: str) -> None:
        """Record the answer that an address is unblocked."""
        if request_id not in self.unblocked[organization, key]:
            raise Failure(f"{key} of {organization} was answered to be unblocked, but no removal of it is recorded")

    def answered(self, organization: str, name: str, accepted: Mapping[str, str], now: int) -> None:
        """Record the acknowledgement of a request: the ids of its removals by address."""
        for email, removal_id in accepted.items():
            place = (organization, name, comparison_key(email))
            if (place, removal_id) not in self.removal_ids:
                raise Failure(f"{place} was acknowledged, but is not recorded")
            if self.forgiven[place] < watermark(now):
                raise Failure(f"{place} was acknowledged without its watermark")
            self.acknowledged_ids.add((place, removal_id))
            self.acknowledged.append((*place, now))

    def ends_are_logged(self, records: Mapping[tuple[str, str], Item], logged: Collection[End]) -> None:
        """Check the quiet end: every end has a log entry, and a failure in the log is one of the removal's.

        What was replaced by another request after its end was logged, and before it was written, has none.
        """
        if missing := self.ends - set(logged):
            raise Failure(f"the log has no entry of {sorted(missing)}")
        current = {
            (*place[:2], _kind(record), record["removal_id"])
            for key, record in records.items()
            if (place := _place(key)) is not None and "removal_id" in record
        }
        for end in logged:
            if end[-1] != "done" and end[:-1] in current and end not in self.ends:
                raise Failure(f"the log says {end}, and it has not ended so")

    def finally_holds(self, records: dict[tuple[str, str], Item]) -> None:
        """Check the quiet end: every removal has ended, and each list is what events and removals imply."""
        for place, record in ((_place(key), record) for key, record in records.items()):
            if place is not None and place[:2] not in self.gone:
                self._ended_well(place, record)
                if "by_time" in record and record["bounced_at"] // 1000 <= self.cleared.get(place[1], -1):
                    raise Failure(f"{place} was cleared, but is on the list")
        counted = {
            (place[0], place[2]): record["unblocks"]
            for key, record in records.items()
            if (place := _place(key)) is not None and "unblocks" in record
        }
        if counted != {address: len(requests) for address, requests in self.unblocked.items() if requests}:
            raise Failure(f"unblocked {dict(self.unblocked)}, but counted {counted}")
        places = {
            _place(key): max(record.get("forgiven_until", 0), record.get("forgiven_bounce", 0))
            for key, record in records.items()
        }
        for org, name, key, now in self.acknowledged:
            if (
                (org, name) not in self.gone
                and (org, name, key) not in self.expired
                and places.get((org, name, key), -1) < watermark(now)
            ):
                raise Failure(f"what was acknowledged for {org}, {name}, {key} is gone")

    def drops_are_explained(
        self, records: Mapping[tuple[str, str], Item], upstream: set[tuple[str, str, str, str]]
    ) -> None:
        """Check the quiet end: an address that an account dropped and lists is on our list, unless it was lifted."""
        ours = {_place(key) for key, record in records.items() if "by_time" in record}
        for organization, _mark, name, email in self.dropped & upstream:
            place = (organization, name, comparison_key(email))
            held = name in self.shared and (organization, HOLDS, place[2]) in self.listed
            if not held and place not in ours and place not in self.requested and place not in self.expired:
                raise Failure(f"{place} is dropped by the provider, and not on our list")

    def events_are_logged(self, records: Mapping[tuple[str, str], Item], logged: Collection[tuple[str, ...]]) -> None:
        """Check the quiet end: each event that has its address on a list has a log entry that names the list."""
        for key, record in records.items():
            place = _place(key)
            if place is None or "by_time" not in record or not record.get("event_id", "").startswith("e"):
                continue
            if place not in self.ahead and (*place, timestamp(record["bounced_at"])) not in logged:
                raise Failure(f"{place} is listed by {record['event_id']}, and the log has no entry of that")

    def _ended_well(self, place: Place, record: Item) -> None:
        state = record.get("removal_state")
        if state is not None and state not in ENDS:
            raise Failure(f"the removal of {place} never ended")
        if place[1] not in EVENTS:
            self._ended_well_by_hand(place, record)
        elif place not in self.ahead:
            self._events_count(place, record)

    def _events_count(self, place: Place, record: Item) -> None:
        """Check that the newest bounce is on the list, unless it was forgiven."""
        state = record.get("removal_state")
        newest, newest_id = max(self.events[place], default=(0, ""))
        at = record.get("bounced_at", 0)
        if "by_time" in record and at in self.unreported[place] and at > max(newest - 1, self.forgiven[place]):
            # the provider was asked, and had an entry that no webhook reported
            return
        if newest > self.forgiven[place]:
            if "by_time" not in record or (record["bounced_at"], record["event_id"]) != (newest, newest_id):
                raise Failure(f"the newest bounce of {place} is not on the list")
        elif state == "done" and "by_time" in record:
            raise Failure(f"{place} is lifted, but on the list")
        elif state == "superseded":
            raise Failure(f"{place} was superseded, but by nothing newer")

    def _ended_well_by_hand(self, place: Place, record: Item) -> None:
        """Check that what was listed by hand is there, and a hold that has ended or was lifted is not."""
        unlisted = place in self.added and "by_time" not in record and "until" not in record
        if unlisted and ("adds" in record or self.requested[place] < self.added[place]):
            raise Failure(f"{place} was listed by hand, but is not on the list")
        if place[1] != HOLDS:
            return
        by_lift = record["removal_id"].startswith(LIFT)
        if "by_time" in record and (by_lift or ("until" in record and record["removal_state"] == "done")):
            raise Failure(f"{place} was lifted or has ended, but is held")
        if not by_lift and self.requested[place] < self.lifted.get(place, -1):
            raise Failure(f"{place} was lifted, but an older hold counts")
        if by_lift and self.requested[place] < self.added.get(place, -1):
            raise Failure(f"{place} was held, but an older lift counts")


def _kind(record: Item) -> str:
    """What a record holds the end of, as log entries name it."""
    return "addition" if "adds" in record else "removal"


def _is_needed(record: Item) -> bool:
    """Whether a record holds an entry of its list, or a removal that has not ended well."""
    return "by_time" in record or record.get("removal_state") in {"pending", "failed"}


def _is_queued(item: Item) -> bool:
    """Whether an item is in the queue, or in that of the release before."""
    return "slot" in item or "queue" in item


def _settled_alone(old: Item, after: Item) -> bool:
    """Whether a removal that was queued individually was settled."""
    waited = old.get("removal_state") == "pending" and _is_queued(old)
    return waited and any(after.get(name) != old.get(name) for name in ("removal_state", "due_at", "attempts"))


def _place(key: tuple[str, str]) -> Place | None:
    organization, name, *_ = key[0].split("#")
    return None if name in {"requests", "inquiries"} else (organization, name, key[1])
