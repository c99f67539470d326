"""Messages of a queue that a provider publishes its notifications to."""

from typing import Any

from reprieve.errors import ReprieveError
from reprieve.runtime import metrics, settings, wiring
from reprieve.runtime.telemetry import logger

settings.require("DEAD_LETTER_QUEUE_URL", "PROVIDER_KIND")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take in each message; those that could not be stored come again, and the others do not."""
    failed = []
    for message in event["Records"]:
        try:
            report = wiring.notification_ingest(settings.provider_kind()).take(_body(message), now=wiring.now())
        except Exception as error:  # noqa: BLE001  (a message that fails must not bring back the others)
            detail = str(error) if isinstance(error, ReprieveError) else None
            cause = type(error).__name__
            logger().error("notification not taken in", message_id=message["messageId"], cause=cause, detail=detail)
            failed.append({"itemIdentifier": message["messageId"]})
        else:
            metrics.ingest(report, service="provider-notifications")
    return {"batchItemFailures": failed}


def _body(message: dict[str, Any]) -> bytes:
    # half of a surrogate pair passes here, and is replaced where the notification is read
    return str(message["body"]).encode("utf-8", "surrogatepass")
