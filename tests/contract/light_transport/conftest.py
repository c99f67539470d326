"""Credentials of a function, and nothing left of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.store import connection
from tests.support.light_transport import MADE, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials of a function; afterwards, no connection and no TLS context is left."""
    for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("ACCESS_KEY_ID", "AKIA"), ("SECRET_ACCESS_KEY", SECRET), ("SESSION_TOKEN", "session")):
        monkeypatch.setenv(f"AWS_{name}", value)
    yield
    while MADE:
        MADE.pop().close()
    connection.authorities.cache_clear()
    connection.all_authorities.cache_clear()
