"""Types of options that click does not have, and options that several commands share."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from reprieve.access.issuer import Grant
from reprieve.access.quota import Bucket
from reprieve.clock import DAY, HOUR, MINUTE, SECOND
from reprieve.organization import MAX_LIMIT
from reprieve.role import Role
from reprieve.suppressions.suppression import SuppressionList, asked_list
from reprieve_cli import scopes

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    from reprieve.suppressions.suppression import AnyList

_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


class Duration(click.ParamType):
    """A length of time such as `90d`, in milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """See click."""
        found = re.fullmatch(r"([1-9][0-9]{0,4})([smhdw])", str(value))
        if not found:
            self.fail("a number and a unit: 30s, 30m, 12h, 90d or 52w", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


class Limit(click.ParamType):
    """A limit such as `okta_logs=300`: a bucket, and requests per minute, or None for `default`."""

    name = "limit"

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[Bucket, int | None]:
        """See click."""
        bucket, _, limit = str(value).partition("=")
        if bucket not in tuple(Bucket):
            self.fail(f"NAME=NUMBER, where NAME is one of {', '.join(Bucket)}", param, ctx)
        if limit == "default":
            return Bucket(bucket), None
        if not re.fullmatch("[1-9][0-9]{0,6}", limit) or int(limit) > MAX_LIMIT:
            self.fail(f"{bucket}: 1 to {MAX_LIMIT} requests per minute, or default", param, ctx)
        return Bucket(bucket), int(limit)


class List(click.ParamType):
    """A suppression list: one of the five, or that of an unsubscribe group."""

    name = "list"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AnyList:  # noqa: ANN401
        """See click."""
        try:
            return asked_list(str(value))
        except ValueError:
            self.fail(f"one of {', '.join(SuppressionList)}, or group-ID for an unsubscribe group", param, ctx)


class Granted(click.ParamType):
    """What a value of the claim grants: VALUE=ROLE, or VALUE=ROLE:SCOPE,SCOPE."""

    name = "grant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Grant:  # noqa: ANN401
        """See click."""
        if isinstance(value, Grant):
            return value
        named, _, rest = str(value).rpartition("=")
        role, _, own = rest.partition(":")
        if not named or role not in tuple(Role):
            self.fail(f"VALUE=ROLE or VALUE=ROLE:SCOPE,SCOPE; the role is one of {', '.join(Role)}", param, ctx)
        return Grant(named, Role(role), frozenset(own.split(",")) if own else frozenset())


def words(kind: type[StrEnum], *, case_sensitive: bool = True) -> click.Choice:
    """The values of an enumeration as a choice; click would print its members as Python spells them."""
    return click.Choice([member.value for member in kind], case_sensitive=case_sensitive)


def role_option(default: Role | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option `--role`; without a default it has to be given."""
    return click.option(
        "--role",
        type=words(Role),
        default=default.value if default else None,
        required=default is None,
        show_default=True,
        help="How far it may go with its scopes: viewer only reads; help_desk looks addresses up and lifts bounces and "
        "blocks by name.",
    )


def scope_options(*, required: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options `--scope` and `--dialect`, which the command gets as one set: `wanted`.

    Args:
        required: whether at least one scope has to be given.
    """
    single = click.option("--scope", "single", multiple=True, metavar="SCOPE", help="A scope to grant; repeatable.")
    whole = click.option(
        "--dialect",
        "dialects",
        multiple=True,
        type=click.Choice(list(scopes.BY_DIALECT)),
        help="Grant all scopes of a dialect; repeatable.",
    )

    def adding(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_scopes(*arguments: Any, single: tuple[str, ...], dialects: tuple[str, ...], **more: Any) -> None:  # noqa: ANN401  (a command's own parameters)
            wanted = frozenset(single).union(*(scopes.BY_DIALECT[dialect] for dialect in dialects))
            if required and not wanted:
                raise click.UsageError("at least one scope is needed: give --scope or --dialect")
            command(*arguments, wanted=wanted, **more)

        return single(whole(with_scopes))

    return adding
