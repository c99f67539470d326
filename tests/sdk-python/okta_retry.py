"""Okta's Python SDK beyond a rate limit: it waits as the 429 says, and asks again by itself.

Reads from standard input: base_url, token, requests. Prints how many succeeded, and the errors.
"""

import asyncio
import json
import sys

from okta.client import Client


async def main() -> None:
    given = json.load(sys.stdin)
    client = Client({"orgUrl": given["base_url"], "token": given["token"]})
    answers = [await client.list_log_events(limit=1) for _ in range(given["requests"])]
    errors = [str(error) for *_, error in answers if error]
    sys.stdout.write(json.dumps({"succeeded": len(answers) - len(errors), "errors": errors}))


asyncio.run(main())
