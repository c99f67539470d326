"""The local AWS (MiniStack) as a process that does not lose acknowledged writes: `python -m local.server`.

MiniStack writes its state only when it is asked to stop, and then waits for running functions. Here instead:

- what a request writes to a table is on disk before the request is answered;
- everything else that requests change is written every few seconds, code and logs when it reads `save` or stops;
- it stops when the process that started it is gone, however that ended: its standard input is closed;
- it stops at once: it answers no more requests, and a running function ends as in a crash;
- an API answers at `/{stage}/...` on any name of this machine, as one domain with base path mappings does in AWS, and a
  request for no stage that is not for AWS itself is refused in API Gateway's words;
- Cognito's pages and endpoints, which are on domains of their own in AWS, answer where MiniStack has them, unsigned;
- it writes each API request to standard output as one line of JSON, which `make run` shows.
"""
# ruff: noqa: SLF001 - it replaces internals of the local AWS

import asyncio
import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

from ministack import app as ministack
from ministack.core import lambda_runtime, persistence
from ministack.services import apigateway_v1

from local import any_method, item_store, ordered_queries, patience, permissions, ses_events, shared_layers

#: If the process is killed, this much is lost of the queues, the keys and everything else that is not a table.
SECONDS_BETWEEN_SAVES = 5
#: Functions and their deployment, which no request changes, and the logs, whose saving would take ever longer.
SAVED_ON_DEMAND_ONLY = {"lambda", "cloudformation", "cloudwatch_logs"}
API_PREFIX = "/_aws/execute-api/"
#: the page to sign in and what its form is posted to, the token endpoint, and what a user pool publishes
COGNITO = re.compile(r"/oauth2/(?:authorize|token)|/login|/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/[a-z.-]+")
#: what API Gateway answers when neither an API's host nor a base path mapping of a domain takes the request
FORBIDDEN = b'{"message":"Forbidden"}'

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Watched:
    """The ASGI application with the changes above; its answers are unchanged."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._requests = 0
        self._saving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the start and end of the whole server."""
        if scope["type"] == "lifespan":
            self._saving = asyncio.create_task(self._save_regularly())
            threading.Thread(target=obey_input, args=(asyncio.get_running_loop(),), daemon=True).start()
            await self._app(scope, stopped_first(receive), send)
            return
        self._requests += 1
        if COGNITO.fullmatch(scope.get("path", "")):
            await self._app(scope, receive, send)
            return
        scope = routed(scope)
        if scope.get("path", "").startswith(API_PREFIX):
            await self._reported(scope, receive, send)
        elif is_for_no_stage(scope):
            await forbid(send)
        else:
            await self._app(scope, receive, send)

    async def _reported(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve an API request and report its result."""
        began = time.monotonic()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._app(scope, receive, noting)
        report_request(scope["method"], scope["path"], status, time.monotonic() - began)

    async def _save_regularly(self) -> None:
        seen = 0
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_SAVES)
            if self._requests != seen:
                seen = self._requests
                save(everything=False)


def stopped_first(receive: Receive) -> Receive:
    """Pass on the server's messages, but stop before the last one, for which it would wait."""

    async def received() -> Message:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            stop()
        return message

    return received


def routed(scope: Message) -> Message:
    """The request with the path of the local AWS's execute API, if its path begins with the name of a stage."""
    path = scope.get("path", "")
    api = api_of_stage(path.split("/", 2)[1]) if path.startswith("/") else None
    if api is None:
        return scope
    prefix = f"{API_PREFIX}{api}"
    raw = scope.get("raw_path")
    return {**scope, "path": prefix + path, "raw_path": raw and prefix.encode() + raw}


def is_for_no_stage(scope: Message) -> bool:
    """Whether a request is neither for an API nor for AWS, whose calls are signed or have their name in a header."""
    if scope["type"] != "http" or scope.get("path", "").startswith("/_"):
        return False
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    signed = headers.get("authorization", "").startswith("AWS4-") or b"Signature=" in scope.get("query_string", b"")
    return not (signed or "x-amz-target" in headers or "execute-api" in headers.get("host", ""))


async def forbid(send: Send) -> None:
    """Answer as API Gateway does when it does not know which API a request is for."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(FORBIDDEN)).encode()),
        (b"x-amzn-errortype", b"ForbiddenException"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": FORBIDDEN})


def api_of_stage(stage: str) -> str | None:
    """The id of the API that has a stage of this name; stage names are unique in the product."""
    stages = apigateway_v1._stages_v1.all_items()
    return next((str(api) for (_account, _region, api), named in stages if stage in named), None)


def report_request(method: str, path: str, status: int, seconds: float) -> None:
    """Write one API request to standard output."""
    api, _, rest = path.removeprefix(API_PREFIX).partition("/")
    say({"api": api, "method": method, "path": f"/{rest}", "status": status, "ms": round(seconds * 1000)})


def say(report: object) -> None:
    """Write one line of JSON to standard output, unless the reader is gone."""
    try:
        print(json.dumps(report), flush=True)
    except OSError:
        return


def save(*, everything: bool) -> None:
    """Write the state to disk, each file replaced as a whole, so that a crash leaves the last complete one."""
    states = ministack._build_persistence_save_dict()
    if not everything:
        states = {name: state for name, state in states.items() if name not in SAVED_ON_DEMAND_ONLY}
    persistence.save_all(states)


def save_everything() -> None:
    """Save everything and report it: the answer to `save`."""
    save(everything=True)
    say("saved")


def stop() -> NoReturn:
    """Kill the functions, save, and exit.

    It runs in the thread that serves requests, so that no request is served meanwhile. A regular exit of Python would
    wait for the threads that wait for the functions.
    """
    for workers in list(lambda_runtime._workers.values()):
        for worker in list(workers):
            if worker._proc is not None:
                worker._proc.kill()
    save(everything=True)
    os._exit(0)


def obey_input(loop: asyncio.AbstractEventLoop) -> None:
    """Save at each line `save` on standard input; at its end, save and stop."""
    for line in sys.stdin:
        if line.strip() == "save":
            loop.call_soon_threadsafe(save_everything)
    loop.call_soon_threadsafe(stop)


def main() -> None:
    """Serve until asked to stop."""
    permissions.install()
    any_method.install()
    ordered_queries.install()
    item_store.Kept(item_store.ItemStore(Path(persistence.STATE_DIR) / item_store.FILE)).install()
    shared_layers.install()
    patience.install()
    ses_events.install()
    # It logs each of its dozens of files at every save.
    logging.getLogger("persistence").setLevel(logging.WARNING)
    ministack.app = Watched(ministack.app)
    ministack.main()


if __name__ == "__main__":
    main()
