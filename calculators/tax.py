"""Depreciation schedules and the tax on profits; shapes as in `calculators.money`, period 0 is now.

After tax a flow is (cash - depreciation)(1 - tax) + depreciation = cash (1 - tax) + tax * depreciation; the second
term is the tax shield.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from calculators.units import Array, CalculationError

MACRS_5 = (0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576)
"""US 5-year class, half-year convention, share of cost by year."""


def _life(life: int) -> int:
    if life < 1:
        raise CalculationError(
            "a depreciation needs at least one period",
            code="bad_life",
            remedy="Give the life as a whole number of periods.",
            life=life,
        )
    return life


def _placed(shares: Array, cost: ArrayLike, periods: int) -> Array:
    """Shares by period of life, written off from period 1 on, cut at the horizon: shape [..., periods + 1]."""
    row = np.zeros(periods + 1)
    used = min(periods, len(shares))
    row[1 : used + 1] = shares[:used]
    return np.asarray(cost, np.float64)[..., None] * row


def straight_line(cost: ArrayLike, life: int, periods: int) -> Array:
    """Equal parts of the cost over `life` periods, beginning with period 1."""
    return _placed(np.full(_life(life), 1 / life), cost, periods)


def sum_of_years_digits(cost: ArrayLike, life: int, periods: int) -> Array:
    """Parts life, life-1, ... 1 over their sum."""
    return _placed(np.arange(_life(life), 0, -1) / (life * (life + 1) / 2), cost, periods)


def declining_balance(cost: ArrayLike, life: int, periods: int, *, factor: float = 2.0) -> Array:
    """factor/life of the book value, changing to straight line over the rest as soon as that writes off more."""
    book, shares = 1.0, []
    for age in range(_life(life)):
        share = max(book * min(1.0, factor / life), book / (life - age))
        shares.append(share)
        book -= share
    return _placed(np.asarray(shares), cost, periods)


def macrs_5(cost: ArrayLike, periods: int, *, disposal_year: int | None = None) -> Array:
    """MACRS 5-year class by years; half of the year's rate in the year of disposal and nothing after it."""
    shares = np.asarray(MACRS_5)
    if disposal_year is not None and disposal_year <= len(shares):
        shares = shares[: _life(disposal_year)].copy()
        shares[-1] *= 0.5 if disposal_year < len(MACRS_5) else 1.0
    return _placed(shares, cost, periods)


def tax_shield(depreciation: ArrayLike, tax_rate: ArrayLike) -> Array:
    """Tax saved by writing off: rate times depreciation."""
    return np.asarray(tax_rate, np.float64)[..., None] * np.asarray(depreciation, np.float64)


def tax_offset(profit: ArrayLike, tax_rate: ArrayLike) -> Array:
    """Tax of each period when losses are set off at once against other profits of the company (negative tax)."""
    return np.asarray(tax_rate, np.float64)[..., None] * np.asarray(profit, np.float64)


def tax_carried(profit: ArrayLike, tax_rate: ArrayLike) -> Array:
    """Tax of each period when losses are carried forward without end and set against later profits.

    With the running total P and its running maximum M (not below 0), what is taxable is the growth of M.
    """
    running = np.cumsum(np.asarray(profit, np.float64), axis=-1)
    peak = np.maximum(np.maximum.accumulate(running, axis=-1), 0.0)
    taxable = np.diff(peak, axis=-1, prepend=np.zeros((*peak.shape[:-1], 1)))
    return np.asarray(tax_rate, np.float64)[..., None] * taxable


def after_tax(cash: ArrayLike, depreciation: ArrayLike, tax_rate: ArrayLike) -> Array:
    """Flow after tax with losses set off at once: cash (1 - tax) + tax * depreciation."""
    rate = np.asarray(tax_rate, np.float64)[..., None]
    return np.asarray(cash, np.float64) * (1 - rate) + rate * np.asarray(depreciation, np.float64)


def disposal(salvage: ArrayLike, book_value: ArrayLike, tax_rate: ArrayLike) -> Array:
    """What selling an asset leaves after tax on the gain (or relief on the loss) against its book value."""
    price = np.asarray(salvage, np.float64)
    return price - np.asarray(tax_rate, np.float64) * (price - np.asarray(book_value, np.float64))
