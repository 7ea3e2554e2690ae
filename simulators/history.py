"""The baseline: what the plant's own records say, in the words of ISO 22400-2, every ratio with its two halves.

Time of one unit closes exactly: calendar = closed + planned + breakdown + setup + minor + idle + speed + scrap + good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulators.line import Calendar
from simulators.records import CountLog, EquipmentList, Finding, StopLog

Tier = Literal["A", "B", "C", "D"]

LOSSES = ("closed", "planned", "breakdown", "setup", "minor", "idle", "speed", "scrap", "good")
"""The steps of the waterfall after calendar time; `running` stands for the last three where nothing is known of parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A key figure with both halves: `numerator` over `denominator` in `unit`, and the weakest tier of its inputs."""

    numerator: float
    denominator: float
    unit: str
    tier: Tier

    @property
    def value(self) -> float | None:
        """None where the denominator is not above 0: there was nothing to measure."""
        return self.numerator / self.denominator if self.denominator > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One unit, week or shift: where its time went (seconds by loss) and its ratios; None: the records do not say."""

    label: str
    calendar_s: float
    seconds: Mapping[str, float]
    made: float | None
    good: float | None
    availability: Ratio
    effectiveness: Ratio | None
    quality: Ratio | None
    oee: Ratio | None

    @property
    def planned_busy_s(self) -> float:
        """PBT: calendar time less closed and planned time."""
        return self.calendar_s - self.seconds["closed"] - self.seconds["planned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One bar of the Pareto: lost seconds after overlaps were settled, and the number of stops."""

    station: str
    reason: str
    kind: str
    stops: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """MTBF in operating time and MTTR of one station in seconds, with 90 % intervals.

    MTBF: exact chi-square interval of a time-terminated test (NIST/SEMATECH e-Handbook 8.4.5.1); without a failure only
    a lower bound. MTTR: t interval on the logarithm (delta method). `weak` below 8 failures.
    """

    station: str
    failures: int
    operating_s: float
    repair_s: float
    mtbf_s: float | None
    mtbf_interval_s: tuple[float, float]
    mttr_s: float | None
    mttr_interval_s: tuple[float, float] | None
    weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the records say of the past. `total` sums all units; `line` is the constraint where a flow is known, else `total`."""

    first: float
    last: float
    timezone: str
    minor_stop_s: float
    total: Figures
    line: Figures
    constraint: str | None
    stations: tuple[Figures, ...]
    weeks: tuple[Figures, ...]
    shifts: tuple[Figures, ...]
    causes: tuple[Cause, ...]
    reliability: tuple[Reliability, ...]
    explained: float | None
    findings: tuple[Finding, ...]

    def waterfall(self, unit: str | None = None) -> tuple[tuple[str, float], ...]:
        """(`calendar`, s), then each loss in seconds down to `good`; of one station, or of the sum of all."""
        raise RuntimeError("being written")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `Baseline.from_json` gives an equal object."""
        raise RuntimeError("being written")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Baseline:
        """The baseline that `to_json` wrote."""
        raise RuntimeError("being written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Values a member typed where the records are silent (tier B): shares between 0 and 1; ideal cycle in s by station."""

    quality: float | None = None
    effectiveness: float | None = None
    ideal_cycle: Mapping[str, float] = field(default_factory=dict)


def baseline(
    stops: StopLog | None,
    counts: CountLog | None = None,
    equipment: EquipmentList | None = None,
    calendar: Calendar | None = None,
    *,
    timezone: str = "UTC",
    minor_stop_s: float = 300.0,
    typed: Typed | None = None,
) -> Baseline:
    """The past in figures, from checked logs; needs stops or counts, says in its findings what is missing for the rest.

    Raises:
        ModelError: neither log has a row (`nothing_to_measure`), or an unknown time zone.
    """
    raise RuntimeError("being written")
