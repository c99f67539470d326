"""Our users, read by the models of Okta's Python SDK 3.x."""

from __future__ import annotations

from dataclasses import replace

import pytest
from okta.models import User, UserGetSingleton

from reprieve.access.caller import Caller
from reprieve.address import Address
from reprieve.dialects.exchange import Request
from reprieve.dialects.okta.recipients import record, render_me
from reprieve.organization import Organization
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.recipients.users import STATUS, Status

BASE = "https://h/api/v1/users"
ADA = Recipient("00u00000000000000001", USERS, Address.parse("ada@example.com"), None, 0, 0)


@pytest.mark.parametrize("status", Status)
def test_okta_s_model_reads_a_user_in_every_state(status: Status) -> None:
    shown = record(replace(ADA, profile={"firstName": "Ada", STATUS: status}), BASE)
    for model in (User, UserGetSingleton):
        user = model.from_dict(shown)
        assert user is not None
        assert user.profile is not None
        assert (user.id, user.status, user.profile.login) == (ADA.id, status, "ada@example.com")


def test_okta_s_model_reads_the_credential() -> None:
    caller = Caller(Organization("demo", "Demo"), "cred-1", frozenset())
    answer = render_me(Request("0" * 32, "GET", "/v1/users/me", f"{BASE}/me", {}, {}, {}, b"", caller, 0))
    assert isinstance(answer.body, dict)
    user = UserGetSingleton.from_dict(answer.body)
    assert user is not None
    assert (user.id, user.status) == ("cred-1", "ACTIVE")
