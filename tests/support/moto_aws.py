"""One AWS for a whole module of tests, empty for each of them: moto, and our own DynamoDB (tests/support/dynamodb.py).

    with moto_aws.running():                  # once a module: moto takes longer to start than most tests to run
        client = moto_aws.empty(monkeypatch)  # before each test: no stack, key or queue; the template's tables, empty

Clients may be kept from test to test, which `forget` does: they are slow to make, and all of them ask the same moto.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any
from unittest import mock

from moto import mock_aws
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.kms import models as kms

from reprieve.runtime import wiring
from reprieve.store import dead_letters
from tests.support.dynamodb import Client, Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

REGION = "eu-west-1"


@contextmanager
def running() -> Iterator[None]:
    """Put moto in AWS's place, for clients that `wiring` makes within."""
    forget(clients=True)
    # moto waits as long as SQS for a message, and here only the test can send one
    no_waiting = mock.patch.object(dead_letters, "WAIT", 0)
    with mock_aws(), no_waiting, mock.patch.object(kms, "generate_private_key", _private_key):
        yield
    forget(clients=True)


def empty(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Empty AWS; return the client of an empty DynamoDB, which `wiring` uses from now on."""
    BackendDict.reset()
    reset_model_data()
    forget(clients=False)
    dynamodb, client = Database().client(), wiring.client

    @wraps(client)
    def client_of(service: str) -> Any:
        return dynamodb if service == "dynamodb" else client(service)

    monkeypatch.setattr(wiring, "client", client_of)
    monkeypatch.setattr(wiring, "dynamodb", lambda: dynamodb)
    return dynamodb


def forget(*, clients: bool) -> None:
    """Reset the caches of `wiring`, its clients included if their moto is gone."""
    for name, thing in vars(wiring).items():
        if hasattr(thing, "cache_clear") and (clients or name != "client"):
            thing.cache_clear()


#: moto gives even a symmetric key an RSA key, which is not used and which takes longer than most tests
_private_key = cache(kms.generate_private_key)  # type: ignore[attr-defined]


def set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set credentials that no real AWS would accept."""
    for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(word, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
