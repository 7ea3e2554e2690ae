"""From history to model: a line template gets the failures, cycle times and scrap that the records show.

Uptimes come in running time and are turned into working time, and the pace is matched to the good parts that were
counted: see `calibration.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from simulators.calibration import MOST, Calibration, calibrated
from simulators.causes import CauseFit, fit_causes, log_window
from simulators.changeovers import Changeovers, changeovers
from simulators.distributions import Distribution
from simulators.estimates import TimesFit
from simulators.figures import Engine
from simulators.intervals import Cover, working_hours, zone
from simulators.line import Calendar, Failure, Line, ModelError, Station
from simulators.predictors import FailurePredictor
from simulators.records import CountLog, EquipmentList, Finding, Severity, StopLog
from simulators.shifts import find_calendar, in_words
from simulators.twin import run_twin

__all__ = ["CauseFit", "FittedLine", "Spread", "fit_causes", "fit_line", "fit_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How unsure a fitted mean is: factors around the estimate, drawn from in the outer loop of a study.

    `cause` is the failure's name in the line, `parameter` uptime or repair.
    """

    station: str
    cause: str
    parameter: str
    factors: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedLine:
    """A line whose failures come from the records from `first` to `last`, with the report of how well they do."""

    line: Line
    causes: tuple[CauseFit, ...]
    spreads: tuple[Spread, ...]
    findings: tuple[Finding, ...]
    first: float
    last: float

    def to_json(self) -> dict[str, Any]:
        """The report: machines with their causes as in `fit_report`, and the findings."""
        return {
            "first": self.first,
            "last": self.last,
            "machines": _machines(self.causes),
            "findings": [finding.to_json() for finding in self.findings],
        }


def _distribution(distribution: Distribution) -> dict[str, Any]:
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in distribution.params}
    return {"kind": distribution.kind, **given}


def _times(fit: TimesFit) -> dict[str, Any]:
    document = asdict(fit)
    del document["replicates"]
    document["distribution"] = _distribution(fit.distribution)
    document["intervals"] = {name: list(interval) for name, interval in fit.intervals.items()}
    document["families"] = list(document["families"])
    return document


def _machines(causes: tuple[CauseFit, ...]) -> list[dict[str, Any]]:
    machines: dict[str, dict[str, Any]] = {}
    for cause in causes:
        machine = machines.setdefault(
            cause.station, {"station": cause.station, "operating_s": cause.operating_s, "causes": []}
        )
        trend = None if cause.trend is None else {**asdict(cause.trend), "found": cause.trend.found}
        machine["causes"].append(
            {
                "cause": cause.cause,
                "kind": cause.kind,
                "name": cause.name,
                "uptime": _times(cause.uptime),
                "repair": _times(cause.repair),
                "trend": trend,
                "predictor": cause.predictor,
            }
        )
    return list(machines.values())


def fit_report(
    stops: StopLog,
    equipment: EquipmentList | None = None,
    counts: CountLog | None = None,
    *,
    seed: int = 1,
    refits: int = 200,
    timezone: str = "UTC",
    predictor: FailurePredictor | None = None,
) -> dict[str, Any]:
    """What `mingsuan fit --json` prints of a checked stop log: machines (in the order of the list), causes, fits.

    Times are seconds; intervals are 90 % bootstrap intervals. Closed hours that the records show clearly do not
    count. With counts, the changeovers between products are there too.
    """
    shifts = find_calendar(stops, counts, timezone=timezone)
    calendar = None if shifts is None else shifts[0]
    causes = fit_causes(
        stops, seed=seed, refits=refits, timezone=timezone, calendar=calendar, predictor=predictor
    )  # fmt: skip
    if equipment is not None:
        order = {str(name): number for number, name in enumerate(equipment.station)}
        causes = tuple(sorted(causes, key=lambda cause: order.get(cause.station, len(order))))
    return {
        "seed": seed,
        "refits": refits,
        "level": 0.9,
        "shifts": None if calendar is None else in_words(calendar),
        "machines": _machines(causes),
        "changeovers": [] if counts is None else [one.to_json() for one in _changes(stops, counts, calendar, timezone)],
    }


def _changes(stops: StopLog, counts: CountLog, calendar: Calendar | None, timezone: str) -> tuple[Changeovers, ...]:
    first, last = float(counts.start.min()), float(counts.end.max())
    open_ = None if calendar is None else working_hours(calendar, first, last, zone(timezone))
    return changeovers(counts, stops, open_)


def fit_line(
    stops: StopLog,
    counts: CountLog | None,
    equipment: EquipmentList | None,
    template: Line,
    *,
    seed: int = 1,
    refits: int = 200,
    minor_stop_s: float = 300.0,
    window: tuple[float, float] | None = None,
    timezone: str | None = None,
    engine: Engine = run_twin,
    predictor: FailurePredictor | None = None,
) -> FittedLine:
    """The template with the failures, cycle times and scrap that checked records show.

    Its calendar stays; where it has none, the shifts are read from the records if they show a clear pattern.
    `timezone` is that of the records, where it is not the template's.

    Stations are matched by name; those without records keep the template's values, and a finding says so. Failures get
    the template's crew of the station, if it has one.

    Raises:
        ModelError: there is no stop (`no_stops`), or no station of the template appears in the records
            (`no_station_matches`).
    """
    if not len(stops):
        raise ModelError(
            "a line is fitted to stops, and there are none",
            code="no_stops",
            place="stops",
            remedy="Upload a stop log with at least one usable row.",
        )
    if timezone is not None:
        template = replace(template, timezone=timezone)
    shifts = None if template.calendar is not None else find_calendar(stops, counts, timezone=template.timezone)
    if shifts is not None:
        template = replace(template, calendar=shifts[0])
    logged = {str(name) for log in (stops, counts) if log is not None for name in np.unique(log.station)}
    names = [station.name for station in template.stations]
    if not logged & set(names):
        raise ModelError(
            f"none of the stations {', '.join(names)} appears in the records",
            code="no_station_matches",
            place="stations",
            remedy=f"Use the names of the records, such as {', '.join(sorted(logged)[:5])}.",
            stations=", ".join(names),
            records=", ".join(sorted(logged)[:5]),
        )
    first, last = window or log_window(stops, template.timezone)
    causes = fit_causes(
        stops,
        seed=seed,
        refits=refits,
        minor_stop_s=minor_stop_s,
        calendar=template.calendar,
        timezone=template.timezone,
        window=(first, last),
        predictor=predictor,
    )
    kept = tuple(cause for cause in causes if cause.station in names)
    stations = tuple(
        _station(station, [c for c in kept if c.station == station.name], counts, equipment, stops)
        for station in template.stations
    )
    line = replace(template, stations=stations)
    fitted = {cause.station for cause in kept}
    pace = calibrated(line, stops, counts, fitted, window=(first, last), engine=engine, seed=seed)
    return FittedLine(
        line=pace.line,
        causes=kept,
        spreads=tuple(_spreads(kept)),
        findings=(*_of_calendar(shifts), *_of_pace(pace), *_findings(kept, names, logged)),
        first=first,
        last=last,
    )


def _station(
    station: Station,
    causes: list[CauseFit],
    counts: CountLog | None,
    equipment: EquipmentList | None,
    stops: StopLog,
) -> Station:
    if equipment is not None:
        station = _equipped(station, equipment)
    if counts is not None:
        station = _counted(station, counts, stops, listed=equipment is not None)
    if not causes:
        return station
    crew = next((failure.crew for failure in station.failures if failure.crew is not None), None)
    failures = tuple(
        Failure(
            name=cause.name,
            clock="operating",
            uptime=cause.uptime.distribution,
            repair=cause.repair.distribution,
            crew=crew if cause.kind == "breakdown" else None,
        )
        for cause in causes
    )
    return replace(station, failures=failures)


def _equipped(station: Station, equipment: EquipmentList) -> Station:
    """Machines, places, cycle times and scrap of the equipment list, where it has them."""
    rows = np.flatnonzero(equipment.station == station.name)
    if not len(rows):
        return station
    row = int(rows[0])
    ideal, cycle, scrap = (float(getattr(equipment, name)[row]) for name in ("ideal_cycle", "cycle", "scrap"))
    if np.isfinite(cycle) or np.isfinite(ideal):
        mean = cycle if np.isfinite(cycle) else ideal
        station = replace(station, cycle=station.cycle.scaled(mean / station.cycle.mean), ideal_cycle=None)
    if np.isfinite(ideal):
        station = replace(station, ideal_cycle=ideal)
    if np.isfinite(scrap):
        station = replace(station, scrap=scrap)
    return replace(station, servers=int(equipment.servers[row]))


def _counted(station: Station, counts: CountLog, stops: StopLog, *, listed: bool) -> Station:
    """Scrap from the station's own counts; where no list gives one, its cycle: running time by parts, median run."""
    rows = np.flatnonzero(counts.station == station.name)
    made, good = counts.made[rows], counts.good[rows]
    if not len(rows) or not made.sum() > 0:
        return station
    known = np.isfinite(good)
    if known.any():
        share = 1 - float(good[known].sum() / max(made[known].sum(), 1e-300))
        station = replace(station, scrap=min(max(share, 0.0), 1.0))
    if listed:
        return station
    own = stops.station == station.name
    down = Cover.of(stops.start[own], stops.end[own])
    start, end = counts.start[rows], counts.end[rows]
    running = (end - start) - (down.until(end) - down.until(start))
    paced = (made > 0) & (running > 0)
    if not paced.any():
        return station
    cycle = float(np.median(running[paced] / made[paced])) * station.servers
    return replace(station, cycle=station.cycle.scaled(cycle / station.cycle.mean))


def _spreads(causes: tuple[CauseFit, ...]) -> Iterator[Spread]:
    for cause in causes:
        for parameter, fit in (("uptime", cause.uptime), ("repair", cause.repair)):
            if len(fit.replicates) > 1:
                yield Spread(
                    station=cause.station, cause=cause.name, parameter=parameter, factors=fit.replicates
                )  # fmt: skip


def _finding(code: str, severity: Severity, message: str, remedy: str, **params: object) -> Finding:
    return Finding(severity=severity, code=code, row=0, column="", message=message, remedy=remedy, params=params)


def _of_calendar(found: tuple[Calendar, str] | None) -> Iterator[Finding]:
    if found is not None:
        yield _finding(
            f"log_calendar_from_{found[1]}",
            "note",
            f"the shifts were read from the {found[1]}: {in_words(found[0])}",
            "Correct them in the line if the plant works otherwise.",
            shifts=in_words(found[0]),
        )


def _of_pace(pace: Calibration) -> Iterator[Finding]:
    if pace.stretch > 1:
        percent = f"{100 * (pace.stretch - 1):.1f}"
        yield _finding(
            "log_pace_adjusted",
            "note",
            f"fewer parts were made than stops and cycle times explain; cycle times were stretched by {percent} %",
            "Look for losses that nobody logs: slow running, short stops, waiting for people or material.",
            value=percent,
        )
    elif pace.excess > MOST:
        percent = f"{100 * (pace.excess - 1):.0f}"
        yield _finding(
            "log_pace_unexplained",
            "warning",
            f"the line could have made {percent} % more than was counted; neither stops nor cycle times explain it",
            "Check cycle times, shifts and counts; were there orders?",
            value=percent,
        )


def _findings(causes: tuple[CauseFit, ...], names: list[str], logged: set[str]) -> Iterator[Finding]:
    for name in names:
        if name not in logged:
            yield _finding(
                "log_station_unmatched",
                "warning",
                f"station {name} of the line does not appear in the records; its template values stay",
                "Use the same name in the line and in the records.",
                station=name,
            )
    for name in sorted(logged - set(names)):
        yield _finding(
            "log_station_unused",
            "note",
            f"{name} appears in the records but not in the line",
            "Add it to the line, or give it the name the line uses.",
            station=name,
        )
    for cause in causes:
        yield from _of_cause(cause)


def _of_cause(cause: CauseFit) -> Iterator[Finding]:
    who = {"station": cause.station, "cause": cause.cause or cause.kind}
    if cause.uptime.weak:
        yield _finding(
            "log_weak",
            "note",
            f"{cause.station}, {who['cause']}: only {cause.uptime.events} failures; only their mean is used",
            "A longer log makes this firmer.",
            **who,
            count=cause.uptime.events,
        )
    if cause.trend is not None and cause.trend.found:
        worse = cause.trend.laplace_u > 0
        p = min(cause.trend.laplace_p, cause.trend.military_p)
        yield _finding(
            "log_trend_worse" if worse else "log_trend_better",
            "warning",
            f"{cause.station}, {who['cause']}: failures come more {'often' if worse else 'rarely'} (p = {p:.3f})",
            "Use the latest months only, or ask what has changed.",
            **who,
            p=f"{p:.3f}",
        )
    if cause.predictor == "silent":
        yield _finding(
            "log_predictor_silent",
            "note",
            f"{cause.station}, {who['cause']}: the pack's predictor has no answer here; our own fit counts",
            "A longer log may be enough for it.",
            **who,
        )
    for purpose, fit in (("uptime", cause.uptime), ("repair", cause.repair)):
        if fit.chosen == "empirical":
            yield _finding(
                f"log_poor_fit_{purpose}",
                "note",
                f"{cause.station}, {who['cause']}: no distribution fits the {purpose} times (p = {fit.p_value})",
                "Split the cause if it mixes different kinds of stops.",
                **who,
                p=fit.p_value,
            )
