"""One bounce gets one verdict on every way in: each webhook, notifications, mails, reconciliation, files."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import BytesIO

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.classification import load
from reprieve.clock import Millis
from reprieve.dialects import list_csv
from reprieve.providers.exported import rows
from reprieve.providers.mail.reports import read_report
from reprieve.providers.registry import PROVIDERS
from reprieve.providers.sendgrid import answers
from reprieve.providers.ses import answers as ses
from reprieve.suppressions.classifier import Confidence, classify
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Post
from reprieve.suppressions.judgement import OPINION_OF, judged
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support.mail_reports import group, status_mail

EMAIL = "u@d.example"
HARD, SOFT, UNSURE = Permanence
BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS
TEXTS = [(one.text, one.status) for name in ("kumomta", "sisimai") for one in load(name) if "\0" not in one.text]

WayIn = Callable[[SuppressionList, str, str], Suppression | None]

NOW = Millis(1_800_000_000_000)
STAMP = "2026-01-01T00:00:00.000Z"
#: the word of each provider for a bounce of the address, and for a refusal that can pass
WORDS = {
    "ses": ("Permanent", "Transient"),
    "resend": ("Permanent", "Transient"),
    "mailgun": ("bounce", "generic"),
    "postmark": ("HardBounce", "SoftBounce"),
    "sendgrid": ("bounce", "blocked"),
}


def by_ses(kind: str, reason: str, status: str) -> bytes:
    bounced = {"emailAddress": EMAIL, "status": status, "diagnosticCode": f"smtp; {reason}"}
    about = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [bounced], "feedbackId": "f"}
    mail = {"messageId": "m", "source": "s@d.example", "destination": [EMAIL]}
    return json.dumps({"eventType": "Bounce", "bounce": about | {"timestamp": STAMP}, "mail": mail}).encode()


def by_resend(kind: str, reason: str, _: str) -> bytes:
    bounced = {"type": kind, "subType": "General", "diagnosticCode": [f"smtp; {reason}"]}
    data = {"email_id": "m", "to": [EMAIL], "bounce": bounced}
    return json.dumps({"type": "email.bounced", "created_at": STAMP, "data": data}).encode()


def by_mailgun(kind: str, reason: str, status: str) -> bytes:
    code = re.match(r"[45][0-9]{2}\b", reason)
    said = {"code": int(code[0]) if code else 0, "message": reason, "enhanced-code": status, "bounce-type": "hard"}
    data = {"event": "failed", "severity": "permanent", "reason": kind, "recipient": EMAIL, "id": "e"}
    return json.dumps({"event-data": data | {"timestamp": 1_767_225_600.5, "delivery-status": said}}).encode()


def by_postmark(kind: str, reason: str, _: str) -> bytes:
    about = {"RecordType": "Bounce", "ID": 1, "Type": kind, "MessageID": "m", "Email": EMAIL, "BouncedAt": STAMP}
    return json.dumps(about | {"Details": f"smtp;{reason}"}).encode()


def by_sendgrid(kind: str, reason: str, status: str) -> bytes:
    event = {"event": "bounce", "type": kind, "email": EMAIL, "timestamp": 1_767_225_600, "sg_message_id": "m"}
    return json.dumps([event | {"reason": reason, "status": status}]).encode()


#: how each provider says it, by kind
SAYS: dict[str, Callable[[str, str, str], bytes]] = {
    "ses": by_ses,
    "resend": by_resend,
    "mailgun": by_mailgun,
    "postmark": by_postmark,
    "sendgrid": by_sendgrid,
}
#: those whose bounces have no enhanced status code besides the server's words
WITHOUT_STATUS = {"resend", "postmark"}


def by_mail(reason: str, status: str) -> bytes:
    about = group(EMAIL, Status=status or "5.0.0", Diagnostic_Code=f"smtp; {reason}")
    return status_mail(about)


def posted(kind: str, content: bytes) -> Suppression | None:
    """The entry of the only event that a provider posts or publishes, or that a mail reports."""
    provider = PROVIDERS[kind]
    read = provider.webhook().read if provider.webhook else None
    if read is None:
        assert provider.notifications is not None
        read = provider.notifications().read if kind != "mail" else read_report
    (event,) = read(Post({}, content, NOW)).events
    return suppression_of(event)


def ingested(kind: str, content: bytes) -> Suppression | None:
    """The entry of the only event in a file, as `reprieve ingest` reads it."""
    (row,) = rows(PROVIDERS[kind], BytesIO(content), first=1, now=NOW)
    (event,) = row.batch.events
    return suppression_of(event)


def by_webhook(place: SuppressionList, reason: str, status: str) -> Suppression | None:
    kind = DeliveryKind.BOUNCE if place is BOUNCES else DeliveryKind.BLOCKED
    return suppression_of(DeliveryEvent("e", kind, EMAIL, EMAIL, 1_000, reason, status, provider="sendgrid"))


def by_reconciliation(place: SuppressionList, reason: str, status: str) -> Suppression | None:
    row = {"email": EMAIL, "created": 1, "reason": reason, "status": status}
    return answers.parse_row(place, row, otherwise=2)


def by_file(place: SuppressionList, reason: str, status: str, *, name: str = "", cell: str = "") -> Suppression | None:
    header = ["created", "email", "reason", "status", *([name] if name else [])]
    cells = ["1", EMAIL, reason, status, *([cell] if name else [])]
    quoted = ",".join('"' + one.replace('"', '""') + '"' for one in cells)
    rows, _ = list_csv.read(f"{','.join(header)}\n{quoted}\n", suppression_list=place, created=None, now=10_000)
    return rows[0].suppression if rows else None


def verdict(entry: Suppression | None) -> tuple[Permanence, Classification] | None:
    return (entry.permanence, entry.classification) if entry else None


@given(
    st.sampled_from(TEXTS) | st.tuples(st.text("abc 5.1@\r\n'=", max_size=50), st.just("")),
    st.sampled_from([BOUNCES, BLOCKS]),
)
def test_every_way_in_gives_one_verdict(row: tuple[str, str], place: SuppressionList) -> None:
    reason, status = row
    found = [verdict(way(place, reason, status)) for way in (by_webhook, by_reconciliation, by_file)]
    assert found[0] is not None
    assert found == [found[0]] * 3


@pytest.mark.parametrize("way", [posted, ingested])
@pytest.mark.parametrize("kind", SAYS)
@given(st.sampled_from(TEXTS))
def test_what_words_or_codes_decide_no_provider_decides_another_way(
    kind: str, way: Callable[[str, bytes], Suppression | None], row: tuple[str, str]
) -> None:
    reason, status = " ".join(row[0].split()), row[1]
    found = classify(reason, status="" if kind in WITHOUT_STATUS else status)
    assume(found.confidence in {Confidence.HIGH, Confidence.MEDIUM})
    bounce, block = (SAYS[kind](word, reason, status) for word in WORDS[kind])
    assert verdict(way(kind, bounce)) == (found.permanence, found.classification)
    assert verdict(way(kind, block)) == (SOFT, found.classification)


@pytest.mark.parametrize("way", [posted, ingested])
@given(st.sampled_from(TEXTS))
def test_what_words_or_codes_decide_a_mail_decides_no_other_way(
    way: Callable[[str, bytes], Suppression | None], row: tuple[str, str]
) -> None:
    reason, status = " ".join(row[0].split()), row[1]
    assume(reason.isascii() and reason.isprintable() and len(reason) < 400)
    found = classify(reason, status=status or "5.0.0")
    assume(found.confidence in {Confidence.HIGH, Confidence.MEDIUM})
    assert verdict(way("mail", by_mail(reason, status))) == (found.permanence, found.classification)


@given(st.sampled_from(TEXTS), st.sampled_from(sorted(SAYS)), st.sampled_from([0, 1]))
def test_a_file_of_events_says_what_the_posts_said(row: tuple[str, str], kind: str, which: int) -> None:
    content = SAYS[kind](WORDS[kind][which], *row)
    assert ingested(kind, content) == posted(kind, content)


@pytest.mark.parametrize("way", [by_webhook, by_reconciliation, by_file])
@pytest.mark.parametrize(
    ("reason", "status", "expected"),
    [
        ("552 5.2.2 mailbox full", "5.2.2", (SOFT, Classification.MAILBOX_UNAVAILABLE)),
        ("552 5.2.2 mailbox full", "", (SOFT, Classification.MAILBOX_UNAVAILABLE)),
        ("550 5.1.1 no such user", "5.1.1", (HARD, Classification.INVALID_ADDRESS)),
        ("550 failed", "5.0.0", (UNSURE, Classification.UNCLASSIFIED)),
        ("", "", (UNSURE, Classification.UNCLASSIFIED)),
    ],
)
def test_a_bounce_is_what_its_reason_and_status_say(
    way: WayIn, reason: str, status: str, expected: tuple[Permanence, Classification]
) -> None:
    assert verdict(way(BOUNCES, reason, status)) == expected


@pytest.mark.parametrize("way", [by_webhook, by_reconciliation, by_file])
def test_a_block_is_soft_whatever_it_says(way: WayIn) -> None:
    assert verdict(way(BLOCKS, "550 no such user", "5.1.1")) == (SOFT, Classification.INVALID_ADDRESS)


@pytest.mark.parametrize("place", [one for one in SuppressionList if one not in {BOUNCES, BLOCKS}])
def test_on_the_other_lists_an_entry_is_hard_and_keeps_its_class(place: SuppressionList) -> None:
    entry = Suppression(place, EMAIL, EMAIL, 1, "552 mailbox full", permanence=SOFT)
    assert verdict(judged(entry)) == (HARD, Classification.UNCLASSIFIED)


@pytest.mark.parametrize(("given_class", "permanence"), OPINION_OF.items())
def test_a_class_that_came_with_the_entry_is_kept_and_decides_where_the_text_does_not(
    given_class: Classification, permanence: Permanence
) -> None:
    entry = partial(Suppression, BOUNCES, EMAIL, EMAIL, 1, classification=given_class)
    assert verdict(judged(entry(reason="550 failed"))) == (permanence, given_class)
    assert verdict(judged(entry(reason="550 no such user"))) == (HARD, given_class)
    assert verdict(judged(entry(reason="550 mailbox full"))) == (SOFT, given_class)


def test_every_class_but_the_one_that_says_nothing_is_an_opinion() -> None:
    assert set(OPINION_OF) == set(Classification) - {Classification.UNCLASSIFIED}


def test_the_providers_own_opinion_counts_before_its_class() -> None:
    entry = Suppression(BOUNCES, EMAIL, EMAIL, 1, classification=Classification.CONTENT)
    assert judged(entry, opinion=HARD).permanence is HARD


def test_what_ses_lists_for_bouncing_is_hard_because_ses_lists_hard_bounces_only() -> None:
    row = {"EmailAddress": EMAIL, "Reason": "BOUNCE", "LastUpdateTime": datetime(2026, 1, 1, tzinfo=UTC)}
    assert verdict(ses.parse_row(BOUNCES, row, otherwise=1)) == (HARD, Classification.UNCLASSIFIED)


@pytest.mark.parametrize("cell", ["hard", "Soft", "UNDETERMINED"])
def test_a_permanence_in_a_file_is_taken_as_it_is(cell: str) -> None:
    found = by_file(BOUNCES, "552 mailbox full", "", name="permanence", cell=cell)
    assert found is not None
    assert found.permanence == cell.lower()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Technical", Classification.TECHNICAL),
        ("Frequency/Volume", Classification.FREQUENCY),
        ("unclassified", Classification.UNCLASSIFIED),
        ("Invalid Address", Classification.INVALID_ADDRESS),
        ("weather", None),
    ],
)
def test_a_class_in_a_file_is_read_as_the_webhook_reads_it(cell: str, expected: Classification | None) -> None:
    found = by_file(BOUNCES, "550 failed", "", name="classification", cell=cell)
    assert (found.classification if found else None) is expected


@pytest.mark.parametrize(("length", "taken"), [(320, True), (321, False)])
def test_a_row_of_the_providers_list_has_no_longer_address_than_an_event_may_have(length: int, taken: bool) -> None:
    row = {"email": "x" * length, "created": 1, "reason": ""}
    assert (answers.parse_row(SuppressionList.INVALID_EMAILS, row, otherwise=2) is not None) is taken
