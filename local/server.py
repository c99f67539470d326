"""The local AWS (MiniStack) as a process that does not lose what it was told: `python -m local.server`.

MiniStack writes its state when it is asked to stop, and only then. This gives it four habits more:

- it stops, and so saves, when whoever started it is gone, however that came about: its standard input ends;
- it stops at once: a function that is under way ends as in a crash, where MiniStack would wait for minutes;
- it saves while it runs: everything when it reads `save`, and every few seconds whatever requests may have changed;
- it tells its standard output each API request as one line of JSON, from which `make run` shows what happens.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app as ministack
from ministack.core import lambda_runtime, persistence

from local import any_method, permissions

SECONDS_BETWEEN_SAVES = 5
#: Requests wait while a save runs, so that it may take this part of the time at most.
SHARE_OF_TIME_FOR_SAVES = 0.05
#: What no request changes, and what is large: the functions' code. A deployment changes it, and says `save` when done.
SAVED_ON_DEMAND_ONLY = {"lambda"}
API_PREFIX = "/_aws/execute-api/"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Watched:
    """The ASGI application with the habits above; what it answers is untouched."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._requests = 0
        self._saving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the start and end of the whole server."""
        if scope["type"] == "lifespan":
            self._saving = asyncio.create_task(self._save_regularly())
            threading.Thread(target=obey_input, args=(asyncio.get_running_loop(),), daemon=True).start()
            await self._app(scope, functions_ended_first(receive), send)
            # It has saved. What is left are threads that wait for functions, and Python would wait for the threads.
            os._exit(0)
        self._requests += 1
        path = scope.get("path", "")
        if path.startswith(API_PREFIX):
            await self._told(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _told(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve an API request and tell what came of it."""
        began = time.monotonic()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._app(scope, receive, noting)
        tell(scope["method"], scope["path"], status, time.monotonic() - began)

    async def _save_regularly(self) -> None:
        seen, pause = 0, float(SECONDS_BETWEEN_SAVES)
        while True:
            await asyncio.sleep(pause)
            if self._requests != seen:
                seen = self._requests
                began = time.monotonic()
                save(everything=False)
                pause = max(SECONDS_BETWEEN_SAVES, (time.monotonic() - began) / SHARE_OF_TIME_FOR_SAVES)


def functions_ended_first(receive: Receive) -> Receive:
    """Hand on the server's messages, but before the last one end every function, so that none writes after the save."""

    async def received() -> Message:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            await asyncio.to_thread(lambda_runtime.reset)
        return message

    return received


def tell(method: str, path: str, status: int, seconds: float) -> None:
    """Tell of one API request."""
    api, _, rest = path.removeprefix(API_PREFIX).partition("/")
    say({"api": api, "method": method, "path": f"/{rest}", "status": status, "ms": round(seconds * 1000)})


def say(told: object) -> None:
    """Write one line of JSON to the standard output; nobody may be reading any more."""
    try:
        print(json.dumps(told), flush=True)
    except OSError:
        return


def save(*, everything: bool) -> None:
    """Write the state to disk, each file replaced as a whole, so that a crash leaves the last one that was complete."""
    states = ministack._build_persistence_save_dict()  # noqa: SLF001 - what MiniStack itself does when it stops
    if not everything:
        states = {name: state for name, state in states.items() if name not in SAVED_ON_DEMAND_ONLY}
    persistence.save_all(states)


def save_everything() -> None:
    """Do what `save` asks for, and say so."""
    save(everything=True)
    say("saved")


def obey_input(loop: asyncio.AbstractEventLoop) -> None:
    """Save whenever the standard input says so; end the functions and stop, which saves too, when it ends."""
    for line in sys.stdin:
        if line.strip() == "save":
            loop.call_soon_threadsafe(save_everything)
    lambda_runtime.reset()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve until told to stop."""
    permissions.install()
    any_method.install()
    # It logs each of its dozens of files at every save.
    logging.getLogger("persistence").setLevel(logging.WARNING)
    ministack.app = Watched(ministack.app)
    ministack.main()


if __name__ == "__main__":
    main()
