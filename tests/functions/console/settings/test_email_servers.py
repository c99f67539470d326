"""The page of email servers: shown without a secret, tried, enabled, disabled and deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import DAY
from reprieve.errors import Unavailable
from tests.support.console import logged, on, seen, signed_in, text_of
from tests.support.email_servers import FORM, enrolled
from tests.support.mail_sink import PASSWORD, USERNAME, MailSink

if TYPE_CHECKING:
    from tests.support.gateway import Calls, Clock, Gateway

pytestmark = pytest.mark.usefixtures("demo", "key")


def test_a_server_is_shown_without_its_secret_and_with_what_can_be_done(
    call: Gateway, calls: Calls, sink: MailSink
) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    said = seen(browser, "/email-servers")
    assert calls == {"GetItem": 1, "Query": 1}
    assert re.fullmatch(
        "Your own email servers An SMTP server of your own, through which your messages are sent. At most one is "
        rf"enabled\. Sink Disabled Server {sink.host}, port {sink.port} Login as {USERNAME}, by name and password "
        rf"Own authority SHA-256 [0-9a-f]{{64}} Id {identifier} Send a test mail From To Test Enable It is tried "
        r"first, and stays disabled if it does not work\. Delete… Its settings and its secret are gone then\. "
        "Delete Sink",
        said,
    )
    assert PASSWORD not in browser.page


def test_a_server_is_enabled_by_the_verb_that_tries_it_first_and_disabled_and_deleted(
    call: Gateway, calls: Calls, sink: MailSink
) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    answer = on(browser, "enable", identifier)
    assert (answer.status, answer.headers["location"]) == (303, ["/console/email-servers"])
    # the session and the server; the others; two counts of connections; the change; two entries
    assert calls == {
        "GetItem": 2,
        "Query": 1,
        "UpdateItem": 2,
        "TransactWriteItems": 1,
        "BatchExecuteStatement": 2,
    }
    assert "Sink Enabled" in seen(browser, "/email-servers")
    (entry,) = logged("system.custom_email_server.lifecycle.activate")
    assert entry["actor"]["id"] == "desk-1"
    assert on(browser, "disable", identifier).status == 303
    assert "Sink Disabled" in seen(browser, "/email-servers")
    assert on(browser, "delete", identifier).status == 303
    assert "There is none. An administrator enrols one" in seen(browser, "/email-servers")
    assert on(browser, "delete", identifier).status == 404


def test_a_server_that_does_not_work_stays_disabled_and_the_page_says_why(call: Gateway, sink: MailSink) -> None:
    identifier = enrolled(call, sink, password="wrong")
    browser = signed_in(call)
    answer = on(browser, "enable", identifier)
    assert answer.status == 409
    assert re.search(r"Not possible now .*login.* \(535", text_of(browser.page))
    assert "Sink Disabled" in seen(browser, "/email-servers")


def test_a_test_mail_is_sent_by_the_verb_and_its_outcome_is_said(call: Gateway, calls: Calls, sink: MailSink) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    answer = on(browser, "test", identifier, **FORM)
    assert answer.status == 200
    assert calls == {"GetItem": 2, "UpdateItem": 2, "BatchExecuteStatement": 1, "Query": 1}
    assert "The server accepted the test mail. Look whether it arrives. Sink" in text_of(browser.page)
    (mail,) = sink.mails
    assert (mail["From"], mail["To"]) == (FORM["sender"], FORM["recipient"])
    for fields, says in (
        (FORM | {"sender": "no address"}, "This is not an email address."),
        ({"sender": FORM["sender"]}, "Fill this in."),
    ):
        assert on(browser, "test", identifier, **fields).status == 400
        assert says in text_of(browser.page)
    assert len(sink.mails) == 1


def test_a_limit_of_the_day_says_when_the_day_is_over(
    call: Gateway, sink: MailSink, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprieve.store.email_servers.LIMITS", ((DAY, 1, "day"),))
    identifier = enrolled(call, sink)
    browser = signed_in(call)
    clock.now += 1
    assert on(browser, "test", identifier, **FORM).status == 200
    assert on(browser, "test", identifier, **FORM).status == 429
    assert "Too many requests. Try again at 2 Jan 2026, 00:00 UTC" in text_of(browser.page)


def test_what_did_not_answer_is_not_said_to_have_changed_nothing(
    call: Gateway, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = enrolled(call, sink)
    browser = signed_in(call)

    def unavailable(*_: object, **__: object) -> None:
        raise Unavailable("table")

    monkeypatch.setattr("reprieve.email_servers.manage.EmailServers.test", unavailable)
    assert on(browser, "test", identifier, **FORM).status == 503
    assert (
        "A part of the service did not answer. If you changed something, some of it may be done: look first, or try "
        "again, which is safe."
    ) in text_of(browser.page)
