"""`reprieve signing-keys`: the keys that sign access tokens, of the whole deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reprieve.access.signing_key import TRUST_AGE, signer
from reprieve.clock import Millis
from reprieve.runtime import wiring
from reprieve_cli import operations
from reprieve_cli.output import examples, json_option, moment, say, say_json, say_table
from reprieve_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.signing_key import SigningKey


@click.group("signing-keys")
def signing_keys() -> None:
    """List and rotate the keys that sign access tokens.

    Every organization's tokens are signed by the same key. `clients create` makes the first one.
    """


@signing_keys.command(
    epilog=examples("reprieve signing-keys rotate", "reprieve signing-keys rotate --at-once"),
)
@click.option(
    "--at-once",
    is_flag=True,
    help="Take all earlier keys out of use, because one may have leaked: each function refuses every access token as "
    "soon as it reads the keys again, within a minute.",
)
def rotate(*, at_once: bool) -> None:
    """Make a new key.

    It signs after 2 minutes, once every function knows it; the one before it verifies until its last token has expired.
    """
    connect()
    now = wiring.now()
    made = wiring.signing_keys().rotate(operations.asking, now=now, at_once=at_once)[-1]
    say(f"Made {made.kid}, which signs from {moment(made.signs_from)}.")
    if at_once:
        say(f"Each function may accept the earlier keys until {moment(Millis(now + TRUST_AGE))}.")


@signing_keys.command("list", epilog=examples("reprieve signing-keys list"))
@json_option
def list_(*, as_json: bool) -> None:
    """List the keys that sign or verify, oldest first."""
    connect()
    now = wiring.now()
    found = [key for key in wiring.tokens().signing_keys() if key.verifies(now)]
    if as_json:
        say_json(
            [
                {
                    "kid": key.kid,
                    "created": moment(key.created),
                    "signs_from": moment(key.signs_from),
                    "verifies_until": moment(key.verifies_until),
                }
                for key in found
            ]
        )
        return
    say_table(
        ("KEY", "CREATED", "SIGNS FROM", "VERIFIES UNTIL", "STATE"),
        [
            (
                key.kid,
                moment(key.created) or "",
                moment(key.signs_from) or "",
                moment(key.verifies_until) or "",
                _state(key, found, now),
            )
            for key in found
        ],
        empty="No signing keys. `reprieve signing-keys rotate` makes one.",
    )


def _state(key: SigningKey, keys: Sequence[SigningKey], now: Millis) -> str:
    if key == signer(keys, now):
        return "signs"
    return "published" if key.signs_from > now else "verifies"
