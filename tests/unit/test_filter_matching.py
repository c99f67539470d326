"""Matching of the system log's filter: its results, its cost, and the conditions that an index may rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.system_log.filter.matching import matches, required_equalities
from reprieve.system_log.filter.parser import MAX_DEPTH, parse
from tests.support.filters import BOUNCE, steps

if TYPE_CHECKING:
    from collections.abc import Mapping


def asks_for(text: str, event: Mapping[str, Any] = BOUNCE) -> bool:
    return matches(parse(text), event)


@pytest.mark.parametrize(
    "text",
    [
        'target.id eq "user@domain.com" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"',
        'target.id eq "user@domain.com" and target.id eq "00u1"',
        'target.id eq "USER@Domain.com"',
        'outcome.reason eq "BOUNCE"',
        'actor.id ne "00uxc78lMKUMVIHLTAXY"',
        'eventType sw "SYSTEM.email"',
        'eventType co "Email.Del"',
        'eventType ew "delivery"',
        'eventType sw "system.email.delivery" and eventType ew "system.email.delivery"',
        'transaction.detail.requestApiTokenId eq "00T1"',
        'request.ipChain.ip eq "10.0.0.2"',
        'securityContext.risk.reasons eq "new city"',
        'displayMessage gt "EMAIL" and displayMessage le "email delivery"',
        "authenticationContext.authenticationStep eq 0",
        "debugContext.debugData.attempts gt 2 and debugContext.debugData.attempts le 3.0",
        "client.geographicalContext.geolocation.lat lt 49",
        "securityContext.isProxy eq false and debugContext.debugData.final ne false",
        "securityContext.isProxy pr",
        "target pr and target.id pr",
        "client.ipAddress eq null and outcome.reason ne null",
    ],
)
def test_it_asks_for_the_bounce(text: str) -> None:
    assert asks_for(text)
    assert not asks_for(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        'target.id eq "user@domain.com" and target.id eq "stranger@domain.com"',
        'target.id eq "user@domain"',
        'eventType sw "email"',
        'eventType ew "system"',
        "version eq 0",
        'authenticationContext.authenticationStep eq "0"',
        "authenticationContext.authenticationStep eq false",
        "debugContext.debugData.final eq 1",
        'client.zone gt ""',
        'client.ipAddress co ""',
        "debugContext.debugData.via pr",
        "target.detailEntry pr",
        "actor.detailEntry pr",
        "legacyEventType pr",
        "securityContext.botProtection pr",
    ],
)
def test_it_does_not_ask_for_the_bounce(text: str) -> None:
    assert not asks_for(text)
    assert asks_for(f"not ({text})")


def test_ne_on_an_array_asks_that_no_value_is_the_same() -> None:
    assert not asks_for('target.id ne "user@domain.com"')
    assert asks_for('target.id ne "stranger@domain.com"')


def test_ne_holds_where_there_is_no_value() -> None:
    assert asks_for('client.zone ne "LegacyIpZone"')
    assert asks_for('client.zone ne "LegacyIpZone"', {})
    assert asks_for('target.id ne "a"', {"target": []})


def test_arrays_within_arrays_are_taken_apart_too() -> None:
    event = {"debugContext": {"debugData": {"rows": [[{"id": 1}], [[{"id": [2, [3]]}], 4]]}}}
    assert [asks_for(f"debugContext.debugData.rows.id eq {n}", event) for n in (1, 2, 3, 4)] == [
        True,
        True,
        True,
        False,
    ]


def test_date_times_compare_as_instants_whatever_their_spelling() -> None:
    event = {"debugContext": {"debugData": {"at": "2026-03-01T10:00:00.000Z"}}}
    assert asks_for('debugContext.debugData.at eq "2026-03-01T11:00:00+01:00"', event)
    assert asks_for('debugContext.debugData.at gt "2026-03-01T10:30:00+01:00"', event)
    assert not asks_for('debugContext.debugData.at lt "2026-03-01T11:00:00.5+02:00"', event)
    assert asks_for('debugContext.debugData.at sw "2026-03-01"', event)


def test_what_only_looks_like_a_date_time_compares_as_text() -> None:
    event = {"debugContext": {"debugData": {"at": "2026-02-30T10:00:00Z"}}}
    assert asks_for('debugContext.debugData.at eq "2026-02-30t10:00:00z"', event)
    assert asks_for('debugContext.debugData.at gt "2026-02-30"', event)


def test_the_first_and_last_instants_there_are_still_compare() -> None:
    event = {"debugContext": {"debugData": {"at": "0001-01-01T00:00:00+14:00"}}}
    assert asks_for('debugContext.debugData.at lt "9999-12-31T23:59:59.999999-14:00"', event)


def test_the_costliest_filter_that_is_read_is_matched_in_steps_that_its_depth_bounds() -> None:
    path = "debugContext.debugData" + ".a" * 3_000
    expression = parse(f'{path} eq "x" or ' + "not (" * MAX_DEPTH + 'target.id co "aab"' + ")" * MAX_DEPTH)
    event = {"target": [{"id": "a" * 20_000}] * 50}
    assert steps(lambda: matches(expression, event)) < 100 * MAX_DEPTH * len(event["target"])
    assert not matches(expression, event)


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ('target.id eq "User@Domain.com"', {"target.id": {"user@domain.com"}}),
        ('target.id eq "x" and eventType eq "y"', {"target.id": {"x"}, "eventType": {"y"}}),
        ('target.id eq "a" and (target.id eq "b" and severity pr)', {"target.id": {"a", "b"}}),
        ('(target.id eq "a" or severity pr) and uuid eq "u"', {"uuid": {"u"}}),
        ('target.id eq "a" or target.id eq "b"', {}),
        ('not (target.id eq "a")', {}),
        ('target.id ne "a" and target.id sw "a" and target.id ge "a" and target.id pr', {}),
        ("authenticationContext.authenticationStep eq 0 and client.zone eq null", {}),
        # equal to other spellings of the instant as well
        ('debugContext.debugData.at eq "2026-03-01T10:00:00Z"', {}),
    ],
)
def test_only_equalities_that_every_match_must_have_are_required(text: str, required: dict[str, set[str]]) -> None:
    assert required_equalities(parse(text)) == required
