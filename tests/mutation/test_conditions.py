"""`make simulate` removes each condition of the store, and each part of one, or a test here fails without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.mutation.conditions import Mutant, mutants

ROOT: Final = Path(__file__).parents[2]
#: the modules whose conditions the simulation covers; `make simulate` removes each of them
SIMULATED: Final = {"queue", "pending", "removal_queue", "removal_requests", "suppressions", "unblocks"}
HOOKS: Final = "tests/functions/hooks/test_hook_guards.py::"
GUARDS: Final = "tests/functions/test_store_guards.py::"
ADDITIONS: Final = "tests/contract/test_additions.py::"
POLICIES: Final = "tests/functions/policies/test_policies.py::test_of_two_changes_at_once_the_second_is_refused"
WHITELIST: Final = "tests/functions/test_address_whitelist.py::test_two_changes_at_once_are_both_made"
SENDERS: Final = "tests/contract/test_senders.py::"
RACES: Final = "tests/contract/test_races.py::"
#: the tests that catch the mutants of conditions that histories do not cover, or cover too rarely
NOTICED_BY: Final = {
    "rates.ROOM": "tests/functions/test_rates.py"
    "::test_no_more_domains_are_named_in_an_hour_than_the_maximum_whoever_counts",
    "removal_requests.LISTED": ADDITIONS + "test_what_is_not_on_the_list_is_not_added[simulated]",
    "removal_requests.SAME_ENTRY": "tests/functions/test_holds.py"
    "::test_a_hold_that_is_set_while_a_lift_is_sent_again_stays",
    "removal_requests.NO_ADDITION": ADDITIONS
    + "test_a_removal_over_an_addition_waits_until_no_worker_can_be_under_way_with_that[simulated-older]",
    "access.NEW": "tests/cli/test_cli_organizations.py::test_an_id_is_taken_once",
    "access.KNOWN": GUARDS + "test_what_is_set_for_an_organization_that_is_not_there_leaves_no_item",
    "access.SAME_SCOPES": "tests/functions/test_api_keys.py"
    "::test_of_two_changes_of_a_keys_scopes_at_once_the_second_is_refused",
    "access.NO_POLICY": POLICIES + "[first]",
    "access.SAME_POLICY": POLICIES + "[later]",
    "email_servers.NEW": GUARDS + "test_one_email_server_is_enabled_and_only_its_own_removal_makes_room_for_another",
    "email_servers.SAME": GUARDS + "test_a_change_of_an_email_server_that_another_change_overtook_is_refused",
    "email_servers.OURS": GUARDS + "test_one_email_server_is_enabled_and_only_its_own_removal_makes_room_for_another",
    "email_servers.ROOM": GUARDS + "test_no_more_email_servers_are_enrolled_than_the_maximum",
    "hooks.NEW": HOOKS + "test_of_two_hooks_that_are_added_at_one_place_the_second_is_refused",
    "hooks.SAME": HOOKS + "test_of_two_changes_of_a_hooks_settings_at_once_the_second_is_refused",
    "hooks.SAME without #id = :id": HOOKS + "test_a_change_of_a_hook_that_was_removed_leaves_its_successor_alone",
    "hooks.SAME without #version = :before": HOOKS
    + "test_of_two_changes_of_a_hooks_settings_at_once_the_second_is_refused",
    "hooks.SAME_TURN": HOOKS + "test_of_two_runs_that_have_read_a_hook_the_second_keeps_nothing",
    "hooks.SAME_TURN without #id = :id": HOOKS
    + "test_a_run_over_a_hook_that_was_removed_leaves_its_successor_alone[keep]",
    "hooks.SAME_TURN without #turn = :before": HOOKS
    + "test_of_two_runs_that_have_read_a_hook_the_second_keeps_nothing",
    "sessions.NEW": GUARDS + "test_a_session_of_one_credential_is_not_replaced_by_anothers",
    "sessions.OPEN": GUARDS + "test_closing_a_session_that_is_not_there_leaves_no_item",
    "sign_ins.OPEN": "tests/functions/console/identity_provider/test_attempts.py::test_an_answer_counts_once",
    "link_keys.NEW": "tests/functions/test_unsubscribe_links.py::test_of_two_first_keys_of_an_organization_one_is_kept",
    "inquiries.SAME": "tests/functions/inquiries/test_inquiries.py"
    "::test_a_drop_while_the_account_is_asked_has_it_asked_again",
    "event_webhooks.SAME": "tests/functions/test_webhook_settings.py::test_two_changes_at_once_both_take_effect",
    "groups.SAME": "tests/functions/groups/test_groups.py::test_two_changes_at_once_both_take_effect",
    "resubscriptions.FREE": "tests/contract/test_resubscriptions.py"
    "::test_a_removal_under_way_is_not_forgotten_when_its_recipient_resubscribes",
    "recipients.UNCHANGED": "tests/functions/recipients/test_recipients.py::test_two_changes_at_once_both_take_effect",
    "recipients.NEW": GUARDS + "test_an_id_that_is_taken_is_not_given_to_another",
    "recipients.FREE": GUARDS + "test_a_login_that_is_taken_is_not_given_to_another",
    "recipients.UNUSED": GUARDS + "test_deleting_a_user_takes_no_address_from_another_that_has_it_too",
    "recipients.UNUSED without attribute_not_exists(#holders)": GUARDS
    + "test_deleting_a_user_takes_no_address_from_another_that_has_it_too",
    "recipients.UNUSED without attribute_not_exists(#named)": GUARDS
    + "test_deleting_a_user_frees_no_login_that_is_anothers_though_it_was_the_users_address",
    "repeats.FREE": GUARDS + "test_an_idempotency_key_is_another_requests_until_its_time_is_over",
    "repeats.SAME": "tests/functions/event_webhook/test_webhook_secrets.py"
    "::test_mailguns_token_proves_one_post_and_its_repeats_and_no_other",
    "issuers.SAME": GUARDS + "test_the_trust_in_an_issuer_is_ended_by_the_organization_that_has_it_alone",
    **dict.fromkeys(
        (
            "old_queue.SAME_PLACE",
            "old_queue.SAME_PLACE without #queue = :queue",
            "old_queue.SAME_PLACE without #due_at = :due_at",
        ),
        "tests/contract/test_queue_index.py"
        "::test_what_left_the_old_queue_or_is_due_at_another_moment_is_not_moved_by_what_its_index_showed[simulated]",
    ),
    "policy_progress.SAME_TURN": "tests/functions/policies/test_policy_meanwhile.py"
    "::test_of_two_runs_at_once_one_lifts_and_the_caps_hold",
    "organization_rows.EXPIRED": "tests/unit/test_exports.py::test_what_has_not_expired_is_not_replaced",
    "pending.DUE without #removal_state = :pending": RACES
    + "test_a_failure_that_the_index_still_shows_as_pending_is_not_claimed[simulated]",
    "removal_queue.RETRIABLE without #removal_id = :id": RACES
    + "test_a_failure_is_retried_by_its_own_id_only[simulated]",
    "removal_queue.SAME_FENCE without #removal_state = :pending": RACES
    + "test_what_has_ended_is_not_ended_once_more[simulated]",
    "removal_requests.SAME_BOUNCE": RACES + "test_what_has_bounced_since_is_not_unblocked[simulated-bounces]",
    "suppressions.NOT_FORGIVEN without (attribute_not_exists(#forgiven_bounce) OR #forgiven_bounce < :at)": RACES
    + "test_another_event_of_the_millisecond_that_was_seen_and_forgiven_does_not_come_back[simulated]",
    "suppressions.ROOM": RACES + "test_a_count_that_has_become_full_stays_full[simulated]",
    "senders.FREE_OR_OURS": SENDERS + "test_the_first_claim_wins_and_may_be_repeated[in process]",
    "senders.OURS": SENDERS + "test_only_its_owner_releases_a_sender[in process]",
    "unblocks.NOT_EXHAUSTED": RACES + "test_of_two_unblocks_that_both_read_four_one_is_the_last[simulated]",
    "unblocks.LISTED": RACES + "test_what_the_job_has_lifted_since_is_not_unblocked[simulated]",
    "whitelists.NEW": WHITELIST + "[the first ones]",
    "whitelists.UNCHANGED": WHITELIST + "[of enabled]",
    "whitelists.UNCHANGED without #enabled = :enabled": WHITELIST + "[of enabled]",
    "whitelists.UNCHANGED without #entries = :entries": WHITELIST + "[of the list]",
    "unblocks.STILL_PASSING": RACES + "test_what_has_bounced_hard_in_the_same_millisecond_is_not_unblocked[simulated]",
}


def simulated() -> list[Mutant]:
    """The mutants that the simulation must notice."""
    return [one for one in mutants() if one.condition.split(".")[0] in SIMULATED and one.name not in NOTICED_BY]


def test_every_condition_is_noticed_by_the_simulation_or_by_a_test_of_its_name() -> None:
    known = {one.name for one in simulated()} | set(NOTICED_BY)
    assert {one.name for one in mutants()} == known


@pytest.fixture(scope="module")
def ended() -> dict[str, int]:
    """The exit code of each test against the store without its condition."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers/domain/python"), str(ROOT / "cli")])
    ran = subprocess.run(
        [sys.executable, "-m", "tests.mutation.each"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        input=json.dumps(NOTICED_BY),
        capture_output=True,
        text=True,
    )
    codes: dict[str, int] = json.loads(ran.stdout)
    return codes


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTICED_BY)
def test_without_a_condition_that_the_simulation_does_not_cover_a_test_fails(name: str, ended: dict[str, int]) -> None:
    assert ended[name] == pytest.ExitCode.TESTS_FAILED
