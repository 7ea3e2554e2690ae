"""Waiting lines and simulation output without a simulation: closed forms, and how much output is enough.

Rates are per unit of time; results are in the same unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from calculators.units import CalculationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Steady state of an M/M/c queue: empty, having to wait, number waiting, wait, time in system, busy share."""

    p0: float
    probability_wait: float
    lq: float
    wq: float
    w: float
    utilisation: float


def mmc(*, arrival_rate: float, service_rate: float, servers: int) -> Queue:
    """Erlang C. Raises CalculationError `queue_unstable` when the servers cannot keep up."""
    load = arrival_rate / service_rate
    if servers < 1 or load >= servers:
        raise CalculationError(
            f"{servers} servers cannot keep up with a load of {load:g}",
            code="queue_unstable",
            remedy=f"Use at least {math.floor(load) + 1} servers.",
            servers=servers,
            load=load,
        )
    terms = (
        np.exp(np.arange(servers) * np.log(load) - special.gammaln(np.arange(servers) + 1))
        if load
        else np.eye(servers)[0]
    )
    last = math.exp(servers * math.log(load) - math.lgamma(servers + 1)) * servers / (servers - load) if load else 0.0
    p0 = 1 / (float(terms.sum()) + last)
    waits = last * p0
    lq = waits * load / (servers - load)
    wq = lq / arrival_rate if arrival_rate else 0.0
    return Queue(p0=p0, probability_wait=waits, lq=lq, wq=wq, w=wq + 1 / service_rate, utilisation=load / servers)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRun:
    """Long-run flow of one machine and one inspector; shares of time."""

    throughput: float
    machine_busy: float
    inspector_busy: float
    machine_down: float


def inspected_machine(
    *,
    interarrival: float,
    machine_time: float,
    inspection_time: float,
    good_share: float,
    time_to_breakdown: float,
    repair: float,
) -> LongRun:
    """Flow balance of a machine with breakdowns on calendar time, whose rejects return to it (mean times).

    Every good piece needs 1/good_share passes. Breakdowns come one repair and one uptime after another whether the
    machine works or not, so the down share is repair/(repair + time to breakdown). Exact in the long run for any
    distributions with these means. Raises CalculationError `queue_unstable` when one of the two cannot keep up.
    """
    passes = 1 / good_share
    busy, inspecting = passes * machine_time / interarrival, passes * inspection_time / interarrival
    down = repair / (repair + time_to_breakdown)
    if busy >= 1 - down or inspecting >= 1:
        raise CalculationError(
            "the machine or the inspector cannot keep up with the arrivals",
            code="queue_unstable",
            remedy="Lengthen the time between arrivals or shorten the work.",
            servers=1,
            load=max(busy / (1 - down), inspecting),
        )
    return LongRun(throughput=1 / interarrival, machine_busy=busy, inspector_busy=inspecting, machine_down=down)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replications:
    """What independent replications say, and how many an error bound needs."""

    mean: float
    variance: float
    half_width: float
    n_absolute: int | None
    n_relative: int | None


def replications(
    means: ArrayLike,
    *,
    confidence: float,
    absolute_error: float | None = None,
    relative_error: float | None = None,
    most: int = 100_000,
) -> Replications:
    """Student interval of the mean, and the least n whose half-width meets the bound with the variance found so far.

    Absolute error e: half-width <= e. Relative error g: half-width/|mean| <= g/(1+g) (Law, section 9.4.1).
    None when not asked for or beyond `most`.
    """
    values = np.asarray(means, np.float64)
    if len(values) < 2:
        raise CalculationError(
            "an interval needs at least two replications", code="too_few_replications", remedy="Run more."
        )
    mean, variance = float(values.mean()), float(values.var(ddof=1))

    def half_width(n: int) -> float:
        return float(special.stdtrit(n - 1, 0.5 + confidence / 2)) * math.sqrt(variance / n)

    def needed(bound: float | None) -> int | None:
        if bound is None or half_width(most) > bound:
            return None
        low, high = len(values), most
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if half_width(middle) <= bound else (middle + 1, high)
        return low

    relative = None if relative_error is None else abs(mean) * relative_error / (1 + relative_error)
    return Replications(
        mean=mean,
        variance=variance,
        half_width=half_width(len(values)),
        n_absolute=needed(absolute_error),
        n_relative=needed(relative),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation:
    """How much of a run's start to drop. `too_short`: the best cut is at the end of what may be searched."""

    truncate_observations: int
    mser_value: float
    truncated_mean: float
    too_short: bool


def mser5(series: ArrayLike, *, batch: int = 5) -> Truncation:
    """MSER-5 (White 1997; Franklin and White 2008): batch means z, cut d in the first half with the least
    sum over j > d of (z_j - mean)^2 / (n - d)^2."""
    values = np.asarray(series, np.float64)
    count = len(values) // batch
    if count < 4:
        raise CalculationError(
            f"a warm-up needs at least {4 * batch} observations",
            code="too_few_replications",
            remedy="Run longer.",
        )
    means = values[: count * batch].reshape(count, batch).mean(axis=1)
    cuts = np.arange(count // 2 + 1)
    scores = np.array([((means[d:] - means[d:].mean()) ** 2).sum() / (count - d) ** 2 for d in cuts])
    best = int(scores.argmin())
    return Truncation(
        truncate_observations=best * batch,
        mser_value=float(scores[best]),
        truncated_mean=float(means[best:].mean()),
        too_short=best == count // 2,
    )
