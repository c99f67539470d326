"""Bounces and complaints that come as mails: posted by a caller, and received by Amazon SES into a bucket."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import boto3
import pytest

from reprieve.access.provider_account import ProviderAccount
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.providers.mail.opening import MAX_OCTETS
from reprieve.runtime import wiring
from reprieve.suppressions.dead_letters import Outcome
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, cases, event, function, problem
from tests.support.mail_reports import RECEIPT, group, mail, status_mail

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.support.dynamodb import Client
    from tests.support.gateway import Calls, Clock, Gateway

NOW = 1_767_225_660_000
OTHER = Organization("other", "Other")
ALL = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
SCOPE = "reprieve.mail_reports.create"
TAKEN = {"events": 1, "listed": 1, "malformed": 0, "ignored": 0}
IGNORED = {"events": 0, "listed": 0, "malformed": 0, "ignored": 1}


@pytest.fixture(autouse=True)
def queue(dynamodb: Client, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    url = boto3.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", url)
    clock.now = NOW
    wiring.access().create_organization(DEMO)


def letters() -> list[tuple[str, str, bytes]]:
    held = wiring.dead_letters().hold()
    wiring.dead_letters().release(held)
    return [(one.organization_id, one.reason, one.letter.content) for one in held if one.letter]


def listed(organization: Organization = DEMO, of: SuppressionList = SuppressionList.BOUNCES) -> list[tuple[str, str]]:
    entries = wiring.listing().each(organization, of, Selection(), now=wiring.now())
    return [(entry.email, entry.provider) for entry in entries]


# ---- posted by a caller


def post(
    call: Gateway,
    octets: bytes,
    kind: str = "message/rfc822",
    scopes: tuple[str, ...] = (SCOPE,),
    query: dict[str, str] | None = None,
) -> Answer:
    headers = {"content-type": kind}
    return call(
        *(function("mail_reports"), "POST", "/mail-reports"),
        headers=headers,
        query=query,
        body=octets,
        scopes=scopes,
        stage="reprieve",
        as_base64=True,
    )


@pytest.mark.parametrize(
    ("case", "answer"),
    [
        ("bounce", Answer(200, TAKEN)),
        ("complaint", Answer(200, TAKEN)),
        ("automatic_reply", Answer(200, IGNORED)),
    ],
)
def test_the_events_in_the_repository_are_answered(call: Gateway, case: str, answer: Answer) -> None:
    assert call.send(function("mail_reports"), event("mail_reports", case)) == answer


@pytest.mark.parametrize(
    ("case", "detail", "field"),
    [
        ("no_date", "missing, or not a time that can be", "Date"),
        ("not_a_mail", "must be message/rfc822", "Content-Type"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_by_name_and_changes_nothing(
    call: Gateway, calls: Calls, case: str, detail: str, field: str
) -> None:
    refused = problem(400, "Bad Request", detail)
    assert call.send(function("mail_reports"), event("mail_reports", case)) == Answer(
        400, {**refused.body, "field": field}
    )
    assert calls == {}
    assert letters() == []


def test_every_case_in_the_repository_is_tested() -> None:
    assert set(cases("mail_reports")) == {"bounce", "complaint", "automatic_reply", "no_date", "not_a_mail"}
    assert set(cases("received_mail")) == {"object_created"}


def test_a_posted_bounce_is_the_callers_whoever_it_was_to(call: Gateway, calls: Calls) -> None:
    assert post(call, mail("postfix")) == Answer(200, TAKEN)
    # the whitelist; the entry and the log
    assert calls == {"GetItem": 1, "BatchExecuteStatement": 2, "UpdateItem": 1}
    assert listed() == [("gone@receiver.example", "mail")]
    assert listed(of=SuppressionList.SPAM_REPORTS) == []


def test_a_mail_counts_for_the_account_that_the_caller_names(call: Gateway, calls: Calls) -> None:
    account = ProviderAccount("ses", name="frankfurt", region="eu-central-1")
    assert wiring.access().set_provider_account(DEMO.id, account, provider_name="SES", before=None)
    assert post(call, mail("postfix"), query={"account": "frankfurt"}) == Answer(200, TAKEN)
    # the account, the whitelist; the entry and the log
    assert calls == {"GetItem": 2, "BatchExecuteStatement": 2, "UpdateItem": 1}
    (record,) = wiring.listing().records(DEMO, "gone@receiver.example", [SuppressionList.BOUNCES])
    assert record.suppression is not None
    assert record.suppression.reporters == ["frankfurt"]


@pytest.mark.parametrize("name", ["paris", "Frankfurt", "", "a" * 33, "a/b"])
def test_an_account_that_the_organization_does_not_have_is_refused_and_changes_nothing(
    call: Gateway, name: str
) -> None:
    wiring.access().create_organization(OTHER)
    account = ProviderAccount("ses", name="paris")
    assert wiring.access().set_provider_account(OTHER.id, account, provider_name="SES", before=None)
    answer = post(call, mail("postfix"), query={"account": name})
    if not name:
        assert answer == Answer(200, TAKEN)
        return
    refused = problem(400, "Bad Request", "the organization has no provider account of that name")
    assert answer == Answer(400, {**refused.body, "field": "account"})
    assert listed() == []


def test_a_mail_that_is_posted_again_counts_once(call: Gateway) -> None:
    assert post(call, mail("exchange-quota")) == Answer(200, TAKEN)
    assert post(call, mail("exchange-quota")) == Answer(200, TAKEN | {"listed": 0})
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BLOCKS, Selection(), now=wiring.now())
    assert entry.count == 1


def test_a_posted_mail_needs_no_receipt_and_its_octets_need_not_be_text(call: Gateway) -> None:
    octets = status_mail(group()).replace(b"--b\nContent-Type: text/plain\n\n", b"--b\n\n\xff\xfe\x00")
    assert post(call, octets) == Answer(200, TAKEN)


@pytest.mark.parametrize("octets", [b"", b" \r\n"])
def test_an_empty_body_is_refused(call: Gateway, octets: bytes) -> None:
    refused = problem(400, "Bad Request", "missing or empty")
    assert post(call, octets) == Answer(400, {**refused.body, "field": "body"})


def test_the_type_may_have_parameters(call: Gateway) -> None:
    assert post(call, mail("postfix"), "Message/RFC822; charset=utf-8") == Answer(200, TAKEN)


def test_another_scope_does_not_do(call: Gateway) -> None:
    assert post(call, mail("postfix"), scopes=("reprieve.removals.read",)).status == 403
    assert listed() == []


# ---- received by Amazon SES


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> S3Client:
    monkeypatch.setenv("PROVIDER_KIND", "mail")
    client = boto3.client("s3")
    client.create_bucket(Bucket="mailbox", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    wiring.senders().claim(context(DEMO, now=wiring.now()), "mail", "identity/bounces.example")
    return client


def receive(bucket: S3Client, octets: bytes | None, key: str = "bounces/0a1b2c3d4e5f") -> None:
    if octets is not None:
        bucket.put_object(Bucket="mailbox", Key=key, Body=octets)
    created = event("received_mail", "object_created")
    created["detail"]["object"]["key"] = key
    assert function("received_mail")(created, None) is None


def test_a_received_bounce_is_the_organizations_that_claimed_its_recipient(bucket: S3Client, calls: Calls) -> None:
    receive(bucket, status_mail(group(), headers=RECEIPT))
    # the claims on the address and on its domain, the organization, the whitelist; the entry and the log
    assert calls == {"GetItem": 4, "BatchExecuteStatement": 2, "UpdateItem": 1}
    assert listed() == [("a@receiver.example", "mail")]
    assert letters() == []


def test_a_received_mail_that_none_vouches_for_is_in_the_log_alone(bucket: S3Client) -> None:
    receive(bucket, status_mail(group(), headers=RECEIPT.replace("spf=pass", "spf=none")))
    assert listed() == []
    logged = [one.event for one in wiring.log_reader().entries(DEMO, span=ALL, first=10)]
    deliveries = [one["outcome"] for one in logged if one["eventType"] == "system.email.delivery"]
    assert deliveries == [{"result": "FAILURE", "reason": "bounce"}]


def test_an_event_that_comes_twice_counts_once(bucket: S3Client) -> None:
    octets = status_mail(group(Status="4.2.2", Diagnostic_Code="smtp; 452 mailbox full"), headers=RECEIPT)
    receive(bucket, octets)
    receive(bucket, octets, "another/key with spaces+and signs")
    (entry,) = wiring.listing().each(DEMO, SuppressionList.BLOCKS, Selection(), now=wiring.now())
    assert entry.count == 1


def test_a_mail_that_no_organization_has_claimed_waits_until_one_does(bucket: S3Client) -> None:
    octets = status_mail(group(), headers=RECEIPT.replace("Bounces.Example", "new.example"))
    octets = octets.replace(b"bounces@sender.example", b"bounces@new.example")
    receive(bucket, octets)
    assert letters() == [("", "no organization has claimed its sender", octets)]
    wiring.access().create_organization(OTHER)
    wiring.senders().claim(context(OTHER, now=wiring.now()), "mail", "identity/new.example")
    (redriven,) = wiring.dead_letter_verbs().redrive(None, now=wiring.now())
    assert redriven.outcome is Outcome.TAKEN
    assert (listed(), listed(OTHER)) == ([], [("a@receiver.example", "mail")])


def test_a_received_mail_that_cannot_be_read_is_set_aside(bucket: S3Client) -> None:
    octets = status_mail(group(), headers=RECEIPT).replace(b"2026", b"3026")
    receive(bucket, octets)
    assert letters() == [("demo", "Date: missing, or not a time that can be", octets)]


@pytest.mark.parametrize("octets", [b"", b"AMAZON_SES_SETUP_NOTIFICATION", mail("newsletter"), mail("out-of-office")])
def test_what_reports_nothing_leaves_no_trace(bucket: S3Client, octets: bytes) -> None:
    receive(bucket, octets)
    assert (listed(), letters()) == ([], [])


def test_a_mail_that_is_gone_is_over(bucket: S3Client) -> None:
    receive(bucket, None)
    assert (listed(), letters()) == ([], [])


def test_of_a_large_mail_the_beginning_is_read(bucket: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    reads = wiring.mailbox().beginning
    monkeypatch.setattr(
        wiring, "mailbox", lambda: SimpleNamespace(beginning=lambda *a: asked.append(reads(*a)) or asked[-1])
    )
    receive(bucket, status_mail(group(), headers=RECEIPT) + b"x" * MAX_OCTETS)
    assert listed() == [("a@receiver.example", "mail")]
    assert [len(one or b"") for one in asked] == [MAX_OCTETS]


def test_a_bucket_that_does_not_answer_fails_the_invocation(bucket: S3Client) -> None:
    created = event("received_mail", "object_created")
    created["detail"]["bucket"]["name"] = "no-such-bucket"
    with pytest.raises(Unavailable, match="the bucket did not answer: NoSuchBucket"):
        function("received_mail")(created, None)
