"""The providers' adapters, each with an upstream: a `Bench` hides how faults are made there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import EndpointConnectionError

from reprieve.providers.mailgun.adapter import Mailgun
from reprieve.providers.postmark.adapter import Postmark
from reprieve.providers.resend.adapter import Resend
from reprieve.providers.sendgrid.adapter import SendGrid
from reprieve.providers.ses.adapter import Ses
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.suppression import HOLDS, AnyList, SuppressionList
from tests.support.fake_mailgun import FakeMailgun
from tests.support.fake_postmark import FakePostmark
from tests.support.fake_resend import FakeResend
from tests.support.fake_sendgrid import FakeSendGrid, throttled
from tests.support.fake_ses import FakeSes
from tests.support.fake_ses import error as ses_error
from tests.support.upstream import Upstream, after_effect, reset, status

if TYPE_CHECKING:
    from contextlib import ExitStack

NOW = 1_760_000_000_000
#: milliseconds of one lift, as the job gives
BUDGET = 20_000
KEY = "SG.canary-key-that-must-stay-secret"
SUCCESS = {LiftOutcome.LIFTED, LiftOutcome.ABSENT}
BOUNCES, SPAM = SuppressionList.BOUNCES, SuppressionList.SPAM_REPORTS
#: SES's words for the lists that it keeps
REASONS: dict[AnyList, str] = {BOUNCES: "BOUNCE", SPAM: "COMPLAINT"}
#: Resend's words for the lists that it keeps
ORIGINS: dict[AnyList, str] = {
    BOUNCES: "bounce",
    SPAM: "complaint",
    SuppressionList.UNSUBSCRIBES: "manual",
    HOLDS: "manual",
}
#: Mailgun's and Postmark's
TABLES: dict[AnyList, str] = {
    BOUNCES: "bounces",
    SPAM: "complaints",
    SuppressionList.UNSUBSCRIBES: "unsubscribes",
    HOLDS: "unsubscribes",
}
SUPPRESSION_REASONS: dict[AnyList, str] = {
    BOUNCES: "HardBounce",
    SPAM: "SpamComplaint",
    SuppressionList.UNSUBSCRIBES: "ManualSuppression",
    HOLDS: "ManualSuppression",
}
OTHER_KEY = "canary-key-of-another-account"
ODD = [
    "a+b@example.org",
    "a/b@example.org",
    "50%@example.org",
    '"a b"@example.org',
    "o'x@example.org",
    "jörg@exämple.org",
]


@dataclass
class Time:
    """A stopwatch that only sleeping moves."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def read(self) -> float:
        return self.seconds


class Bench(Protocol):
    """An adapter, with methods that change its upstream."""

    provider: Any
    #: the same provider for another subuser or tenant
    other: Any
    #: the lists from which the provider lifts nothing
    keeps: frozenset[AnyList]

    def put(self, name: AnyList, email: str, created: int = ..., *, other: bool = ...) -> None: ...
    def listed(self, name: AnyList, *, other: bool = ...) -> set[str]: ...
    def calls(self) -> int: ...
    def throttle(self) -> None: ...
    def break_account(self) -> None: ...
    def fail(self) -> None: ...
    def lose_answers(self) -> None: ...


class HttpBench:
    """What the benches of APIs over HTTP have in common, unless they say otherwise."""

    fake: Upstream
    keeps: frozenset[AnyList] = frozenset()

    def calls(self) -> int:
        return len(self.fake.seen)

    def throttle(self) -> None:
        self.fake.always = status(429, Retry_After="1")

    def fail(self) -> None:
        self.fake.trouble.append(reset)

    def lose_answers(self) -> None:
        self.fake.trouble.append(after_effect(reset))


class SendGridBench(HttpBench):
    fake: FakeSendGrid

    def __init__(self, stack: ExitStack) -> None:
        self.fake = stack.enter_context(FakeSendGrid())
        self.fake.allow(KEY)
        self.provider = stack.enter_context(closing(self.adapter()))
        self.other = stack.enter_context(closing(self.adapter(on_behalf_of="sub")))

    def adapter(self, **options: Any) -> SendGrid:
        given: dict[str, Any] = {"base_url": self.fake.url, "api_key": KEY, "clock": lambda: NOW}
        return SendGrid(**(given | options))

    def put(self, name: AnyList, email: str, created: int = 1_700_000_000, *, other: bool = False) -> None:
        self.fake.put(name, email, created=created, subuser="sub" if other else "")

    def listed(self, name: AnyList, *, other: bool = False) -> set[str]:
        return self.fake.listed(name, subuser="sub" if other else "")

    def throttle(self) -> None:
        self.fake.always = throttled(NOW // 1000 + 60)

    def break_account(self) -> None:
        self.fake.allow(KEY, permitted=False)


class SesBench:
    keeps: frozenset[AnyList] = frozenset()

    def __init__(self, _: ExitStack) -> None:
        self.fake = FakeSes()
        self.fake.lists["sub"] = {}
        self.time = Time()
        self.provider = self.adapter()
        self.other = self.adapter(tenant="sub")

    def adapter(self, **options: Any) -> Ses:
        return Ses(client=self.fake, sleep=self.time.sleep, stopwatch=self.time.read, **options)

    def put(self, name: AnyList, email: str, created: int = 1_700_000_000, *, other: bool = False) -> None:
        reason = REASONS[name]
        self.fake.put(email, reason=reason, created=created, tenant="sub" if other else "")

    def listed(self, name: AnyList, *, other: bool = False) -> set[str]:
        return self.fake.listed(REASONS[name], tenant="sub" if other else "")

    def calls(self) -> int:
        return len(self.fake.calls)

    def throttle(self) -> None:
        self.fake.always = ses_error("TooManyRequestsException", 429)

    def break_account(self) -> None:
        self.fake.always = ses_error("AccessDeniedException", 403)

    def fail(self) -> None:
        self.fake.errors.append(EndpointConnectionError(endpoint_url="https://boo@example.org"))

    def lose_answers(self) -> None:
        self.fake.lost.append(ses_error("InternalFailure", 500))


class ResendBench(HttpBench):
    fake: FakeResend

    def __init__(self, stack: ExitStack) -> None:
        self.fake = stack.enter_context(FakeResend(keys={KEY: True, OTHER_KEY: True}))
        self.time = Time()
        self.provider = stack.enter_context(closing(self.adapter()))
        self.other = stack.enter_context(closing(self.adapter(api_key=OTHER_KEY)))

    def adapter(self, **options: Any) -> Resend:
        given: dict[str, Any] = {"base_url": self.fake.url, "api_key": KEY, "clock": lambda: NOW}
        return Resend(**(given | {"sleep": self.time.sleep, "stopwatch": self.time.read} | options))

    def put(self, name: AnyList, email: str, created: int = 1_700_000_000, *, other: bool = False) -> None:
        self.fake.put(OTHER_KEY if other else KEY, email, origin=ORIGINS[name], created=created)

    def listed(self, name: AnyList, *, other: bool = False) -> set[str]:
        return self.fake.listed(OTHER_KEY if other else KEY, ORIGINS[name])

    def break_account(self) -> None:
        self.fake.keys[KEY] = False

    def lose_answers(self) -> None:
        # the first call looks the address up
        self.fake.trouble += [None, after_effect(reset)]


class MailgunBench(HttpBench):
    fake: FakeMailgun

    def __init__(self, stack: ExitStack) -> None:
        self.fake = stack.enter_context(FakeMailgun(keys={KEY}, domains={"acme.test", "other.test"}))
        self.time = Time()
        self.provider = stack.enter_context(closing(self.adapter()))
        self.other = stack.enter_context(closing(self.adapter(domain="other.test")))

    def adapter(self, **options: Any) -> Mailgun:
        given: dict[str, Any] = {"base_url": self.fake.url, "api_key": KEY, "domain": "acme.test", "clock": lambda: NOW}
        return Mailgun(**(given | {"sleep": self.time.sleep, "stopwatch": self.time.read} | options))

    def put(self, name: AnyList, email: str, created: int = 1_700_000_000, *, other: bool = False) -> None:
        self.fake.put("other.test" if other else "acme.test", TABLES[name], email, created=created)

    def listed(self, name: AnyList, *, other: bool = False) -> set[str]:
        return self.fake.listed("other.test" if other else "acme.test", TABLES[name])

    def break_account(self) -> None:
        self.fake.keys.clear()


class PostmarkBench(HttpBench):
    fake: FakePostmark
    #: only Postmark's support lifts a complaint
    keeps: frozenset[AnyList] = frozenset({SPAM})

    def __init__(self, stack: ExitStack) -> None:
        self.fake = stack.enter_context(FakePostmark(keys={KEY: True}, streams={"outbound", "other"}))
        self.time = Time()
        self.provider = stack.enter_context(closing(self.adapter()))
        self.other = stack.enter_context(closing(self.adapter(stream="other")))

    def adapter(self, **options: Any) -> Postmark:
        given: dict[str, Any] = {"base_url": self.fake.url, "api_key": KEY, "clock": lambda: NOW}
        return Postmark(**(given | {"sleep": self.time.sleep, "stopwatch": self.time.read} | options))

    def put(self, name: AnyList, email: str, created: int = 1_700_000_000, *, other: bool = False) -> None:
        stream = "other" if other else "outbound"
        self.fake.put(KEY, email, reason=SUPPRESSION_REASONS[name], created=created, stream=stream)

    def listed(self, name: AnyList, *, other: bool = False) -> set[str]:
        return self.fake.listed(KEY, SUPPRESSION_REASONS[name], stream="other" if other else "outbound")

    def break_account(self) -> None:
        self.fake.keys[KEY] = False

    def lose_answers(self) -> None:
        # the first call looks the address up
        self.fake.trouble += [None, after_effect(reset)]


#: by kind of provider
BENCHES: dict[str, Any] = {
    "sendgrid": SendGridBench,
    "ses": SesBench,
    "resend": ResendBench,
    "mailgun": MailgunBench,
    "postmark": PostmarkBench,
}


def outcomes(answers: list[LiftAnswer]) -> list[LiftOutcome]:
    return [answer.outcome for answer in answers]


def assert_clean(answers: list[LiftAnswer], *secrets: str) -> None:
    for answer in answers:
        assert answer.detail
        assert "@" not in answer.detail
        assert not any(secret in repr(answer) for secret in (KEY, "canary", "CANARY", "example.org", *secrets))
        assert (answer.retry_at is None) or answer.outcome in {LiftOutcome.RETRY, LiftOutcome.WAIT}
