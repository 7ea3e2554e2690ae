"""One effect of one module and how it is drawn; adoption, the share of it that is there in a month."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from simulators.line import ModelError

Text = Mapping[str, str]
Tier = Literal["A", "B", "C", "D"]
FloatArray = NDArray[np.float64]
Parameter = Literal["uptime", "failure_rate", "repair", "setup", "cycle", "scrap", "buffer"]
Reading = Literal["p10_p90", "bounds"]
Change = Literal["gain", "reduction"]
Shape = Literal["step", "linear", "logistic"]

LARGEST_REDUCTION = 0.99


def uniforms(seed: int, purpose: str, count: int) -> FloatArray:
    """`count` numbers in [0, 1) for one purpose: the same whatever else is drawn, and a longer row begins the same.

    >>> bool((uniforms(1, "a", 3) == uniforms(1, "a", 9)[:3]).all())
    True
    """
    words = np.frombuffer(sha256(purpose.encode()).digest(), dtype="<u4")
    sequence = np.random.SeedSequence([seed, *(int(word) for word in words)])
    return np.random.Generator(np.random.Philox(sequence)).random(count)


def triangle(low: float, likely: float, high: float, reading: Reading) -> tuple[float, float]:
    """Ends (a, b) of the triangular distribution with its peak at `likely`.

    `bounds`: low and high themselves. `p10_p90`: the ends for which 10 % lie below low and 10 % above high, found by a
    fixed point in the width; with A = likely - a it solves (A - (likely - low))^2 = 0.1 * width * A, and so above.
    """
    if reading == "bounds" or low == high:
        return low, high
    below, above = likely - low, high - likely
    width = high - low
    for _ in range(200):
        tail = math.sqrt(0.1 * width)
        left = ((tail + math.sqrt(0.1 * width + 4 * below)) / 2) ** 2
        right = ((tail + math.sqrt(0.1 * width + 4 * above)) / 2) ** 2
        if abs(left + right - width) <= 1e-15 * width:
            break
        width = left + right
    return likely - left, likely + right


def triangular_quantile(u: FloatArray, low: float, likely: float, high: float) -> FloatArray:
    """Quantiles of the triangular distribution on [low, high]; constant where the ends meet."""
    if high <= low:
        return np.full(u.shape, likely)
    width = high - low
    rising = low + np.sqrt(u * width * (likely - low))
    falling = high - np.sqrt((1 - u) * width * (high - likely))
    return np.asarray(np.where(u * width < likely - low, rising, falling))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a module changes: one parameter of one station (or `*`), of one failure cause (or `*`), by a fraction.

    Parameters: uptime (mean time to failure), failure_rate (its inverse), repair (time to repair), setup (length of the
    set-ups between products, and of the stops that are set-ups), cycle (time a part takes; the ideal cycle stays, it is
    the yardstick), scrap (share lost), buffer (places behind the station). `cause` is the name of a failure, or
    breakdown, minor, setup or planned for all whose name says so; `*` means all that are neither set-ups nor planned.

    `low`, `likely` and `high` are fractions (0.2 = 20 %). `reading` says what low and high mean: the 10 % and 90 %
    points of a triangular distribution with its peak at likely (experts are over-confident), or its absolute bounds.
    Effects with the same `evidence` are drawn with the same random number: if one is high, so is the other.
    """

    parameter: Parameter
    station: str = "*"
    cause: str = "*"
    low: float
    likely: float
    high: float
    change: Change
    tier: Tier
    source: Text
    evidence: str = ""
    reading: Reading = "p10_p90"

    def __post_init__(self) -> None:
        for place, value, allowed in (
            ("parameter", self.parameter, get_args(Parameter)),
            ("change", self.change, get_args(Change)),
            ("reading", self.reading, get_args(Reading)),
            ("tier", self.tier, get_args(Tier)),
        ):
            if value not in allowed:
                raise ModelError(
                    f"an effect cannot have {place} {value!r}",
                    code="effect_word",
                    place=place,
                    remedy=f"Use one of {', '.join(allowed)}.",
                    word=value,
                    allowed=", ".join(allowed),
                )
        if not (all(map(math.isfinite, (self.low, self.likely, self.high))) and self.low <= self.likely <= self.high):
            raise ModelError(
                f"an effect needs low <= likely <= high, got {self.low:g}, {self.likely:g}, {self.high:g}",
                code="effect_order",
                place="likely",
                remedy="Give the low value first, then the likely one, then the high one.",
                low=self.low,
                likely=self.likely,
                high=self.high,
            )
        if self.low <= -1 or (self.change == "reduction" and self.high >= 1):
            raise ModelError(
                f"{self.parameter} cannot change by {self.low:.0%} to {self.high:.0%}",
                code="effect_range",
                place="high",
                remedy="A reduction stays below 100 %; nothing falls by more than it is.",
                parameter=self.parameter,
                low=self.low,
                high=self.high,
            )

    def quantile(self, u: FloatArray) -> FloatArray:
        """The effect at quantiles `u`; an effect whose low end is not negative never turns harmful in its tail."""
        low, high = triangle(self.low, self.likely, self.high, self.reading)
        floor = 0.0 if self.low >= 0 else -LARGEST_REDUCTION
        ceiling = LARGEST_REDUCTION if self.change == "reduction" else math.inf
        return np.clip(triangular_quantile(u, low, self.likely, high), floor, ceiling)

    def factor(self, effect: float, adoption: float) -> float:
        """What the parameter is multiplied by: 1 + a e for a gain, 1 - a e for a reduction."""
        return 1 + adoption * effect if self.change == "gain" else 1 - adoption * effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """How the use of a module grows after `start`; all in months, `t10` and `t90` counted from the start.

    At t10 a tenth and at t90 nine tenths of the effect are there. `t90_low` and `t90_high` are the 10 % and 90 % points
    of t90 (t10 moves in proportion). `dip` is the fraction of the full effect lost right after the start while people
    learn; it fades linearly over `dip_months`, so that early months may be worse than before.
    """

    shape: Shape = "logistic"
    start: float = 0.0
    t10: float = 0.0
    t90: float = 0.0
    t90_low: float | None = None
    t90_high: float | None = None
    dip: float = 0.0
    dip_months: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.t90_range()
        numbers = (self.start, self.t10, self.t90, low, high, self.dip, self.dip_months)
        if self.shape not in get_args(Shape) or not all(map(math.isfinite, numbers)) or min(numbers) < 0:
            raise ModelError(
                "adoption needs a shape and months that are not negative",
                code="adoption_values",
                place="adoption",
                remedy=f"Use a shape of {', '.join(get_args(Shape))} and months from 0 up.",
                allowed=", ".join(get_args(Shape)),
            )
        if self.dip > 1 or not low <= self.t90 <= high or (self.shape != "step" and self.t10 > self.t90):
            raise ModelError(
                "adoption needs t10 <= t90, t90_low <= t90 <= t90_high and a dip of at most 1",
                code="adoption_order",
                place="adoption.t90",
                remedy="Give the month of 10 % before the month of 90 %, and t90 between its low and high value.",
            )

    def t90_range(self) -> tuple[float, float]:
        """The 10 % and 90 % points of t90; both t90 where none are given."""
        return (
            self.t90 if self.t90_low is None else self.t90_low,
            self.t90 if self.t90_high is None else self.t90_high,
        )

    def t90_quantile(self, u: FloatArray) -> FloatArray:
        """Drawn values of t90 in months, never negative."""
        low, high = self.t90_range()
        a, b = triangle(low, self.t90, high, "p10_p90")
        return np.maximum(triangular_quantile(u, a, self.t90, b), 0.0)

    def curve(self, months: int, t90: FloatArray | None = None) -> FloatArray:
        """Mean adoption over each month: [month], or [draw, month] for drawn values of t90.

        The mean over a month is a difference of the curve's integral at its two ends, not the value at one of them.

        >>> Adoption(shape="step", start=1.5).curve(3).tolist()
        [0.0, 0.5, 1.0]
        """
        drawn = np.atleast_1d(np.asarray(self.t90 if t90 is None else t90, dtype=np.float64))[:, None]
        at = np.maximum(np.arange(months + 1, dtype=np.float64)[None, :] - self.start, 0.0)
        scale = drawn / self.t90 if self.t90 > 0 else np.ones_like(drawn)
        integral = self._integral(at, self.t10 * scale, drawn)
        if self.dip > 0 and self.dip_months > 0:
            within = np.minimum(at, self.dip_months)
            integral = integral - self.dip * (within - within**2 / (2 * self.dip_months))
        mean = np.diff(integral, axis=1)
        mean = np.where(np.abs(mean) < 1e-12, 0.0, np.where(np.abs(mean - 1) < 1e-12, 1.0, mean))
        return mean[0] if t90 is None else mean

    def _integral(self, at: FloatArray, t10: FloatArray, t90: FloatArray) -> FloatArray:
        """Integral of the adoption from the start to `at`; a curve without width is a step at t90."""
        step = np.maximum(at - (0.0 if self.shape == "step" else t90), 0.0)
        if self.shape == "step":
            return step + 0.0 * t90
        width = np.maximum(t90 - t10, 1e-9)
        if self.shape == "linear":
            slope = 0.8 / width
            begin = t10 - 0.1 / slope
            end = begin + 1 / slope
            reach = np.clip(at, begin, end) - begin
            skipped = np.clip(0.0, begin, end) - begin
            rising = slope * (reach**2 - skipped**2) / 2 + np.maximum(at - end, 0.0)
            return np.where(t90 - t10 > 1e-9, rising, step)
        rate, middle = math.log(81) / width, (t10 + t90) / 2
        soft = (np.logaddexp(0.0, rate * (at - middle)) - np.logaddexp(0.0, -rate * middle)) / rate
        return np.where(t90 - t10 > 1e-9, soft, step)
