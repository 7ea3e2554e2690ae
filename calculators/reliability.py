"""Lives that end and lives that are still running: what a short list of failures says.

Larger logs are fitted in the simulators; this is for calculators, on times in any one unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from calculators.units import Array, CalculationError


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeFit:
    """Maximum-likelihood fit of two parameters with right-censored lives."""

    shape: float  # Weibull shape; lognormal: standard deviation of ln(life)
    scale: float  # Weibull scale; lognormal: exp of the mean of ln(life)
    log_likelihood: float
    mean_life: float

    @property
    def aic(self) -> float:
        return 4 - 2 * self.log_likelihood


def _lives(failures: ArrayLike, censored: ArrayLike) -> tuple[Array, Array]:
    ended, running = np.asarray(failures, np.float64), np.asarray(censored, np.float64)
    if len(np.unique(ended)) < 2 or ended.min() <= 0 or (len(running) and running.min() <= 0):
        raise CalculationError(
            "a fit needs at least two different failure times, all above 0",
            code="too_few_failures",
            remedy="Collect more failures, or use an exponential life.",
        )
    return ended, running


def weibull_mle(failures: ArrayLike, censored: ArrayLike = ()) -> LifeFit:
    """Weibull life: Newton's method on the profile equation of the shape, sums over all units.

    sum(t^b ln t)/sum(t^b) - 1/b - mean over failures(ln t) = 0; scale = (sum t^b / r)^(1/b).
    """
    ended, running = _lives(failures, censored)
    top = max(float(ended.max()), float(running.max()) if len(running) else 0.0)
    every, logs = np.concatenate([ended, running]) / top, np.log(ended / top)
    log_every, mean_log, count = np.log(every), float(logs.mean()), len(ended)

    def profile(shape: float) -> tuple[float, float]:
        weights = every**shape
        total = weights.sum()
        first = float((weights * log_every).sum() / total)
        second = float((weights * log_every**2).sum() / total)
        return first - 1 / shape - mean_log, second - first**2 + 1 / shape**2

    shape = 1.0
    for _ in range(100):
        value, slope = profile(shape)
        step = max(shape - value / slope, shape / 3)
        if abs(step - shape) <= 1e-14 * shape:
            break
        shape = step
    weights = every**shape
    scale = top * float((weights.sum() / count) ** (1 / shape))
    likelihood = count * (np.log(shape) - shape * np.log(scale)) + (shape - 1) * float(np.log(ended).sum()) - count
    return LifeFit(
        shape=shape,
        scale=scale,
        log_likelihood=float(likelihood),
        mean_life=scale * float(special.gamma(1 + 1 / shape)),
    )


def lognormal_mle(failures: ArrayLike, censored: ArrayLike = ()) -> LifeFit:
    """Lognormal life; censored lives count with ln of the survival probability."""
    ended, running = _lives(failures, censored)
    logs, open_logs = np.log(ended), np.log(running)

    def minus(at: Array) -> float:
        mean, spread = at[0], np.exp(at[1])
        z = (logs - mean) / spread
        dead = -0.5 * z**2 - at[1] - 0.5 * np.log(2 * np.pi) - logs
        return -float(dead.sum() + special.log_ndtr((mean - open_logs) / spread).sum())

    start = np.array([logs.mean(), np.log(max(logs.std(), 1e-3))])
    found = optimize.minimize(
        minus, start, method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-12, "maxiter": 4000}
    )
    mean, spread = float(found.x[0]), float(np.exp(found.x[1]))
    return LifeFit(
        shape=spread,
        scale=float(np.exp(mean)),
        log_likelihood=-float(found.fun),
        mean_life=float(np.exp(mean + spread**2 / 2)),
    )


def kaplan_meier(failures: ArrayLike, censored: ArrayLike = ()) -> tuple[Array, Array]:
    """Product-limit estimate: distinct failure times, and the reliability just after each.

    A unit censored at a failure time counts as still at risk then.
    """
    ended, running = np.asarray(failures, np.float64), np.asarray(censored, np.float64)
    times, deaths = np.unique(ended, return_counts=True)
    at_risk = (ended >= times[:, None]).sum(axis=1) + (running >= times[:, None]).sum(axis=1)
    return times, np.cumprod(1 - deaths / at_risk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Tests for a constant failure rate. Positive Laplace: deterioration; negative: improvement.

    `reversals` counts pairs of times between failures in which the later is longer; many mean improvement.
    `mil_hdbk_cdf`: chi-square distribution function of the statistic; near 1 improvement, near 0 deterioration.
    """

    reversals: int
    reversals_maximum: int
    mil_hdbk_statistic: float
    mil_hdbk_cdf: float
    laplace_z: float


def trend_tests(failure_times: ArrayLike, end: float | None = None) -> Trend:
    """Reverse arrangements, military handbook and Laplace tests on ages at failure (NIST/SEMATECH 8.2.3.4).

    `end` is the end of a time-terminated observation; None: it ended with the last failure, which then drops out of
    the military handbook and Laplace statistics.
    """
    times = np.sort(np.asarray(failure_times, np.float64))
    if len(times) < 3 or times[0] <= 0:
        raise CalculationError(
            "a trend test needs at least three failures at ages above 0",
            code="too_few_failures",
            remedy="Collect more failures.",
        )
    gaps = np.diff(times, prepend=0.0)
    later, earlier = np.tril_indices(len(gaps), -1)
    limit, used = (float(times[-1]), times[:-1]) if end is None else (float(end), times)
    statistic = 2 * float(np.log(limit / used).sum())
    count = len(used)
    return Trend(
        reversals=int(np.count_nonzero(gaps[later] > gaps[earlier])),
        reversals_maximum=len(gaps) * (len(gaps) - 1) // 2,
        mil_hdbk_statistic=statistic,
        mil_hdbk_cdf=float(special.chdtr(2 * count, statistic)),
        laplace_z=float((used.mean() - limit / 2) / (limit * np.sqrt(1 / (12 * count)))),
    )
