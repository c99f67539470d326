"""Unsubscribe links: who holds one unsubscribes one address by one click, and nothing else can be done with it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reprieve.address import Address
from reprieve.errors import NotFound
from reprieve.runtime import wiring
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.link_token import MAX_TOKEN, is_proved
from reprieve.suppressions.links import SIGNED_FOR, Link, claimed, signed
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import GroupList, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.gateway import DEMO, Answer, Matching, function

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.suppressions.suppression import AnyList
    from tests.support.gateway import Calls, Clock, Gateway

OTHER = replace(DEMO, id="other", name="Other")
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}
EMAIL = "Ann@x.io"


@pytest.fixture(autouse=True)
def key(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    monkeypatch.setenv("SECRETS_KEY", key_id)
    wiring.vault.cache_clear()
    wiring.link_keys.cache_clear()
    for organization in (DEMO, OTHER):
        wiring.access().create_organization(organization)
    assert wiring.group_store().replace(DEMO, Groups((Group(7, "<News> & more"),), version=1))


def make(call: Gateway, *emails: str, organization: Organization = DEMO, **more: Any) -> Answer:
    return call(
        function("unsubscribe_links"),
        "POST",
        "/unsubscribe-links",
        body={"emails": emails, **more},
        scopes=["reprieve.links.create"],
        organization=organization,
        stage="reprieve",
        as_base64=True,
    )


def token(call: Gateway, email: str = EMAIL, **more: Any) -> str:
    answer = make(call, email, **more)
    assert answer.status == 200
    text: str = answer.body["links"][0]["url"]
    return text.rpartition("/")[2]


def open_(call: Gateway, text: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
    return call(
        function("unsubscribe_links"),
        method,
        "/unsubscribe/{token}",
        path={"token": text},
        body=body,
        headers={**FORM, **headers},
        organization=None,
        stage="reprieve",
    )


def click(call: Gateway, text: str) -> Answer:
    return open_(call, text, "POST", ONE_CLICK)


def listed(name: AnyList, organization: Organization = DEMO) -> list[tuple[str, str]]:
    found = wiring.listing().each(organization, name, Selection(), now=wiring.now())
    return [(one.email, one.provider) for one in found]


ALL = SuppressionList.UNSUBSCRIBES
NOTHING = Answer(
    404,
    {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no link like this",
        "error_id": Matching(".{22}"),
    },
)


def test_a_link_unsubscribes_from_all_mail_by_one_click(call: Gateway, calls: Calls) -> None:
    answer = make(call, EMAIL)
    assert answer.status == 200
    ((url, email),) = [(one["url"], one["email"]) for one in answer.body["links"]]
    assert email == EMAIL
    assert url.startswith("https://reprieve.example.com/reprieve/unsubscribe/")
    text = url.rpartition("/")[2]
    answer = click(call, text)
    # organization, key, entry; the entry and the log entry; the addition
    assert calls == {"GetItem": 3, "BatchExecuteStatement": 2, "UpdateItem": 1}
    assert (answer.status, answer.headers["content-type"]) == (200, ["text/html; charset=utf-8"])
    assert "Ann@x.io is unsubscribed from all mail of Demo." in answer.body
    assert listed(ALL) == [(EMAIL, "link")]


def test_a_second_click_changes_nothing_and_costs_reads_only(call: Gateway, calls: Calls) -> None:
    text = token(call)
    click(call, text)
    assert click(call, text).status == 200
    assert calls == {"GetItem": 3}


def test_a_link_of_a_group_unsubscribes_from_that_group_and_shows_its_name_as_text(call: Gateway, calls: Calls) -> None:
    text = token(call, group_id=7)
    page = open_(call, text)
    # organization, key, groups
    assert calls == {"GetItem": 3}
    assert "Unsubscribe Ann@x.io from &lt;News&gt; &amp; more of Demo?" in page.body
    answer = click(call, text)
    # and the entry; the entry and the log entry; the addition
    assert calls == {"GetItem": 4, "BatchExecuteStatement": 2, "UpdateItem": 1}
    assert "Ann@x.io is unsubscribed from &lt;News&gt; &amp; more of Demo." in answer.body
    assert (listed(GroupList.of(7)), listed(ALL)) == ([(EMAIL, "link")], [])


def test_a_link_of_a_group_that_was_deleted_since_ends_all_mail(call: Gateway) -> None:
    text = token(call, group_id=7)
    groups = wiring.group_store().all(DEMO).without(7, now=wiring.now())
    assert wiring.group_store().replace(DEMO, replace(groups, version=2))
    assert "from all mail of Demo" in open_(call, text).body
    click(call, text)
    assert listed(ALL) == [(EMAIL, "link")]


def test_opening_a_link_changes_nothing_and_its_page_loads_nothing(call: Gateway, calls: Calls) -> None:
    text = token(call)
    for _ in range(2):
        page = open_(call, text)
        assert calls == {"GetItem": 2}
    assert page.status == 200
    assert '<form method="post"><button name="List-Unsubscribe" value="One-Click">' in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"][0]
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == (["no-referrer"], ["no-store"])
    assert listed(ALL) == []


def multipart(value: str = "One-Click") -> str:
    return f'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n{value}\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (ONE_CLICK, ""),
        (f"a=b&{ONE_CLICK}", "application/x-www-form-urlencoded; charset=utf-8"),
        (multipart(), "multipart/form-data; boundary=x"),
        (multipart(), 'Multipart/Form-Data; boundary="x"'),
    ],
)
def test_the_one_click_comes_as_form_data_of_either_kind(call: Gateway, body: str, kind: str) -> None:
    text = token(call)
    assert open_(call, text, "POST", body, **{"content-type": kind}).status == 200
    assert listed(ALL) == [(EMAIL, "link")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (None, ""),
        ("", ""),
        ("List-Unsubscribe", ""),
        ("List-Unsubscribe=one-click", ""),
        ("list-unsubscribe=One-Click", ""),
        ("List-Unsubscribe=One-Click2", ""),
        ('{"List-Unsubscribe":"One-Click"}', "application/json"),
        (multipart("No"), "multipart/form-data; boundary=x"),
        (multipart(), "multipart/form-data"),
        (multipart(), "multipart/form-data; boundary=y"),
        (ONE_CLICK, "multipart/form-data; boundary=x"),
        (ONE_CLICK + "&a=" + "b" * 5_000, ""),
    ],
)
def test_a_post_that_is_not_the_one_click_changes_nothing_and_reads_nothing(
    call: Gateway, calls: Calls, body: str | None, kind: str
) -> None:
    text = token(call)
    assert open_(call, text, "POST", body, **{"content-type": kind}).status == 400
    assert calls == {}
    assert listed(ALL) == []


def armoured(said: object) -> str:
    return urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()


def test_a_link_that_was_changed_in_any_character_is_nothing(call: Gateway) -> None:
    text = token(call)
    for at in range(0, len(text), 3):
        for other in "A.":
            if text[at] != other:
                assert click(call, text[:at] + other + text[at + 1 :]) == NOTHING
    assert listed(ALL) == []


@pytest.mark.parametrize(
    "said",
    [
        ["other", 0, EMAIL],
        ["demo", 7, EMAIL],
        ["demo", 0, "bob@x.io"],
        ["unknown", 0, EMAIL],
        ["demo", 0, "garbage"],
        ["demo", 0],
        ["demo#x", 0, EMAIL],
        ["demo", "0", EMAIL],
        {},
        None,
    ],
)
def test_a_signature_goes_with_what_it_was_made_for_alone(call: Gateway, said: object) -> None:
    signature = token(call).partition(".")[2]
    token(call, organization=OTHER)
    forged = f"{armoured(said)}.{signature}"
    assert click(call, forged) == NOTHING
    assert open_(call, forged) == NOTHING
    assert (listed(ALL), listed(ALL, OTHER)) == ([], [])


def test_each_organization_has_a_key_of_its_own(call: Gateway) -> None:
    ours, theirs = token(call), token(call, organization=OTHER)
    assert ours.partition(".")[2] != theirs.partition(".")[2]
    click(call, theirs)
    assert (listed(ALL), listed(ALL, OTHER)) == ([], [(EMAIL, "link")])
    assert wiring.link_keys().key_to_sign(DEMO) != wiring.link_keys().key_to_sign(OTHER)


def test_no_key_of_kms_is_asked_for_what_names_an_organization_that_never_made_a_link(
    call: Gateway, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring.vault(), "unseal", None)
    assert click(call, f"{armoured(['demo', 0, EMAIL])}.{'A' * 43}") == NOTHING
    assert calls == {"GetItem": 2}


def test_an_organization_that_is_not_there_costs_the_same_reads_as_one_that_is(call: Gateway, calls: Calls) -> None:
    for organization in ("demo", "unknown"):
        assert click(call, f"{armoured([organization, 0, EMAIL])}.{'A' * 43}") == NOTHING
        assert calls == {"GetItem": 2}


def test_of_two_first_keys_of_an_organization_one_is_kept(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = wiring.vault()
    seal, raced = vault.seal, []

    def slow(secret: str, context: Any) -> bytes:
        sealed = seal(secret, context)
        if not raced:
            raced.append("")
            raced.append(token(call))
        return sealed

    monkeypatch.setattr(vault, "seal", slow)
    second = token(call)
    assert (click(call, raced[1]).status, click(call, second).status) == (200, 200)


def test_without_its_key_every_link_of_an_organization_has_ended(call: Gateway) -> None:
    text = token(call)
    wiring.table("SUPPRESSIONS").delete({"partition": "demo#links", "address": "key"})
    assert click(call, text) == NOTHING
    again = token(call)
    assert (click(call, text), click(call, again).status) == (NOTHING, 200)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "emails"),
        ({"emails": []}, "emails"),
        ({"emails": "a@x.io"}, "emails"),
        ({"emails": ["garbage"]}, "emails"),
        ({"emails": ["a@x.io"] * 1_001}, "emails"),
        ({"emails": ["a@x.io"], "group_id": "7"}, "group_id"),
        ({"emails": ["a@x.io"], "group_id": 0}, "group_id"),
        ({"emails": ["a@x.io"], "group_id": True}, "group_id"),
    ],
)
def test_what_no_link_can_be_made_for_is_refused_by_name(call: Gateway, body: dict[str, Any], field: str) -> None:
    answer = make(call, **{"emails": (), **body})
    assert (answer.status, answer.body.get("field")) == (400, field)


def test_a_link_to_a_group_that_is_not_there_is_not_made(call: Gateway) -> None:
    answer = make(call, EMAIL, group_id=8)
    assert (answer.status, answer.body["detail"]) == (404, "no group 8")


def test_a_thousand_links_are_one_request(call: Gateway, calls: Calls) -> None:
    token(call)
    answer = make(call, *(f"u{number}@x.io" for number in range(1_000)))
    assert (len(answer.body["links"]), len({one["url"] for one in answer.body["links"]})) == (1_000, 1_000)
    # the count of the request, and the key
    assert calls == {"GetItem": 1}


def test_an_unsubscribe_by_link_is_logged_as_the_recipients(call: Gateway) -> None:
    click(call, token(call))
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    (one,) = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=9)]
    assert (one["eventType"], one["actor"]["id"]) == ("reprieve.suppression.add", "recipient")
    debug = one["debugContext"]["debugData"]
    assert (debug["list"], debug["source"]) == ("unsubscribes", "link")


KEY = b"k" * 32
locals_ = st.text("abcXYZ09!#$%&'*+-/=?^_`{|}~äß日", min_size=1, max_size=40)


@given(local=locals_, group=st.integers(0, 10**15 - 1))
def test_every_link_says_what_it_was_made_for_in_characters_that_need_no_escape(local: str, group: int) -> None:
    link = Link("demo", group, Address.parse(f"{local}@x.io").spelling)
    text = signed(link, KEY)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert len(text) <= MAX_TOKEN
    assert claimed(text) == link
    assert (is_proved(text, KEY, SIGNED_FOR), is_proved(text, b"x" * 32, SIGNED_FOR)) == (True, False)


@given(text=st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{43}", fullmatch=True))
@example(f"{'W1' * 2_000}.{'A' * 43}")
@example(f"{armoured('[' * 600)}.{'A' * 43}")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_no_token_is_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        claimed(text)
