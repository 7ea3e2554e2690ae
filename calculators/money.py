"""Figures of merit of cash flows, over all draws at once.

Flows have shape [..., period]: index 0 is now, index t the end of period t; results have shape [...]. A flow is
incremental (with the project minus without) and after tax unless its name says otherwise. `rate` is per period and
may be one number or one per series. Nothing is rounded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from calculators.units import Array, CalculationError

Timing = Literal["first_now", "first_after_one_period", "mid_period"]


# --- rates ----------------------------------------------------------------------------------------------------------


def rate_per_period(annual_effective: ArrayLike, periods_a_year: int = 12) -> Array:
    """Rate per period that compounds to the annual effective rate: (1+r)^(1/m) - 1.

    >>> float(rate_per_period(0.1).round(6))
    0.007974
    """
    return np.asarray(np.expm1(np.log1p(np.asarray(annual_effective, np.float64)) / periods_a_year))


def effective_rate(nominal: ArrayLike, periods_a_year: int = 12) -> Array:
    """Annual effective rate of a nominal one that is paid in equal parts: (1 + r/m)^m - 1."""
    return np.asarray(np.expm1(np.log1p(np.asarray(nominal, np.float64) / periods_a_year) * periods_a_year))


def real_rate(nominal: ArrayLike, inflation: ArrayLike) -> Array:
    """Fisher: (1+nominal)/(1+inflation) - 1. Discount real flows with it, nominal flows at the nominal rate."""
    return (1 + np.asarray(nominal, np.float64)) / (1 + np.asarray(inflation, np.float64)) - 1


def nominal_rate(real: ArrayLike, inflation: ArrayLike) -> Array:
    """The inverse of `real_rate`."""
    return (1 + np.asarray(real, np.float64)) * (1 + np.asarray(inflation, np.float64)) - 1


# --- present values -------------------------------------------------------------------------------------------------


def discount_factors(rate: ArrayLike, periods: int, *, timing: Timing = "first_now") -> Array:
    """Present value of 1 paid with each of `periods` flows, shape [..., period].

    `first_now` leaves the first flow undiscounted (engineering convention); `first_after_one_period` is what a
    spreadsheet's NPV() does; `mid_period` pays all but the first in the middle of their period.
    """
    t = np.arange(periods, dtype=np.float64)
    if timing == "first_after_one_period":
        t += 1
    elif timing == "mid_period":
        t[1:] -= 0.5
    return np.exp(-np.log1p(np.asarray(rate, np.float64))[..., None] * t)


def npv(flows: ArrayLike, rate: ArrayLike, *, timing: Timing = "first_now") -> Array:
    """Net present value.

    >>> round(float(npv([-10000, 3000, 4200, 6800], 0.1)), 2)
    1307.29
    >>> round(float(npv([-10000, 3000, 4200, 6800], 0.1, timing="first_after_one_period")), 2)
    1188.44
    """
    table = np.asarray(flows, np.float64)
    rates = np.asarray(rate, np.float64)
    if rates.ndim == 0:
        return np.asarray(table @ discount_factors(rates, table.shape[-1], timing=timing))
    if timing != "first_now":
        return np.asarray(np.sum(table * discount_factors(rates, table.shape[-1], timing=timing), axis=-1))
    shape = np.broadcast_shapes(table.shape[:-1], rates.shape)
    rows = np.ascontiguousarray(np.broadcast_to(table, (*shape, table.shape[-1]))).reshape(-1, table.shape[-1])
    return _npv_rows(rows, np.ascontiguousarray(np.broadcast_to(rates, shape)).reshape(-1)).reshape(shape)


@njit(cache=True, nogil=True)
def _npv_rows(rows: Array, rates: Array) -> Array:
    values = np.empty(len(rows))
    for i in range(len(rows)):
        factor, value = 1.0 / (1.0 + rates[i]), 0.0
        for t in range(rows.shape[1] - 1, -1, -1):
            value = value * factor + rows[i, t]
        values[i] = value
    return values


def years_between(dates: ArrayLike) -> Array:
    """Years since the first of several ISO dates, actual/365 (what XNPV and XIRR count)."""
    days = [date.fromisoformat(str(day)).toordinal() for day in np.asarray(dates).tolist()]
    return (np.asarray(days, np.float64) - days[0]) / 365.0


def xnpv(flows: ArrayLike, years: ArrayLike, rate: ArrayLike) -> Array:
    """Net present value of dated flows; `years` since the first flow (`years_between`), `rate` annual effective."""
    discount = np.exp(-np.log1p(np.asarray(rate, np.float64))[..., None] * np.asarray(years, np.float64))
    return np.asarray(np.sum(np.asarray(flows, np.float64) * discount, axis=-1))


def xirr(flows: ArrayLike, years: ArrayLike) -> tuple[float, ...]:
    """Every annual effective rate in (-0.9999, 10^4) at which dated flows have no present value, ascending.

    Looked for on a dense grid of rates, each change of sign refined by bisection; empty when there is none.
    """
    amounts, at = np.asarray(flows, np.float64), np.asarray(years, np.float64)
    spread = np.geomspace(1e-6, np.log(1e4), 400)
    force = np.concatenate([-spread[spread < -np.log(1e-4)][::-1], [0.0], spread])  # ln(1+r)
    values = np.exp(-np.outer(force, at)) @ amounts
    low, high = force[:-1][values[:-1] * values[1:] < 0], force[1:][values[:-1] * values[1:] < 0]
    low_value = np.exp(-np.outer(low, at)) @ amounts
    for _ in range(80):
        middle = 0.5 * (low + high)
        same = (np.exp(-np.outer(middle, at)) @ amounts) * low_value > 0
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    exact = force[(values == 0) & bool(np.any(amounts))]
    return tuple(sorted(float(rate) for rate in np.expm1(np.concatenate([0.5 * (low + high), exact]))))


def mirr(flows: ArrayLike, finance_rate: ArrayLike, reinvest_rate: ArrayLike) -> Array:
    """Modified IRR: inflows reinvested to the end, outflows financed to the start; NaN without both kinds."""
    table = np.asarray(flows, np.float64)
    periods = table.shape[-1]
    reinvest = np.asarray(reinvest_rate, np.float64)
    future = npv(np.maximum(table, 0), reinvest) * (1 + reinvest) ** (periods - 1)
    present = -npv(np.minimum(table, 0), finance_rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (future / present) ** (1 / (periods - 1)) - 1
    return np.where((future > 0) & (present > 0), value, np.nan)


# --- payback --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Payback:
    """In periods. `time`: first moment at which the running total is not negative, linear inside the period; NaN when
    it never is, or when later flows pull the total below 0 again (`dips`). `settled`: the last moment at which it
    became non-negative for good, NaN when it ends below 0."""

    time: Array
    dips: NDArray[np.bool_]
    settled: Array


def payback(flows: ArrayLike) -> Payback:
    """When the flows have paid back what was put in.

    >>> float(payback([-1000, 200, 300, 400, 500]).time)
    3.2
    """
    table = np.asarray(flows, np.float64)
    rows = np.ascontiguousarray(table.reshape(-1, table.shape[-1]))
    time, dips, settled = _payback_rows(rows)
    shape = table.shape[:-1]
    return Payback(time=time.reshape(shape), dips=dips.reshape(shape), settled=settled.reshape(shape))


def discounted_payback(flows: ArrayLike, rate: ArrayLike) -> Payback:
    """Payback of the flows discounted to now."""
    table = np.asarray(flows, np.float64)
    return payback(table * discount_factors(rate, table.shape[-1]))


@njit(cache=True, nogil=True)
def _payback_rows(rows: Array) -> tuple[Array, NDArray[np.bool_], Array]:
    time = np.full(len(rows), np.nan)
    settled = np.full(len(rows), np.nan)
    dips = np.zeros(len(rows), np.bool_)
    for i in range(len(rows)):
        total, crossings = 0.0, 0
        for t in range(rows.shape[1]):
            before = total
            total += rows[i, t]
            if t == 0:
                if total >= 0.0:
                    time[i], settled[i], crossings = 0.0, 0.0, 1
            elif before < 0.0 <= total:
                settled[i] = t - 1 - before / rows[i, t]
                if crossings == 0:
                    time[i] = settled[i]
                crossings += 1
            elif total < 0.0 <= before and crossings > 0:
                dips[i] = True
        if np.isnan(total) or total < 0.0:
            settled[i] = np.nan
        if dips[i] or np.isnan(total):
            time[i] = np.nan
    return time, dips, settled


# --- ratios, each under its own name --------------------------------------------------------------------------------


def pi_pv_over_investment(flows: ArrayLike, rate: ArrayLike) -> Array:
    """Profitability index as present value of all later flows over the investment now (flow 0)."""
    return 1 + npv_over_investment(flows, rate)


def npv_over_investment(flows: ArrayLike, rate: ArrayLike) -> Array:
    """NPV over the investment now (flow 0): what some texts call the profitability index."""
    table = np.asarray(flows, np.float64)
    investment = -table[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(investment > 0, npv(table, rate) / investment, np.nan)


def roi(benefits: ArrayLike, costs: ArrayLike) -> Array:
    """(benefits - costs) / costs of totals on the same basis: both discounted or both not, over the same horizon."""
    return bcr(benefits, costs) - 1


def bcr(benefits: ArrayLike, costs: ArrayLike) -> Array:
    """Benefits / costs of totals on the same basis; this is ROI + 1, and many studies mix the two up."""
    top, bottom = np.asarray(benefits, np.float64), np.asarray(costs, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def annuity(rate: ArrayLike, periods: ArrayLike) -> Array:
    """Present value of 1 at the end of each of n periods: (1 - (1+r)^-n)/r, n at a rate of 0."""
    r, n = np.broadcast_arrays(np.asarray(rate, np.float64), np.asarray(periods, np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(r) < 1e-12, n, -np.expm1(-n * np.log1p(r)) / np.where(r == 0, 1, r))


def equivalent_annual_cost(present_cost: ArrayLike, rate: ArrayLike, years: ArrayLike) -> Array:
    """The equal cost at each year's end with the same present value; compares assets of unequal life."""
    return np.asarray(present_cost, np.float64) / annuity(rate, years)


def total_cost_of_ownership(costs: ArrayLike, rate: ArrayLike) -> Array:
    """Present value of every cost line together; `costs` has shape [..., line, period], costs are positive."""
    return npv(np.asarray(costs, np.float64).sum(axis=-2), rate)


def risk_adjusted(amount: ArrayLike, low: float, likely: float, high: float) -> Array:
    """Amount times the mean of a triangular factor, as a TEI study does (benefits below 1, costs above 1)."""
    if not low <= likely <= high:
        raise CalculationError(
            "low, likely and high are out of order",
            code="three_points_order",
            remedy="Give them ascending.",
            low=low,
            likely=likely,
            high=high,
        )
    return np.asarray(amount, np.float64) * ((low + likely + high) / 3)
