"""A pilot that can answer its question: how long, what it can see, when to stop, when to go on.

Days before the pilot are held against days in it. The test is one-sided at level `alpha`; with one look at half time
its two limits are those of O'Brien and Fleming (Biometrics 35, 1979), so looking early costs nothing of the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf, sqrt

import numpy as np
from scipy import special, stats

from calculators.units import Array, CalculationError

FEWEST_DAYS = 10
LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotPlan:
    """What the past allows to promise about a pilot; all changes are those of the daily mean, in its unit.

    `mean`, `sd`: of a day before; `correlation` of neighbouring days (not below 0) makes a day count for less.
    `promised`: the change to be seen. `days`: days needed to see it with the power asked for; infinite where the past
    is too short and too noisy for any length. `visible`: the smallest change that `length` days show with that power;
    `power`: the chance that the promised change is seen in `length` days. `stop_below`, `stop_above`: limits for the
    mean change at half time; `go_above`: the limit at the end.
    """

    mean: float
    sd: float
    correlation: float
    before: int
    promised: float
    days: float
    length: int
    visible: float
    power: float
    stop_below: float
    stop_above: float
    go_above: float


def plan_pilot(
    before: Sequence[float],
    promised: float,
    *,
    length: int = 14,
    alpha: float = 0.05,
    power: float = 0.8,
    worth: float = 0.0,
) -> PilotPlan:
    """Plan a pilot of `length` days that is to show a change of the daily mean.

    `before`: daily figures of the past. `promised`: the change, above 0 (turn the figure round where less is better).
    `worth`: the change from which on it pays; the limit at the end is not below it. Raises CalculationError
    `pilot_history`, `pilot_promise`.
    """
    table = np.asarray(before, np.float64)
    table = table[np.isfinite(table)]
    if len(table) < FEWEST_DAYS or not np.ptp(table) > 0:
        raise CalculationError(
            f"{len(table)} days that differ are too few to plan a pilot on",
            code="pilot_history",
            remedy=f"Record at least {FEWEST_DAYS} days first.",
            days=len(table),
            least=FEWEST_DAYS,
        )
    if not promised > 0 or not 2 <= length <= LONGEST_DAYS:
        raise CalculationError(
            "a pilot needs a promised change above 0 and a length of 2 to 366 days",
            code="pilot_promise",
            remedy="Give the change that is to be seen.",
            promised=promised,
        )
    sd, r = float(table.std(ddof=1)), neighbours(table)
    inflated = sd * sqrt((1 + r) / (1 - r))
    first, last = o_brien_fleming(alpha)
    z_power = float(special.ndtri(power))

    def error(days: float) -> float:
        return inflated * sqrt(1 / days + 1 / len(table))

    per_day = (promised / (inflated * (last + z_power))) ** 2 - 1 / len(table)
    half = max(1, length // 2)
    seen = float(special.ndtr(promised / error(length) - last))
    return PilotPlan(
        mean=float(table.mean()),
        sd=sd,
        correlation=r,
        before=len(table),
        promised=promised,
        days=float(ceil(1 / per_day)) if per_day > 0 else inf,
        length=length,
        visible=(last + z_power) * error(length),
        power=seen,
        stop_below=-first * error(half),
        stop_above=first * error(half),
        go_above=max(last * error(length), worth),
    )


def neighbours(days: Array) -> float:
    """Correlation of neighbouring days, kept between 0 and 0.9: days that pull together say less."""
    moved = days - days.mean()
    below = float((moved**2).sum())
    return float(min(max((moved[1:] * moved[:-1]).sum() / below, 0.0), 0.9)) if below > 0 else 0.0


@lru_cache(maxsize=16)
def o_brien_fleming(alpha: float) -> tuple[float, float]:
    """Limits of z at half time and at the end that together keep a one-sided level.

    With c at the end and c times the root of 2 at half time, P(Z1 > c sqrt 2 or Z2 > c) = alpha, Z1 and Z2 correlated
    by the root of one half; days before that both looks share tie them closer, which only lowers the level.

    >>> [round(limit, 3) for limit in o_brien_fleming(0.025)]
    [2.797, 1.977]
    """
    joint = stats.multivariate_normal(mean=[0, 0], cov=[[1, sqrt(0.5)], [sqrt(0.5), 1]])
    low, high = float(special.ndtri(1 - alpha)), float(special.ndtri(1 - alpha / 2))
    for _ in range(60):
        middle = (low + high) / 2
        if 1 - float(joint.cdf([middle * sqrt(2), middle])) > alpha:
            low = middle
        else:
            high = middle
    return high * sqrt(2), high


def verdict(plan: PilotPlan, change: float, *, half_time: bool) -> str:
    """What an observed mean change says: stop, go, go_on (at half time) or no_go (at the end)."""
    if half_time:
        return "stop" if change < plan.stop_below else "go" if change > plan.stop_above else "go_on"
    return "go" if change >= plan.go_above and plan.go_above < inf else "no_go"
