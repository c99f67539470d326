"""Event publishing of Amazon SES in the local AWS.

Its SES publishes what becomes of a mail to the topics of identities alone, and keeps the event destinations of
configuration sets without using them. This publishes, too, what becomes of a mail that SES v2 sends with a
configuration set, to the SNS topics of that set's destinations: the same outcomes, in the form of event publishing.
"""
# ruff: noqa: SLF001 - the local AWS has no public hook

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from ministack.services import ses, ses_v2

SEND: Final = "/v2/email/outbound-emails"
SENT: Final = 200


def install() -> None:
    """Publish from now on."""
    handle = ses_v2.handle_request

    async def handled(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:  # noqa: ANN401
        answer = await handle(method, path, headers, body, query)
        if method == "POST" and path.rstrip("/") == SEND and answer[0] == SENT:
            mail = json.loads(body)
            for topic, event in published(mail, ses_v2._config_sets.get(mail.get("ConfigurationSetName", ""), {})):
                ses._publish_notification(topic, event)
        return answer

    ses_v2.handle_request = handled


def published(mail: dict[str, Any], configuration_set: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is published about a mail, each with its topic.

    Args:
        mail: the request that sent it.
        configuration_set: as the local AWS keeps it; {} for none.
    """
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    recipients = [
        one for kind in ("To", "Cc", "Bcc") for one in mail.get("Destination", {}).get(f"{kind}Addresses", [])
    ]
    about = {
        "timestamp": stamp,
        "source": mail.get("FromEmailAddress", ""),
        "messageId": uuid.uuid4().hex,
        "destination": recipients,
        "tags": {"ses:configuration-set": [mail.get("ConfigurationSetName", "")]},
    }
    for recipient in recipients:
        for kind, subtype in outcomes(recipient):
            for destination in configuration_set.get("EventDestinations", {}).values():
                topic = destination.get("SnsDestination", {}).get("TopicArn")
                if topic and destination["Enabled"] and kind.upper() in destination["MatchingEventTypes"]:
                    detail = ses._notification_detail(kind, recipient, stamp, subtype)
                    yield topic, {"eventType": kind, "mail": about, **detail}


def outcomes(recipient: str) -> tuple[tuple[str, str | None], ...]:
    """What becomes of a mail to a recipient: the simulator's addresses have their own, any other is delivered."""
    name, _, domain = recipient.lower().partition("@")
    delivered: tuple[tuple[str, str | None], ...] = (("Delivery", None),)
    if domain != ses._SIMULATOR_DOMAIN:
        return delivered
    found: tuple[tuple[str, str | None], ...] = ses._SIMULATOR_OUTCOMES.get(name.partition("+")[0], delivered)
    return found
