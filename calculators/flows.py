"""Building blocks of cash flows: prices that rise, capital tied up, loans, growth that feeds on itself.

Shapes as in `calculators.money`: [..., period], period 0 is now.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from calculators.money import annuity, npv
from calculators.units import Array


def indexed(amount: ArrayLike, rate: ArrayLike, periods: int, *, periods_a_year: int = 12) -> Array:
    """An amount paid in every period from 1 on, whose price rises once a year (from the second year on) by `rate`."""
    t = np.arange(periods + 1)
    steps = np.where(t > 0, (t - 1) // periods_a_year, 0).astype(np.float64)
    grown = np.asarray(amount, np.float64)[..., None] * (1 + np.asarray(rate, np.float64)[..., None]) ** steps
    return np.where(t > 0, grown, 0.0)


def decaying(amount: ArrayLike, rate: ArrayLike, periods: int, *, periods_a_year: int = 12) -> Array:
    """What a baseline loses by period t when nothing is done and it decays smoothly at `rate` a year."""
    t = np.arange(periods + 1) / periods_a_year
    return np.asarray(amount, np.float64)[..., None] * (1 - (1 - np.asarray(rate, np.float64)[..., None]) ** t)


def to_real(nominal: ArrayLike, inflation: ArrayLike, *, periods_a_year: int = 12) -> Array:
    """Flows in money of today: each divided by the price level of its period."""
    table = np.asarray(nominal, np.float64)
    t = np.arange(table.shape[-1]) / periods_a_year
    return table / (1 + np.asarray(inflation, np.float64)[..., None]) ** t


def working_capital(balance: ArrayLike) -> Array:
    """Flows from tying up a balance: a rise is paid, a fall returned, and the last period gives all of it back."""
    table = np.asarray(balance, np.float64)
    flows = -np.diff(table, axis=-1, prepend=np.zeros((*table.shape[:-1], 1)))
    flows[..., -1] += table[..., -1]
    return flows


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """Flows to the borrower (positive: the money comes in), and the interest part that is deductible."""

    flows: Array
    interest: Array


def loan(principal: ArrayLike, rate: ArrayLike, instalments: int, periods: int) -> Loan:
    """A loan paid out now and repaid in equal instalments; what is still owed at the horizon is repaid there."""
    debt = np.asarray(principal, np.float64)
    r = np.asarray(rate, np.float64)
    payment = debt / annuity(r, instalments)
    flows = np.zeros((*np.broadcast_shapes(debt.shape, r.shape), periods + 1))
    interest = np.zeros_like(flows)
    flows[..., 0] = debt
    owed = debt + np.zeros(flows.shape[:-1])
    for t in range(1, min(instalments, periods) + 1):
        interest[..., t] = owed * r
        flows[..., t] = -payment
        owed = owed + interest[..., t] - payment
    if instalments > periods:
        flows[..., periods] -= owed
    return Loan(flows=flows, interest=interest)


def refund(paid: ArrayLike, reached: ArrayLike, *, share: float, period: int, periods: int) -> Array:
    """A refund clause: `share` of what was paid comes back in `period` in draws where the target was missed."""
    amount = np.asarray(paid, np.float64) * share * ~np.asarray(reached, bool)
    flows = np.zeros((*amount.shape, periods + 1))
    flows[..., period] = amount
    return flows


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionBenefit:
    benefit: Array
    adjusted: Array
    total: Array
    present_value: Array


def retention_benefit(
    revenue: ArrayLike, shares: ArrayLike, margin: ArrayLike, risk_adjustment: ArrayLike, rate: ArrayLike
) -> RetentionBenefit:
    """Benefit of keeping more customers, in the form of TEI studies, by year from year 1 on.

    What was kept more in a year grows the base of the next: growth_t = (revenue + growth_{t-1}) * share_{t-1}, with
    growth_0 = 0; the benefit is growth * margin, lowered by the risk adjustment, discounted at year ends.
    """
    share = np.asarray(shares, np.float64)
    base = np.asarray(revenue, np.float64)
    growth = np.zeros_like(base)
    years = [growth]
    for t in range(share.shape[-1] - 1):
        growth = (base + growth) * share[..., t]
        years.append(growth)
    benefit = np.stack(years, axis=-1) * np.asarray(margin, np.float64)[..., None]
    adjusted = benefit * (1 - np.asarray(risk_adjustment, np.float64)[..., None])
    present = npv(adjusted, rate, timing="first_after_one_period")
    return RetentionBenefit(benefit=benefit, adjusted=adjusted, total=adjusted.sum(axis=-1), present_value=present)
