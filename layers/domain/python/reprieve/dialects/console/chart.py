"""Bar charts as SVG that the server makes: geometry alone, which a template draws. Beside each is its data table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: the drawing, in units of its view box
WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 12, 28
#: the part of a column's place that its bar takes
FILLED: Final = 0.7
#: the lines across, the one at the bottom left out
LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of number, a value per column.

    Attributes:
        name: in the legend.
        kind: of the class `bar-{kind}`, by which it is coloured.
    """

    name: str
    kind: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of one series in one column."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A text at a place: the name of a column, or the value of a line across."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn.

    Attributes:
        title: what it shows.
        series: in the order in which they are stacked, from below.
        bars: of all series; empty ones are left out.
        columns: the names of the columns, by their middle; every other one where there are many.
        lines: the values of the lines across, by their height.
    """

    title: str
    series: Sequence[Series]
    bars: Sequence[Bar]
    columns: Sequence[Mark]
    lines: Sequence[Mark]


def stacked(title: str, names: Sequence[str], series: Sequence[Series]) -> Chart:
    """A chart with a column per name, in which the series are stacked.

    Args:
        title: what it shows.
        names: of the columns.
        series: each with a value per column, 0 or more.
    """
    most = top_of(max((sum(values) for values in zip(*(one.values for one in series), strict=True)), default=0))
    place, scale = (WIDTH - LEFT - RIGHT) / max(1, len(names)), (HEIGHT - TOP - BOTTOM) / most
    bars: list[Bar] = []
    for column in range(len(names)):
        floor = float(HEIGHT - BOTTOM)
        for one in series:
            height = one.values[column] * scale
            floor -= height
            if height:
                x = LEFT + place * (column + (1 - FILLED) / 2)
                bars.append(Bar(one.kind, round(x, 1), round(floor, 2), round(place * FILLED, 1), round(height, 2)))
    step = 1 + len(names) // 8
    columns = [Mark(round(LEFT + place * (at + 0.5), 1), name) for at, name in enumerate(names) if at % step == 0]
    values = [most * number // LINES for number in range(1, LINES + 1)]
    lines = [Mark(round(HEIGHT - BOTTOM - value * scale, 2), f"{value:,}") for value in values]
    return Chart(title, series, bars, columns, lines)


def top_of(most: int) -> int:
    """The value of the topmost line: no less than the greatest one, and four times a round number."""
    step, size = max(1, -(-most // LINES)), 1
    while size * 10 <= step:
        size *= 10
    return LINES * next(size * factor for factor in (1, 2, 5, 10) if size * factor >= step)
