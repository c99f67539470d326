"""The keys of items: the partitions of every table but Access, and the sort keys of lists, log and requests.

Each partition begins with the organization. Access has so few keys that store/access.py and store/quotas.py hold them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.address import digest
from reprieve.clock import Seconds, to_seconds

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.suppressions.suppression import AnyList


#: in the year 2286
LAST_SECOND: Final = Seconds(9_999_999_999)
#: how many partitions hold what has no shards
SPREAD: Final = 16


def shard_of(organization: Organization, key: str) -> int:
    """The number of the organization's shard that an address is in."""
    return digest(key) % organization.shards


def suppressions(organization: Organization, suppression_list: AnyList, shard: int) -> str:
    """The partition of one shard of one list; ByTime has the same partitions, in order of time."""
    return f"{organization.id}#{suppression_list}#{shard}"


def by_time(created: Millis, key: str) -> str:
    """The sort key of ByTime: the second, counted backwards, then the address.

    Read forwards, it is the order that lists are shown in: newest first, ties by address. The order is total.
    """
    return f"{second(created)}#{key}"


def second(created: Millis) -> str:
    """The second of a moment, counted backwards from the last one of ten digits."""
    return f"{LAST_SECOND - min(max(to_seconds(created), 0), LAST_SECOND):010d}"


def log(organization: Organization, uuid: str) -> str:
    """The partition of a log entry: the organization's one, or one of as many as it has shards."""
    return f"{organization.id}#{shard_of(organization, uuid)}"


def logs(organization: Organization) -> list[str]:
    """All partitions of an organization's log; ByArrival has the same."""
    return [f"{organization.id}#{shard}" for shard in range(organization.shards)]


def log_position(moment: Millis, uuid: str) -> str:
    """The sort key of a log entry: by when it was published or, in the indexes by arrival, stored; ties by id."""
    return f"{moment:013d}#{uuid}"


def log_target(organization: Organization, target: str) -> str:
    """The partition of ByTarget and ByTargetArrival; `target` is in the form in which the filter compares."""
    return f"{organization.id}#{target}"


def groups(organization: Organization) -> str:
    """The partition of an organization's unsubscribe groups: one item."""
    return f"{organization.id}#groups"


def inquiries(organization: Organization) -> str:
    """The partition of what an organization's accounts are to be asked about."""
    return f"{organization.id}#inquiries"


def links(organization_id: str) -> str:
    """The partition of the key that signs an organization's unsubscribe links: one item."""
    return f"{organization_id}#links"


def webhooks(organization: Organization) -> str:
    """The partition of an organization's event webhooks: one item."""
    return f"{organization.id}#webhooks"


def policy(organization: Organization) -> str:
    """The partition of how far the runs of an organization's policy have come, and of its brakes: two items."""
    return f"{organization.id}#policy"


def rates(organization: Organization, shard: int) -> str:
    """A partition of the counts of an organization's delivery events, sorted by hour."""
    return f"{organization.id}#rates" + (f"#{shard}" if shard else "")


def hooks(organization_id: str) -> str:
    """The partition of an organization's hooks, sorted by place."""
    return f"{organization_id}#hooks"


def hook_deliveries(organization_id: str, identifier: str) -> str:
    """The partition of the posts to one hook, sorted by time."""
    return f"{organization_id}#hook#{identifier}"


def recipients(organization: Organization, module: str) -> str:
    """The partition of one module's recipients, sorted by id."""
    return f"{organization.id}#{module}"


def addresses(organization: Organization, key: str) -> str:
    """The partition of the addresses that recipients hold, spread."""
    return f"{organization.id}#address#{_spread(key)}"


def email_servers(organization: Organization) -> str:
    """The partition of an organization's email servers, sorted by id, with what holds their rules."""
    return f"{organization.id}#servers"


def connections(organization: Organization) -> str:
    """The partition of the counters of the organization's connections to servers that it chose."""
    return f"{organization.id}#connections"


def requests(organization: Organization, request_id: str) -> str:
    """The partition of what a request asked for, spread."""
    return f"{organization.id}#requests#{_spread(request_id)}"


def all_requests(organization: Organization) -> list[str]:
    """All partitions of what an organization's requests asked for."""
    return [f"{organization.id}#requests#{number}" for number in range(SPREAD)]


def all_repeats(organization: Organization) -> list[str]:
    """All partitions of the answers kept for an organization's idempotency keys."""
    return [f"{organization.id}#repeat#{number}" for number in range(SPREAD)]


def request_part(request_id: str, first: str) -> str:
    """The sort key of one part of a request, named by its first removal's number."""
    return f"{request_id}#{first}"


def whitelist(organization: Organization) -> str:
    """The partition of the organization's address whitelist, which is one item."""
    return f"{organization.id}#whitelist"


def repeats(organization: Organization, digest: str) -> str:
    """The partition of the answers kept for idempotency keys, spread."""
    return f"{organization.id}#repeat#{_spread(digest)}"


def _spread(key: str) -> int:
    """One of `SPREAD` partitions for a key, by a hash, so that none is hot whatever the organization's shards are."""
    return digest(key) % SPREAD
