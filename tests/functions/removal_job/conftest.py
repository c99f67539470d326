"""The organization whose removals are carried out, with a scripted provider."""

from __future__ import annotations

import pytest

from reprieve.runtime import wiring
from tests.support.gateway import DEMO
from tests.support.removal_job import Provider, enrol


@pytest.fixture
def provider(dynamodb: object, monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    enrol(DEMO)
    return provider
