"""The console in Chromium: a lift from the first key to the provider, by keyboard alone, and without scripts.

`SHOTS=directory` keeps pictures of each page; `make screenshots` does so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import trustme

from reprieve.clock import DAY, HOUR, MINUTE, SECOND, Millis
from reprieve.context import OPERATOR, Context
from reprieve.dialects.console import log
from reprieve.dialects.console.page import PAGES
from reprieve.email_servers.email_server import AuthType, Settings
from reprieve.errors import Unavailable
from reprieve.hooks.hook import Changes, Delivery, Result
from reprieve.hooks.notice import NoticeType
from reprieve.organization import Membership
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support import walks
from tests.support.browser import by_name, walk
from tests.support.console import token
from tests.support.gateway import DEMO
from tests.support.loopback import served
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink
from tests.support.removal_job import Provider, enrol, tick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reprieve.removals.follow import Following
    from reprieve.system_log.query import SystemLog
    from tests.support.gateway import Clock

pytestmark = pytest.mark.slow
ORGANIZATION = replace(DEMO, name="Acme Inc.", membership=Membership.ANYONE)
EMAIL = "ada.lovelace@example.com"
HELP_DESK = {"role": Role.HELP_DESK, "organization": ORGANIZATION, "name": "Grace Hopper"}
#: bytes that may pass from Enter to the answer, and requests
MOST_BYTES, MOST_REQUESTS = 100_000, 3


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Provider:
    """A provider that lifts whatever it is asked to, and an address that bounced three hours ago."""
    enrol(ORGANIZATION)
    made = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: made)
    entry = Suppression(
        SuppressionList.BOUNCES,
        EMAIL,
        EMAIL,
        clock.now - 3 * HOUR,
        "550 5.1.1 <ada.lovelace@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
        "5.1.1",
        Permanence.HARD,
        Classification.INVALID_ADDRESS,
        "sendgrid",
    )
    wiring.suppressions().record(ORGANIZATION, [entry])
    return made


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[int]:
    """The job runs when a removal is looked at for the third time, so that its page is seen before and after."""
    looks: list[int] = []
    verbs: Callable[[], Following] = wiring.following

    def looked() -> Following:
        looks.append(len(looks))
        if len(looks) == 3:
            clock.now += MINUTE
            tick()
        return verbs()

    monkeypatch.setattr(wiring, "following", looked)
    return looks


def test_the_keyboard_alone_signs_in_looks_an_address_up_lifts_it_and_sees_it_lifted(
    provider: Provider, followed: list[int], shots: Path | None
) -> None:
    steps = [
        ["goto", "/console/"],
        ["look", "sign-in"],
        ["focus"],
        ["press", "Tab"],
        ["press", "Tab"],
        ["focus"],
        ["keys", token(**HELP_DESK)],  # type: ignore[arg-type]
        ["press", "Enter"],
        ["wait", "#email"],
        ["look", "start"],
        ["requests"],
        ["focus"],
        ["keys", EMAIL],
        ["press", "Enter"],
        ["wait", ".headline"],
        ["requests"],
        ["path"],
        ["focus"],
        ["text", ".headline"],
        ["attribute", "dd time", "title"],
        ["text", "dd time"],
        ["look", "address"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Enter"],
        ["says", "#about", "Lift"],
        ["look", "dry-run"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Enter"],
        ["says", ".headline", "Under way"],
        ["look", "under-way"],
        ["says", ".headline", "Done"],
        ["look", "done"],
        ["count", "[hx-trigger]"],
        ["requests"],
        ["click", "text=Look the address up again"],
        ["says", ".headline", "Nothing stops mail"],
        ["look", "lifted"],
        *walks.SIGN_OUT,
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "look") == [{}] * 7
    assert by_name(steps, found, "goto") == [401, 401]
    assert by_name(steps, found, "focus") == ["organization", "token", "email", EMAIL, "Lift…", "Lift it now"]
    # to the answer: the page stays, and one request brings it
    answer = by_name(steps, found, "requests")[1]
    assert [one[:2] for one in answer] == [["POST", "/console/address"]]
    assert by_name(steps, found, "path") == ["/console/"]
    assert by_name(steps, found, "text") == ["No mail goes to this address.", "31 Dec 2025, 22:00"]
    assert by_name(steps, found, "attribute") == ["31 Dec 2025, 21:00 UTC"]
    # the last answer carries no trigger, so nothing is asked any more
    assert by_name(steps, found, "count") == [0]
    assert (provider.asked, by_name(steps, found, "cookies")) == ([EMAIL], [[]])


def test_without_scripts_an_address_is_read_and_lifted(provider: Provider, followed: list[int]) -> None:
    steps = [
        *sign_in(**HELP_DESK),
        ["requests"],
        ["type", "#email", EMAIL],
        ["press", "Enter"],
        ["wait", ".headline"],
        ["requests"],
        ["text", "dd time"],
        *walks.LIFT,
        ["says", ".headline", "Under way"],
        ["path"],
        ["click", "text=Check again"],
        ["click", "text=Check again"],
        ["says", ".headline", "Done"],
        ["click", "text=Look the address up again"],
        ["says", ".headline", "Nothing stops mail"],
        ["cookies"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=False)
    assert by_name(steps, found, "text") == ["31 Dec 2025, 21:00 UTC"]
    assert by_name(steps, found, "path")[0].startswith("/console/removals/")
    answer = by_name(steps, found, "requests")[1]
    assert len(answer) <= MOST_REQUESTS
    ((cookie,),) = by_name(steps, found, "cookies")
    shown = {name: cookie[name] for name in ("name", "domain", "path", "expires", "httpOnly", "secure", "sameSite")}
    assert shown == {
        "name": "__Host-session",
        "domain": "127.0.0.1",
        "path": "/",
        "expires": -1,
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
    }


def test_from_enter_to_the_answer_there_are_few_requests_and_few_bytes_even_with_an_empty_cache(
    provider: Provider,
) -> None:
    steps = [
        ["goto", "/console/"],
        ["type", "#token", token(**HELP_DESK)],  # type: ignore[arg-type]
        ["requests"],
        ["press", "Enter"],
        ["wait", "#email"],
        ["type", "#email", EMAIL],
        ["press", "Enter"],
        ["wait", ".headline"],
        ["requests"],
    ]
    with served() as origin:
        page, answer = by_name(steps, walk(origin, steps), "requests")
    assert sorted(one[1].rpartition(".")[2] for one in page) == ["/console/", "css", "js"]
    assert len([one for one in answer if one[1] == "/console/address"]) == 1
    assert sum(size for *_, size in (*page, answer[-1])) < MOST_BYTES


def test_a_lift_that_fails_says_why_and_is_retried(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, clock: Clock, shots: Path | None
) -> None:
    answers = [LiftAnswer(LiftOutcome.LIFTED), LiftAnswer(LiftOutcome.REFUSED, "403 this key may not delete anything")]
    provider.meanwhile = lambda: setattr(provider, "answer", answers.pop())
    monkeypatch.setattr("reprieve.removals.upstream.MAX_ATTEMPTS", 1)
    verbs: Callable[[], Following] = wiring.following

    def looked() -> Following:
        clock.now += HOUR
        tick()
        return verbs()

    monkeypatch.setattr(wiring, "following", looked)
    steps = [
        *sign_in(),
        ["type", "#email", EMAIL],
        ["press", "Enter"],
        *walks.LIFT,
        ["says", ".headline", "Failed"],
        ["text", ".detail"],
        ["look", "failed"],
        ["goto", "/console/removals?state=failed"],
        ["look", "lifts"],
        ["click", "ol a"],
        ["click", "#progress button"],
        ["says", ".headline", "Done"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "text") == ["Its answer: 403 this key may not delete anything"]
    assert by_name(steps, found, "look") == [{}, {}]
    assert provider.asked == [EMAIL, EMAIL]


def sign_in(**more: Any) -> list[list[str]]:
    """The steps of signing in."""
    return walks.sign_in(token(**{"organization": ORGANIZATION, "name": "Grace Hopper"} | more))


def hold(clock: Clock, email: str, reason: str) -> None:
    """An entry of the system log."""
    context = Context(ORGANIZATION, OPERATOR, f"r-{email}", clock.now)
    wiring.holds().add(context, email, reason=reason, until=Millis(clock.now + DAY))
    clock.now += SECOND


def test_the_log_teaches_its_filter_unfolds_its_entries_and_shows_what_is_newer_by_itself(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch, shots: Path | None
) -> None:
    hold(clock, EMAIL, "She asked by phone")
    hold(clock, "charles.babbage@example.com", "The mailbox is closed for a month")
    verbs: Callable[[], SystemLog] = wiring.system_log
    asked: list[int] = []

    def looked() -> SystemLog:
        asked.append(len(asked))
        if len(asked) == 2:
            # while the page waits
            hold(clock, "mary.somerville@example.com", "She asked by mail")
            clock.now += MINUTE
        return verbs()

    steps = [
        *sign_in(),
        ["click", "nav li >> text=Log"],
        ["wait", ".entries"],
        ["text", ".entries li:first-child b"],
        ["click", ".entries li:last-child summary"],
        ["look", "log-entry"],
        ["click", "text=Examples and the grammar"],
        ["look", "log"],
        ["click", "text=One address"],
        ["says", "#filter", "ada@example.com"],
        ["value", "#filter"],
        ["type", "#filter", 'target.id eq "ada" und outcome.result eq "FAILURE"'],
        ["click", "text=Search"],
        ["says", "#found", "cannot be understood"],
        ["text", "mark"],
        ["focus"],
        ["look", "log-fault"],
    ]
    follow = [
        *sign_in(credential="second"),
        ["goto", "/console/log"],
        ["says", ".entries", "mary.somerville@example.com"],
        ["count", ".entries"],
        ["click", ".entries:not(.arrived) li:last-child summary"],
        ["click", "[open] >> text=debugContext.debugData.reason"],
        ["says", "#filter", "She asked by phone"],
        ["count", ".entries li"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
        monkeypatch.setattr(log, "EVERY", 1)
        monkeypatch.setattr(wiring, "system_log", looked)
        followed = walk(origin, follow, shots=shots)
    assert by_name(steps, found, "text") == ["Put on hold", "und"]
    assert by_name(steps, found, "look") == [{}, {}, {}]
    assert by_name(steps, found, "value") == ['target.id eq "ada@example.com"']
    assert by_name(steps, found, "focus") == ["The search cannot be understood"]
    # what arrived is a list of its own above the first
    assert by_name(follow, followed, "count") == [2, 1]


def test_a_refused_search_of_the_log_says_why_and_leaves_the_filter_to_search_again(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(clock, EMAIL, "She asked by phone")
    verbs: Callable[[], SystemLog] = wiring.system_log
    asked: list[int] = []

    def looked() -> SystemLog:
        asked.append(len(asked))
        if len(asked) == 2:
            raise Unavailable("DynamoDB did not answer")
        return verbs()

    monkeypatch.setattr(wiring, "system_log", looked)
    wanted = f'target.id eq "{EMAIL}"'
    steps = [
        *sign_in(),
        ["click", "nav li >> text=Log"],
        ["wait", ".entries"],
        ["type", "#filter", wanted],
        ["click", "text=Search"],
        ["says", "#answer", "A part of the service did not answer"],
        ["value", "#filter"],
        ["click", "text=Search"],
        ["wait", ".entries"],
        ["type", "#filter", "nothing"],
        ["click", "text=Search"],
        ["says", "#answer", "cannot be understood"],
        ["value", "#filter"],
        ["attribute", "#filter", "aria-invalid"],
        ["focus"],
    ]
    with served() as origin:
        found = walk(origin, steps)
    assert by_name(steps, found, "value") == [wanted, "nothing"]
    assert by_name(steps, found, "attribute") == ["true"]
    assert by_name(steps, found, "focus") == ["The search cannot be understood"]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, clock: Clock) -> Iterator[MailSink]:
    """An organization with two email servers, of which one works, and a hook that was posted to."""
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    monkeypatch.setenv("PRIVATE_MAIL_NETWORKS", "127.0.0.0/8")
    asking = Context(ORGANIZATION, OPERATOR, "r", clock.now)
    hook, _ = wiring.hooks().add(asking, Changes(url="https://hooks.example.com/reprieve", description="Our CRM"))
    posted = [
        Delivery(Millis(clock.now - HOUR), "n1", NoticeType.LIFTED, 1, Result.WAITING, 503, "the server answered 503"),
        Delivery(Millis(clock.now - 55 * MINUTE), "n1", NoticeType.LIFTED, 2, Result.DELIVERED, 204),
    ]
    wiring.hook_store().keep(hook, hook.progress, posted)
    with MailSink(authority) as sink:
        monkeypatch.setenv("MAIL_PORTS", str(sink.port))
        login = {"username": USERNAME, "auth_type": AuthType.BASIC, "enabled": False}
        works = Settings(alias="Own relay", host=sink.host, port=sink.port, private_ca=sink.ca_pem, **login)
        old = Settings(alias="Old relay", host="smtp.example.com", port=587, **login)
        for one in (works, old):
            wiring.email_servers().create(asking, one, PASSWORD)
        yield sink


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_servers_are_tried_hooks_looked_at_and_the_policy_is_enabled(
    provider: Provider, settings: MailSink, shots: Path | None
) -> None:
    steps = [
        *sign_in(),
        *walks.fill_in_test("Own relay", "ada@example.com", "grace@example.com"),
        ["look", "email-servers"],
        *walks.SEND_TEST,
        ["focus"],
        ["click", "article:has-text('Own relay') >> text=Enable"],
        ["says", ".state", "Enabled"],
        ["click", "nav li >> text=Hooks"],
        ["look", "hooks"],
        ["click", "article a"],
        ["look", "hook"],
        ["click", "text=Disable"],
        ["says", ".state", "Disabled"],
        *walks.REHEARSE_POLICY,
        ["look", "policy"],
        *walks.ENABLE_POLICY,
        ["click", "nav li >> text=People"],
        ["click", "article summary"],
        ["look", "people"],
        ["click", "nav li >> text=Status"],
        ["says", "h1", "Status"],
        ["look", "status"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "look") == [{}] * 6
    assert by_name(steps, found, "focus") == ["The server accepted the test mail. Look whether it arrives."]
    assert [mail["To"] for mail in settings.mails] == ["grace@example.com"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_token_is_created_by_keyboard_alone_shown_once_and_revoked(
    provider: Provider, shots: Path | None, *, script: bool
) -> None:
    row = "article:has-text('CRM sync')"
    looks = [["look", name] for name in ("create-token-refused", "scopes", "token", "revoke", "revoked") if script]
    refused, scopes, token_page, question, revoked = ([one] for one in looks) if script else ([], [], [], [], [])
    steps = [
        *sign_in(),
        ["click", "nav li >> text=People"],
        ["click", "text=Create an API token"],
        ["press", "Tab"],
        ["focus"],
        ["keys", "CRM sync"],
        ["type", "#until", "2025-12-01"],
        ["press", "Enter"],
        ["says", "#until-fault", "This day is over; choose a later one."],
        ["value", "#name"],
        *refused,
        ["type", "#until", ""],
        ["click", "#purpose"],
        ["press", "Escape"],
        ["keys", "Only"],
        ["click", "text=Create the token"],
        ["says", "#scope-fault", "Tick at least one."],
        *scopes,
        ["click", "#purpose"],
        ["press", "Escape"],
        ["keys", "Sign"],
        ["click", "text=Single scopes"],
        ["click", "#role"],
        ["press", "Escape"],
        ["keys", "h"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Tab"],
        ["focus"],
        ["press", "Enter"],
        ["says", "#about", "The API token “CRM sync” was created"],
        ["says", "dl", "help desk"],
        ["count", ".token"],
        *token_page,
        ["click", "text=I have kept it"],
        ["count", row],
        ["click", f"{row} >> text=Revoke…"],
        ["says", "#about", "Revoke the API token “CRM sync”?"],
        *question,
        ["press", "Tab"],
        ["click", "text=Revoke it now"],
        ["says", ".headline", "The API token was revoked."],
        *revoked,
        ["count", row],
        ["count", ".token"],
        ["goto", "/console/people"],
        ["count", ".token"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script, shots=shots)
    assert by_name(steps, found, "look") == [{}] * len(looks)
    assert by_name(steps, found, "focus") == ["name", "purpose", "Single scopes", "Create the token"]
    assert by_name(steps, found, "value") == ["CRM sync"]
    assert by_name(steps, found, "count") == [1, 1, 0, 0, 0]


#: of each day of two weeks: delivered, bounced, blocked, deferred, in hundreds
DAYS = ((31, 1, 0, 1), (29, 1, 1, 0), (33, 2, 0, 1), (30, 1, 1, 1), (12, 0, 0, 0), (9, 0, 0, 0), (34, 4, 3, 2))


def test_deliverability_is_drawn_in_every_width_and_colour(clock: Clock, shots: Path | None) -> None:
    kinds = (DeliveryKind.DELIVERED, DeliveryKind.BOUNCE, DeliveryKind.BLOCKED, DeliveryKind.DEFERRED)
    classes = (
        Classification.UNCLASSIFIED,
        Classification.INVALID_ADDRESS,
        Classification.REPUTATION,
        Classification.TECHNICAL,
    )
    for number, counts in enumerate((*DAYS, *DAYS)):
        at = Millis(clock.now - (13 - number) * DAY)
        for kind, hundreds, refused in zip(kinds, counts, classes, strict=True):
            domain = "example.org" if number % 2 else "example.com"
            event = DeliveryEvent("e", kind, f"a@{domain}", f"a@{domain}", at, classification=refused)
            wiring.rate_store().add(ORGANIZATION, [event] * hundreds * 100, account="default", now=at)
    steps = [
        *sign_in(),
        ["click", "nav li >> text=Deliverability"],
        ["wait", "svg.chart"],
        ["look", "deliverability"],
        ["click", "text=The same as a table"],
        ["count", "table tbody tr >> text=/^1 Jan/"],
    ]
    with served() as origin:
        found = walk(origin, steps, shots=shots)
    assert by_name(steps, found, "look") == [{}]
    assert by_name(steps, found, "count") == [1]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_on_a_narrow_screen_the_pages_are_folded_into_a_menu_that_names_the_one_that_is_open(*, script: bool) -> None:
    steps = [
        *sign_in(),
        ["visible", "nav summary"],
        ["visible", "nav a"],
        ["width", "400"],
        ["visible", "nav a"],
        ["text", "nav summary"],
        ["click", "nav summary"],
        ["click", "nav li >> text=Lists"],
        ["says", "h1", "Which addresses are not mailed?"],
        ["text", "nav summary"],
        ["visible", "nav a"],
        ["width", "1280"],
        ["visible", "nav a"],
        # all pages of an administrator, and who it is
        ["count", "nav li"],
        ["rows", "nav li"],
    ]
    with served() as origin:
        found = walk(origin, steps, script=script)
    assert by_name(steps, found, "visible") == [False, True, False, False, True]
    assert by_name(steps, found, "text") == ["Pages: Address", "Pages: Lists"]
    assert by_name(steps, found, "count") == [len(PAGES)]
    assert by_name(steps, found, "rows") == [1]
