"""The store's calls to DynamoDB and SQS, and its handling of their faults, on recording clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from reprieve.errors import InvalidInput, Unavailable
from reprieve.organization import Organization
from reprieve.removals.removal import RemovalState
from reprieve.store import table
from reprieve.store.access import Access
from reprieve.store.boto3_transport import Boto3
from reprieve.store.dead_letters import DeadLetters
from reprieve.store.groups import GroupStore
from reprieve.store.language import Update
from reprieve.store.listing import Listing
from reprieve.store.recipients import Recipients
from reprieve.store.removal_records import RemovalRecords
from reprieve.store.repeats import Repeats
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from reprieve.store.unblocks import Unblocks
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.dead_letter import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ORG = Organization("acme", "Acme")
BOUNCES = SuppressionList.BOUNCES
KEY = "a@x.org"


class Recording:
    """A DynamoDB client that finds nothing and accepts every write, or raises a given error."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fault = fault

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return Boto3(self).call(operation, arguments)  # type: ignore[arg-type]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.calls.append((operation, arguments))
            if self.fault:
                raise self.fault
            answers = {"batch_get_item": {"Responses": {}}, "query": {"Items": []}, "update_item": {"Attributes": {}}}
            return answers.get(operation, {})

        return call


def consistent(client: Recording) -> list[bool]:
    """The consistency of each read, in order."""
    found = []
    for operation, arguments in client.calls:
        if operation == "batch_get_item":
            found += [wanted["ConsistentRead"] for wanted in arguments["RequestItems"].values()]
        elif operation in {"get_item", "query"}:
            found.append(arguments.get("ConsistentRead", False))
    return found


@pytest.mark.parametrize(
    "read",
    [
        lambda t: t.get({"partition": "p"}, consistent=True),
        lambda t: list(t.get_many([{"partition": "p"}], consistent=True)),
        lambda t: t.query("#partition = :p", {":p": "p"}, consistent=True),
        lambda t: Listing(t).get(ORG, BOUNCES, KEY, now=1),
        lambda t: Listing(t).records(ORG, KEY, list(SuppressionList)),
        lambda t: Listing(t).on_lists(ORG, [(BOUNCES, KEY)], now=1),
        lambda t: GroupStore(t).all(ORG),
        lambda t: Unblocks(t).block_states(ORG, [KEY], now=1),
        lambda t: Unblocks(t).reset(ORG, KEY),
        lambda t: Suppressions(t).barred(ORG, BOUNCES, [KEY]),
        lambda t: RemovalRecords(t).of_address(ORG, KEY),
        lambda t: Access(t, t).organization("acme"),
        lambda t: Access(t, t).credential("acme", "digest"),
        lambda t: Recipients(t).get(ORG, "Leads", "1"),
        lambda t: Recipients(t).get_many(ORG, "Leads", ["1"]),
    ],
)
def test_what_must_not_be_behind_is_read_consistently(read: Callable[[Table], object]) -> None:
    client = Recording()
    read(Table(client, "T"))  # type: ignore[arg-type]
    assert set(consistent(client)) == {True}


def test_a_repeated_request_reads_consistently_what_the_first_one_left() -> None:
    class Taken(Recording):
        def put_item(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")

    client = Taken()
    Repeats(Table(client, "T")).begin(ORG, "key", "fingerprint", now=1)  # type: ignore[arg-type]
    assert consistent(client) == [True]


THROTTLED = ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": KEY}}, "Call")
CANCELLED = {"Error": {"Code": "TransactionCanceledException"}}
FAULTS = [THROTTLED, ConnectTimeoutError(endpoint_url=f"https://{KEY}")]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.get({"partition": "p"}),
        lambda t: list(t.get_many([{"partition": "p"}])),
        lambda t: t.put({"partition": "p"}),
        lambda t: t.update({"partition": "p"}, Update(set=["#a = :a"]), {":a": 1}),
        lambda t: t.delete({"partition": "p"}),
        lambda t: t.insert_many([{"partition": "p"}]),
        lambda t: t.update_batch(
            [({"partition": "p", "address": "a"}, Update(set=["#a = :a"], condition="#b = :b"), {":a": 1, ":b": 1})]
        ),
        lambda t: t.query("#partition = :p", {":p": "p"}),
        lambda t: t.count("#partition = :p", {":p": "p"}, index="I", after=None),
        lambda t: t.transact([("Put", {"Item": {}})]),
    ],
)
def test_a_fault_of_the_service_is_unavailable_and_quotes_nothing(
    fault: Exception, call: Callable[[Table], object]
) -> None:
    with pytest.raises(Unavailable) as raised:
        call(Table(Recording(fault), "T"))  # type: ignore[arg-type]
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("codes", [["ThrottlingError"], ["None", "ProvisionedThroughputExceeded"], []])
def test_a_transaction_that_was_cancelled_for_no_condition_is_unavailable(codes: list[str]) -> None:
    fault = ClientError({**CANCELLED, "CancellationReasons": [{"Code": code} for code in codes]}, "T")
    with pytest.raises(Unavailable):
        Table(Recording(fault), "T").transact([("Put", {"Item": {}})])  # type: ignore[arg-type]


def test_a_transaction_that_meets_others_is_sent_again_with_pauses_and_then_given_up() -> None:
    fault = ClientError({**CANCELLED, "CancellationReasons": [{"Code": "TransactionConflict"}]}, "T")  # type: ignore[arg-type]
    client, slept = Recording(fault), []

    class Patient(Table):
        def wait(self, seconds: float) -> None:
            slept.append(seconds)

    with pytest.raises(Unavailable):
        Patient(client, "T").transact([("Put", {"Item": {}})])  # type: ignore[arg-type]
    assert (len(client.calls), slept) == (table.RETRIES, list(table.pauses()))


def test_a_conflict_beside_a_condition_that_did_not_hold_is_the_condition() -> None:
    reasons = [{"Code": "TransactionConflict"}, {"Code": "ConditionalCheckFailed"}]
    fault = ClientError({**CANCELLED, "CancellationReasons": reasons}, "T")  # type: ignore[arg-type]
    writes = [("Put", {"Item": {}}), ("Put", {"Item": {}})]
    assert Table(Recording(fault), "T").try_transact(writes) == [1]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cursor", ["", "x", "NQ", "bnVsbA", "W10", "WyJhIixudWxsLDBd", "WzAsIngiLDBd", "W1swXSxudWxsLDBd", "é"]
)
def test_a_cursor_that_no_page_gave_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        RemovalRecords(Table(Recording(), "T")).waiting(ORG, RemovalState.PENDING, limit=1, after=cursor)  # type: ignore[arg-type]
    assert raised.value.field == "after"


class Queue:
    """An SQS client with a given answer."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.sent: list[Any] = []

    def send_message_batch(self, **arguments: Any) -> dict[str, Any]:
        self.sent.append(arguments)
        return self.answer


def test_a_dead_letter_that_the_queue_refuses_fails_the_request() -> None:
    """SQS answers 200 and names the messages that it did not accept."""
    queue = Queue({"Successful": [], "Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]})
    with pytest.raises(Unavailable):
        DeadLetters(Boto3(queue), "url").put([DeadLetter("acme", "sendgrid", "r", b"[]")])  # type: ignore[arg-type]


def test_dead_letters_that_the_queue_takes_are_sent_ten_at_a_time() -> None:
    queue = Queue({"Successful": [{"Id": "0"}]})
    letters = [DeadLetter("acme", "sendgrid", str(number), b"[]") for number in range(12)]
    DeadLetters(Boto3(queue), "url").put(letters)  # type: ignore[arg-type]
    assert [len(one["Entries"]) for one in queue.sent] == [10, 2]
