"""Removals, the job that carries them out on the real store, and a scripted provider."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import Millis
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.store import queue_index
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.gateway import DEMO, Context, event, function

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.organization import Organization

KEY = "name@company.com"
BOUNCES = SuppressionList.BOUNCES
MANY = tuple(f"n{number}@company.com" for number in range(20))
LIFTED = LiftAnswer(LiftOutcome.LIFTED, "204")
PLACE = {"partition": {"S": "demo#bounces#0"}, "address": {"S": KEY}}


@dataclass
class Provider:
    """A provider that gives the same answer for every address, and records the requests."""

    answer: LiftAnswer = LIFTED
    batch: int = 100
    asked: list[str] = field(default_factory=list)
    put_on: list[str] = field(default_factory=list)
    closed: int = 0
    meanwhile: Callable[[], None] = lambda: None

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.asked += emails
        self.meanwhile()
        return [self.answer for _ in emails]

    def put(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.put_on += [f"{suppression_list} {email}" for email in emails]
        return [self.answer for _ in emails]

    def close(self) -> None:
        self.closed += 1


def enrol(organization: Organization) -> None:
    wiring.access().create_organization(organization)
    assert wiring.access().set_provider_account(organization.id, ProviderAccount("none"), provider_name="", before=None)


def bounce(created: int) -> None:
    wiring.suppressions().record(DEMO, [Suppression(BOUNCES, KEY, "Name@Company.com", Millis(created))])


def request(key: str = KEY, organization: Organization = DEMO, request_id: str = "r") -> None:
    wanted = RemovalRequest(f"{request_id}-0", BOUNCES, key, key)
    wiring.suppressions().request_removals(
        context(organization, credential="cred-1", request_id=request_id, now=wiring.now()), [wanted]
    )


def request_many(*emails: str, request_id: str = "r") -> None:
    wanted = [RemovalRequest(f"{request_id}-{at}", BOUNCES, email, email) for at, email in enumerate(emails)]
    wiring.suppressions().request_removals(
        context(DEMO, credential="cred-1", request_id=request_id, now=wiring.now()), wanted
    )


def tick(remaining: int = 110_000) -> dict[str, Any]:
    """Run the job, with some milliseconds left, and return its summary."""
    return function("removal_job")(event("removal_job", "schedule"), Context(remaining=remaining))


def record(dynamodb: DynamoDBClient) -> dict[str, Any]:
    """What is stored of `KEY` on the bounces."""
    return {
        name: next(iter(value.values()))
        for name, value in dynamodb.get_item(TableName="Suppressions", Key=PLACE)["Item"].items()
    }


def again(dynamodb: DynamoDBClient, **numbers: int) -> None:
    """Make the row due at once, with these changes to its record."""
    changes = {"due_at": 0, **numbers}
    for name, value in {"rank": queue_index.rank(DEMO.id, Millis(0)), **changes}.items():
        dynamodb.update_item(
            TableName="Suppressions",
            Key=PLACE,
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value} if isinstance(value, str) else {"N": str(value)}},
        )


def states(request_id: str = "r") -> Counter[str]:
    followed = wiring.following().of_request(DEMO, request_id)
    return Counter(str(one.state) for one in followed)
