"""Our event hooks, held to Okta's own schema and read by the models of its Python SDK 3.x."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from okta.models import EventHook as Model

from reprieve.dialects.exchange import Request
from reprieve.dialects.okta import event_hooks
from reprieve.hooks.event_hook import EventHook
from reprieve.hooks.hook import Hook, Progress, Secret
from reprieve.system_log.entry import EventType
from tests.support.contracts import validator

NOW = 1_767_225_600_000
ID = "who0123456789ABCDEFG"
REQUEST = Request("r", "GET", "/v1/eventHooks", "https://x.example/api/v1/eventHooks", {}, {}, {}, b"", None, NOW)

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)
found = st.builds(
    EventHook,
    name=st.text(min_size=1, max_size=9),
    events=st.lists(st.sampled_from(EventType), min_size=1, unique=True).map(tuple),
    auth_header=st.just("") | names,
    headers=st.lists(st.tuples(names, names), max_size=3).map(tuple),
    verified=st.booleans(),
    creator=names,
)
hooks = st.builds(
    lambda event_hook, description, enabled: Hook(
        organization_id="acme",
        id=ID,
        place=5,
        url="https://crm.acme.example/okta",
        description=description,
        types=frozenset(),
        enabled=enabled,
        disabled_reason="",
        secrets=(Secret(b"sealed"),),
        created=NOW,
        updated=NOW,
        progress=Progress("a"),
        event_hook=event_hook,
    ),
    found,
    st.just("") | names,
    st.booleans(),
)


@given(hooks)
def test_an_event_hook_is_oktas_to_its_schema_and_to_its_model(hook: Hook) -> None:
    shown: Any = event_hooks.render(hook, REQUEST).body
    validator("EventHook").validate(shown)
    assert hook.event_hook is not None
    model = Model.from_dict(shown)
    assert model is not None
    assert (model.id, model.name, model.events.items) == (ID, hook.event_hook.name, list(hook.event_hook.events))
    assert model.status == ("ACTIVE" if hook.enabled else "INACTIVE")
    assert event_hooks.render_all([hook], REQUEST).body == [shown]


def test_the_schema_refuses_what_is_not_oktas() -> None:
    hook: Any = {"name": "CRM", "events": {"type": "EVENT_TYPE", "items": []}}
    with pytest.raises(jsonschema_rs.ValidationError):
        validator("EventHook").validate(hook)
