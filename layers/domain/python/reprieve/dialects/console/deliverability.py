"""The page about deliverability: rates against the limits of providers, what failed and why, and each day's counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reprieve.clock import SECOND
from reprieve.dialects.console import page, words
from reprieve.dialects.console.chart import Series, stacked
from reprieve.rates.counts import OTHER
from reprieve.rates.rate import LIMITS, PER, Counts, Measure
from reprieve.suppressions.suppression import Classification

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.dialects.exchange import Request, Response
    from reprieve.rates.overview import Overview, Period
    from reprieve.rates.rate import Window

#: how a level looks, and what is said of it
TONES: Final = {0: ("good", "below"), 40: ("waiting", "above 40% of"), 80: ("bad", "above 80% of")}
PERCENT: Final = 0.01
WINDOWS: Final = {"24h": "the last 24 hours", "7d": "the last 7 days"}
MEASURES: Final = {Measure.BOUNCES: "Bounces", Measure.COMPLAINTS: "Complaints"}


@dataclass(frozen=True, slots=True)
class Rated:
    """A rate of one account over one window, in words.

    Attributes:
        rate: as a percentage, or why there is none.
        tone: of a headline; "" where there is no rate, and where it is of too few.
        says: how near it is to the limit.
    """

    account: str
    measure: str
    window: str
    rate: str
    tone: str
    says: str


@dataclass(frozen=True, slots=True)
class Row:
    """The counts of a domain, an account or a day."""

    name: str
    counts: Counts

    @property
    def rate(self) -> str:
        """The rate of bounces."""
        return _percent(self.counts.rate(Measure.BOUNCES))


def render(found: Overview, request: Request) -> Response:
    """The page."""
    week = found.periods[-1]
    days = [_day(day) for day in found.days]
    counts = list(found.days.values())
    delivered = Series("Delivered", "delivered", [one.delivered for one in counts])
    failed = [
        Series("Bounced", "bounced", [one.bounces for one in counts]),
        Series("Blocked", "blocked", [one.blocked for one in counts]),
        Series("Deferred", "deferred", [one.deferred for one in counts]),
    ]
    return page.render(
        "deliverability",
        request,
        rates=[
            _rated(name, measure, one.window, counts_)
            for measure in Measure
            for one in found.periods
            for name, counts_ in one.accounts.items()
        ],
        charts=[stacked("Delivered per day", days, [delivered]), stacked("Not delivered per day", days, failed)],
        days=[Row(_day(day), one) for day, one in found.days.items()],
        domains=[Row("all others" if name == OTHER else name, one) for name, one in week.domains.items()],
        classes=_classes(week),
        has_mail=any(one != Counts() for one in counts),
    )


def _rated(account: str, measure: Measure, window: Window, counts: Counts) -> Rated:
    rate = counts.rate(measure)
    if rate is None:
        return Rated(account, MEASURES[measure], WINDOWS[window], "unknown", "", "No delivery was reported.")
    limit = _percent(LIMITS[measure] / PER)
    tone, says = TONES[counts.level(measure)]
    if rate > LIMITS[measure] / PER:
        says = "over"
    if counts.is_of_too_few(measure):
        tone, says = "", "of too little mail to be held against"
    says = f"{says} the provider's limit of {limit}"
    return Rated(account, MEASURES[measure], WINDOWS[window], _percent(rate), tone, says)


def _percent(rate: float | None) -> str:
    """A rate with as many digits as say something: 12.5%, 0.042%."""
    return "unknown" if rate is None else f"{rate * 100:.{1 if rate >= PERCENT else 3}f}".rstrip("0").rstrip(".") + "%"


def _classes(period: Period) -> list[tuple[str, str, Counts]]:
    """Each class of refusal, in what it means, with its counts."""
    return [
        (name, words.BY_CLASSIFICATION[Classification(name)].why, counts) for name, counts in period.classes.items()
    ]


def _day(at: Millis) -> str:
    shown = datetime.fromtimestamp(at / SECOND, UTC)
    return f"{shown.day} {shown:%b}"
