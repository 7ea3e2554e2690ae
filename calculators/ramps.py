"""Shares over time: how quickly an effect arrives, and how quickly a cost is written off.

Ramps are averages over each period, not end values; times are in periods; `t` numbers the periods, shape [1, period].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from calculators.units import Array

Depreciation = Callable[[Array, Array], Array]
"""(life in periods [draw, 1], t [1, period]) -> share of the cost written off in each period."""


# --- adoption at a moment -------------------------------------------------------------------------------------------


def bass(time: ArrayLike, p: ArrayLike, q: ArrayLike) -> Array:
    """Share that has adopted by `time`, with innovation p and imitation q per unit of time (Bass 1969).

    >>> float(bass(6, 0.03, 0.38).round(6))
    0.439235
    """
    p_, q_ = np.asarray(p, np.float64), np.asarray(q, np.float64)
    u = np.exp(-(p_ + q_) * np.asarray(time, np.float64))
    return np.asarray((1 - u) / (1 + q_ / p_ * u))


def bass_peak(p: ArrayLike, q: ArrayLike) -> Array:
    """Time of the quickest adoption: ln(q/p)/(p+q), 0 when imitation does not exceed innovation."""
    p_, q_ = np.asarray(p, np.float64), np.asarray(q, np.float64)
    return np.maximum(0.0, np.log(q_ / p_) / (p_ + q_))


def logistic(time: ArrayLike, t10: ArrayLike, t90: ArrayLike) -> Array:
    """S curve through 10 % at t10 and 90 % at t90: steepness ln 81/(t90 - t10)."""
    low, high = np.asarray(t10, np.float64), np.asarray(t90, np.float64)
    steepness = np.log(81.0) / (high - low)
    return np.asarray(1 / (1 + np.exp(-steepness * (np.asarray(time, np.float64) - (low + high) / 2))))


# --- mean over each period ------------------------------------------------------------------------------------------


def _mean_over_periods(integral: Callable[[Array], Array], t: Array) -> Array:
    """Mean of a share over ((t-1), t], from its integral; 0 in period 0."""
    before = np.maximum(t - 1, 0)
    return np.asarray(np.where(t > 0, integral(t) - integral(before), 0.0))


def linear_ramp(t: Array, delay: Array, duration: Array) -> Array:
    """0 until `delay`, then straight to 1 over `duration`."""
    length = np.maximum(duration, 1e-9)

    def integral(time: Array) -> Array:
        inside = np.clip(time - delay, 0, length)
        return np.asarray(inside**2 / (2 * length) + np.maximum(time - delay - length, 0))

    return _mean_over_periods(integral, t)


def logistic_ramp(t: Array, t10: Array, t90: Array) -> Array:
    """The S curve of `logistic`."""
    steepness = np.log(81.0) / np.maximum(t90 - t10, 1e-9)
    middle = (t10 + t90) / 2
    return _mean_over_periods(lambda time: np.logaddexp(0, steepness * (time - middle)) / steepness, t)


def bass_ramp(t: Array, p: Array, q: Array) -> Array:
    """The adoption curve of `bass`; the integral of 1 - F is -ln(1 + q/p exp(-(p+q) t))/q."""

    def integral(time: Array) -> Array:
        return time + np.log1p(q / p * np.exp(-(p + q) * time)) / q

    return _mean_over_periods(integral, t)


# --- depreciation, one life per draw --------------------------------------------------------------------------------


def straight_line_share(life: Array, t: Array) -> Array:
    """Equal parts; a life that is not whole ends inside a period."""
    return np.where(t > 0, np.clip(life - (t - 1), 0, 1), 0.0) / life


def digits_share(life: Array, t: Array) -> Array:
    """Sum of the years' digits over a whole number of periods."""
    whole = np.maximum(np.rint(life), 1)
    return np.asarray(np.where(t > 0, np.maximum(whole - (t - 1), 0), 0.0) / (whole * (whole + 1) / 2))


def declining_share(life: Array, t: Array) -> Array:
    """Double declining balance, changing to straight line where that writes off more; whole number of periods."""
    whole = np.maximum(np.rint(life), 1)
    book, shares = np.ones_like(whole), np.zeros((len(whole), t.shape[1]))
    for age in range(t.shape[1] - 1):
        left = np.maximum(whole - age, 1)
        share = np.where(age < whole, np.maximum(book * np.minimum(1.0, 2.0 / whole), book / left), 0.0)
        shares[:, age + 1] = share[:, 0]
        book = book - share
    return shares
