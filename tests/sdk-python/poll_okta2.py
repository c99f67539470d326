"""Poll the system log with Okta's Python SDK 2.x; see poll_okta3.py."""

from __future__ import annotations

import asyncio
import sys

from okta.client import Client

SECONDS_BETWEEN_POLLS = 1


async def main(base_url: str, token: str, filter_: str, count: int) -> None:
    client = Client({"orgUrl": base_url, "token": token})
    seen, further = 0, 2
    entries, response, error = await client.get_logs({"filter": filter_, "limit": 7})
    while True:
        assert error is None, error
        for entry in entries:
            sys.stdout.write(f"{entry.target[0].id}\n")
        seen += len(entries)
        further -= seen >= count
        if not further:
            return
        if not entries:
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)
        assert response.has_next()
        entries, error = await response.next()


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
