"""Call Zoho's own Python SDK, of the installed major version, and print its reading of each answer.

Reads from its standard input {"base_url", "token", "calls": [{"module", "id", "ids", "fields"}]}; what a call does not
have is left unset. Prints a list with one object a call: {"kind": "actions" | "error" | "none" | "raised", ...}.
"""

import json
import os
import sys
import tempfile
from typing import Any

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import TokenStore
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.exception import SDKException
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.unblock_email import (
    ActionWrapper,
    APIException,
    BodyWrapper,
    UnblockEmailOperations,
)


class Forgetful(TokenStore):
    """A token store that keeps nothing, because the SDK requires one."""

    def _nothing(self, *_: object) -> None:
        return None

    find_token = find_token_by_id = save_token = delete_token = delete_tokens = get_tokens = _nothing


def described(item: Any) -> dict[str, Any]:
    """One entry or envelope in plain values."""

    def plain(value: Any) -> Any:
        return value.get_value() if hasattr(value, "get_value") else value

    return {
        "code": plain(item.get_code()),
        "message": plain(item.get_message()),
        "status": plain(item.get_status()),
        "details": {name: plain(value) for name, value in (item.get_details() or {}).items()},
    }


def call(wanted: dict[str, Any]) -> dict[str, Any]:
    """Make one call."""
    body = BodyWrapper()
    if wanted.get("fields") is not None:
        body.set_unblock_fields(wanted["fields"])
    if wanted.get("ids") is not None:
        body.set_ids(wanted["ids"])
    operations = UnblockEmailOperations(wanted["module"])
    try:
        if wanted.get("id"):
            response = operations.unblock_email(int(wanted["id"]), body)
        else:
            response = operations.unblock_emails(body)
    except SDKException as problem:
        return {"kind": "raised", "problem": str(problem)}
    answer = response.get_object()
    status = response.get_status_code()
    if isinstance(answer, ActionWrapper):
        return {"kind": "actions", "http": status, "data": [described(item) for item in answer.get_data()]}
    if isinstance(answer, APIException):
        return {"kind": "error", "http": status, **described(answer)}
    return {"kind": "none", "http": status}


def main() -> None:
    """Make the calls that standard input lists."""
    asked = json.load(sys.stdin)
    base = asked["base_url"]
    place = tempfile.mkdtemp()
    os.chdir(place)
    environment = DataCenter.Environment(base, f"{base}/oauth/v2/token", f"{base}/")
    token = OAuthToken(access_token=asked["token"], find_user=False)
    Initializer.initialize(environment=environment, token=token, store=Forgetful(), resource_path=place)
    json.dump([call(wanted) for wanted in asked["calls"]], sys.stdout)


if __name__ == "__main__":
    main()
