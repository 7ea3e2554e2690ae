"""What the gaps of a check list cost, and how long they hold things up: money and months for the cash flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from calculators.checklist import Assessment
from calculators.uncertainty import triangular_quantile
from calculators.units import CalculationError

DRAWS = 4000
Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How one gap is closed: money and months as low, likely, high; `blocks`: nothing goes live before it is closed."""

    control: str
    owner: str
    due: date | None
    cost: tuple[float, float, float]
    months: tuple[float, float, float]
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GapBudget:
    """10 %, 50 % and 90 % of cost and of delay in months; gaps without a plan, or past their date."""

    cost: tuple[float, float, float]
    delay_months: tuple[float, float, float]
    unplanned: tuple[str, ...]
    overdue: tuple[str, ...]
    flow: tuple[float, ...]  # expected cost by month, the first month first


def gap_budget(found: Assessment, plan: Sequence[Closing], *, today: date, seed: int = 1) -> GapBudget:
    """Draw what closing the gaps costs and how long the blocking ones take side by side.

    Costs of gaps add up; they are drawn independently. The delay is the longest blocking one, as gaps are closed side
    by side. Raises CalculationError `closing_order` where low, likely and high are out of order, `no_gap` where a plan
    names a control without a gap.
    """
    gaps = {gap.control.id: gap for gap in found.gaps}
    cost, delay = np.zeros(DRAWS), np.zeros(DRAWS)
    flow: dict[int, float] = {}
    rng = np.random.default_rng(seed)
    for closing in plan:
        if closing.control not in gaps:
            raise CalculationError(
                f"control {closing.control} has no gap",
                code="no_gap",
                place=f"control {closing.control}",
                remedy="Take it out of the plan.",
                name=closing.control,
            )
        for values in (closing.cost, closing.months):
            if not 0 <= values[0] <= values[1] <= values[2]:
                raise CalculationError(
                    f"control {closing.control}: low, likely and high are out of order",
                    code="closing_order",
                    place=f"control {closing.control}",
                    remedy="Give them from the smallest to the largest, none below 0.",
                    name=closing.control,
                )
        price = _drawn(closing.cost, rng.random(DRAWS))
        takes = _drawn(closing.months, rng.random(DRAWS))
        cost += price
        month = round(float(np.median(takes)))
        flow[month] = flow.get(month, 0.0) + float(price.mean())
        if closing.blocks or gaps[closing.control].control.veto:
            delay = np.maximum(delay, takes)
    planned = {closing.control for closing in plan}
    return GapBudget(
        cost=_three(cost),
        delay_months=_three(delay),
        unplanned=tuple(name for name in gaps if name not in planned),
        overdue=tuple(closing.control for closing in plan if closing.due is not None and closing.due < today),
        flow=tuple(flow.get(month, 0.0) for month in range(max(flow, default=-1) + 1)),
    )


def _drawn(values: tuple[float, float, float], chance: Array) -> Array:
    low, likely, high = values
    if low == high:
        return np.full(len(chance), low)
    return np.asarray(triangular_quantile(chance, low, likely, high))


def _three(values: Array) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    return float(low), float(middle), float(high)
