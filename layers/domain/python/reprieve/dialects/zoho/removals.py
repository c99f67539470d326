"""Zoho's Unblock Email action, for one record and for many."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reprieve.access.repeat import Answer
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import dialect, modules
from reprieve.dialects.zoho.dialect import (
    FieldNotInModule,
    InvalidRecord,
    InvalidValue,
    UnknownField,
)
from reprieve.dialects.zoho.modules import API_NAMES, FIELDS
from reprieve.removals.block import UnblockOutcome
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.recipients.recipient import Field
    from reprieve.removals.unblock import RecordResult

#: how many records one request may unblock
MAX_IDS: Final = 500
#: the header that makes it safe to repeat a request whose answer was lost
KEY_HEADER: Final = "idempotency-key"
KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
#: the ids that may be shown: a client's SDK converts them to numbers
DIGITS: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
#: the answer for one record: (code, message)
SAID: Final = {
    UnblockOutcome.UNBLOCKED: ("SUCCESS", "Unblocked successfully"),
    UnblockOutcome.UNKNOWN: ("INVALID_DATA", "Invalid record provided"),
    UnblockOutcome.EXHAUSTED: ("NOT_ALLOWED", "Cannot unblock, email has been unblocked 5 times already"),
    UnblockOutcome.PERMANENT: ("NOT_ALLOWED", "Cannot unblock, Email is blocked permanently"),
    UnblockOutcome.FREE: ("NOT_ALLOWED", "Email is already unblocked"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The request of an unblock.

    Attributes:
        ids: as they came, in order.
        fields: each once, in order.
        single: whether the record is named by the path.
        rehearsal: whether nothing is to change.
        key: the idempotency key, or None.
    """

    module: str
    ids: Sequence[str]
    fields: Sequence[Field]
    single: bool
    rehearsal: bool
    key: str | None

    def request_id(self, request: Request) -> str:
        """The id of the work: the request's own, or one that every request with the same key has."""
        if self.key is None:
            return request.id
        identity = f"{request.organization.id}#{self.key}#{fingerprint(request)}"
        return hashlib.sha256(identity.encode()).hexdigest()[:32]


def parse_unblock(request: Request) -> Asked:
    """The request; the record's id is in the path, the ids are in the body, or both if they are the same.

    Raises:
        NoSuchRoute, UnknownModule: see `modules.module`.
        UnreadableBody: the body is not a JSON object.
        Refused: the body, the query or a header has an invalid value; nothing was changed.
    """
    module = modules.module(request)
    content = dialect.body(request)
    fields = _fields(content.get("unblock_fields"), module)
    record_id = request.path.get("record_id")
    ids = _ids(content.get("ids"), record_id)
    return Asked(module, ids, fields, record_id is not None, _rehearsal(request), _key(request))


def permission(request: Request) -> Permission:
    """What the request asks of the caller's role: less where it is a rehearsal.

    Raises:
        InvalidValue: it does not say which.
    """
    return Permission.LOOK_UP if _rehearsal(request) else Permission.LIFT


def render_unblock(asked: Asked, results: Sequence[RecordResult]) -> Response:
    """An entry per record: 200 when all were unblocked, 207 when some were, 400 when none was."""
    return dialect.multi_status([_entry(asked, index, result) for index, result in enumerate(results)])


def keep(response: Response) -> Answer:
    """The answer as it is stored for its idempotency key."""
    return Answer(response.status, json.dumps(response.body, separators=(",", ":")))


def repeat(answer: Answer, *, earlier: bool) -> Response:
    """A stored answer, word for word; a header says that it is an earlier one."""
    headers = (("Idempotent-Replayed", "true"),) if earlier else ()
    return Response(answer.status, answer.body, headers)


def fingerprint(request: Request) -> str:
    """The fingerprint of a request, for its idempotency key: its method, path, query and body."""
    parts = [request.method, request.url, sorted(request.query.items())]
    return hashlib.sha256(json.dumps(parts).encode() + request.body).hexdigest()


def _entry(asked: Asked, index: int, result: RecordResult) -> dict[str, Any]:
    """One record's entry, with the outcome of each field where that says more than the entry itself."""
    code, message = SAID[result.outcome]
    details: dict[str, object] = {}
    if DIGITS.fullmatch(result.id):
        details["id"] = result.id
    if result.outcome is not UnblockOutcome.UNBLOCKED:
        details |= {"resource_path_index": 1} if asked.single else {"api_name": "ids", "json_path": f"$.ids[{index}]"}
    if asked.rehearsal or len({field.outcome for field in result.fields}) > 1:
        details["fields"] = [
            {
                "api_name": API_NAMES[field.field],
                "code": SAID[field.outcome][0],
                "message": SAID[field.outcome][1],
                "block": field.kind.value,
                "remaining": field.remaining,
            }
            for field in result.fields
        ]
    if asked.rehearsal:
        details["remaining"] = min((field.remaining for field in result.fields), default=None)
    return dialect.entry(code, message, details)


def _fields(value: object, module: str) -> list[Field]:
    name = "unblock_fields"
    given = dialect.array(value, name)
    for index, field in enumerate(given):
        if not isinstance(field, str) or field not in FIELDS:
            raise UnknownField({"api_name": name, "json_path": f"$.{name}[{index}]", "supported_values": list(FIELDS)})
    for index, field in enumerate(given):
        if field not in modules.fields_of(module):
            raise FieldNotInModule({"api_name": name, "json_path": f"$.{name}[{index}]"})
    return [FIELDS[field] for field in dict.fromkeys(given)]


def _ids(value: object, record_id: str | None) -> list[str]:
    if record_id is not None and value is None:
        return [record_id]
    given = dialect.array(value, "ids", most=MAX_IDS)
    for index, one in enumerate(given):
        if not isinstance(one, str):
            raise InvalidValue({"api_name": "ids", "json_path": f"$.ids[{index}]", "expected_data_type": "string"})
    if record_id is None:
        return given
    for index, one in enumerate(given):
        if one != record_id:
            raise InvalidRecord({"api_name": "ids", "json_path": f"$.ids[{index}]"})
    return [record_id]


def _rehearsal(request: Request) -> bool:
    match request.parameter("dry_run"):
        case None | "false":
            return False
        case "true":
            return True
        case _:
            raise InvalidValue({"api_name": "dry_run", "supported_values": ["true", "false"]})


def _key(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise InvalidValue({"api_name": "Idempotency-Key", "maximum_length": 255})
    return key
