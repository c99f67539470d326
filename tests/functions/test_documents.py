"""/reprieve/docs: public files, the same for every caller, that a cache may keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import event, function, problem
from tests.support.published import PUBLISHED

if TYPE_CHECKING:
    from tests.support.gateway import Answer, Calls, Gateway

POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


def get(call: Gateway, name: str, **headers: str) -> Answer:
    return call(
        function("documents"),
        "GET",
        "/docs/{document}",
        path={"document": name},
        headers=headers,
        organization=None,
        stage="reprieve",
    )


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        *((f"{name}.json", "application/json") for name in ("okta", "sendgrid", "zoho", "reprieve")),
        *((name, "text/html; charset=utf-8") for name in ("okta", "sendgrid", "zoho", "reprieve")),
        ("style.css", "text/css; charset=utf-8"),
        ("llms.txt", "text/plain; charset=utf-8"),
    ],
)
def test_a_document_is_answered_without_a_credential_and_without_a_read(
    call: Gateway, calls: Calls, name: str, content_type: str
) -> None:
    answer = get(call, name)
    file = PUBLISHED / (name if "." in name else f"{name}.html")
    text = file.read_text(encoding="utf-8")
    assert (answer.status, answer.body) == (200, json.loads(text) if name.endswith(".json") else text)
    assert answer.headers["content-type"] == [content_type]
    assert answer.headers["content-security-policy"] == [POLICY]
    assert answer.headers["cache-control"] == ["public, max-age=300"]
    assert answer.headers["access-control-allow-origin"] == ["*"]
    assert (calls, calls.verifying, calls.leasing) == ({}, 0, 0)


def test_the_path_itself_is_the_page_that_leads_to_the_others(call: Gateway, calls: Calls) -> None:
    answer = call.send(function("documents"), event("documents", "index"))
    assert (answer.status, answer.body) == (200, (PUBLISHED / "index.html").read_text(encoding="utf-8"))
    assert (calls, calls.verifying, calls.leasing) == ({}, 0, 0)


@pytest.mark.parametrize("known", ["{tag}", 'W/{tag}, "x"', "*"])
def test_what_the_caller_has_already_is_not_sent_again(call: Gateway, known: str) -> None:
    (tag,) = get(call, "okta.json").headers["etag"]
    answer = get(call, "okta.json", **{"if-none-match": known.format(tag=tag)})
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, None, [tag])


def test_what_the_caller_has_of_another_file_is_sent(call: Gateway) -> None:
    (tag,) = get(call, "okta.json").headers["etag"]
    assert get(call, "zoho.json", **{"if-none-match": tag}).status == 200


@pytest.mark.parametrize("name", ["nothing.json", "index.html", "okta.html", "../app.py", "", "okta.json/"])
def test_another_name_is_not_found(call: Gateway, name: str) -> None:
    assert get(call, name) == problem(404, "Not Found", "no document of that name")
