"""One bounce gets one verdict on every way in: the webhook, reconciliation, a CSV file, SES's list."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.classification import load
from reprieve.clock import Millis
from reprieve.dialects import list_csv
from reprieve.providers.sendgrid import answers
from reprieve.providers.ses import adapter as ses
from reprieve.providers.ses import events as ses_events
from reprieve.suppressions.classifier import Confidence, classify
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind, suppression_of
from reprieve.suppressions.ingest import Post
from reprieve.suppressions.judgement import OPINION_OF, judged
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList

EMAIL = "u@d.example"
HARD, SOFT, UNSURE = Permanence
BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS
TEXTS = [(one.text, one.status) for name in ("kumomta", "sisimai") for one in load(name) if "\0" not in one.text]

WayIn = Callable[[SuppressionList, str, str], Suppression | None]


def by_ses(kind: str, reason: str, status: str) -> Suppression | None:
    bounced = {"emailAddress": EMAIL, "status": status, "diagnosticCode": f"smtp; {reason}"}
    about = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [bounced], "feedbackId": "f"}
    mail = {"messageId": "m", "source": "s@d.example", "destination": [EMAIL]}
    content = {"eventType": "Bounce", "bounce": about | {"timestamp": "2026-01-01T00:00:00.000Z"}, "mail": mail}
    (event,) = ses_events.parse_events(Post({}, json.dumps(content).encode(), Millis(1_800_000_000_000))).events
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


@given(st.sampled_from(TEXTS))
def test_what_words_or_codes_decide_ses_decides_no_other_way(row: tuple[str, str]) -> None:
    reason, status = row
    found = classify(reason, status=status)
    assume(found.confidence in {Confidence.HIGH, Confidence.MEDIUM})
    assert verdict(by_ses("Permanent", reason, status)) == (found.permanence, found.classification)
    assert verdict(by_ses("Transient", reason, status)) == (SOFT, found.classification)


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
