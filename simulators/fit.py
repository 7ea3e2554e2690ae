"""From history to model: failure and repair distributions by machine and cause, honest about what the data can carry.

Times to failure are right-censored by the end of the log and by the other causes (competing risks). Before a fit, the
trend tests ask whether a renewal model may be used at all; below 8 failures only the exponential is fitted ("weak").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulators.line import Distribution, Line
from simulators.records import CountLog, EquipmentList, Finding, StopLog

WEAK_BELOW = 8
"""Fewer failures than this carry no shape: the exponential is used and the figure is marked weak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFit:
    """One family fitted by maximum likelihood; `weight` is its Akaike weight among the families tried."""

    family: str
    parameters: Mapping[str, float]
    mean: float
    loglik: float
    aic: float
    aicc: float
    weight: float
    ks: float
    ad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Is the machine getting better or worse? Laplace and military handbook tests, two-sided p (NIST 8.2.3.4)."""

    laplace_u: float
    laplace_p: float
    military_chi2: float
    military_p: float

    @property
    def found(self) -> bool:
        """True when either test rejects "no trend" at 5 %."""
        return min(self.laplace_p, self.military_p) < 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesFit:
    """Times of one purpose fitted: the families tried, the one taken, its intervals and whether it fits at all.

    `intervals` are 90 % bootstrap intervals of the parameters and of `mean`; `replicates` the bootstrap means over the
    estimate's mean, which the outer loop of a study draws from; `p_value` is the parametric bootstrap of Anderson-Darling
    (None where it was not asked for or the data are weak).
    """

    events: int
    censored: int
    families: tuple[FamilyFit, ...]
    chosen: str
    distribution: Distribution
    intervals: Mapping[str, tuple[float, float]]
    replicates: tuple[float, ...]
    p_value: float | None
    weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFit:
    """One failure cause of one machine."""

    station: str
    cause: str
    kind: str
    uptime: TimesFit
    repair: TimesFit
    trend: Trend | None
    operating_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How unsure a fitted mean is: factors around the estimate, drawn from in the outer loop of a study."""

    station: str
    cause: str
    parameter: str
    factors: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedLine:
    """A line whose failures come from the records, with the report of how well they do."""

    line: Line
    causes: tuple[CauseFit, ...]
    spreads: tuple[Spread, ...]
    findings: tuple[Finding, ...]
    first: float
    last: float

    def to_json(self) -> dict[str, Any]:
        """The object that `mingsuan fit --json` prints."""
        raise RuntimeError("being written")


def fit_causes(
    stops: StopLog, *, seed: int = 1, refits: int = 200, minor_stop_s: float = 300.0
) -> tuple[CauseFit, ...]:
    """Failure and repair distributions of each machine and cause of a checked stop log."""
    raise RuntimeError("being written")


def fit_line(
    stops: StopLog,
    counts: CountLog | None,
    equipment: EquipmentList | None,
    template: Line,
    *,
    seed: int = 1,
    refits: int = 200,
    minor_stop_s: float = 300.0,
) -> FittedLine:
    """The template with the failures, cycle times and scrap that the records show.

    Stations are matched by name; those without records keep the template's values and a finding says so.

    Raises:
        ModelError: no station of the template appears in the records (`no_station_matches`).
    """
    raise RuntimeError("being written")
