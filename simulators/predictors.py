"""The contract of a failure predictor that somebody else brings: `fit(records) -> hazard with interval`.

A predictor sees the failures of one cause of one machine and answers when the next one comes. It replaces our own fit
of the uptimes; repairs stay ours, and so does the judgement: the back-test treats its forecast like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

import numpy as np
from scipy import stats

from simulators.distributions import Distribution
from simulators.estimates import LEVEL, POINTS, TimesFit
from simulators.families import FloatArray
from simulators.line import ModelError

DRAWS = 200
CHOSEN = "predictor"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FailureRecords:
    """One cause of one machine; the arrays cannot be written to.

    `times` are operating seconds from one failure to the next, `observed` is 1 for each and 0 for the one still running
    at the end of the log; `at` is the operating time of each failure since the log began, of `operating_s` in all.
    """

    station: str
    cause: str
    kind: str
    times: FloatArray
    observed: FloatArray
    at: FloatArray
    operating_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """When a repaired machine fails next: operating time until then, and the 90 % interval of its mean, in seconds."""

    uptime: Distribution
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.uptime.mean <= self.high < np.inf:
            raise ModelError(
                "the mean time to failure must be above 0 and inside its interval",
                code="hazard_interval",
                place="hazard",
                remedy="Give 0 < low <= mean of uptime <= high, in seconds of operating time.",
                low=self.low,
                mean=self.uptime.mean,
                high=self.high,
            )

    @classmethod
    def of_rates(cls, edges: Sequence[float], rates: Sequence[float], *, low: float, high: float) -> Self:
        """A failure rate in steps: `rates[i]` per second of operation from `edges[i]` on, the last one for ever.

        Becomes 200 equally likely times, the quantiles where the rate has added up to -ln(1 - u).
        """
        at, rate = np.asarray(edges, dtype=np.float64), np.asarray(rates, dtype=np.float64)
        sound = len(at) == len(rate) > 0 and at[0] == 0 and bool((np.diff(at) > 0).all())
        if not sound or not (np.isfinite(rate).all() and (rate >= 0).all() and rate[-1] > 0):
            raise ModelError(
                "a failure rate needs edges from 0 up and as many rates, the last one above 0",
                code="hazard_rates",
                place="hazard",
                remedy="Give edges such as [0, 3600] and rates per second such as [1e-5, 3e-5].",
            )
        wanted = -np.log1p(-(np.arange(POINTS) + 0.5) / POINTS)
        total = np.concatenate(([0.0], np.cumsum(np.diff(at) * rate[:-1])))
        step = np.searchsorted(total, wanted, side="left") - 1
        times = at[step] + (wanted - total[step]) / rate[step]
        return cls(uptime=Distribution.empirical(times.tolist()), low=low, high=high)

    def factors(self) -> tuple[float, ...]:
        """Means over the estimate's, as the outer loop of a study draws them: lognormal between the ends."""
        z = stats.norm.ppf((np.arange(DRAWS) + 0.5) / DRAWS)
        middle = (np.log(self.low) + np.log(self.high)) / 2 - np.log(self.uptime.mean)
        scale = np.log(self.high / self.low) / (2 * stats.norm.ppf((1 + LEVEL) / 2))
        return tuple(float(value) for value in np.exp(middle + scale * z))


@runtime_checkable
class FailurePredictor(Protocol):
    """What a pack may bring as installed code."""

    def fit(self, records: FailureRecords) -> Hazard:
        """When this cause strikes next. Raises ValueError where the records are not enough: then our own fit counts."""
        ...


def predicted(predictor: FailurePredictor, records: FailureRecords, own: TimesFit) -> TimesFit | None:
    """Our fit with the predictor's answer in it; None where it has none for these records.

    The families that we tried stay in the report; distances and p-value are those of no family and are left out.
    """
    for values in (records.times, records.observed, records.at):
        values.flags.writeable = False
    try:
        hazard = predictor.fit(records)
    except ValueError:
        return None
    return replace(
        own,
        chosen=CHOSEN,
        parameters={},
        mean=hazard.uptime.mean,
        distribution=hazard.uptime,
        intervals={"mean": (hazard.low, hazard.high)},
        replicates=hazard.factors(),
        ks=None,
        ad=None,
        p_value=None,
    )
