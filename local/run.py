"""`make run`: the whole product on this machine, in the foreground, until Ctrl-C.

Guarantees: every table write of an answered request is on disk, however the run ends, `kill -9` included. A kill loses
the functions' logs, and the last 5 seconds of everything that is not a table, such as dead letters. Ctrl-C loses
nothing, ends running functions as a crash would, and takes at most 5 seconds.
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
from local.ministack import MiniStack, free_port
from local.place import DEFAULT_PORT, Place, default_place, shown
from local.problem import Problem

SECONDS_BETWEEN_LOOKS = 2
LAST_PORT = 65_535
STOPPING = b"\nStopping: saving the data; running functions are ended.\n"
OUTPUT_CLOSED = {errno.EIO, errno.EPIPE}  # what printing to a closed terminal or a closed pipe raises

REQUESTS = """
Six requests to paste:

  # Which addresses bounced? (SendGrid's API)
  curl -sS {url}/v3/suppression/bounces \\
    -H 'Authorization: Bearer {sendgrid}'

  # Who belongs to the organization? (Okta's API)
  curl -sS '{url}/api/v1/users?limit=5' \\
    -H 'Authorization: SSWS {okta}'

  # Give an address a reprieve; an invalid address and a stranger's are refused, each with its reason. (Okta's API)
  curl -sS {url}/api/v1/org/email/bounces/remove-list \\
    -H 'Authorization: SSWS {okta}' -H 'Content-Type: application/json' \\
    -d '{{"emailAddresses": ["ada@example.com", "name@okta@com", "stranger@example.com"]}}'

  # Which addresses does the provider list? (the organization that plays the provider)
  curl -sS {url}/v3/suppression/bounces \\
    -H 'Authorization: Bearer {upstream}'

  # An access token for an hour, and a request with it (OAuth 2.0, Reprieve's own API)
  TOKEN=$(curl -sS {token_url} -u '{client_id}:{client_secret}' \\
    -d grant_type=client_credentials | sed 's/.*"access_token":"\\([^"]*\\).*/\\1/')
  curl -sS '{url}/reprieve/addresses/ada@example.com' -H "Authorization: Bearer $TOKEN"

  # What does an API answer without a credential? (Okta's API)
  curl -sS -i {url}/api/v1/users
"""


class Stopped(BaseException):
    """The runner was asked to stop.

    A signal handler raises it at any point of the program. It is not an Exception, because a library that converts
    every Exception into an error of its own, as boto3 does, would swallow it.
    """


def main() -> None:
    """Run until stopped; exit 1 with one line if the stack cannot run."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", default=str(DEFAULT_PORT), help="use this port for the local AWS")
    parser.add_argument("--home", type=Path, help="keep the data here instead of in .local/ (for tests)")
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
        with contextlib.suppress(OSError):  # the terminal may be gone
            say(f"Stopped. The data is kept in {shown(place.home)}/; the next `make run` uses it.")
    except OSError as error:
        if error.errno not in OUTPUT_CLOSED:
            raise


def stop(_number: int, _frame: object) -> NoReturn:
    """Begin to stop, and ignore further signals, so that saving is not interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # the terminal may be gone
        os.write(1, STOPPING)  # the signal may have interrupted a `print`
    raise Stopped


def port_number(text: str) -> int:
    """The number of a port.

    Raises:
        Problem: the text is not a port number.
    """
    if not (text.isdecimal() and 1 <= int(text) <= LAST_PORT):
        raise Problem(
            f"PORT must be a number from 1 to {LAST_PORT}, as in `make run PORT={free_port()}`, not {text!r}."
        )
    return int(text)


def run(place: Place) -> None:
    """Start everything, print how to use it, and show the activity.

    Raises:
        Problem: the stack could not start, or the local AWS ended unexpectedly.
        Stopped: on Ctrl-C, SIGTERM or SIGHUP.
    """
    began = time.monotonic()
    lock = take_lock(
        place.home / "run.lock",
        otherwise="A stack is already running in another terminal: `make demo` uses it, and Ctrl-C there stops it.",
    )
    with lock, stack.running(place, show_request) as server:
        say(introduction(place, json.loads(place.stack_json.read_text())))
        say(
            f"Ready after {time.monotonic() - began:.0f} s. Run `make demo` in another terminal, or watch the activity:"
        )
        say()
        watch(place, server)


def watch(place: Place, server: MiniStack) -> NoReturn:
    """Show the activity until the run is stopped."""
    logs = Logs(place)
    parent = os.getppid()
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        if not server.is_running():
            raise Problem(
                f"The local AWS ended unexpectedly: the reason may be in {shown(place.logs / 'ministack.log')}."
            )
        logs.show_news()
        if "MAKELEVEL" in os.environ and os.getppid() != parent:
            raise Stopped  # make was killed, so that no signal would stop this process


def introduction(place: Place, described: dict[str, Any]) -> str:
    """The text that explains how to use the stack."""
    tokens = {name: described[name]["token"] for name in (*stack.DIALECTS, "upstream")}
    client = {name: described["reprieve"][name] for name in ("client_id", "client_secret", "token_url")}
    paths = {**stack.DIALECTS, "upstream": stack.DIALECTS["sendgrid"]}
    table = "\n".join(f"  {name:<10} {paths[name] + '/...':<14} {token}" for name, token in tokens.items())
    return (
        f"\nReprieve is running for the organization {described['org']}.\n\n"
        f"  Base URL of every API: {place.endpoint}\n\n"
        f"{table}\n\n"
        f"  The console, for people: {described['console']['sign_in']['url']}\n"
        f"  {people_line(described['console']['sign_in'])}\n"
        f"  Event webhook: {described['webhook']['url']}\n"
        f"  API reference, and OpenAPI documents to import: {described['docs']['url']}\n"
        f"  {mail_line(described['mail'])}\n"
        f"  The same for programs, with the webhook's signing key: {shown(place.stack_json)}\n"
        f"  The operator's command: .venv/bin/reprieve --local status\n"
        f"{REQUESTS.format(url=place.endpoint, **tokens, **client)}"
    )


def people_line(sign_in: dict[str, Any]) -> str:
    """The line about who may sign in to the console."""
    who = " or ".join(f"{username} ({role.replace('_', ' ')})" for username, role in sign_in["people"].items())
    return f"Sign in with the account of {who}, password {sign_in['password']}; or with the token in the line `console`"


def mail_line(mail: dict[str, Any] | None) -> str:
    """The line about the demo's mail server."""
    if mail is None:
        return "Mail server: none, because other programs use all of its ports"
    kept = shown(Path(mail["inbox"]))
    return f"Mail server: {mail['host']}:{mail['port']}, STARTTLS, user {mail['username']}; mails are kept in {kept}/"


if __name__ == "__main__":
    main()
