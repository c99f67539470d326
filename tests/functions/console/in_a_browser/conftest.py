"""What the tests of the console in a browser share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import HOUR
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support.acme import EMAIL, ORGANIZATION
from tests.support.removal_job import Provider, enrol

if TYPE_CHECKING:
    from tests.support.gateway import Clock


@pytest.fixture
def shots() -> Path | None:
    """The directory for pictures, where `SHOTS` names one."""
    made = Path(os.environ["SHOTS"]).resolve() if "SHOTS" in os.environ else None
    if made:
        made.mkdir(parents=True, exist_ok=True)
    return made


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
