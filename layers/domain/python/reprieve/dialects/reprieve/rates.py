"""`GET /reprieve/rates`: how much of an organization's mail bounces or is reported as spam."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.clock import timestamp
from reprieve.dialects.exchange import Response
from reprieve.rates.rate import LEVELS, LIMITS, PER, Measure

if TYPE_CHECKING:
    from reprieve.rates.overview import Overview, Period
    from reprieve.rates.rate import Counts, Crossing

READ: Final = ("reprieve.suppressions.read",)


def render(found: Overview) -> Response:
    """The rates of an organization, over two windows, and its counts by day."""
    body = {
        "at": timestamp(found.at),
        "limits": {measure.value: LIMITS[measure] / PER for measure in Measure},
        "warnings_at_percent": list(LEVELS),
        "warnings": [_warning(one) for one in found.crossings],
        "windows": [_window(one) for one in found.periods],
        "days": [{"day": timestamp(day)[:10], **_counts(counts)} for day, counts in found.days.items()],
    }
    return Response(HTTPStatus.OK, body)


def _warning(one: Crossing) -> dict[str, Any]:
    return {
        "account": one.account,
        "measure": one.measure,
        "window": one.window,
        "rate": _rounded(one.rate),
        "percent_of_limit": one.level,
    }


def _window(period: Period) -> dict[str, Any]:
    return {
        "window": period.window,
        "since": timestamp(period.start),
        "total": _rated(period.total),
        "accounts": [{"account": name, **_rated(one)} for name, one in period.accounts.items()],
        "domains": [{"domain": name, **_rated(one)} for name, one in period.domains.items()],
        "classes": [
            {
                "classification": name,
                "bounces": one.bounces,
                "blocked": one.blocked,
                "bounce_rate": _share(one.bounces, period.total),
            }
            for name, one in period.classes.items()
        ],
    }


def _rated(counts: Counts) -> dict[str, Any]:
    rates = {"bounce_rate": counts.rate(Measure.BOUNCES), "complaint_rate": counts.rate(Measure.COMPLAINTS)}
    return {**_counts(counts), "sent": counts.sent, **{name: _rounded(rate) for name, rate in rates.items()}}


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "delivered": counts.delivered,
        "bounces": counts.bounces,
        "blocked": counts.blocked,
        "deferred": counts.deferred,
        "dropped": counts.dropped,
        "complaints": counts.complaints,
    }


def _share(number: int, total: Counts) -> float | None:
    return _rounded(number / total.sent) if total.delivered else None


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 6)
