"""Use Zoho's own Python SDK with a refresh token, as its README shows, and print what each call gets.

Reads from its standard input {"base_url", "accounts_url", "client_id", "client_secret", "refresh_token", "pauses"}; it
makes a call once before and once after each pause, in seconds, then revokes the refresh token and makes another call.
Prints {"tokens": number of access tokens, "statuses": [of each call], "revoked": the outcome, "after": of the last}.
"""

import json
import os
import sys
import tempfile
import time
from typing import Any

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.exception import SDKException
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.unblock_email import BodyWrapper, UnblockEmailOperations


def unblock() -> int:
    """The HTTP status of one call."""
    body = BodyWrapper()
    body.set_unblock_fields(["Email"])
    return UnblockEmailOperations("Leads").unblock_email(1, body).get_status_code()


def main(given: dict[str, Any]) -> None:
    place = tempfile.mkdtemp()
    os.chdir(place)
    environment = DataCenter.Environment(given["base_url"], given["accounts_url"], f"{given['base_url']}/")
    token = OAuthToken(
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        refresh_token=given["refresh_token"],
        find_user=False,
    )
    Initializer.initialize(
        environment=environment, token=token, store=FileStore(f"{place}/tokens.csv"), resource_path=place
    )
    store = Initializer.get_initializer().store
    tokens, statuses = set(), []
    for pause in (0, *given["pauses"]):
        time.sleep(pause)
        statuses.append(unblock())
        tokens.add(store.get_tokens()[0].get_access_token())
    # `token.revoke(id)` finds no id in the SDK's own file store, so this is the call that it would make
    outcome = OAuthToken.revoke_refresh_token(given["refresh_token"], f"{given['accounts_url']}/revoke")
    time.sleep(given["pauses"][-1])
    try:
        after = str(unblock())
    except SDKException as problem:
        after = str(problem)
    json.dump({"tokens": len(tokens), "statuses": statuses, "revoked": outcome, "after": after}, sys.stdout)


main(json.load(sys.stdin))
