"""The claims of a verified token (RFC 7519 section 4.1): who issued it, for whom, and when it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import EPOCH, SECOND, SKEW_ALLOWANCE, Millis
from reprieve.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

#: the longest text of a claim that is read
MAX_CLAIM: Final = 2_048
#: the year 2286, in seconds: numbers beyond are no dates
_LAST: Final = 9_999_999_999


def text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be text.

    Raises:
        Unauthenticated: it is missing, empty, long, or something else than text.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_CLAIM:
        raise Unauthenticated(f"the claim {name} must be text")
    return value


def texts(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A claim that is text or an array of texts, such as `aud`; () if it is missing or anything else."""
    value = claims.get(name)
    several: list[Any] = value if isinstance(value, list) else [value]
    return tuple(several) if all(isinstance(one, str) for one in several) else ()


def moment(claims: Mapping[str, Any], name: str) -> Millis | None:
    """A claim that is a moment, in milliseconds; None if it is missing.

    Raises:
        Unauthenticated: it is not a number of seconds (RFC 7519: NumericDate).
    """
    value = claims.get(name)
    if value is None:
        return None
    # a bool is an int in Python
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated(f"the claim {name} must be a number")
    # refuses what JSON as Python reads it has besides numbers: infinities, and NaN, which is in no range
    if not 0 <= value <= _LAST:
        raise Unauthenticated(f"the claim {name} is not a date")
    return Millis(int(value * SECOND))


def check_time(claims: Mapping[str, Any], now: Millis) -> Millis:
    """Check that a token counts at this moment.

    A token that is to count from a moment on (`nbf`, `iat`) may be SKEW_ALLOWANCE early, as clocks differ; none counts
    after its end.

    Returns:
        Its end (`exp`), in milliseconds.

    Raises:
        Unauthenticated: it has no end, is expired, or does not count yet.
    """
    end = moment(claims, "exp")
    if end is None or end <= now:
        raise Unauthenticated("the token is expired, or does not say when it expires")
    if any((moment(claims, name) or EPOCH) > now + SKEW_ALLOWANCE for name in ("nbf", "iat")):
        raise Unauthenticated("the token is not valid yet")
    return end
