"""The baseline: what the plant's own records say, in the words of ISO 22400-2, every ratio with its two halves.

Time of one unit closes exactly: calendar = closed + planned + setup + breakdown + minor + idle + speed + scrap + good.
Overlaps are settled by priority, in that order: planned before setup before breakdown before minor stops. A stop
that is neither planned nor a set-up is minor below `minor_stop_s`, else a breakdown. Idle is open time without a stop
and without a run ("no order, or not recorded"); it exists only where there are production runs. Speed is running time
that the ideal cycle does not explain, negative where parts came faster than the ideal: shown, never clipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from simulators.records import Finding

Tier = Literal["A", "B", "C", "D"]

LOSSES = ("closed", "planned", "setup", "breakdown", "minor", "idle", "speed", "scrap", "good", "running")
"""Where time goes, in the order of the waterfall. `running` is running time that cannot be split further: nothing is
known of speed, of scrap, or of both."""


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
    """One unit, week or shift: where its time went (seconds by loss) and its ratios; None: the records do not say.

    availability = running time / planned busy time; effectiveness = ideal time of the parts made / running time;
    quality = good parts / parts made; oee = ideal time of the good parts / planned busy time. The first three multiply
    to the fourth unless parts with unequal ideal cycles are added up (several units or products).
    """

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
        """Calendar time less closed and planned time (PBT)."""
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
    mtbf_interval_s: tuple[float, float | None]
    mttr_s: float | None
    mttr_interval_s: tuple[float, float] | None
    weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the records say of the past, from `first` to `last` (seconds since 1970 UTC).

    `total` sums all units. `line` is the constraint with the parts that left the line, where an equipment list gives
    the flow; else it is `total`. `weeks` and `shifts` cut `line`. `explained`: share of planned busy time that stops
    and parts account for.
    """

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

    def unit(self, name: str | None = None) -> Figures:
        """The figures of a station, or of the line."""
        return next((figures for figures in self.stations if figures.label == name), self.line)

    def waterfall(self, name: str | None = None) -> tuple[tuple[str, float], ...]:
        """(`calendar`, s), then the seconds of each loss that is there, down to `good`; of a station or of the line."""
        figures = self.unit(name)
        steps = ((loss, figures.seconds[loss]) for loss in LOSSES)
        return (("calendar", figures.calendar_s), *((loss, s) for loss, s in steps if s or loss == "good"))

    def by_reason(self) -> tuple[Cause, ...]:
        """The Pareto over all stations, largest loss first."""
        return _summed(self.causes, lambda cause: ("*", cause.reason, cause.kind))

    def by_station(self) -> tuple[Cause, ...]:
        """Time lost in unplanned stops by station, largest first."""
        return _summed((c for c in self.causes if c.kind != "planned"), lambda cause: (cause.station, "*", "*"))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `Baseline.from_json` gives an equal object."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Baseline:
        """The baseline that `to_json` wrote."""
        given = dict(document)
        for name in ("total", "line"):
            given[name] = _figures(given[name])
        for name in ("stations", "weeks", "shifts"):
            given[name] = tuple(_figures(item) for item in given[name])
        given["causes"] = tuple(Cause(**item) for item in given["causes"])
        given["reliability"] = tuple(Reliability(**_pairs(item)) for item in given["reliability"])
        given["findings"] = tuple(Finding(**item) for item in given["findings"])
        return cls(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Values a member typed where the records are silent (tier B): shares of 1, ideal cycle in seconds by station."""

    quality: float | None = None
    effectiveness: float | None = None
    ideal_cycle: Mapping[str, float] = field(default_factory=dict)


def _summed(causes: Iterable[Cause], key: Any) -> tuple[Cause, ...]:
    sums: dict[tuple[str, str, str], tuple[int, float]] = {}
    for cause in causes:
        stops, seconds = sums.get(key(cause), (0, 0.0))
        sums[key(cause)] = (stops + cause.stops, seconds + cause.seconds)
    bars = (
        Cause(station=station, reason=reason, kind=kind, stops=stops, seconds=seconds)
        for (station, reason, kind), (stops, seconds) in sums.items()
    )
    return tuple(sorted(bars, key=lambda bar: (-bar.seconds, bar.station, bar.reason, bar.kind)))


def _figures(document: Mapping[str, Any]) -> Figures:
    ratios = ("availability", "effectiveness", "quality", "oee")
    return Figures(**{**document, **{name: document[name] and Ratio(**document[name]) for name in ratios}})


def _pairs(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
