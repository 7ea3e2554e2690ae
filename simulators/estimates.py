"""Times of one purpose fitted: the families tried, the one taken, how sure it is, and whether it fits at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy import stats

from simulators.distributions import Distribution
from simulators.families import FAMILIES, Family, FloatArray
from simulators.line import ModelError

WEAK_BELOW = 8
"""Fewer events than this carry no shape: the exponential is used and the figure is marked weak."""

LEVEL = 0.90
POOR = 0.01
TESTED = 99
LARGEST_TEST = 400
LARGEST_RESAMPLE = 1000
EMPIRICAL_FROM = 20
POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFit:
    """One family fitted by maximum likelihood; `weight` is its Akaike weight (by AICc) among the families tried."""

    family: str
    parameters: Mapping[str, float]
    mean: float
    loglik: float
    aic: float
    aicc: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Is the machine getting better or worse? Laplace and military handbook tests, two-sided p.

    Time-terminated forms, NIST/SEMATECH e-Handbook 8.2.3.4: U = (mean(t) - T/2) / (T / sqrt(12 r)) is standard normal,
    2 sum ln(T / t) is chi-square with 2 r degrees of freedom. U above 0: failures come faster and faster.
    """

    laplace_u: float
    laplace_p: float
    military_chi2: float
    military_p: float

    @property
    def found(self) -> bool:
        """True when either test rejects "no trend" at 5 %, both together (Bonferroni)."""
        return min(self.laplace_p, self.military_p) < 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesFit:
    """The fit of one set of times, in seconds (or in whatever unit the times had).

    `intervals`: 90 % bootstrap intervals of the chosen family's parameters and of `mean`. `replicates`: bootstrap means
    over the estimate's mean, which the outer loop of a study draws from. `ks` and `ad`: Kolmogorov-Smirnov distance and
    Anderson-Darling statistic of the chosen family; `p_value`: parametric bootstrap of `ad`, refitted each time (None
    where the data are weak or nothing was fitted).
    """

    events: int
    censored: int
    families: tuple[FamilyFit, ...]
    chosen: str
    parameters: Mapping[str, float]
    mean: float
    distribution: Distribution
    intervals: Mapping[str, tuple[float, float]]
    replicates: tuple[float, ...]
    ks: float | None
    ad: float | None
    p_value: float | None
    weak: bool


def trend_tests(at: FloatArray, total: float) -> Trend | None:
    """Trend tests of failure times `at` within (0, total]; None for fewer than 4 failures, which show no trend."""
    count = len(at)
    if count < 4:
        return None
    u = float((at.mean() - total / 2) / (total / np.sqrt(12 * count)))
    chi2 = float(2 * np.log(total / np.maximum(at, total * 1e-12)).sum())
    tail = float(stats.chi2.cdf(chi2, 2 * count))
    return Trend(
        laplace_u=u,
        laplace_p=float(2 * stats.norm.sf(abs(u))),
        military_chi2=chi2,
        military_p=2 * min(tail, 1 - tail),
    )


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers of one purpose of one seed."""
    words = np.frombuffer(sha256(purpose.encode()).digest(), dtype="<u4")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *(int(word) for word in words)])))


def fit_times(
    times: FloatArray,
    observed: FloatArray | None = None,
    weights: FloatArray | None = None,
    *,
    seed: int = 1,
    refits: int = 200,
    purpose: str = "",
    test: bool = True,
) -> TimesFit:
    """Fit times that are above 0; `observed` 0 marks those still running, `weights` how often each was met.

    Below 8 events only the exponential is fitted. The family with the lowest AICc is taken; where even that one is
    refuted (p < 1 %) and there are 20 events, the recorded times themselves are taken (Kaplan-Meier quantiles, with an
    exponential tail beyond the last event).

    Raises:
        ModelError: no time was observed to its end, or a time is not above 0 (`no_times`, `time_not_positive`).
    """
    t = np.asarray(times, dtype=np.float64)
    d = np.ones_like(t) if observed is None else np.asarray(observed, dtype=np.float64)
    w = np.ones_like(t) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (w * d).sum() > 0:
        raise ModelError(
            "no time was observed to its end",
            code="no_times",
            place=purpose,
            remedy="At least one completed time is needed.",
        )
    if not (np.isfinite(t).all() and (t > 0).all()):
        raise ModelError(
            "times must be above 0",
            code="time_not_positive",
            place=purpose,
            remedy="Leave rows out whose end is not after their start.",
        )
    events, censored = round(float((w * d).sum())), round(float((w * (1 - d)).sum()))
    rng = generator(seed, purpose)
    weak = events < WEAK_BELOW
    names = ("exponential",) if weak else tuple(FAMILIES)
    tried = {name: _fit(FAMILIES[name], t, d, w) for name in names}
    fits = {name: found for name, found in tried.items() if found is not None}
    best = min(fits, key=lambda name: (fits[name][1].aicc, name))
    ranked = _weighted([fit for _, fit in fits.values()])
    ks = ad = p_value = None
    chosen = best
    if not weak and test:
        ks, ad, p_value = goodness(FAMILIES[best], fits[best][0], t, d, w, rng)
        if p_value <= POOR and events >= EMPIRICAL_FROM:
            chosen = "empirical"
    family = FAMILIES["exponential" if chosen == "empirical" else best]
    spread_of = _exact(events, refits, rng) if weak else _resampled(family, t, d, w, refits, rng)
    estimate, fit = fits[best]
    own: dict[str, float]
    if chosen == "empirical":
        distribution = empirical(t, d, w)
        own, mean = {}, distribution.mean
    else:
        kept = family.distribution(estimate)
        assert kept is not None
        distribution, own, mean = kept, dict(fit.parameters), fit.mean
    columns = {name: spread_of[:, n] * own[name] for n, name in enumerate(family.parameters) if name in own}
    ratio = spread_of[:, -1]
    columns["mean"] = ratio * mean
    return TimesFit(
        events=events,
        censored=censored,
        families=ranked,
        chosen=chosen,
        parameters=own,
        mean=mean,
        distribution=distribution,
        intervals={name: _interval(values) for name, values in columns.items()},
        replicates=tuple(float(value) for value in ratio),
        ks=ks,
        ad=ad,
        p_value=p_value,
        weak=weak,
    )


def _exact(events: int, refits: int, rng: np.random.Generator) -> FloatArray:
    """Ratios of the exponential mean by its exact distribution: 2 r mean / true mean is chi-square with 2 r degrees."""
    ratio = events / rng.gamma(events, size=refits)
    return np.stack((ratio, ratio), axis=1)


def _resampled(
    family: Family, t: FloatArray, d: FloatArray, w: FloatArray, refits: int, rng: np.random.Generator
) -> FloatArray:
    """Bootstrap parameters and mean over their estimates, [refit, parameter and mean]; all refits at once.

    Of a long log 1,000 items are resampled, and deviations shrunk by sqrt(1000 / items).
    """
    part = 1.0
    if len(t) > LARGEST_RESAMPLE:
        part = LARGEST_RESAMPLE / len(t)
        picked = np.sort(rng.choice(len(t), LARGEST_RESAMPLE, replace=False))
        t, d, w = t[picked], d[picked], w[picked]
    size = round(float(w.sum()))
    weights = np.concatenate((w[None, :], resamples(w, size, refits, rng)))
    parameters, _ = family.fit(t[None, :], d[None, :], weights)
    values = np.concatenate((parameters, family.mean(parameters)[:, None]), axis=1)
    ratio = values[1:] / values[0]
    shrunk = 1 + (ratio - 1) * np.sqrt(part)
    return np.asarray(shrunk[np.isfinite(shrunk).all(axis=1) & (shrunk[:, -1] > 0)])


def resamples(w: FloatArray, size: int, refits: int, rng: np.random.Generator) -> FloatArray:
    """How often each item is met in each of `refits` samples of `size` with replacement, [refit, item]."""
    items = len(w)
    if (w == 1).all():
        picked = rng.integers(0, items, (refits, size)) + items * np.arange(refits)[:, None]
        return np.bincount(picked.ravel(), minlength=refits * items).reshape(refits, items).astype(np.float64)
    return rng.multinomial(size, w / w.sum(), size=refits).astype(np.float64)


def _interval(values: FloatArray) -> tuple[float, float]:
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


def _fit(family: Family, t: FloatArray, d: FloatArray, w: FloatArray) -> tuple[FloatArray, FamilyFit] | None:
    """Parameters and report; None where the family cannot be fitted or a line document could not carry it."""
    parameters, loglik = family.fit(t[None, :], d[None, :], w[None, :])
    if not (np.isfinite(parameters).all() and np.isfinite(loglik).all()):
        return None
    if family.distribution(parameters[0]) is None:
        return None
    k, n, value = len(family.parameters), float(w.sum()), float(loglik[0])
    aic = 2 * k - 2 * value
    more = 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else 0.0
    return parameters[0], FamilyFit(
        family=family.name,
        parameters=dict(zip(family.parameters, (float(p) for p in parameters[0]), strict=True)),
        mean=float(family.mean(parameters)[0]),
        loglik=value,
        aic=aic,
        aicc=aic + more,
        weight=1.0,
    )


def _weighted(fits: list[FamilyFit]) -> tuple[FamilyFit, ...]:
    lowest = min(fit.aicc for fit in fits)
    weights = np.exp([-(fit.aicc - lowest) / 2 for fit in fits])
    ranked = (
        FamilyFit(
            family=fit.family, parameters=fit.parameters, mean=fit.mean, loglik=fit.loglik, aic=fit.aic, aicc=fit.aicc,
            weight=float(weight / weights.sum()),
        )
        for fit, weight in zip(fits, weights, strict=True)
    )  # fmt: skip
    return tuple(sorted(ranked, key=lambda fit: fit.aicc))


def goodness(
    family: Family, parameters: FloatArray, t: FloatArray, d: FloatArray, w: FloatArray, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Kolmogorov-Smirnov distance, Anderson-Darling statistic, and its p-value by parametric bootstrap.

    A censored time c counts as a random point of (F(c), 1), which is uniform again if the family is right. In the
    bootstrap, times are drawn from the fit, censoring times from the recorded ones, and every sample is fitted anew:
    tabulated p-values would be wrong, since the parameters were estimated. Long logs are tested on 400 of their times.
    """
    times, seen = np.repeat(t, np.rint(w).astype(np.int64)), np.repeat(d, np.rint(w).astype(np.int64))
    if len(times) > LARGEST_TEST:
        picked = np.sort(rng.choice(len(times), LARGEST_TEST, replace=False))
        times, seen = times[picked], seen[picked]
        parameters = family.fit(times[None, :], seen[None, :], np.ones((1, len(times))))[0][0]
        if not np.isfinite(parameters).all():
            return 1.0, float("inf"), 0.0
    ks, ad = _distances(family, parameters[None, :], times[None, :], seen[None, :], rng)
    size = (TESTED, len(times))
    drawn = family.quantile(np.broadcast_to(parameters, (TESTED, len(parameters))), rng.random(size))
    limits = times[seen == 0]
    if len(limits):
        share = len(limits) / len(times)
        censor = np.where(rng.random(size) < share, rng.choice(limits, size), np.inf)
        again, observed = np.minimum(drawn, censor), (drawn <= censor).astype(np.float64)
    else:
        again, observed = drawn, np.ones(size)
    again = np.maximum(again, 1e-12 * float(times.max()))
    refitted, _ = family.fit(again, observed, np.ones(size))
    good = np.isfinite(refitted).all(axis=1)
    _, others = _distances(family, refitted[good], again[good], observed[good], rng)
    p_value = (1 + float((others >= ad[0]).sum())) / (1 + len(others))
    return float(ks[0]), float(ad[0]), p_value


def _distances(
    family: Family, parameters: FloatArray, times: FloatArray, seen: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    u = family.cdf(parameters, times)
    u = np.where(seen > 0, u, u + (1 - u) * rng.random(u.shape))
    u = np.sort(np.clip(u, 1e-12, 1 - 1e-12), axis=1)
    n = u.shape[1]
    rank = np.arange(1, n + 1)
    ks = np.maximum(rank / n - u, u - (rank - 1) / n).max(axis=1)
    ad = -n - ((2 * rank - 1) * (np.log(u) + np.log1p(-u[:, ::-1]))).sum(axis=1) / n
    return ks, ad


def empirical(t: FloatArray, d: FloatArray, w: FloatArray) -> Distribution:
    """The recorded times as a distribution: equally likely quantiles of the Kaplan-Meier curve, at most 200.

    What lies beyond the last event gets an exponential tail with the mean of all time over all events.
    """
    order = np.lexsort((-d, t))
    time, event, weight = t[order], d[order], w[order]
    at_risk = weight.sum() - np.concatenate(([0.0], np.cumsum(weight)[:-1]))
    survival = np.cumprod(1 - event * weight / at_risk)
    count = int(min(POINTS, max(round(float((w * d).sum())), 1)))
    wanted = 1 - (np.arange(count) + 0.5) / count  # survival at each point
    last = float(survival[-1])
    index = np.minimum(np.searchsorted(-survival, -wanted, side="left"), len(time) - 1)
    tail = float(time[event > 0].max()) - np.log(np.maximum(wanted, 1e-12) / max(last, 1e-300)) * float(
        (w * t).sum() / (w * d).sum()
    )
    return Distribution.empirical(np.where(wanted < last, tail, time[index]).tolist())
