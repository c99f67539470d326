"""`reprieve providers`: a webhook's key that is a secret is sealed, and never seen again."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import DEFAULT, opened_webhook_key, webhook_key_context
from reprieve.errors import Unavailable
from reprieve.runtime import wiring
from reprieve_cli import providers
from tests.cli.accounts import WEBHOOK_KEY, stored
from tests.cli.running import Ran
from tests.support.webhook_posts import RESEND_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]

OTHER = f"{RESEND_SECRET[:-4]}AAAA"
THIRD = f"{RESEND_SECRET[:-4]}BBBB"
API_KEY = "re_canary-of-the-api-key"
SET = ("providers", "set", "acme", "--kind", "resend", "--key-stdin", "--webhook-key")

pytestmark = pytest.mark.usefixtures("acme")


def opened() -> str:
    return wiring.webhook_keys().of("acme", "resend").get(DEFAULT, "")


@pytest.mark.parametrize(("given", "stdin"), [(RESEND_SECRET, API_KEY), ("-", f"{API_KEY}\n{RESEND_SECRET}\n")])
def test_a_secret_is_sealed_for_its_organization_and_purpose_and_no_command_shows_it(
    run: Run, given: str, stdin: str
) -> None:
    done = run(*SET, given, "--json", stdin=stdin)
    shown = json.loads(done.out)
    assert (done.code, shown["kind"], len(shown["webhook_keys"])) == (0, "resend", 1)
    assert shown["webhook_keys"][0].startswith("sealed:")
    assert opened() == RESEND_SECRET
    sealed = opened_webhook_key(stored().webhook_key)
    assert sealed is not None
    for context in (webhook_key_context("other"), {"organization": "acme", "purpose": "provider-key"}):
        with pytest.raises(Unavailable):
            wiring.vault().unseal(sealed, context)
    said = [done.out, *(run("providers", "show", "acme", *more).out for more in ((), ("--json",)))]
    said.append(run("logs", "acme", "--json").out)
    assert not [text for text in said if RESEND_SECRET[8:] in text or stored().webhook_key in text]


def test_standard_input_is_read_once_because_a_stream_of_clicks_reads_ahead(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [StringIO(f"{API_KEY}\n{RESEND_SECRET}\n{OTHER}\n"), StringIO()]
    monkeypatch.setattr(providers.click, "get_text_stream", lambda _: streams.pop(0))
    assert run(*SET, "-", "--webhook-key", "-").code == 0
    assert opened() == f"{RESEND_SECRET} {OTHER}"


def test_a_secret_is_asked_for_at_a_terminal_and_not_echoed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "interactive", lambda: True)
    done = run(
        "providers", "set", "acme", "--kind", "resend", "--webhook-key", "-", stdin=f"{API_KEY}\n{RESEND_SECRET}\n"
    )
    assert (done.code, RESEND_SECRET in done.out + done.err) == (0, False)
    assert opened() == RESEND_SECRET


def test_two_secrets_are_accepted_while_they_are_rotated_and_no_third(run: Run) -> None:
    run(*SET, RESEND_SECRET, stdin=API_KEY)
    first = stored().webhook_key
    run("providers", "set", "acme", "--add-webhook-key", OTHER)
    assert stored().webhook_key.split()[0] == first
    assert opened() == f"{RESEND_SECRET} {OTHER}"
    refused = run("providers", "set", "acme", "--add-webhook-key", THIRD)
    assert (refused.code, "webhook_key: at most 2 keys" in refused.err) == (1, True)
    run("providers", "set", "acme", "--webhook-key", OTHER)
    assert opened() == OTHER


def test_the_log_says_that_a_secret_changed_and_not_to_what(run: Run) -> None:
    run(*SET, RESEND_SECRET, stdin=API_KEY)
    run("providers", "set", "acme", "--webhook-key", OTHER)
    lines = run(
        "logs", "acme", "--json", "--filter", 'eventType eq "reprieve.provider_account.update"'
    ).out.splitlines()
    changes = [json.loads(line)["target"][0]["changeDetails"] for line in lines]
    marks = [part["webhook_key"] for change in changes for part in (change["from"], change["to"])]
    assert len({mark for mark in marks if mark.startswith("sealed:")}) == 2


@pytest.mark.parametrize("key", [WEBHOOK_KEY, "whsec_AAAA", "sealed:AAAA"])
def test_what_is_no_secret_of_that_provider_is_refused(run: Run, key: str) -> None:
    assert run(*SET, key, stdin=API_KEY) == Ran(
        1, "", "Error: webhook_key: not a signing secret as Resend shows it: whsec_...\n"
    )


def test_a_secret_is_no_key_of_sendgrids_and_an_empty_line_is_none(run: Run) -> None:
    sendgrid = ("providers", "set", "acme", "--kind", "sendgrid", "--key-stdin", "--webhook-key")
    assert run(*sendgrid, RESEND_SECRET, stdin=API_KEY).code == 1
    assert run(*SET, "-", stdin=API_KEY) == Ran(1, "", "Error: webhook_key: standard input is empty\n")


def test_a_key_stays_with_its_kind_of_webhook(run: Run) -> None:
    run("providers", "set", "acme", "--kind", "none", "--webhook-key", WEBHOOK_KEY)
    run("providers", "set", "acme", "--kind", "ses")
    assert stored().webhook_key == WEBHOOK_KEY
    run("providers", "set", "acme", "--kind", "resend", "--key-stdin", stdin=API_KEY)
    assert stored().webhook_key == ""
    run("providers", "set", "acme", "--webhook-key", RESEND_SECRET)
    run("providers", "set", "acme", "--kind", "none", "--yes")
    assert stored().webhook_key == ""


def test_a_public_key_verifies_no_webhook_whose_key_is_a_secret(run: Run) -> None:
    """It is no secret: signing with it as if it were one must prove nothing."""
    run("providers", "set", "acme", "--kind", "none", "--webhook-key", WEBHOOK_KEY)
    assert wiring.webhook_keys().of("acme", "sendgrid") == {DEFAULT: WEBHOOK_KEY}
    assert wiring.webhook_keys().of("acme", "resend") == {}
    assert wiring.webhook_keys().of("nobody", "sendgrid") == {}


def test_an_export_has_no_sealed_key(run: Run, tmp_path: Path) -> None:
    run(*SET, RESEND_SECRET, stdin=API_KEY)
    assert run("export", "acme", str(tmp_path / "acme")).code == 0
    (line,) = (tmp_path / "acme" / "provider_account.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["webhook_key"] == ""
