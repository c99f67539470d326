"""The part of Zoho's record API that it takes to have records: insert, upsert, get and delete; and who asks.

Members beyond the two email fields are kept and given back as they came; no layout is checked, so nothing but the two
addresses can be wrong with a record.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reprieve import answer_size
from reprieve.address import Address
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import dialect
from reprieve.dialects.zoho.dialect import InvalidValue, MissingField, NoSuchId, TooMany
from reprieve.dialects.zoho.modules import API_NAMES, EMAIL, FIELDS, RECORD_ID, fields_of
from reprieve.errors import LimitExceeded, MalformedAddress, NoSuchRoute, NotFound
from reprieve.paging import Cursors, WholeNumber
from reprieve.recipients.records import MAX_CONTENT, Draft, Saved, content_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.recipients.recipient import Recipient

#: how many records one request may carry
MAX_RECORDS: Final = 100
#: the largest and the default page
PAGE: Final = 200
PER_PAGE: Final = WholeNumber("per_page", 1, PAGE)
#: members that are ours to say, whatever a client sends
OURS: Final = frozenset({"id", "Created_Time", "Modified_Time", "Created_By", "Modified_By"})
#: how the SDKs find out who they are
USERS_READ: Final = ("ZohoCRM.users.READ", "ZohoCRM.users.ALL")
ORGANIZATION_READ: Final = ("ZohoCRM.org.READ", "ZohoCRM.org.ALL")
#: what is wrong with one record: (code, message)
INVALID: Final = ("INVALID_DATA", "invalid data")
NO_SUCH_ID: Final = ("INVALID_DATA", "the id given seems to be invalid")


#: what became of a draft
Outcome: TypeAlias = Saved | NotFound | LimitExceeded


@dataclass(frozen=True, slots=True)
class Submitted:
    """One submitted record: a draft, or the `details` of what is wrong with it."""

    draft: Draft | None
    details: dict[str, Any]


def parse_records(request: Request, module: str) -> list[Submitted]:
    """The submitted records, 1 to 100, in order.

    Raises:
        UnreadableBody: the body is not a JSON object.
        Refused: `data` is missing, empty, no array or too long.
    """
    given = dialect.array(dialect.body(request).get("data"), "data", most=MAX_RECORDS)
    return [_submitted(one, f"$.data[{index}]", module) for index, one in enumerate(given)]


def drafts(submitted: Sequence[Submitted]) -> list[Draft]:
    """Those of the submitted records that can be saved."""
    return [one.draft for one in submitted if one.draft]


def parse_duplicate_check(request: Request, module: str) -> list[str]:
    """Which addresses to look for existing records by: the body's `duplicate_check_fields`, or the first email.

    Raises:
        Refused: it is not an array of this module's email fields.
    """
    given = dialect.body(request).get("duplicate_check_fields", [EMAIL])
    name = "duplicate_check_fields"
    if not isinstance(given, list):
        raise InvalidValue({"api_name": name, "json_path": f"$.{name}", "expected_data_type": "jsonarray"})
    supported = fields_of(module)
    for index, one in enumerate(given):
        if one not in supported:
            path = f"$.{name}[{index}]"
            raise InvalidValue({"api_name": name, "json_path": path, "supported_values": list(supported)})
    return [FIELDS[one].value for one in given]


def parse_ids(request: Request) -> list[str] | None:
    """The ids of the query, at most 100, or None when there are none.

    Raises:
        Refused: too many, or one that cannot be an id.
    """
    text = request.parameter("ids")
    if text is None:
        return None
    ids = [one.strip() for one in text.split(",")]
    if len(ids) > MAX_RECORDS:
        raise TooMany({"limit": MAX_RECORDS, "limit_due_to": [{"api_name": "ids"}]})
    if not all(RECORD_ID.fullmatch(one) for one in ids):
        raise InvalidValue({"api_name": "ids", "regex": RECORD_ID.pattern})
    return ids


def parse_id(request: Request) -> list[str]:
    """The id in the path, if it can be one: something else is the id of no record.

    Raises:
        NoSuchRoute: it is a word, such as Zoho's `deleted`, and so another path of Zoho's that is not served here.
    """
    identifier = request.path["record_id"]
    if re.fullmatch("[A-Za-z_]+", identifier):
        raise NoSuchRoute(request.resource)
    return [identifier] if RECORD_ID.fullmatch(identifier) else []


def parse_doomed(request: Request) -> list[str]:
    """The ids of records to delete, each once: the path's, or the query's.

    Raises:
        Refused: there is none, or it cannot be one.
        NoSuchRoute: see `parse_id`.
    """
    if "record_id" in request.path:
        ids = parse_id(request)
        if not ids:
            raise NoSuchId({"resource_path_index": 1})
    else:
        ids = parse_ids(request) or []
        if not ids:
            raise MissingField({"api_name": "ids", "param": "ids"})
    return list(dict.fromkeys(ids))


def parse_page(request: Request) -> tuple[int, str | None]:
    """The size of the page, 1 to 200, and the id that it begins behind.

    Raises:
        Refused: `per_page` is out of range.
        InvalidCursor: `page_token` is not one of this organization and module.
    """
    size = dialect.whole_number(request, PER_PAGE, PAGE)
    token = request.parameter("page_token")
    return size, None if token is None else _page_tokens(request).read(token, _carried)


def _page_tokens(request: Request) -> Cursors:
    return Cursors(request.organization.id, f"records of {request.path['module']}", "page_token")


def _carried(content: Any) -> str:  # noqa: ANN401  (JSON)
    if not RECORD_ID.fullmatch(content):
        raise ValueError("not the id of a record")
    return str(content)


def render_saved(
    request: Request, submitted: Sequence[Submitted], saved: Sequence[Outcome], *, upsert: bool
) -> Response:
    """An entry a submitted record, in order: 201 (an upsert that changed something: 200), 207 or 400."""
    left, person = iter(saved), person_of(request)
    entries = [
        _saved(next(left), f"$.data[{index}]", person, upsert=upsert)
        if one.draft
        else dialect.entry(*INVALID, one.details)
        for index, one in enumerate(submitted)
    ]
    changed = any(isinstance(one, Saved) and one.found_by for one in saved)
    return dialect.multi_status(entries, success=HTTPStatus.OK if changed else HTTPStatus.CREATED)


def render_records(
    request: Request, records: Sequence[Recipient], *, following: str | None = None, per_page: int | None = None
) -> Response:
    """Records with all their members; 204 when there is none, as Zoho answers.

    Args:
        request: the request that is answered.
        records: those that were found.
        following: the id behind which the next page begins, or None.
        per_page: the size of the page; None for records that were asked for by their ids.
    """
    if not records:
        return Response(HTTPStatus.NO_CONTENT)
    person = person_of(request)
    body: dict[str, Any] = {"data": [record(one, person) for one in records]}
    if per_page is not None:
        body["info"] = {
            "count": len(records),
            "per_page": per_page,
            "more_records": following is not None,
            "next_page_token": _page_tokens(request).write(following) if following else None,
        }
    return Response(HTTPStatus.OK, body)


def render_deleted(ids: Sequence[str], deleted: Sequence[bool]) -> Response:
    """An entry an id, in order."""
    entries = [
        dialect.entry(*(("SUCCESS", "record deleted") if was_there else NO_SUCH_ID), {"id": identifier})
        for identifier, was_there in zip(ids, deleted, strict=True)
    ]
    return dialect.multi_status(entries)


def render_users(request: Request) -> Response:
    """The credential as Zoho's current user, the only one there is here."""
    person = person_of(request)
    user = {
        "id": person["id"],
        "full_name": person["name"],
        "last_name": person["name"],
        "email": f"{person['id']}@{request.organization.id}.invalid",
        "status": "active",
        "confirm": True,
        "locale": "en_US",
        "time_zone": "UTC",
    }
    return Response(
        HTTPStatus.OK, {"users": [user], "info": {"per_page": PAGE, "count": 1, "page": 1, "more_records": False}}
    )


def render_organization(request: Request) -> Response:
    """The organization as Zoho shows one."""
    organization = request.organization
    identifier = number(organization.id)
    company = {"id": identifier, "zgid": identifier[:9], "company_name": organization.name, "time_zone": "UTC"}
    return Response(HTTPStatus.OK, {"org": [company]})


def record(one: Recipient, person: dict[str, str]) -> dict[str, Any]:
    """A record as Zoho shows it."""
    addresses = {
        name: address.spelling if (address := FIELDS[name].of(one)) else None for name in fields_of(one.module)
    }
    return {**content_of(one), **addresses, **_stamps(one, person)}


def person_of(request: Request) -> dict[str, str]:
    """The credential as one of Zoho's users; its id is made of digits, as an SDK needs it."""
    identity = f"{request.organization.id}#{request.context.actor.id}"
    return {"name": request.context.actor.id, "id": number(identity)}


def number(identity: str) -> str:
    """An id of 18 digits for something that has another one."""
    return str(10**17 + int.from_bytes(hashlib.sha256(identity.encode()).digest()[:7]))


def _submitted(given: object, path: str, module: str) -> Submitted:
    if not isinstance(given, dict):
        return Submitted(None, {"api_name": "data", "json_path": path, "expected_data_type": "jsonobject"})
    addresses: dict[str, Address | None] = {}
    for name in fields_of(module):
        try:
            text = given.get(name)
            if name in given:
                addresses[FIELDS[name].value] = None if text in (None, "") else Address.parse(text)
        except MalformedAddress:
            return Submitted(None, {"api_name": name, "json_path": f"{path}.{name}", "expected_data_type": "email"})
    identifier = given.get("id")
    if identifier is not None and (not isinstance(identifier, str) or not RECORD_ID.fullmatch(identifier)):
        return Submitted(None, {"api_name": "id", "json_path": f"{path}.id", "regex": RECORD_ID.pattern})
    content = {name: value for name, value in given.items() if name not in OURS and name not in FIELDS}
    if answer_size.of_body(json.dumps(content, ensure_ascii=False)) > MAX_CONTENT:
        return Submitted(None, _too_large(path))
    draft = Draft(addresses.get("email"), addresses.get("secondary_email"), frozenset(addresses), content, identifier)
    return Submitted(draft, {})


def _too_large(path: str) -> dict[str, Any]:
    return {"api_name": "data", "json_path": path, "maximum_length": MAX_CONTENT}


def _saved(saved: Outcome, path: str, person: dict[str, str], *, upsert: bool) -> dict[str, Any]:
    if isinstance(saved, LimitExceeded):
        return dialect.entry(*INVALID, _too_large(path))
    if isinstance(saved, NotFound):
        return dialect.entry(*NO_SUCH_ID, {"api_name": "id"})
    message = "record updated" if saved.found_by else "record added"
    entry = dialect.entry("SUCCESS", message, _stamps(saved.record, person))
    if upsert:
        entry["action"] = "update" if saved.found_by else "insert"
        entry["duplicate_field"] = API_NAMES.get(saved.found_by or "", saved.found_by)
    return entry


def _stamps(one: Recipient, person: dict[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "Created_Time": _time(one.created),
        "Modified_Time": _time(one.updated),
        "Created_By": person,
        "Modified_By": person,
    }


def _time(moment: int) -> str:
    """In whole seconds with an offset, as Zoho writes it."""
    return datetime.fromtimestamp(moment // 1000, UTC).isoformat()
