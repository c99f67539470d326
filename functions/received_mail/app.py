"""Mails that Amazon SES received and put into a bucket: each is an event of the bucket."""

from typing import Any

from reprieve.providers.mail.opening import MAX_OCTETS
from reprieve.runtime import metrics, settings, wiring

settings.require("DEAD_LETTER_QUEUE_URL", "PROVIDER_KIND")


def handler(event: dict[str, Any], _context: object) -> None:
    """Take in what a mail reports; one that could not be stored fails the invocation, which comes again."""
    mail = wiring.mailbox().beginning(event["detail"]["bucket"]["name"], event["detail"]["object"]["key"], MAX_OCTETS)
    if mail is not None:
        report = wiring.notification_ingest(settings.provider_kind()).take(mail, now=wiring.now())
        metrics.ingest(report, service="received-mail")
