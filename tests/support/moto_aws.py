"""One AWS in moto for a whole module of tests, empty for each of them.

    with moto_aws.running():                  # once a module: moto takes longer to start than most tests to run
        moto_aws.empty()                      # before each test: no stack, key, queue or table
        names = moto_aws.create_tables()      # the template's tables, as CreateTable makes them

Clients may be kept from test to test, which `forget` does: they are slow to make, and all of them ask the same moto.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.dynamodb.models import dynamodb_backends
from moto.kms import models as kms

from reprieve.runtime import wiring
from tests.support import tables
from tests.support.moto_partiql import inserting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

REGION = "eu-west-1"


@contextmanager
def running() -> Iterator[None]:
    """Put moto in AWS's place, for clients that `wiring` makes within."""
    forget(clients=True)
    with mock_aws(), inserting(), mock.patch.object(kms, "generate_private_key", _private_key):
        yield
    forget(clients=True)


def empty() -> None:
    """Forget all that AWS was told."""
    BackendDict.reset()
    reset_model_data()
    forget(clients=False)


def forget(*, clients: bool) -> None:
    """Forget what `wiring` keeps for the life of a process, its clients too if they would ask a moto that is gone."""
    for name, thing in vars(wiring).items():
        if hasattr(thing, "cache_clear") and (clients or name != "client"):
            thing.cache_clear()


def create_tables() -> dict[str, str]:
    """The template's tables, empty; the environment variables that name them."""
    dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables = deepcopy(_created())
    return tables.environment()


@cache
def _created() -> dict[str, Any]:
    tables.create_tables(boto3.client("dynamodb", REGION))
    return deepcopy(dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables)


#: moto gives even a symmetric key an RSA key, which nobody uses and which takes longer than most tests
_private_key = cache(kms.generate_private_key)


def set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have credentials that no real AWS would take."""
    for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(word, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
