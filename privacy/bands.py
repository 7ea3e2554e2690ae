"""The public grid: every number that may leave a tenant is one of these bands.

The grid is fixed, the same for everybody, and known to the recipient; a value that moves within its band changes
nothing that leaves, which is what stops differencing where rounding does not.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from privacy.vault import PrivacyError

GRID_VERSION: Final = "grid/1"
Text = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Half-open interval [low, high) under a stable code such as `70-75`."""

    code: str
    low: float
    high: float
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The bands of one kind of number, without gaps; the outer ones are open."""

    name: str
    unit: str
    bands: tuple[Band, ...]

    def band(self, value: float) -> Band:
        """The band of a value; NaN is refused (not_a_number), infinity lies in the outer band.

        >>> grids()["oee"].band(0.7149).code
        '70-75'
        """
        if math.isnan(value):
            raise PrivacyError(
                f"a figure of the grid {self.name} is not a number",
                code="not_a_number",
                place=self.name,
                remedy="Leave the figure out where it could not be computed.",
                grid=self.name,
            )
        return self.bands[max(bisect_right([band.low for band in self.bands], value) - 1, 0)]

    def title(self, code: str) -> Text | None:
        """The words of a code; None where it is not of this grid."""
        return next((band.title for band in self.bands if band.code == code), None)


@cache
def grids() -> Mapping[str, Grid]:
    """oee, uplift, money, payback, irr, probability, share, stations, weeks by name."""
    made = (
        Grid(
            name="oee",
            unit="fraction",
            bands=tuple(_percent(step / 20, (step + 1) / 20) for step in range(20)),
        ),
        Grid(name="uplift", unit="fraction", bands=_points((-0.05, 0, 0.01, 0.02, 0.05, 0.1, 0.2))),
        Grid(name="money", unit="currency", bands=_money()),
        Grid(name="payback", unit="months", bands=_payback()),
        Grid(name="irr", unit="fraction a year", bands=_open_percent((0, 0.05, 0.1, 0.2, 0.3, 0.5))),
        Grid(name="probability", unit="fraction", bands=_shares((0, 0.05, 0.1, 0.25, 0.5, 0.75, 1))),
        Grid(name="share", unit="fraction", bands=_shares((0, 0.1, 0.25, 0.5, 0.75, 1))),
        Grid(name="stations", unit="count", bands=_counts((1, 6, 11, 21, 51))),
        Grid(name="weeks", unit="weeks", bands=_weeks((0, 4, 12, 26, 52))),
    )
    return MappingProxyType({grid.name: grid for grid in made})


def _same(text: str) -> Text:
    return MappingProxyType({"zh-CN": text, "en": text})


def _text(zh: str, en: str) -> Text:
    return MappingProxyType({"zh-CN": zh, "en": en})


def _hundred(value: float) -> str:
    return f"{round(value * 100):d}"


def _percent(low: float, high: float) -> Band:
    code = f"{_hundred(low)}-{_hundred(high)}"
    return Band(code=code, low=low, high=high, title=_same(f"{_hundred(low)}–{_hundred(high)} %"))


def _shares(edges: Sequence[float]) -> tuple[Band, ...]:
    return tuple(_percent(low, high) for low, high in pairwise(edges))


def _points(edges: Sequence[float]) -> tuple[Band, ...]:
    """Differences in percentage points, open at both ends."""
    first, last = _hundred(edges[0]), _hundred(edges[-1])
    inner = (
        Band(
            code=f"{_hundred(low)}..{_hundred(high)}",
            low=low,
            high=high,
            title=_text(f"{_signed(low)} 至 {_signed(high)} 个百分点", f"{_signed(low)} to {_signed(high)} points"),
        )
        for low, high in pairwise(edges)
    )
    return (
        Band(
            code=f"under{first}",
            low=-math.inf,
            high=edges[0],
            title=_text(f"低于 {_signed(edges[0])} 个百分点", f"below {_signed(edges[0])} points"),
        ),
        *inner,
        Band(
            code=f"over{last}",
            low=edges[-1],
            high=math.inf,
            title=_text(f"{_signed(edges[-1])} 个百分点以上", f"{_signed(edges[-1])} points or more"),
        ),
    )


def _signed(value: float) -> str:
    points = round(value * 100)
    return "0" if points == 0 else f"{points:+d}".replace("-", "−")


def _open_percent(edges: Sequence[float]) -> tuple[Band, ...]:
    """Rates: below the first edge, between the edges, from the last one on."""
    return (
        Band(code="negative", low=-math.inf, high=edges[0], title=_text("负值", "negative")),
        *_shares(edges),
        Band(
            code=f"over{_hundred(edges[-1])}",
            low=edges[-1],
            high=math.inf,
            title=_text(f"{_hundred(edges[-1])} % 以上", f"{_hundred(edges[-1])} % or more"),
        ),
    )


def _money() -> tuple[Band, ...]:
    """1-2-5 steps from ten thousand to a thousand million, on both sides of about zero."""
    edges = [mantissa * 10**power for power in range(4, 9) for mantissa in (1, 2, 5)] + [10**9]
    gains = [
        Band(code=f"plus{_short(low)}-{_short(high)}", low=low, high=high, title=_amounts(low, high, minus=False))
        for low, high in pairwise(edges)
    ]
    losses = [
        Band(
            code=f"minus{_short(band.low)}-{_short(band.high)}",
            low=-band.high,
            high=-band.low,
            title=_amounts(band.low, band.high, minus=True),
        )
        for band in reversed(gains)
    ]
    top, least = edges[-1], edges[0]
    return (
        Band(
            code="minus1g+",
            low=-math.inf,
            high=-top,
            title=_text("亏损 10 亿以上", "a loss of more than 1,000 million"),
        ),
        *losses,
        Band(code="zero", low=-least, high=least, title=_text("接近零（不足 1 万）", "about zero (below 10 thousand)")),
        *gains,
        Band(code="plus1g+", low=top, high=math.inf, title=_text("10 亿以上", "1,000 million or more")),
    )


def _short(value: float) -> str:
    """10k, 2m, 1g: the magnitude in a code."""
    for size, letter in ((10**9, "g"), (10**6, "m"), (10**3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _amounts(low: float, high: float, *, minus: bool) -> Text:
    zh = f"{_chinese(low)}–{_chinese(high)}"
    unit, word = (10**6, "million") if high > 10**6 else (10**3, "thousand")
    en = f"{low / unit:g}–{high / unit:g} {word}"
    return _text(f"亏损 {zh}", f"a loss of {en}") if minus else _text(zh, en)


def _chinese(value: float) -> str:
    return f"{value / 10**8:g} 亿" if value >= 10**8 else f"{value / 10**4:g} 万"


def _payback() -> tuple[Band, ...]:
    edges = (0, 6, 12, 18, 24, 36, 60, 120)
    return (
        *(
            Band(code=f"{low}-{high}", low=low, high=high, title=_text(f"{low}–{high} 个月", f"{low}–{high} months"))
            for low, high in pairwise(edges)
        ),
        Band(code="never", low=edges[-1], high=math.inf, title=_text("十年内收不回", "not within ten years")),
    )


def _counts(edges: Sequence[int]) -> tuple[Band, ...]:
    inner = tuple(
        Band(code=f"{low}-{high - 1}", low=low, high=high, title=_same(f"{low}–{high - 1}"))
        for low, high in pairwise(edges)
    )
    last = edges[-1]
    over = Band(code=f"{last}+", low=last, high=math.inf, title=_text(f"{last} 及以上", f"{last} or more"))
    return (*inner, over)


def _weeks(edges: Sequence[int]) -> tuple[Band, ...]:
    inner = tuple(
        Band(code=f"{low}-{high}", low=low, high=high, title=_text(f"{low}–{high} 周", f"{low}–{high} weeks"))
        for low, high in pairwise(edges)
    )
    last = edges[-1]
    over = Band(code=f"{last}+", low=last, high=math.inf, title=_text(f"{last} 周以上", f"{last} weeks or more"))
    return (*inner, over)
