"""Poll the system log with Okta's Python SDK 3.x, as its README shows, and print the target of each entry that comes.

    poll_okta3.py BASE_URL TOKEN FILTER COUNT

It ends two polls after it has seen COUNT entries, so that one that comes twice is seen twice.
"""

from __future__ import annotations

import asyncio
import sys

from okta.client import Client
from okta.pagination import PaginationHelper

SECONDS_BETWEEN_POLLS = 1


async def main(base_url: str, token: str, filter_: str, count: int) -> None:
    client = Client({"orgUrl": base_url, "token": token})
    seen, further, after = 0, 2, None
    while further:
        # the cursor alone: this SDK repeats nothing else
        asked = {"after": after} if after else {"filter": filter_, "limit": 7}
        entries, response, error = await client.list_log_events(**asked)
        assert error is None, error
        for entry in entries:
            sys.stdout.write(f"{entry.target[0].id}\n")
        seen += len(entries)
        further -= seen >= count
        after = PaginationHelper.extract_next_cursor(response.headers)
        assert after
        if not entries:
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
