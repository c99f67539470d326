"""The suppression list of SES v2 as far as it is documented, in memory, behind boto3's method names.

Errors are real `botocore` ClientErrors, and what is asked is checked against botocore's own model of the service, so
that a parameter that boto3 would refuse is refused here. What the model cannot say is behaviour: an entry answers to
its exact letter case only, each tenant has a list of its own, and a missing tenant is a NotFoundException like a
missing address.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

if TYPE_CHECKING:
    from collections.abc import Callable

_MODEL = botocore.session.get_session().get_service_model("sesv2")


@dataclass(frozen=True)
class Entry:
    email: str
    reason: str
    updated: datetime


@dataclass
class FakeSes:
    """One account.

    Attributes:
        lists: entries by exact spelling, by tenant ("" is the account itself).
        errors: raised by the next calls, one each; None lets a call pass.
        lost: errors raised after the next deletions took effect.
        always: raised by every call.
        page: rows of a page, however many are asked for.
        sets: the event destinations of each configuration set, by name.
        sends: receives each mail that is sent, as it was asked for.
        calls: every call, as (operation, parameters).
    """

    lists: dict[str, dict[str, Entry]] = field(default_factory=lambda: {"": {}})
    errors: deque[Exception | None] = field(default_factory=deque)
    lost: deque[Exception] = field(default_factory=deque)
    always: Exception | None = None
    page: int = 3
    sets: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    sends: Callable[[dict[str, Any]], object] = lambda _: None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def put(self, email: str, *, reason: str = "BOUNCE", created: int = 1_700_000_000, tenant: str = "") -> None:
        entry = Entry(email, reason, datetime.fromtimestamp(created, UTC))
        self.lists.setdefault(tenant, {})[email] = entry

    def listed(self, reason: str, *, tenant: str = "") -> set[str]:
        return {entry.email for entry in self.lists[tenant].values() if entry.reason == reason}

    def get_suppressed_destination(self, **parameters: Any) -> dict[str, Any]:
        return self._do("GetSuppressedDestination", parameters, self._get)

    def put_suppressed_destination(self, **parameters: Any) -> dict[str, Any]:
        return self._do("PutSuppressedDestination", parameters, self._put)

    def delete_suppressed_destination(self, **parameters: Any) -> dict[str, Any]:
        return self._do("DeleteSuppressedDestination", parameters, self._delete)

    def list_suppressed_destinations(self, **parameters: Any) -> dict[str, Any]:
        return self._do("ListSuppressedDestinations", parameters, self._list)

    def get_configuration_set(self, **parameters: Any) -> dict[str, Any]:
        return self._do("GetConfigurationSet", parameters, lambda it: {"name": self._destinations(it)})

    def create_configuration_set(self, **parameters: Any) -> dict[str, Any]:
        return self._do(
            "CreateConfigurationSet", parameters, lambda it: self.sets.setdefault(it["ConfigurationSetName"], {})
        )

    def get_configuration_set_event_destinations(self, **parameters: Any) -> dict[str, Any]:
        def work(it: dict[str, Any]) -> dict[str, Any]:
            return {"EventDestinations": [{"Name": name, **one} for name, one in self._destinations(it).items()]}

        return self._do("GetConfigurationSetEventDestinations", parameters, work)

    def create_configuration_set_event_destination(self, **parameters: Any) -> dict[str, Any]:
        return self._do(
            "CreateConfigurationSetEventDestination", parameters, lambda it: self._set_destination(it, new=True)
        )

    def update_configuration_set_event_destination(self, **parameters: Any) -> dict[str, Any]:
        return self._do(
            "UpdateConfigurationSetEventDestination", parameters, lambda it: self._set_destination(it, new=False)
        )

    def send_email(self, **parameters: Any) -> dict[str, Any]:
        def work(it: dict[str, Any]) -> dict[str, Any]:
            self._destinations(it)
            self.sends(it)
            return {"MessageId": "m"}

        return self._do("SendEmail", parameters, work)

    def _destinations(self, parameters: dict[str, Any]) -> dict[str, dict[str, Any]]:
        if parameters["ConfigurationSetName"] not in self.sets:
            raise error("NotFoundException", 404)
        return self.sets[parameters["ConfigurationSetName"]]

    def _set_destination(self, parameters: dict[str, Any], *, new: bool) -> dict[str, Any]:
        known, name = self._destinations(parameters), parameters["EventDestinationName"]
        if new == (name in known):
            raise error("AlreadyExistsException", 400) if new else error("NotFoundException", 404)
        known[name] = parameters["EventDestination"]
        return {}

    def _do(
        self, operation: str, parameters: dict[str, Any], work: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        shape: Any = _MODEL.operation_model(operation).input_shape
        report = ParamValidator().validate(parameters, shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        if self.always is not None:
            raise self.always
        if self.errors and (error := self.errors.popleft()) is not None:
            raise error
        return work(parameters)

    def _mine(self, parameters: dict[str, Any]) -> dict[str, Entry]:
        try:
            return self.lists[parameters.get("TenantName", "")]
        except KeyError:
            raise error("NotFoundException", 404) from None

    def _get(self, parameters: dict[str, Any]) -> dict[str, Any]:
        entry = self._mine(parameters).get(parameters["EmailAddress"])
        if entry is None:
            raise error("NotFoundException", 404)
        return {"SuppressedDestination": _row(entry)}

    def _put(self, parameters: dict[str, Any]) -> dict[str, Any]:
        email = parameters["EmailAddress"]
        self._mine(parameters)[email] = Entry(email, parameters["Reason"], datetime(2026, 1, 1, tzinfo=UTC))
        if self.lost:
            raise self.lost.popleft()
        return {}

    def _delete(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if self._mine(parameters).pop(parameters["EmailAddress"], None) is None:
            raise error("NotFoundException", 404)
        if self.lost:
            raise self.lost.popleft()
        return {}

    def _list(self, parameters: dict[str, Any]) -> dict[str, Any]:
        # both ends excluded: the less helpful reading of a range whose ends are not documented
        after = parameters.get("StartDate", datetime.min.replace(tzinfo=UTC))
        before = parameters.get("EndDate", datetime.max.replace(tzinfo=UTC))
        chosen = [
            entry
            for entry in self._mine(parameters).values()
            if entry.reason in parameters.get("Reasons", ("BOUNCE", "COMPLAINT")) and after < entry.updated < before
        ]
        start = int(parameters.get("NextToken", "0"))
        page = {"SuppressedDestinationSummaries": [_row(entry) for entry in chosen[start : start + self.page]]}
        return page | ({"NextToken": str(start + self.page)} if start + self.page < len(chosen) else {})


def error(code: str, status: int) -> ClientError:
    """boto3's error; its message contains text that must not leak."""
    answer: Any = {
        "Error": {"Code": code, "Message": "boo@example.org AKIACANARY"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "AnyOperation")


def _row(entry: Entry) -> dict[str, Any]:
    return {"EmailAddress": entry.email, "Reason": entry.reason, "LastUpdateTime": entry.updated}
