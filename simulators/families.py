"""Maximum likelihood for times that may be right-censored, for hundreds of resamples at once.

Every function takes `times` [sample, item], `observed` likewise (False: still running at that time) and `weights`
likewise (how often the item counts); rows are independent samples, columns may be shared by a first axis of length 1.
It gives parameters [sample, parameter] and the log-likelihood [sample]; NaN where a row cannot carry the family.

Log-likelihood: sum of ln f(t) over observed and ln S(t) over censored items; location is fixed at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simulators.distributions import Distribution

FloatArray = NDArray[np.float64]
Fitter = Callable[[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
STEPS = 60
CLOSE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of distribution: its parameters, how it is fitted, its distribution function, its place in a line."""

    name: str
    parameters: tuple[str, ...]
    fit: Fitter
    cdf: Callable[[FloatArray, FloatArray], FloatArray]  # (parameters [sample, k], times [sample, item])
    quantile: Callable[[FloatArray, FloatArray], FloatArray]
    mean: Callable[[FloatArray], FloatArray]
    distribution: Callable[[FloatArray], Distribution | None]  # None where a line document would refuse it


def _sums(weights: FloatArray, *terms: FloatArray) -> list[FloatArray]:
    return [np.asarray((weights * term).sum(axis=1)) for term in terms]


def fit_exponential(times: FloatArray, observed: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean = total time / failures."""
    total, failures = _sums(weights, times, observed)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(failures > 0, total / failures, np.nan)
        return mean[:, None], -failures * np.log(mean) - total / mean


def fit_weibull(times: FloatArray, observed: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Newton in the shape b on the profile equation sum(t^b ln t) / sum(t^b) - 1/b = mean of ln t over failures."""
    largest = times.max(axis=1, keepdims=True)
    logs = np.log(times / largest)
    failures, mean_log = _sums(weights, observed, observed * logs)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        mean_log = mean_log / failures
        spread = np.sqrt(_sums(weights, observed * (logs - mean_log[:, None]) ** 2)[0] / failures)
        shape = np.clip(1.2 / np.maximum(spread, 0.012), 0.05, 100.0)
        for _ in range(STEPS):
            powers = weights * np.exp(shape[:, None] * logs)
            s0, s1, s2 = powers.sum(axis=1), (powers * logs).sum(axis=1), (powers * logs**2).sum(axis=1)
            slope = s2 / s0 - (s1 / s0) ** 2 + 1 / shape**2
            step = (s1 / s0 - 1 / shape - mean_log) / slope
            shape = np.clip(np.where(step < shape, shape - step, shape / 2), 0.01, 200.0)
            if np.nanmax(np.abs(step / shape), initial=0.0) < CLOSE:
                break
        s0 = (weights * np.exp(shape[:, None] * logs)).sum(axis=1)
        scale = (s0 / failures) ** (1 / shape) * largest[:, 0]
        loglik = failures * (np.log(shape) - np.log(scale) + (shape - 1) * (mean_log - np.log(scale / largest[:, 0])))
        loglik = loglik - failures
    fitted = np.stack((shape, scale), axis=1)
    return np.where(failures[:, None] > 0, fitted, np.nan), np.where(failures > 0, loglik, np.nan)


def fit_lognormal(times: FloatArray, observed: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Newton in a = mu / sigma and b = 1 / sigma, in which the log-likelihood is concave (Burridge 1981)."""
    logs = np.log(times)
    failures, total = _sums(weights, observed, np.ones_like(logs))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        centre = _sums(weights, logs)[0] / total
        spread = np.sqrt(_sums(weights, (logs - centre[:, None]) ** 2)[0] / total)
        y = (logs - centre[:, None]) / np.maximum(spread, 1e-9)[:, None]
        a, b = np.zeros(len(failures)), np.ones(len(failures))
        for _ in range(STEPS):
            z = b[:, None] * y - a[:, None]
            mills = np.exp(-0.5 * z**2 - HALF_LOG_2PI - special.log_ndtr(-z))
            first = np.where(observed > 0, -z, -mills)
            second = np.where(observed > 0, -1.0, -mills * (mills - z))
            slope, slope_y, curve, curve_y, curve_yy = _sums(
                weights, first, first * y, second, second * y, second * y**2
            )
            grad_a, grad_b = -slope, slope_y + failures / b
            aa, ab, bb = curve, -curve_y, curve_yy - failures / b**2
            determinant = aa * bb - ab**2
            step_a = (bb * grad_a - ab * grad_b) / determinant
            step_b = (aa * grad_b - ab * grad_a) / determinant
            a = a - step_a
            b = np.where(step_b < b, b - step_b, b / 2)
            if np.nanmax(np.abs(step_a) + np.abs(step_b / b), initial=0.0) < CLOSE:
                break
        sigma = np.maximum(spread, 1e-9) / b
        mu = centre + a / b * np.maximum(spread, 1e-9)
        z = (logs - mu[:, None]) / sigma[:, None]
        density = -0.5 * z**2 - HALF_LOG_2PI - np.log(sigma)[:, None] - logs
        loglik = _sums(weights, np.where(observed > 0, density, special.log_ndtr(-z)))[0]
    good = (failures > 1) & (spread > 1e-9)
    return np.where(good[:, None], np.stack((mu, sigma), axis=1), np.nan), np.where(good, loglik, np.nan)


def _gamma_loglik(
    logs_k: FloatArray, logs_theta: FloatArray, times: FloatArray, observed: FloatArray, weights: FloatArray
) -> FloatArray:
    k, theta = np.exp(logs_k)[:, None], np.exp(logs_theta)[:, None]
    density = (k - 1) * np.log(times) - times / theta - k * np.log(theta) - special.gammaln(k)
    running = np.broadcast_to(observed == 0, density.shape)
    if running.any():
        tail = special.gammaincc(np.broadcast_to(k, density.shape)[running], (times / theta)[running])
        density = density.copy()
        density[running] = np.log(np.maximum(tail, 1e-300))
    return _sums(weights, density)[0]


def fit_gamma(times: FloatArray, observed: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shape k and scale theta: without censoring Newton on ln k - digamma(k), with it Newton on numeric derivatives."""
    failures, total = _sums(weights, observed, times)
    count, logs = _sums(weights, np.ones_like(times), np.log(times))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = total / np.maximum(failures, 1e-300)
        gap = np.maximum(np.log(total / count) - logs / count, 1e-9)
        k = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
        for _ in range(20):
            step = (np.log(k) - special.digamma(k) - gap) / (1 / k - special.polygamma(1, k))
            k = np.where(step < k, k - step, k / 2)
            if np.nanmax(np.abs(step / k), initial=0.0) < CLOSE:
                break
        x, y = np.log(k), np.log(mean / k)
        if (np.broadcast_to(observed, weights.shape)[weights > 0] == 0).any():
            x, y = _newton(lambda p, q: _gamma_loglik(p, q, times, observed, weights), x, y)
        loglik = _gamma_loglik(x, y, times, observed, weights)
    good = (failures > 1) & np.isfinite(loglik) & (gap > 2e-9)
    return np.where(good[:, None], np.stack((np.exp(x), np.exp(y)), axis=1), np.nan), np.where(good, loglik, np.nan)


def _newton(
    value: Callable[[FloatArray, FloatArray], FloatArray], x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Maximise over two parameters, all rows at once; steps of at most 1, halved where the value would fall."""
    h = 1e-4
    at = value(x, y)
    for _ in range(40):
        px, mx, py, my = value(x + h, y), value(x - h, y), value(x, y + h), value(x, y - h)
        both, none = value(x + h, y + h), value(x - h, y - h)
        gx, gy = (px - mx) / (2 * h), (py - my) / (2 * h)
        xx, yy = (px - 2 * at + mx) / h**2, (py - 2 * at + my) / h**2
        xy = (both + none - px - mx - py - my + 2 * at) / (2 * h**2)
        determinant = xx * yy - xy**2
        concave = (determinant > 0) & (xx < 0)
        scale = np.maximum(np.abs(xx) + np.abs(yy), 1e-9)
        dx = np.where(concave, -(yy * gx - xy * gy) / determinant, gx / scale)
        dy = np.where(concave, -(xx * gy - xy * gx) / determinant, gy / scale)
        length = np.maximum(np.hypot(dx, dy), 1e-300)
        dx, dy = dx * np.minimum(1, 1 / length), dy * np.minimum(1, 1 / length)
        for _ in range(12):
            new = value(x + dx, y + dy)
            worse = ~(new >= at - 1e-12 * np.abs(at))
            if not worse.any():
                break
            dx, dy = np.where(worse, dx / 2, dx), np.where(worse, dy / 2, dy)
        x, y, at = np.where(worse, x, x + dx), np.where(worse, y, y + dy), np.where(worse, at, new)
        if np.nanmax(np.hypot(dx, dy), initial=0.0) < 1e-8:
            break
    return x, y


def _lognormal_distribution(parameters: FloatArray) -> Distribution | None:
    mu, sigma = float(parameters[0]), float(parameters[1])
    cv = float(np.sqrt(np.expm1(min(sigma**2, 50.0))))
    return Distribution.lognormal(float(np.exp(mu + sigma**2 / 2)), cv) if 0 < cv <= 20 else None


def _weibull_distribution(parameters: FloatArray) -> Distribution | None:
    shape, scale = float(parameters[0]), float(parameters[1])
    return Distribution.weibull(shape, scale) if 0.1 <= shape <= 100 else None


def _gamma_distribution(parameters: FloatArray) -> Distribution | None:
    k, theta = float(parameters[0]), float(parameters[1])
    return Distribution.gamma(k * theta, k**-0.5) if 1 / 400 <= k <= 1e6 else None


def _column(parameters: FloatArray, number: int) -> FloatArray:
    return np.asarray(parameters[..., number, None])


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(
            name="exponential",
            parameters=("mean",),
            fit=fit_exponential,
            cdf=lambda p, t: -np.expm1(-t / _column(p, 0)),
            quantile=lambda p, u: -_column(p, 0) * np.log1p(-u),
            mean=lambda p: np.asarray(p[..., 0]),
            distribution=lambda p: Distribution.exponential(float(p[0])),
        ),
        Family(
            name="weibull",
            parameters=("shape", "scale"),
            fit=fit_weibull,
            cdf=lambda p, t: -np.expm1(-((t / _column(p, 1)) ** _column(p, 0))),
            quantile=lambda p, u: _column(p, 1) * (-np.log1p(-u)) ** (1 / _column(p, 0)),
            mean=lambda p: np.asarray(p[..., 1] * special.gamma(1 + 1 / p[..., 0])),
            distribution=_weibull_distribution,
        ),
        Family(
            name="lognormal",
            parameters=("mu", "sigma"),
            fit=fit_lognormal,
            cdf=lambda p, t: special.ndtr((np.log(t) - _column(p, 0)) / _column(p, 1)),
            quantile=lambda p, u: np.exp(_column(p, 0) + _column(p, 1) * special.ndtri(u)),
            mean=lambda p: np.exp(p[..., 0] + p[..., 1] ** 2 / 2),
            distribution=_lognormal_distribution,
        ),
        Family(
            name="gamma",
            parameters=("k", "theta"),
            fit=fit_gamma,
            cdf=lambda p, t: special.gammainc(_column(p, 0), t / _column(p, 1)),
            quantile=lambda p, u: _column(p, 1) * special.gammaincinv(_column(p, 0), u),
            mean=lambda p: np.asarray(p[..., 0] * p[..., 1]),
            distribution=_gamma_distribution,
        ),
    )
}
