"""What a result depends on: variance shares (Sobol), one- and two-way changes, and the value at which it turns.

A model is a function of points [n, d] to results [n]; points are uniform numbers in (0, 1), one column per input,
which the caller turns into values through quantile functions. Inputs must be independent for the Sobol shares.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import qmc

from calculators.units import Array, CalculationError

Model = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class SobolShares:
    """First-order and total shares of the variance per input, each with a 95 % bootstrap interval [input, 2]."""

    first: Array
    total: Array
    first_interval: Array
    total_interval: Array
    variance: float
    mean: float


def sobol(model: Model, inputs: int, *, samples: int, seed: int, resamples: int = 100) -> SobolShares:
    """Variance shares by Saltelli's design: n (d + 2) evaluations, `samples` n a power of two.

    First order: Saltelli et al. 2010, mean(f_B (f_ABi - f_A))/Var with f centred; total: Jansen 1999,
    mean((f_A - f_ABi)^2)/(2 Var). At n = 4096 a single estimate can be off by 0.01 to 0.03.
    """
    if samples < 8 or samples & (samples - 1):
        raise CalculationError(
            f"{samples} base samples are not a power of two",
            code="samples_power_of_two",
            remedy="Use 1024, 2048, 4096 or 8192.",
            samples=samples,
        )
    base = qmc.Sobol(2 * inputs, scramble=True, rng=seed).random(samples)
    base = np.clip(base, 1e-9, 1 - 1e-9)
    a, b = base[:, :inputs], base[:, inputs:]
    points = np.tile(a, (inputs + 2, 1))
    points[samples : 2 * samples] = b
    for i in range(inputs):
        points[(i + 2) * samples : (i + 3) * samples, i] = b[:, i]
    results = np.asarray(model(points), np.float64).reshape(inputs + 2, samples)
    results = results[:, np.isfinite(results).all(axis=0)]
    if results.shape[1] < samples / 2:
        raise CalculationError(
            "the result is undefined for most of the inputs' range",
            code="mostly_undefined",
            remedy="Look at another output, such as the net present value.",
        )
    mean = float(results[:2].mean())
    centred = results - mean
    f_a, f_b, f_ab = centred[0], centred[1], centred[2:]
    products = f_b * (f_ab - f_a)
    squares = (f_ab - f_a) ** 2 / 2
    spread = (f_a**2 + f_b**2) / 2
    variance = float(spread.mean() - (0.5 * (f_a.mean() + f_b.mean())) ** 2)
    if variance <= 0:
        zero = np.zeros(inputs)
        flat = np.zeros((inputs, 2))
        return SobolShares(first=zero, total=zero, first_interval=flat, total_interval=flat, variance=0.0, mean=mean)
    count = results.shape[1]
    picks = np.random.default_rng(seed).integers(0, count, (resamples, count))
    means = _resampled(picks, np.vstack([spread[None], (f_a + f_b)[None] / 2, products, squares]))
    variances = means[:, 0] - means[:, 1] ** 2
    draws = means[:, 2:] / variances[:, None]
    first_draws, total_draws = draws[:, :inputs], draws[:, inputs:]
    return SobolShares(
        first=products.mean(axis=1) / variance,
        total=squares.mean(axis=1) / variance,
        first_interval=np.quantile(first_draws, [0.025, 0.975], axis=0).T,
        total_interval=np.quantile(total_draws, [0.025, 0.975], axis=0).T,
        variance=variance,
        mean=mean,
    )


@njit(cache=True, nogil=True)
def _resampled(picks: NDArray[np.int64], table: Array) -> Array:
    """Mean of each row of the table over the columns that each resample picked: [resample, row]."""
    means = np.empty((len(picks), len(table)))
    for k in range(len(table)):
        row = table[k]
        for b in range(len(picks)):
            pick = picks[b]
            total = 0.0
            for i in range(len(pick)):
                total += row[pick[i]]
            means[b, k] = total / len(pick)
    return means


def one_way(model: Model, inputs: int, *, low: float = 0.1, high: float = 0.9) -> tuple[float, Array]:
    """The result with every input at its median, and with each in turn at its `low` and `high` quantile [input, 2]."""
    points = np.full((2 * inputs + 1, inputs), 0.5)
    for i in range(inputs):
        points[2 * i + 1, i], points[2 * i + 2, i] = low, high
    results = np.asarray(model(points), np.float64)
    return float(results[0]), results[1:].reshape(inputs, 2)


def two_way(model: Model, inputs: int, first: int, second: int, *, steps: int = 9) -> tuple[Array, Array]:
    """The result over a grid of two inputs, the others at their median: quantiles [step], results [first, second]."""
    quantiles = np.linspace(0.05, 0.95, steps)
    points = np.full((steps * steps, inputs), 0.5)
    points[:, first] = np.repeat(quantiles, steps)
    points[:, second] = np.tile(quantiles, steps)
    return quantiles, np.asarray(model(points), np.float64).reshape(steps, steps)


def break_even(model: Model, inputs: int, which: int, *, target: float = 0.0, steps: int = 200) -> tuple[float, ...]:
    """Quantiles of one input at which the result crosses the target, the others at their median; () when never.

    A crossing far out in a tail says: the result hardly turns on this input alone.
    """
    quantiles = np.linspace(0.001, 0.999, steps)

    def at(quantile: Array) -> Array:
        points = np.full((len(quantile), inputs), 0.5)
        points[:, which] = quantile
        return np.asarray(model(points), np.float64) - target

    results = at(quantiles)
    turns = np.flatnonzero(results[:-1] * results[1:] < 0)
    exact = [float(q) for q in quantiles[results == 0]]
    if not len(turns):
        return tuple(exact)
    low, high, low_value, high_value = quantiles[turns], quantiles[turns + 1], results[turns], results[turns + 1]
    for _ in range(12):  # false position with the Illinois correction
        middle = (low * high_value - high * low_value) / (high_value - low_value)
        value = at(middle)
        same = value * low_value > 0
        high_value = np.where(same, high_value / 2, value)
        low_value = np.where(same, value, low_value / 2)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
        if not np.all(high_value - low_value):
            break
    return tuple(sorted([*(float(q) for q in middle), *exact]))


def morris(model: Model, inputs: int, *, trajectories: int, seed: int) -> tuple[Array, Array]:
    """Elementary effects over random trajectories on a grid of four levels: mu* and sigma per input (Morris 1991)."""
    generator = np.random.default_rng(seed)
    levels, delta = np.array([1 / 8, 3 / 8]), 0.5
    start = levels[generator.integers(0, 2, (trajectories, inputs))]
    order = np.argsort(generator.random((trajectories, inputs)), axis=1)
    points = np.repeat(start[:, None, :], inputs + 1, axis=1)
    for step in range(inputs):
        for later in range(step + 1, inputs + 1):
            points[np.arange(trajectories), later, order[:, step]] = (
                start[np.arange(trajectories), order[:, step]] + delta
            )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        results = np.asarray(model(points.reshape(-1, inputs)), np.float64).reshape(trajectories, inputs + 1)
    effects = np.empty((trajectories, inputs))
    np.put_along_axis(effects, order, np.diff(results, axis=1) / delta, axis=1)
    return np.abs(effects).mean(axis=0), effects.std(axis=0, ddof=1)
