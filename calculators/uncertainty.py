"""From three estimates to draws: distributions by quantile, joint draws by seed, and what a sample says.

Ask for low and high first, then for the most likely value. Every distribution is used through its quantile function,
so the same uniform numbers serve the draws, the tornado and the Sobol design.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy import optimize, special

from calculators.units import Array, CalculationError

Shape = Literal["pert", "triangular", "uniform", "lognormal"]
_NODES = 2049


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreePoints:
    """Low, most likely and high of one quantity; `reads` says whether low and high are bounds or P10 and P90.

    A lognormal has only two parameters: `likely` is then its median if low and high are not given, and is ignored
    otherwise; low and high are always its P10 and P90.
    """

    low: float
    likely: float
    high: float
    shape: Shape = "pert"
    reads: Literal["bounds", "p10_p90"] = "bounds"

    def __post_init__(self) -> None:
        if not self.low <= self.likely <= self.high or not np.isfinite(self.high - self.low):
            raise CalculationError(
                f"low {self.low:g}, likely {self.likely:g} and high {self.high:g} are out of order",
                code="three_points_order",
                remedy="Give them ascending.",
                low=self.low,
                likely=self.likely,
                high=self.high,
            )
        if self.shape == "lognormal" and self.low <= 0:
            raise CalculationError(
                "a lognormal quantity is above 0",
                code="lognormal_positive",
                remedy="Give a low value above 0, or choose another shape.",
            )

    def bounds(self) -> tuple[float, float]:
        """The least and greatest value, where P10 and P90 were given worked out from them."""
        if self.reads == "bounds" or self.low == self.high or self.shape == "lognormal":
            return self.low, self.high
        if self.shape == "uniform":
            tail = (self.high - self.low) / 8
            return self.low - tail, self.high + tail
        return _bounds_of(self.low, self.likely, self.high, self.shape)

    def quantile(self, p: ArrayLike) -> Array:
        """Value at probability p, any shape."""
        at = np.asarray(p, np.float64)
        low, high = self.bounds()
        if low == high:
            return np.full(at.shape, low)
        match self.shape:
            case "triangular":
                return triangular_quantile(at, low, self.likely, high)
            case "uniform":
                return np.asarray(low + at * (high - low))
            case "lognormal":
                spread = np.log(self.high / self.low) / (2 * special.ndtri(0.9))
                middle = 0.5 * np.log(self.high * self.low)
                return np.asarray(np.exp(middle + spread * special.ndtri(at)))
            case "pert":
                return pert_quantile(at, low, self.likely, high)


def triangular_mean(low: float, mode: float, high: float) -> float:
    return (low + mode + high) / 3


def triangular_variance(low: float, mode: float, high: float) -> float:
    """(a^2 + m^2 + b^2 - am - ab - mb)/18."""
    return (low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18


def triangular_cdf(x: ArrayLike, low: float, mode: float, high: float) -> Array:
    at = np.clip(np.asarray(x, np.float64), low, high)
    left = (at - low) ** 2 / ((high - low) * max(mode - low, 1e-300))
    right = 1 - (high - at) ** 2 / ((high - low) * max(high - mode, 1e-300))
    return np.where(at <= mode, left if mode > low else 0.0, right if mode < high else 1.0)


def triangular_quantile(p: ArrayLike, low: float, mode: float, high: float) -> Array:
    """a + sqrt(p(b-a)(m-a)) below the mode's share (m-a)/(b-a), b - sqrt((1-p)(b-a)(b-m)) above it.

    >>> round(float(triangular_quantile(0.5, 10, 20, 50)), 4)
    25.5051
    """
    at = np.asarray(p, np.float64)
    left = low + np.sqrt(at * ((high - low) * (mode - low)))
    right = high - np.sqrt((1 - at) * ((high - low) * (high - mode)))
    return np.where(at < (mode - low) / (high - low), left, right)


def pert_mean(low: float, mode: float, high: float) -> float:
    return (low + 4 * mode + high) / 6


def pert_variance(low: float, mode: float, high: float) -> float:
    """(mean - a)(b - mean)/7, exact for weight 4; ((b-a)/6)^2 is only a shortcut."""
    mean = pert_mean(low, mode, high)
    return (mean - low) * (high - mean) / 7


def pert_quantile(p: ArrayLike, low: float, mode: float, high: float) -> Array:
    """Beta on [low, high] with the mode's weight 4.

    Read off a table of 2049 exact quantiles, cosine-spaced towards both ends, with straight lines between: the error
    is below 1e-4 of the range for p in [0.0001, 0.9999], far less than the estimates are worth.
    """
    share = (mode - low) / (high - low)
    nodes, values = _beta_table(round(share, 12))
    at = np.ascontiguousarray(p, np.float64)
    return low + (high - low) * _between(at.reshape(-1), nodes, values).reshape(at.shape)


@njit(cache=True, nogil=True)
def _between(at: Array, nodes: Array, values: Array) -> Array:
    """Straight lines between the table's points; the cosine spacing gives the place without a search."""
    found = np.empty(len(at))
    last = len(nodes) - 2
    for i in range(len(at)):
        p = min(max(at[i], 0.0), 1.0)
        k = min(int(np.arccos(1.0 - 2.0 * p) / np.pi * (last + 1)), last)
        weight = (p - nodes[k]) / (nodes[k + 1] - nodes[k])
        found[i] = values[k] + weight * (values[k + 1] - values[k])
    return found


@lru_cache(maxsize=512)
def _beta_table(share: float) -> tuple[Array, Array]:
    nodes = (1 - np.cos(np.linspace(0, np.pi, _NODES))) / 2
    return nodes, np.asarray(special.betaincinv(1 + 4 * share, 1 + 4 * (1 - share), nodes))


@lru_cache(maxsize=512)
def _bounds_of(p10: float, mode: float, p90: float, shape: str) -> tuple[float, float]:
    """Bounds of the distribution that has these P10, mode and P90."""
    scale = p90 - p10

    def miss(logs: Array) -> list[float]:
        low, high = p10 - scale * np.exp(logs[0]), p90 + scale * np.exp(logs[1])
        if shape == "triangular":
            at = triangular_quantile([0.1, 0.9], low, mode, high)
        else:
            share = (mode - low) / (high - low)
            at = low + (high - low) * special.betaincinv(1 + 4 * share, 5 - 4 * share, [0.1, 0.9])
        return [(at[0] - p10) / scale, (at[1] - p90) / scale]

    found = optimize.root(miss, np.log([0.3, 0.3]))
    if not found.success or max(map(abs, miss(found.x))) > 1e-6:
        raise CalculationError(
            f"no {shape} distribution has P10 {p10:g}, mode {mode:g} and P90 {p90:g}",
            code="no_such_distribution",
            remedy="Move the most likely value further inside, or give bounds.",
            low=p10,
            likely=mode,
            high=p90,
        )
    return float(p10 - scale * np.exp(found.x[0])), float(p90 + scale * np.exp(found.x[1]))


# --- joint draws ----------------------------------------------------------------------------------------------------


def uniforms(names: Sequence[str], draws: int, seed: int) -> Array:
    """Stratified uniform numbers, shape [draw, name]: each column falls once into each of `draws` equal strata.

    A column depends on the seed and its own name only, so adding an input leaves the draws of the others alone.
    """
    return np.stack([_column(name, draws, seed) for name in names], axis=1) if names else np.empty((draws, 0))


@lru_cache(maxsize=48)
def _column(name: str, draws: int, seed: int) -> Array:
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    column = (generator.permutation(draws) + generator.random(draws)) / draws
    column.flags.writeable = False
    return column


def correlated(uniform: Array, groups: Sequence[tuple[tuple[int, ...], float]]) -> Array:
    """Columns tied by a Gaussian copula: within each group (column numbers, r) every pair has normal correlation r."""
    if not groups:
        return uniform
    tied = uniform.copy()
    for columns, r in groups:
        size = len(columns)
        if size < 2 or not -1 / (size - 1) < r < 1:
            raise CalculationError(
                f"a correlation of {r:g} between {size} inputs is impossible",
                code="impossible_correlation",
                remedy=f"Give a value between {-1 / max(size - 1, 1):.2f} and 1.",
                r=r,
                size=size,
            )
        matrix = np.full((size, size), r) + (1 - r) * np.eye(size)
        scores = special.ndtri(np.clip(uniform[:, columns], 1e-12, 1 - 1e-12))
        tied[:, columns] = special.ndtr(scores @ np.linalg.cholesky(matrix).T)
    return tied


# --- what a sample says ---------------------------------------------------------------------------------------------


def chance(hits: int, trials: int) -> tuple[float, float, float]:
    """Share of hits and its 95 % Wilson interval."""
    if trials == 0:
        return np.nan, 0.0, 1.0
    z = special.ndtri(0.975)
    share = hits / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return share, max(0.0, float(middle - half)), min(1.0, float(middle + half))


def expected_shortfall(values: Array, *, share: float = 0.05) -> float:
    """Mean of the worst (lowest) share of the values; NaN of an empty sample."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.nan
    count = max(1, round(share * len(finite)))
    return float(np.partition(finite, count - 1)[:count].mean())
