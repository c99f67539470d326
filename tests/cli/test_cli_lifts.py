"""`reprieve why`, `lift`, `removals` and `lists show`: a person asks about an address, lifts it, and follows that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.addresses.mail_domain import Mail
from reprieve.clock import DAY, MINUTE
from reprieve.dialects.reprieve.prospects import TELL_OF_GROUP
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.suppression import Classification, GroupList, Permanence, Suppression, SuppressionList
from reprieve_cli import lift, operations
from tests.cli.running import NOW, Ran
from tests.support import queue
from tests.support.dynamodb import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.organization import Organization
    from tests.cli.running import Clock
    from tests.support.mail_hosts import NoDns

    Run = Callable[..., Ran]

ANN, NEW = "ann@x.io", "new@x.io"
REQUEST = "0" * 31 + "7"
#: what no policy bounds: the removal job has a role of its own
DO = Client._do
TABLE = "ID                                  LIST     EMAIL     STATE    REQUESTED             TRIES  "


@pytest.fixture(autouse=True)
def acme(stack: dict[str, str], run: Run, monkeypatch: pytest.MonkeyPatch) -> Organization:
    """An organization with a provider account, and one address on two of its lists."""
    run("organizations", "create", "acme")
    run("providers", "set", "acme", "--kind", "none")
    owner = operations.find_organization("acme")
    bounce = Suppression(
        SuppressionList.BOUNCES,
        ANN,
        "Ann@x.io",
        NOW - DAY,
        "550 no\x1b such user",
        "5.1.1",
        classification=Classification.INVALID_ADDRESS,
        provider="sendgrid",
        event_id="1",
    )
    block = Suppression(
        SuppressionList.BLOCKS, ANN, "Ann@x.io", NOW - DAY, "451 later", "4.5.1", Permanence.SOFT, provider="sendgrid"
    )
    wiring.suppressions().record(owner, [bounce, block])
    monkeypatch.setattr(operations.uuid, "uuid4", lambda: operations.uuid.UUID(int=7))
    return owner


def job(state: RemovalState, *, attempts: int = 0, answer: str = "") -> Callable[[float], None]:
    """A sleep in which the removal job ends whatever waits."""

    def sleep(_seconds: float) -> None:
        with patch.object(Client, "_do", DO):
            settle()

    def settle() -> None:
        owner = operations.find_organization("acme")
        claims = queue.take(wiring.table("SUPPRESSIONS"), owner, now=wiring.now())
        settlements = [Settlement(claim, state, attempts=attempts, answer=answer) for claim in claims]
        assert all(wiring.removal_queue().settle(owner, settlements, now=wiring.now()))

    return sleep


def listed(name: SuppressionList = SuppressionList.BOUNCES) -> bool:
    owner = operations.find_organization("acme")
    return wiring.listing().get(owner, name, ANN, now=wiring.now()) is not None


def test_why_says_for_each_list_since_when_until_when_and_how_to_lift_it(run: Run) -> None:
    assert run("why", "acme", "ANN@x.io") == Ran(
        0,
        "ANN@x.io is not mailed.\n"
        "\n"
        "bounces since 2026-02-28T12:00:00Z: 550 no  such user\n"
        "  5.1.1, hard, Invalid Address, from sendgrid; 1 event\n"
        "  It stays suppressed until it is lifted.\n"
        "  Advice of the policy, until 2026-03-07T12:00:00Z: "
        "The rule 'hard bounce' holds it for a first failure.\n"
        "  Once lifted: It is likely to bounce again: the latest answer was that there is no such mailbox.\n"
        "  To say to its owner: Our mail came back because your mail server says that this mailbox does not exist. "
        "Please check the spelling of your address, or ask the administrator of your mail.\n"
        "  To lift it: reprieve lift acme ANN@x.io --list bounces\n"
        "\n"
        "blocks since 2026-02-28T12:00:00Z: 451 later\n"
        "  4.5.1, soft, Unclassified, from sendgrid; 1 event\n"
        "  It has bounced too rarely to be blocked; mail to it is tried.\n"
        "  Advice of the policy, until 2026-03-01T12:00:00Z: "
        "The rule 'passing failure' held it for a first failure; that time is over.\n"
        "  Once lifted: It may work: the cause can pass by itself, or was about one message.\n"
        "  To say to its owner: Your mail server refused our mail and did not say clearly why. Please check that other "
        "senders' mail reaches you.\n"
        "  To lift it: reprieve lift acme ANN@x.io --list blocks\n"
        "\n"
        "It is outside the membership rule of acme: Okta's and Zoho's clients may not lift it.\n"
        "What happened to it: reprieve logs acme --email ANN@x.io --since 90d\n",
    )


def test_why_of_an_address_that_is_free_is_short(run: Run) -> None:
    assert run("why", "acme", NEW) == Ran(
        0, f"{NEW} is mailed.\n\nWhat happened to it: reprieve logs acme --email {NEW} --since 90d\n"
    )


def test_why_follows_a_removal_that_is_pending_and_one_that_failed(run: Run, clock: Clock) -> None:
    run("lift", "acme", ANN, "--yes")
    pending = run("why", "acme", ANN).out.split("\n\n")[1]
    assert pending == (
        "bounces: it is not on this list any more\n"
        f"  Removal {REQUEST}-0 was asked for at 2026-03-01T12:00:00Z; 0 tries.\n"
        "  The removal job lifts it at the provider, at 2026-03-01T12:00:00Z at the earliest, "
        "and then takes it off this list."
    )
    job(RemovalState.FAILED, attempts=10, answer="SendGrid: 400")(0)
    failed = run("why", "acme", ANN).out.split("\n\n")[1]
    assert failed.splitlines()[1:] == [
        f"  Removal {REQUEST}-0 was asked for at 2026-03-01T12:00:00Z; 10 tries, last answer: SendGrid: 400.",
        "  Its removal failed, and is tried again only after a retry.",
        f"  To retry it: reprieve removals retry acme {REQUEST}-0",
    ]


def test_groups_are_shown_explained_exported_and_lifted_by_the_name_of_their_list(run: Run, acme: Organization) -> None:
    assert run("groups", "acme").out == "There are no unsubscribe groups.\n"
    found = Groups((Group(7, "News", "d", is_default=True), Group(8, "Of\x1bfers")), version=1)
    assert wiring.group_store().replace(acme, found)
    left = Suppression(GroupList.of(7), "bob@x.io", "Bob@x.io", NOW - DAY, provider="api")
    wiring.suppressions().record(acme, [left])
    assert [line.split() for line in run("groups", "acme").out.splitlines()] == [
        ["LIST", "NAME", "DEFAULT", "UNSUBSCRIBES"],
        ["group-7", "News", "yes", "1"],
        ["group-8", "Of", "fers", "-", "0"],
    ]
    assert json.loads(run("groups", "acme", "--json").out)[0] == {
        "list": "group-7",
        "name": "News",
        "description": "d",
        "is_default": True,
        "unsubscribes": 1,
    }
    assert run("why", "acme", "bob@x.io").out.splitlines()[:8] == [
        "bob@x.io is mailed.",
        "",
        "group 'News' (group-7) since 2026-02-28T12:00:00Z: no reason given",
        "  hard, Unclassified, from api; 1 event",
        "  It stays suppressed until it is lifted.",
        "  Once lifted: It may work: no server refused the mail. Ask the recipient first.",
        f"  To say to its owner: {TELL_OF_GROUP}",
        "  To lift it: reprieve lift acme bob@x.io --list group-7",
    ]
    exported = run("lists", "export", "acme", "group-7").out
    assert "Bob@x.io" in exported
    ran = run("lift", "acme", "bob@x.io", "--list", "group-7", "--yes", "--json")
    assert json.loads(ran.out)["removals"][0]["list"] == "group-7"
    assert run("lists", "show", "acme", "group-7").out == "The list is empty.\n"
    assert run("lists", "import", "acme", "group-8", "-", stdin=exported).out == "1 imported, 0 unchanged, 0 refused\n"


@pytest.mark.parametrize(
    "command", [("lists", "show", "acme", "group-9"), ("lists", "export", "acme", "group-9"), ("lift", "acme", ANN)]
)
def test_the_list_of_a_group_that_is_not_there_is_none(run: Run, command: tuple[str, ...]) -> None:
    ran = run(*command, *(["--list", "group-9", "--yes"] if command[0] == "lift" else []))
    assert (ran.code, ran.err) == (1, "Error: no group 9\n")


def test_a_word_that_is_no_list_is_a_mistake_in_use(run: Run) -> None:
    ran = run("lists", "show", "acme", "group-x")
    assert (ran.code, "group-ID for an unsubscribe group" in ran.err) == (2, True)


@pytest.mark.parametrize(
    "command", [("lists", "import", "acme", "holds", "-"), ("lift", "acme", ANN, "--list", "holds", "--yes")]
)
def test_holds_are_not_imported_or_lifted_as_a_list(run: Run, command: tuple[str, ...]) -> None:
    run("holds", "add", "acme", ANN, "--reason", "asked by phone")
    ran = run(*command, stdin="email\nben@x.io\n")
    assert (ran.code, "one of bounces, blocks" in ran.err) == (2, True)
    assert [one["email"] for one in json.loads(run("holds", "list", "acme", "--json").out)] == [ANN]


def test_why_as_json_is_the_answer_of_the_api_to_one_who_may_do_everything(run: Run) -> None:
    found = json.loads(run("why", "acme", ANN, "--json").out)
    assert (found["email"], found["mailed"]) == (ANN, False)
    assert [(one["list"], one["lift_by"]) for one in found["suppressions"]] == [
        ("bounces", ["sendgrid"]),
        ("blocks", ["sendgrid"]),
    ]


def test_a_lift_is_rehearsed_without_changing_anything(run: Run, dns: NoDns) -> None:
    dns |= {"x.io": Mail.MX, "gmial.com": Mail.NULL_MX}
    assert run("lift", "acme", ANN, NEW, "ANN@x.io", "bo@gmial.com", "--dry-run") == Ran(
        0,
        "EMAIL         WHAT                                                       EXPECTED\n"
        "ann@x.io      on the list since 2026-02-28T12:00:00Z: 550 no  such user  It is likely to bounce again: "
        "the latest answer was that there is no such mailbox.\n"
        "new@x.io      not on the list here; the provider is asked all the same   -\n"
        "bo@gmial.com  not on the list here; the provider is asked all the same   The domain gmial.com says that "
        "it takes no mail (null MX, RFC 7505). Probably gmail.com is meant.\n"
        "3 would be lifted (dry run)\n",
    )
    assert json.loads(run("lift", "acme", ANN, "bo@gmial.com", "--dry-run", "--json").out) == [
        {
            "email": ANN,
            "listed": True,
            "lifts": True,
            "domain": {
                "name": "x.io",
                "mail_servers": "mx",
                "probably_meant": None,
                "sentence": "The domain x.io names mail servers.",
            },
            "bounced_again": 0,
            "expected": "likely_to_bounce_again",
            "why_expected": "It is likely to bounce again: the latest answer was that there is no such mailbox.",
            "tell": "Our mail came back because your mail server says that this mailbox does not exist. Please check "
            "the spelling of your address, or ask the administrator of your mail.",
        },
        {
            "email": "bo@gmial.com",
            "listed": False,
            "lifts": True,
            "domain": {
                "name": "gmial.com",
                "mail_servers": "null_mx",
                "probably_meant": "gmail.com",
                "sentence": "The domain gmial.com says that it takes no mail (null MX, RFC 7505). Probably gmail.com "
                "is meant.",
            },
        },
    ]
    assert run("removals", "acme").out == "No removals.\n"
    assert listed()


def test_a_lift_asks_first_and_a_script_confirms_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run("lift", "acme", ANN)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("Error: this lifts 1 address from bounces of acme: confirm it with --yes\n")
    monkeypatch.setattr(lift, "interactive", lambda: True)
    assert run("lift", "acme", ANN, stdin="n\n").code == 1
    assert listed()
    ran = run("lift", "acme", ANN, stdin="y\n")
    assert ran.code == 0
    assert ran.err.startswith(
        "ann@x.io: on the list since 2026-02-28T12:00:00Z: 550 no  such user\nLift 1 address from bounces of acme?"
    )
    assert not listed()


def test_a_lift_is_gone_from_its_list_at_once_and_from_no_other(run: Run) -> None:
    assert run("lift", "acme", ANN, "--yes") == Ran(
        0,
        f"{TABLE}NEXT TRY              LAST ANSWER\n"
        f"{REQUEST}-0  bounces  ann@x.io  pending  2026-03-01T12:00:00Z  0      2026-03-01T12:00:00Z  -\n",
        f"Follow it with: reprieve removals acme --request {REQUEST}\n",
    )
    assert (listed(), listed(SuppressionList.BLOCKS)) == (False, True)


def test_a_lift_is_followed_to_its_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lift.time, "sleep", job(RemovalState.DONE, answer="lifted"))
    assert run("lift", "acme", ANN, "--list", "blocks", "--yes", "--wait") == Ran(
        0,
        "ID                                  LIST    EMAIL     STATE  REQUESTED             "
        "TRIES  NEXT TRY  LAST ANSWER\n"
        f"{REQUEST}-0  blocks  ann@x.io  done   2026-03-01T12:00:00Z  0      -         lifted\n",
        "0 of 1\n1 of 1\n",
    )


def test_a_lift_that_fails_while_it_is_followed_ends_with_exit_code_1(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lift.time, "sleep", job(RemovalState.FAILED, attempts=10, answer="SendGrid: 400"))
    ran = run("lift", "acme", ANN, "--yes", "--wait", "--json")
    assert (ran.code, ran.err) == (1, "0 of 1\n1 of 1\nError: not every address was lifted\n")
    answer = json.loads(ran.out)
    assert answer["request_id"] == REQUEST
    assert [(one["email"], one["state"], one["last_answer"]) for one in answer["removals"]] == [
        (ANN, "failed", "SendGrid: 400")
    ]


def test_waiting_in_vain_ends_and_says_why(run: Run, clock: Clock) -> None:
    wiring.access().pause_provider("acme", DEFAULT, until=NOW + MINUTE, reason="401: the API key was not accepted")
    ran = run("lift", "acme", ANN, "--yes", "--wait")
    assert (ran.code, ran.err.splitlines()) == (
        1,
        [
            "0 of 1",
            "acme is paused until 2026-03-01T12:01:00Z: 401: the API key was not accepted",
            f"Follow it with: reprieve removals acme --request {REQUEST}",
            "Error: not every address was lifted",
        ],
    )
    run("organizations", "create", "lab")
    assert "lab has no provider account, so its removals wait" in run("lift", "lab", ANN, "--yes", "--wait").err


def test_ctrl_c_ends_the_waiting_and_not_the_removal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lift.time, "sleep", interrupt)
    ran = run("lift", "acme", ANN, "--yes", "--wait")
    assert ran.err.splitlines()[1] == "Stopped waiting; the removals go on."
    assert "pending" in run("removals", "acme").out


def test_what_is_not_an_address_is_lifted_only_if_it_is_on_the_list(run: Run) -> None:
    ran = run("lift", "acme", "no address", "--yes")
    assert ran == Ran(1, "", "Error: not an email address and not on the list: no address\n")
    row = "email,created\nno address,2026-01-01\n"
    run("lists", "import", "acme", "invalid_emails", "-", stdin=row)
    assert run("lift", "acme", "no address", "--list", "invalid_emails", "--yes").code == 0


def test_more_addresses_than_a_request_takes_are_refused_before_anything_is_done(run: Run) -> None:
    many = [f"u{number}@x.io" for number in range(1_001)]
    assert run("lift", "acme", *many, "--yes") == Ran(1, "", "Error: EMAIL: at most 1000 at a time\n")


def test_failed_removals_are_listed_by_themselves_and_retried(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("lift", "acme", ANN, "--yes")
    job(RemovalState.FAILED, attempts=10, answer="SendGrid: 400")(0)
    monkeypatch.setattr(operations.uuid, "uuid4", lambda: operations.uuid.UUID(int=8))
    run("lift", "acme", NEW, "--yes")
    assert [one["email"] for one in json.loads(run("removals", "acme", "--json").out)] == ["Ann@x.io", NEW]
    assert [one["email"] for one in json.loads(run("removals", "list", "acme", "--failed", "--json").out)] == [
        "Ann@x.io"
    ]
    ran = run("removals", "retry", "acme", f"{REQUEST}-0", "--json")
    assert (ran.code, json.loads(ran.out)["state"]) == (0, "pending")
    assert run("removals", "retry", "acme", f"{REQUEST}-0") == Ran(
        1, "", "Error: only a failed removal can be retried; this one is pending\n"
    )


def test_a_request_is_followed_by_its_id(run: Run) -> None:
    run("lift", "acme", ANN, NEW, "--yes")
    job(RemovalState.DONE)(0)
    found = json.loads(run("removals", "acme", "--request", REQUEST, "--json").out)
    assert sorted((one["email"], one["state"]) for one in found) == [(ANN, "done"), (NEW, "done")]
    assert run("removals", "acme", "--request", "other") == Ran(1, "", "Error: no request of this id\n")
    assert run("removals", "acme", "--request", REQUEST, "--failed").code == 2


def test_a_list_of_removals_is_cut_at_its_limit_and_says_so(run: Run) -> None:
    run("lift", "acme", ANN, NEW, "--yes")
    ran = run("removals", "acme", "--limit", "1", "--json")
    assert (len(json.loads(ran.out)), ran.err) == (1, "There are more; --limit shows up to 1000\n")


def test_a_list_is_shown_newest_first_without_what_could_speak_to_the_terminal(run: Run) -> None:
    rows = "email,created,reason\nbob@x.io,2026-03-01T11:00:00Z," + "later " * 20 + "\n"
    run("lists", "import", "acme", "bounces", "-", stdin=rows)
    assert run("lists", "show", "acme", "bounces").out == (
        "CREATED               EMAIL     PERMANENCE    STATUS  UNTIL                  REASON\n"
        "2026-03-01T11:00:00Z  bob@x.io  undetermined  -       2026-03-02T11:00:00Z?  " + ("later " * 20)[:99] + "…\n"
        "2026-02-28T12:00:00Z  Ann@x.io  hard          5.1.1   2026-03-07T12:00:00Z?  550 no  such user\n"
    )


def test_a_list_is_searched_by_address_or_by_what_it_begins_with(run: Run) -> None:
    run("lists", "import", "acme", "bounces", "-", stdin="email,created\nanna@x.io,2026-01-01\nbob@x.io,2026-01-01\n")

    def found(*options: str) -> list[str]:
        return [one["email"] for one in json.loads(run("lists", "show", "acme", "bounces", *options, "--json").out)]

    assert found("--email", "ANN@x.io") == ["Ann@x.io"]
    assert found("--email", "ann%") == ["Ann@x.io", "anna@x.io"]
    assert run("lists", "show", "acme", "bounces", "--email", NEW).out == "No such address on the list.\n"
    assert run("lists", "show", "acme", "spam_reports").out == "The list is empty.\n"
    ran = run("lists", "show", "acme", "bounces", "--limit", "1", "--json")
    assert ran.err == "There are more: --limit shows more of them, `export` writes all of them\n"
    assert json.loads(ran.out) == [
        {
            "created": "2026-02-28T12:00:00Z",
            "email": "Ann@x.io",
            "reason": "550 no\x1b such user",
            "status": "5.1.1",
            "ip": None,
            "permanence": "hard",
            "classification": "Invalid Address",
            "source": "sendgrid",
            "until": "2026-03-07T12:00:00Z",
            "why_until": "The rule 'hard bounce' holds it for a first failure.",
            "until_is_advice": True,
        }
    ]
