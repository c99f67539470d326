"""Amazon SES's side of a connection: a configuration set that publishes to the stack's topic, and a claim on it.

Source: the SES developer guide ("Monitoring email sending using event publishing", "Using the mailbox simulator") and
botocore's model sesv2 2019-09-27. SES publishes only to topics of its own region.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from reprieve.errors import InvalidInput, Unavailable
from reprieve.providers.connecting import Connection, Step, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.providers.connecting import Means

KIND: Final = "ses"
#: what the lists and the log are made of
KINDS: Final = ("BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "REJECT")
#: the event destination that is made where none has our topic; others are left alone
NAME: Final = "reprieve"
#: an address of the mailbox simulator: it bounces, and neither counts nor is suppressed at SES
SIMULATOR: Final = "bounce@simulator.amazonses.com"
CLAIM: Final = "configuration-set/"
NO_NAME: Final = (
    "Name the configuration set that mail is sent with, or set the topic of an identity and claim the identity:"
    " docs/how-to/connect-amazon-ses.md."
)
NO_SENDER: Final = "To see an event arrive, name an address of a verified identity that a test mail can be from."


@dataclass(frozen=True, slots=True)
class ConfigurationSet:
    """What has to be so of one configuration set, each as a step's check and change.

    Attributes:
        name: of the set.
        ses: boto3's client `sesv2` of the account's region.
    """

    name: str
    ses: Any
    means: Means

    def steps(self) -> tuple[Step, ...]:
        """The steps, in their order: a notification without an owner is set aside, so the claim comes first."""
        return (
            Step(f"configuration set {self.name}", self.absent, self.make),
            Step(f"claim on {CLAIM}{self.name}", self.unclaimed, self.claim),
            Step(f"event destination of {self.name}", self.silent, self.publish),
        )

    def absent(self) -> str:
        """Whether it exists."""
        found = _ask(self.ses.get_configuration_set, {"ConfigurationSetName": self.name}, absent=True)
        return "it does not exist" if found is None else ""

    def make(self) -> str:
        """Make it."""
        _ask(self.ses.create_configuration_set, {"ConfigurationSetName": self.name})
        return "made"

    def unclaimed(self) -> str:
        """Whether its notifications are the organization's."""
        return "" if self.name in claimed(self.means) else "notifications of its mail have no owner"

    def claim(self) -> str:
        """Claim it."""
        self.means.senders.claim(self.means.context, KIND, f"{CLAIM}{self.name}", self.means.account.name)
        return "claimed"

    def silent(self) -> str:
        """Whether it publishes what we read, to our topic; where that is unknown, to any."""
        topic, found = self.means.wish.topic, self._destinations()
        ours = [one for one in found if _topic(one) and (not topic or _topic(one) == topic)]
        if not ours:
            other = next((_topic(one) for one in found if one.get("Name") == NAME), "")
            return f"it publishes to {other} instead" if other else "it publishes to no topic of Reprieve's"
        on = [one for one in ours if one.get("Enabled") is True]
        if not on:
            return f"its event destination {ours[0].get('Name')} is disabled"
        published = {kind for one in on for kind in one.get("MatchingEventTypes", ())}
        missing = [kind for kind in KINDS if kind not in published]
        return f"it does not publish {', '.join(missing)}" if missing else ""

    def publish(self) -> str:
        """Have it publish, by the destination that has our topic or our name, or by a new one."""
        topic, found = self.means.wish.topic, self._destinations()
        if not topic:
            raise InvalidInput("needed: the ARN of a topic in the account's region", field="topic")
        ours = next((one for one in found if _topic(one) == topic), None)
        ours = ours or next((one for one in found if one.get("Name") == NAME), None)
        kinds = sorted({*KINDS, *(ours.get("MatchingEventTypes", ()) if ours else ())})
        wanted = {"Enabled": True, "MatchingEventTypes": kinds, "SnsDestination": {"TopicArn": topic}}
        ses = self.ses
        change = (
            ses.update_configuration_set_event_destination if ours else ses.create_configuration_set_event_destination
        )
        called = {"ConfigurationSetName": self.name, "EventDestinationName": ours["Name"] if ours else NAME}
        _ask(change, {**called, "EventDestination": wanted})
        return f"it publishes {', '.join(kinds)} to {topic}"

    def trigger(self) -> str:
        """Send a mail to the simulator."""
        text = {"Subject": {"Data": "Reprieve"}, "Body": {"Text": {"Data": "A test of the connection."}}}
        mail = {
            "FromEmailAddress": self.means.wish.sender,
            "Destination": {"ToAddresses": [SIMULATOR]},
            "ConfigurationSetName": self.name,
            "Content": {"Simple": text},
        }
        _ask(self.ses.send_email, mail)
        return f"a mail from {self.means.wish.sender} was sent to {SIMULATOR}"

    def _destinations(self) -> list[Mapping[str, Any]]:
        call = self.ses.get_configuration_set_event_destinations
        found = _ask(call, {"ConfigurationSetName": self.name}, absent=True) or {}
        return list(found.get("EventDestinations", ()))


def connection(means: Means) -> Connection:
    """The plan for one account (`kind.ProviderKind.connection`).

    The configuration sets are the one that is wished for, or else those that are claimed for the account.
    """
    wish = means.wish
    names = [wish.configuration_set] if wish.configuration_set else claimed(means)
    if not names:
        return Connection(by_hand=(NO_NAME,))
    ses = means.aws("sesv2", means.account.region)
    sets = [ConfigurationSet(name, ses, means) for name in names]
    steps = [step for one in sets for step in one.steps()]
    if not wish.sender:
        return Connection(steps, by_hand=(NO_SENDER,))
    return Connection(steps, Trial(sets[0].trigger, SIMULATOR))


def claimed(means: Means) -> list[str]:
    """The configuration sets that are claimed for the account."""
    return [
        sender.removeprefix(CLAIM)
        for kind, sender, account in means.senders.claimed(means.context.organization)
        if kind == KIND and account == means.account.name and sender.startswith(CLAIM)
    ]


def _topic(destination: Mapping[str, Any]) -> str:
    return str((destination.get("SnsDestination") or {}).get("TopicArn") or "")


def _ask(call: Any, arguments: Mapping[str, object], *, absent: bool = False) -> Any:  # noqa: ANN401  (boto3)
    """Call SES; None for what does not exist, where that may be.

    Raises:
        Unavailable: SES refused or did not answer. Its words are left out, because they can hold an address.
    """
    try:
        return call(**arguments)
    except ClientError as fault:
        code = fault.response.get("Error", {}).get("Code", "")
        if absent and code == "NotFoundException":
            return None
        raise Unavailable(f"Amazon SES refused: {code}") from None
    except BotoCoreError as fault:
        raise Unavailable(f"Amazon SES did not answer: {type(fault).__name__}") from None
