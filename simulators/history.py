"""From checked logs to the baseline: the whole of `past.py` for one plant.

The window is whole local days from the first to the last record where there is a stop log (a log of stops begins with a
stop, not with the first working minute), else from the first run to the end of the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from simulators.intervals import Cover, local_days, midnight, shift_hours, working_hours, zone
from simulators.line import DAY, Calendar, ModelError, Shift
from simulators.past import Baseline, Cause, Figures, Ratio, Reliability, Tier, Typed
from simulators.records import CountLog, EquipmentList, Finding, Severity, StopLog
from simulators.reliability import reliability
from simulators.shifts import find_calendar, in_words
from simulators.timeline import STOPS, Output, Shares, Timeline, kinds, settle

__all__ = ["Baseline", "Cause", "Figures", "Ratio", "Reliability", "Typed", "baseline", "reliability"]

DEMONSTRATED = 0.95
FEWEST_RUNS = 20


def _finding(code: str, severity: Severity, message: str, remedy: str, **params: object) -> Finding:
    return Finding(severity=severity, code=code, row=0, column="", message=message, remedy=remedy, params=params)


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
    """The past in figures, from checked logs; says in its findings what is missing for the rest.

    Without a calendar the shifts are read from the logs where they show a clear pattern (`shifts.py`).

    Raises:
        ModelError: neither log has a row (`nothing_to_measure`), or the time zone is unknown (`unknown_timezone`).
    """
    tz = zone(timezone)
    first, last = _window(stops, counts, tz)
    found = None if calendar is not None else find_calendar(stops, counts, timezone=timezone)
    if found is not None:
        calendar = found[0]
    plant = _Plant(
        stops=stops,
        counts=counts,
        equipment=equipment,
        typed=typed or Typed(),
        first=first,
        last=last,
        open_=working_hours(calendar, first, last, tz),
        minor_stop_s=minor_stop_s,
    )
    whole = Cover.of(np.array([0.0]), np.array([last - first]))
    timelines = [plant.timeline(name) for name in plant.names]
    shares = Shares(effectiveness=plant.typed.effectiveness, quality=plant.typed.quality)
    stations = tuple(timeline.figures(timeline.name, whole, shares) for timeline in timelines)
    constraint, line = plant.line(timelines)
    findings = [*_of_calendar(calendar, found), *plant.findings(stations)]

    def cut(label: str, slices: Cover) -> Figures:
        return added(label, [timeline.figures(label, slices, shares) for timeline in line])

    total = added("total", stations)
    return Baseline(
        first=first,
        last=last,
        timezone=timezone,
        minor_stop_s=minor_stop_s,
        total=total,
        line=total if constraint is None else cut(constraint, whole),
        constraint=constraint,
        stations=stations,
        weeks=tuple(cut(label, slices) for label, slices in _weeks(first, last, tz)),
        shifts=tuple(cut(label, slices) for label, slices in _shifts(calendar, first, last, tz) if slices.length > 0),
        causes=plant.causes(timelines),
        reliability=plant.reliability(stations),
        explained=_explained(total),
        findings=tuple(findings),
    )


def _window(stops: StopLog | None, counts: CountLog | None, tz: ZoneInfo) -> tuple[float, float]:
    logs = [log for log in (stops, counts) if log is not None and len(log)]
    if not logs:
        raise ModelError(
            "there is neither a stop nor a production run to measure",
            code="nothing_to_measure",
            place="stops",
            remedy="Upload a stop log or a production log with at least one usable row.",
        )
    first, last = min(float(log.start.min()) for log in logs), max(float(log.end.max()) for log in logs)
    if stops is not None and len(stops):
        days = local_days(first, last, tz)
        return midnight(days[0], tz), midnight(days[-1] + timedelta(days=1), tz)
    return first, last


class _Plant:
    """The logs of one plant, by station."""

    def __init__(
        self,
        *,
        stops: StopLog | None,
        counts: CountLog | None,
        equipment: EquipmentList | None,
        typed: Typed,
        first: float,
        last: float,
        open_: Cover,
        minor_stop_s: float,
    ) -> None:
        self.stops, self.counts, self.equipment, self.typed = stops, counts, equipment, typed
        self.first, self.last = first, last
        self.closed = Cover(start=open_.start - first, end=open_.end - first).outside(0.0, last - first)
        self.kind = kinds(stops, minor_stop_s) if stops is not None else np.empty(0, dtype=np.str_)
        self.assumed: list[Finding] = []
        known = [] if equipment is None else [str(name) for name in equipment.station]
        logged = {str(name) for log in (stops, counts) if log is not None for name in np.unique(log.station)}
        self.names = [*known, *sorted(logged - set(known))]
        # a production log of the line as a whole is no machine of the equipment list
        self.stop_rows = _by_station(stops)
        self.count_rows = _by_station(counts)
        if known and stops is not None and len(stops):
            self.names = [name for name in self.names if name in known or name in self.stop_rows]

    def timeline(self, name: str) -> Timeline:
        stops, rows = self.stops, self.stop_rows.get(name, np.empty(0, dtype=np.int64))
        levels = [self.closed]
        for kind in STOPS:
            level = levels[-1]
            if stops is not None and len(rows):
                picked = rows[self.kind[rows] == kind]
                level = level.with_(
                    Cover.of(stops.start[picked] - self.first, stops.end[picked] - self.first).clipped(
                        0.0, self.last - self.first
                    )
                )
            levels.append(level)
        output = self.output(name)
        busy = None
        if output is not None:
            busy = levels[-1].with_(Cover.of(output.start, output.end).outside(0.0, self.last - self.first))
        return Timeline(name=name, levels=tuple(levels), busy=busy, output=output)

    def output(self, name: str, ideal_of: str | None = None) -> Output | None:
        """The runs logged under a name, with the ideal cycle of that station (or of another, the constraint)."""
        rows = self.count_rows.get(name)
        if self.counts is None or rows is None:
            return None
        runs = self.counts.where(rows)
        known = np.isfinite(runs.good)
        if known.any() and not known.all():
            share = runs.good[known].sum() / max(runs.made[known].sum(), 1e-300)
            runs = replace(runs, good=np.where(known, runs.good, runs.made * share))
        ideal, tier = self.ideal(ideal_of or name)
        own = runs.ideal_cycle if ideal_of is None else np.full(len(runs), np.nan)
        if ideal is None and not np.isfinite(own).all():
            ideal, tier = self.demonstrated(name, runs)
        filled = np.where(np.isfinite(own), own, np.nan if ideal is None else ideal)
        return Output.of(runs, filled, tier, self.first)

    def ideal(self, name: str) -> tuple[float | None, Tier]:
        """Ideal seconds of a part of the station, all its machines together: as typed, else as listed."""
        servers, listed = 1, math.nan
        if self.equipment is not None:
            row = np.flatnonzero(self.equipment.station == name)
            if len(row):
                servers = int(self.equipment.servers[row[0]])
                listed = float(self.equipment.ideal_cycle[row[0]])
                if math.isnan(listed):
                    listed = float(self.equipment.cycle[row[0]])
        if name in self.typed.ideal_cycle:
            return self.typed.ideal_cycle[name] / servers, "B"
        return (None, "A") if math.isnan(listed) else (listed / servers, "A")

    def demonstrated(self, name: str, runs: CountLog) -> tuple[float | None, Tier]:
        """The pace that only one run in twenty beats, where there are runs enough to say so."""
        paced = runs.made > 0
        if int(paced.sum()) < FEWEST_RUNS:
            self.assumed.append(
                _finding(
                    "log_no_ideal",
                    "warning",
                    f"no ideal cycle time for {name}, and too few runs to take one from",
                    "Enter the rated cycle time in the equipment list.",
                    station=name,
                )
            )
            return None, "A"
        pace = runs.made[paced] / (runs.end[paced] - runs.start[paced])
        self.assumed.append(
            _finding(
                "log_ideal_demonstrated",
                "note",
                f"no ideal cycle time for {name}: the pace of its best runs (95th percentile) is used",
                "Enter the rated cycle time in the equipment list.",
                station=name,
            )
        )
        return 1.0 / float(np.quantile(pace, DEMONSTRATED)), "A"

    def line(self, timelines: list[Timeline]) -> tuple[str | None, list[Timeline]]:
        """The constraint by the equipment list, with the parts that left the line; None: units stand side by side."""
        if self.equipment is None or not len(self.equipment):
            return None, timelines
        paces = [(self.ideal(str(name))[0], str(name)) for name in self.equipment.station]
        known = [(pace, name) for pace, name in paces if pace is not None]
        if len(known) < len(paces):
            return None, timelines
        slowest = max(pace for pace, _ in known)
        constraint = next(name for pace, name in known if pace == slowest)
        timeline = next(timeline for timeline in timelines if timeline.name == constraint)
        source = self._end_of_line()
        if source is not None and source != constraint:
            timeline = replace(timeline, output=self.output(source, constraint))
        return constraint, [timeline]

    def _end_of_line(self) -> str | None:
        """Whose production log tells what left the line: the last station that has one, or the line's own."""
        assert self.equipment is not None
        names = [str(name) for name in self.equipment.station]
        for name in reversed(names):
            if name in self.count_rows:
                return name
        return next(iter(self.count_rows), None) if len(self.count_rows) == 1 else None

    def causes(self, timelines: list[Timeline]) -> tuple[Cause, ...]:
        """The Pareto: lost seconds and stops by station, reason and kind."""
        bars: list[Cause] = []
        if self.stops is None:
            return ()
        for timeline in timelines:
            rows = self.stop_rows.get(timeline.name)
            if rows is None:
                continue
            log, kind = self.stops.where(rows), self.kind[rows]
            seconds = settle(timeline.levels, log, kind, self.first)
            for name in STOPS:
                picked = kind == name
                reasons, index = np.unique(log.reason[picked], return_inverse=True)
                lost = np.bincount(index, weights=seconds[picked], minlength=len(reasons))
                stops = np.bincount(index, minlength=len(reasons))
                bars.extend(
                    Cause(station=timeline.name, reason=str(reason), kind=name, stops=int(n), seconds=float(s))
                    for reason, n, s in zip(reasons, stops, lost, strict=True)
                )
        return tuple(sorted(bars, key=lambda bar: (-bar.seconds, bar.station, bar.reason, bar.kind)))

    def reliability(self, stations: tuple[Figures, ...]) -> tuple[Reliability, ...]:
        """MTBF and MTTR of every station of a plant that logs stops."""
        if self.stops is None:
            return ()
        found = []
        for figures in stations:
            rows = self.stop_rows.get(figures.label, np.empty(0, dtype=np.int64))
            broken = rows[self.kind[rows] == "breakdown"]
            repairs = self.stops.end[broken] - self.stops.start[broken]
            found.append(reliability(figures.label, figures.availability.numerator, repairs))
        return tuple(found)

    def findings(self, stations: tuple[Figures, ...]) -> Iterator[Finding]:
        """What is missing or looks wrong, whole plant first."""
        if self.counts is None or not len(self.counts):
            yield _finding("log_no_counts", "warning", "no production counts: effectiveness and quality are unknown",
                           "Upload counts, or type both shares (tier B).")  # fmt: skip
        elif not np.isfinite(self.counts.good).any():
            yield _finding("log_no_good", "warning", "the counts do not say how many parts were good",
                           "Upload good or scrapped parts, or type the quality ratio.")  # fmt: skip
        if self.stops is None or not len(self.stops):
            yield _finding("log_no_stops", "note", "no stop log: time without a run is idle, its causes are unknown",
                           "Upload a stop log.")  # fmt: skip
        yield from self.assumed
        for figures in stations:
            value = figures.effectiveness.value if figures.effectiveness is not None else None
            if value is not None and value > 1:
                yield _finding(
                    "log_effectiveness_above_one",
                    "warning",
                    f"effectiveness of {figures.label} is {value:.3f}: parts came faster than the ideal cycle time",
                    "Check the ideal cycle time and the counts.",
                    station=figures.label,
                    value=round(value, 3),
                )


def _of_calendar(calendar: Calendar | None, found: tuple[Calendar, str] | None) -> Iterator[Finding]:
    if calendar is None:
        yield _finding(
            "log_no_calendar",
            "note",
            "no shift calendar: the plant is taken to work around the clock",
            "Enter the shifts; closed time is then no loss.",
        )
    elif found is not None:
        yield _finding(
            f"log_calendar_from_{found[1]}",
            "note",
            f"the shifts were read from the {found[1]}: {in_words(calendar)}",
            "Correct them in the line if the plant works otherwise.",
            shifts=in_words(calendar),
        )


def _by_station(log: StopLog | CountLog | None) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    if log is None or not len(log):
        return {}
    names, index = np.unique(log.station, return_inverse=True)
    order = np.argsort(index, kind="stable")
    edges = np.searchsorted(index[order], np.arange(len(names) + 1))
    return {str(name): order[edges[n] : edges[n + 1]].astype(np.int64) for n, name in enumerate(names)}


def added(label: str, units: tuple[Figures, ...] | list[Figures]) -> Figures:
    """Several units or periods as one: sums over sums, never a mean of ratios; unknown where one of them is."""
    if len(units) == 1:
        return replace(units[0], label=label)

    def ratio(name: str) -> Ratio | None:
        parts: list[Ratio | None] = [getattr(unit, name) for unit in units]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts) or len({part.unit for part in known}) > 1:
            return None
        return Ratio(
            numerator=math.fsum(part.numerator for part in known),
            denominator=math.fsum(part.denominator for part in known),
            unit=known[0].unit,
            tier=max(part.tier for part in known),
        )

    def total(name: str) -> float | None:
        values = [getattr(unit, name) for unit in units]
        return None if None in values else math.fsum(values)

    availability = ratio("availability")
    assert availability is not None
    return Figures(
        label=label,
        calendar_s=math.fsum(unit.calendar_s for unit in units),
        seconds={loss: math.fsum(unit.seconds[loss] for unit in units) for loss in units[0].seconds},
        made=total("made"),
        good=total("good"),
        availability=availability,
        effectiveness=ratio("effectiveness"),
        quality=ratio("quality"),
        oee=ratio("oee"),
    )


def _explained(total: Figures) -> float | None:
    if total.effectiveness is None or total.planned_busy_s <= 0:
        return None
    unexplained = total.seconds["idle"] + max(total.seconds["speed"], 0.0)
    return 1 - unexplained / total.planned_busy_s


def _weeks(first: float, last: float, tz: ZoneInfo) -> Iterator[tuple[str, Cover]]:
    mondays: dict[date, str] = {}
    for day in local_days(first, last, tz):
        year, week, weekday = day.isocalendar()
        mondays[day - timedelta(days=weekday - 1)] = f"{year}-W{week:02d}"
    for monday, label in mondays.items():
        start, end = midnight(monday, tz), midnight(monday + timedelta(days=7), tz)
        slices = Cover.of(np.array([start - first]), np.array([end - first])).clipped(0.0, last - first)
        if slices.length > 0:
            yield label, slices


def _shifts(calendar: Calendar | None, first: float, last: float, tz: ZoneInfo) -> Iterator[tuple[str, Cover]]:
    """The calendar's shifts with their breaks, as slices of time; without a calendar, the three thirds of the day."""
    every = tuple(Shift(days=tuple(range(7)), start_s=s, end_s=s + DAY / 3) for s in (0.0, DAY / 3, 2 * DAY / 3))
    days = local_days(first - DAY, last, tz)
    for shift in every if calendar is None else calendar.shifts:
        span, _ = shift_hours(shift, days, tz)
        label = f"{_clock(shift.start_s)}-{_clock(shift.end_s)}"
        yield label, Cover(start=span.start - first, end=span.end - first).clipped(0.0, last - first)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"
