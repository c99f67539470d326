"""`make run`: the whole product on this machine, in the foreground, until Ctrl-C.

What it promises: what a request that was answered wrote to a table is on disk, however the run ends, `kill -9`
included. Of dead letters, and whatever else is in no table, a kill loses the last 5 seconds, and the functions' logs.
Ctrl-C loses nothing, ends what runs as a crash would, and takes 5 seconds at most.
"""

import argparse
import contextlib
import errno
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from local import stack
from local.activity import Logs, show_request
from local.console import say
from local.lock_file import take_lock
from local.ministack import MiniStack, free_port, shown
from local.place import DEFAULT_PORT, Place, default_place
from local.problem import Problem

SECONDS_BETWEEN_LOOKS = 2
LAST_PORT = 65_535
STOPPING = b"\nStopping: no request is answered any more, running functions end, the data is saved.\n"
NOBODY_READS = {errno.EIO, errno.EPIPE}  # what printing to a closed terminal or a closed pipe raises

REQUESTS = """
Five requests to paste:

  # Which addresses bounced? (SendGrid's API)
  curl -sS {url}/v3/suppression/bounces \\
    -H 'Authorization: Bearer {sendgrid}'

  # Who belongs to the organization? (Okta's API)
  curl -sS '{url}/api/v1/users?limit=5' \\
    -H 'Authorization: SSWS {okta}'

  # Give an address a reprieve; see what is said about one that is no address, and one that is nobody's. (Okta's API)
  curl -sS {url}/api/v1/org/email/bounces/remove-list \\
    -H 'Authorization: SSWS {okta}' -H 'Content-Type: application/json' \\
    -d '{{"emailAddresses": ["ada@example.com", "name@okta@com", "stranger@example.com"]}}'

  # The same provider's list, as the provider sees it. (its side of the demo)
  curl -sS {url}/v3/suppression/bounces \\
    -H 'Authorization: Bearer {upstream}'

  # Without a credential, each API answers in its own words.
  curl -sS -i {url}/api/v1/users
"""


class Stopped(BaseException):
    """Somebody asked the runner to stop.

    It is raised wherever the program is just then. A library that turns every Exception into an error of its own, as
    boto3 does, would swallow the only signal that we heed.
    """


def main() -> None:
    """Run until stopped; exit 1 with one line when that cannot be done."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", default=str(DEFAULT_PORT), help="where the local AWS answers")
    parser.add_argument("--home", type=Path, help="where its data is, instead of .local/ (the tests have their own)")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        port = port_number(options.port)
        place = Place(options.home.resolve(), port) if options.home else default_place(port)
        run(place)
    except Problem as problem:
        sys.exit(f"make run: {problem}")
    except Stopped:
        with contextlib.suppress(OSError):  # the terminal may be what is gone
            say(f"Stopped. The data is kept in {shown(place.home)}/; `make run` goes on with it.")
    except OSError as error:
        if error.errno not in NOBODY_READS:
            raise


def stop(_number: int, _frame: object) -> NoReturn:
    """Begin to stop, and let nothing hurry it: what is left to do is saving."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # the terminal may be what is gone
        os.write(1, STOPPING)  # `print` may be what was interrupted
    raise Stopped


def port_number(text: str) -> int:
    """The number of a port.

    Raises:
        Problem: it is none.
    """
    if not (text.isdecimal() and 1 <= int(text) <= LAST_PORT):
        raise Problem(
            f"PORT must be a number from 1 to {LAST_PORT}, as in `make run PORT={free_port()}`, not {text!r}."
        )
    return int(text)


def run(place: Place) -> None:
    """Start everything, say what there is, and show what happens.

    Raises:
        Problem: it could not start, or the local AWS ended by itself.
        Stopped: on Ctrl-C and its like.
    """
    began = time.monotonic()
    lock = take_lock(
        place.home / "run.lock",
        otherwise="It is running already, in another terminal: `make demo` uses it, Ctrl-C there stops it.",
    )
    with lock, stack.running(place, show_request) as server:
        say(introduction(place, json.loads(place.stack_json.read_text())))
        say(f"Up after {time.monotonic() - began:.0f} s. Now `make demo` in another terminal, or watch:")
        say()
        watch(place, server)


def watch(place: Place, server: MiniStack) -> NoReturn:
    """Show what happens for as long as anybody may be looking."""
    logs = Logs(place)
    parent = os.getppid()
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        if not server.is_running():
            raise Problem(f"The local AWS ended by itself: {shown(place.logs / 'ministack.log')} may say why.")
        logs.show_news()
        if "MAKELEVEL" in os.environ and os.getppid() != parent:
            raise Stopped  # make was killed, and nobody else would ever stop us


def introduction(place: Place, described: dict[str, Any]) -> str:
    """What a person needs to use the stack."""
    tokens = {name: described[name]["token"] for name in (*stack.DIALECTS, "upstream")}
    paths = {**stack.DIALECTS, "upstream": stack.DIALECTS["sendgrid"]}
    table = "\n".join(f"  {name:<10} {paths[name] + '/...':<14} {token}" for name, token in tokens.items())
    return (
        f"\nReprieve is running for the organization {described['org']}.\n\n"
        f"  Base URL of every API: {place.endpoint}\n\n"
        f"{table}\n\n"
        f"  Event webhook: {described['webhook']['url']}\n"
        f"  {mail_line(described['mail'])}\n"
        f"  All of this for programs, with the webhook's signing key: {shown(place.stack_json)}\n"
        f"  The operator's command: .venv/bin/reprieve --local status\n"
        f"{REQUESTS.format(url=place.endpoint, **tokens)}"
    )


def mail_line(mail: dict[str, Any] | None) -> str:
    """Where the demo's mail server is."""
    if mail is None:
        return "Mail server: none, other programs listen everywhere that it may"
    kept = shown(Path(mail["inbox"]))
    return (
        f"Mail server: {mail['host']}:{mail['port']}, STARTTLS, {mail['username']}; what it is sent is kept in {kept}/"
    )


if __name__ == "__main__":
    main()
