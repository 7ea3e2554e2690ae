"""What a log cannot say directly, found by simulating the fitted line: working time, and losses that nobody logged.

Stops tell how long a machine ran between failures, not how long it worked: part of that time it was starved or blocked.
Failures on the operating clock count working time only, so uptimes are shortened by the station's share of working time
in its running time: from its own counts where there are any, else from simulating the line, until both agree.

Where good parts were counted at the end of the line, and the line makes more in the simulation than it did in the
plant, something is missing: slow running, unlogged stops. All cycle times are then stretched until both agree; the
ideal cycle times stay, so that the loss is visible as effectiveness. Above a quarter more the cause is another one,
such as a lack of orders: the line is left as it is, and a finding says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulators.figures import BLOCKED, OFF, STARVED, WORKING, Engine, RunFigures, Window
from simulators.intervals import Cover, spread_until, working_hours, zone
from simulators.line import DAY, WEEK, Line, Station
from simulators.records import CountLog, StopLog

ROUNDS = 4
REPEATS = 3
MATTERS = 1.02
MOST = 1.25
CLOSE = 0.005
HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The line, how much more it made than was counted (1: as much), and by how much its cycles were stretched."""

    line: Line
    excess: float
    stretch: float


def calibrated(
    line: Line,
    stops: StopLog,
    counts: CountLog | None,
    fitted: set[str],
    *,
    window: tuple[float, float],
    engine: Engine,
    seed: int,
) -> Calibration:
    """The line with uptimes of its `fitted` stations in working time, at the pace that was counted."""
    found = _in_working_time(line, stops, counts, fitted, engine, seed)
    pace = None if counts is None else recorded_pace(line, stops, counts, window)
    if pace is None or pace <= 0:
        return Calibration(line=found, excess=1.0, stretch=1.0)
    excess = ratio = _simulated_pace(found, engine, seed, ROUNDS) / pace
    if not MATTERS < excess <= MOST:
        return Calibration(line=found, excess=excess, stretch=1.0)
    stretch = 1.0
    for number in range(1, ROUNDS + 1):
        stretch = min(max(stretch * ratio, 1.0), MOST)
        found = _in_working_time(stretched(line, stretch), stops, counts, fitted, engine, seed)
        ratio = _simulated_pace(found, engine, seed, ROUNDS + number * REPEATS) / pace
        if abs(ratio - 1) < CLOSE:
            break
    return Calibration(line=found, excess=excess, stretch=stretch)


def stretched(line: Line, factor: float) -> Line:
    """The line with all cycle times longer by a factor, the ideal ones as they were."""
    stations = (
        replace(station, cycle=station.cycle.scaled(factor), ideal_cycle=station.ideal) for station in line.stations
    )
    return replace(line, stations=tuple(stations))


def recorded_pace(line: Line, stops: StopLog, counts: CountLog, window: tuple[float, float]) -> float | None:
    """Good parts for each planned hour of the constraint, by the counts of the line's end; None where it has none."""
    names = {str(name) for name in np.unique(counts.station)}
    end = next((station.name for station in reversed(line.stations) if station.name in names), None)
    if end is None:
        return None
    rows = counts.station == end
    good = np.where(np.isfinite(counts.good[rows]), counts.good[rows], counts.made[rows])
    first, last = spread_until(counts.start[rows], counts.end[rows], good, np.array(window))
    constraint = stops.station == line.stations[line.constraint].name
    planned = constraint & (stops.kind == "planned")
    open_ = working_hours(line.calendar, *window, zone(line.timezone))
    hours = (open_.length - Cover.of(stops.start[planned], stops.end[planned]).within(open_)) / HOUR
    return float(last - first) / hours if hours > 0 else None


def _simulated_pace(line: Line, engine: Engine, seed: int, number: int) -> float:
    good = hours = 0.0
    for repeat in range(REPEATS):
        figures = _simulated(line, engine, seed, number + repeat)
        planned = figures.states[line.constraint].sum() - figures.states[line.constraint, OFF]
        good += figures.total("good_out")
        hours += float(planned) / line.stations[line.constraint].servers / HOUR
    return good / hours if hours > 0 else 0.0


def _simulated(line: Line, engine: Engine, seed: int, number: int) -> RunFigures:
    begin = DAY if line.calendar is None else WEEK
    return engine(line, Window(warmup=begin, horizon=begin + 8 * WEEK), seed, number)


def _in_working_time(
    line: Line, stops: StopLog, counts: CountLog | None, fitted: set[str], engine: Engine, seed: int
) -> Line:
    measured = {}
    if counts is not None:
        measured = {s.name: load for s in line.stations if (load := _load(s, counts, stops)) is not None}
    shares = {station.name: measured.get(station.name, 1.0) for station in line.stations}
    found = _with_shares(line, shares, fitted)
    if all(station.name in measured or station.name not in fitted for station in line.stations):
        return found
    for number in range(ROUNDS):
        figures = _simulated(found, engine, seed, number)
        for station, seconds in zip(line.stations, figures.states, strict=True):
            running = float(seconds[WORKING] + seconds[STARVED] + seconds[BLOCKED])
            if station.name not in measured and running > 0:
                shares[station.name] = max(float(seconds[WORKING]) / running, 0.01)
        found = _with_shares(line, shares, fitted)
    return found


def _load(station: Station, counts: CountLog, stops: StopLog) -> float | None:
    """Share of working time in the running time of a station's runs, by its counts and cycle; None without counts."""
    rows = np.flatnonzero(counts.station == station.name)
    own = stops.station == station.name
    down = Cover.of(stops.start[own], stops.end[own])
    runs = Cover.of(counts.start[rows], counts.end[rows])
    running = runs.length - down.within(runs)
    if not len(rows) or running <= 0:
        return None
    return min(float(counts.made[rows].sum()) * station.cycle.mean / station.servers / running, 1.0) or None


def _with_shares(line: Line, shares: Mapping[str, float], fitted: set[str]) -> Line:
    return replace(
        line,
        stations=tuple(
            replace(
                station,
                failures=tuple(
                    replace(failure, uptime=failure.uptime.scaled(shares[station.name])) for failure in station.failures
                ),
            )
            if station.name in fitted
            else station
            for station in line.stations
        ),
    )
