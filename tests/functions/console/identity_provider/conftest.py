"""An identity provider, which is where people of DEMO sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.clock import Millis
from reprieve.runtime import wiring
from tests.support.identity_provider import Provider
from tests.support.oauth import Vault
from tests.support.sign_ins import given

if TYPE_CHECKING:
    from tests.support.gateway import Clock


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    """The vault of the clients' secrets, in memory."""
    vault = Vault()
    monkeypatch.setattr(wiring, "vault", lambda: vault)
    return vault


@pytest.fixture
def provider(clock: Clock, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """An identity provider, which is where people of DEMO sign in."""
    provider = Provider(lambda: Millis(clock.now))
    monkeypatch.setattr(wiring, "identity_providers", lambda _port=None: provider)
    given(clock)
    return provider
