"""Use Okta's Python SDK in PrivateKey mode, as its README shows, and print what each call gets.

Reads from its standard input {"base_url", "client_id", "private_key", "scopes", "dpop", "pauses"}; it lists users once
before and once after each pause, in seconds. Prints {"tokens": their number, "users": [logins of each call]}.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from okta.client import Client
from okta.oauth import OAuth

tokens = []


async def main(given: dict[str, Any]) -> None:
    ask = OAuth.get_JWT

    def counting(self: OAuth) -> str:
        tokens.append(1)
        return ask(self)

    OAuth.get_JWT = counting
    client = Client(
        {
            "orgUrl": given["base_url"],
            "authorizationMode": "PrivateKey",
            "clientId": given["client_id"],
            "scopes": given["scopes"],
            "privateKey": given["private_key"],
            "dpopEnabled": given["dpop"],
        }
    )
    pages = []
    for pause in (0, *given["pauses"]):
        await asyncio.sleep(pause)
        users, _, error = await client.list_users(limit=3)
        assert error is None, error
        pages.append([user.profile.login for user in users])
    json.dump({"tokens": len(tokens), "users": pages}, sys.stdout)


asyncio.run(main(json.load(sys.stdin)))
