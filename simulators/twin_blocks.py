"""Blocks of parts: which lines can be taken so, and how a block is summed up, station by station."""

from __future__ import annotations

import math
from typing import TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from simulators.compiled import called, inlined
from simulators.distributions import Floats
from simulators.figures import BLOCKED, DOWN, STARVED, WORKING
from simulators.line import Line
from simulators.twin_recursion import clipped, recursion_applies
from simulators.twin_sums import DOWN_FINISHED
from simulators.twin_tables import NONE, UNLIMITED, Records, record

Marks: TypeAlias = NDArray[np.int64]

#: Parts in a block; not a power of two, so that the rows of stations do not fall on the same lines of the cache.
PARTS = 520
#: Places behind a station beyond which the block form is not worth its memory.
MOST_ROOM = 1024
#: A station: ``ahead`` is the row of ``loads`` in which the start that makes room stands ``lag`` parts back; ``direct``
#: when there is no place behind it; its causes; ``free`` when its last part left, ``left`` operating time to failure,
#: [``begin``, ``end``] of its next calendar failure; the end and exit of its last part; its current active period.
TANDEM = record(i="ahead lag direct operating calendar pieces count", f="free left begin end finished gone since")
TANDEM_TYPE = numba.from_dtype(TANDEM)[::1]


def tandem_applies(line: Line) -> bool:
    """Whether the line is a tandem of which the block form knows everything; refuses by default."""
    return (
        recursion_applies(line)
        and line.arrivals is None
        and line.calendar is None
        and all(
            station.scrap == 0
            and (station.buffer is None or station.buffer <= MOST_ROOM)
            and all(
                sum(failure.clock == clock for failure in station.failures) <= 1 for clock in ("operating", "calendar")
            )
            for station in line.stations
        )
    )


def tandem_tables(line: Line) -> tuple[Records, int]:
    """The stations of the block form, and how many parts back their longest memory reaches."""
    rows, cause, count, memory = [], 0, len(line.stations), 1
    for index, station in enumerate(line.stations):
        named = {"operating": NONE, "calendar": NONE}
        for failure in station.failures:
            named[failure.clock] = cause
            cause += 1
        places = UNLIMITED if station.buffer is None or index + 1 == count else station.buffer
        ahead, lag = (index + 1, places) if places > 0 else (count, 0)
        memory = max(memory, lag)
        numbers = (ahead, lag, int(places == 0), named["operating"], named["calendar"], 0, 0)
        rows.append((*numbers, 0.0, math.inf, math.inf, math.inf, 0.0, 0.0, 0.0))
    return np.array(rows, dtype=TANDEM), memory


@inlined
def differences(after: Floats, before: Floats, at: int, count: int) -> float:
    """Sum of after[at + n] - before[n]; four sums side by side, always in the same order."""
    a = b = c = d = 0.0
    whole = count - count % 4
    for n in range(0, whole, 4):
        a += after[at + n] - before[n]
        b += after[at + n + 1] - before[n + 1]
        c += after[at + n + 2] - before[n + 2]
        d += after[at + n + 3] - before[n + 3]
    for n in range(whole, count):
        a += after[at + n] - before[n]
    return (a + b) + (c + d)


@inlined
def clipped_differences(
    after: Floats, before: Floats, at: int, count: int, warmup: float, end: float
) -> float:  # fmt: skip
    """The same within the window."""
    total = 0.0
    for n in range(count):
        total += clipped(before[n], after[at + n], warmup, end)
    return total


@inlined
def noted(station: Records, periods: Floats, begin: float) -> None:
    """The station is active from ``begin`` on, and was so until ``finished``."""
    periods[station.count, 0] = station.since
    periods[station.count, 1] = station.finished
    waits = begin > station.finished
    station.count += waits
    station.since = begin if waits else station.since


@inlined
def quickly_noted(
    station: Records, periods: Floats, starts: Floats, finished: Floats, marks: Marks, memory: int, at: int, until: int
) -> None:  # fmt: skip
    """The same for the parts from ``at`` to ``until`` of a block: first which of them were waited for, then when."""
    if at == until:
        return
    noted(station, periods, starts[memory + at])
    met = 0
    for n in range(at + 1, until):
        marks[met] = n
        met += starts[memory + n] > finished[n - 1]
    kept, since = station.count, station.since
    for n in range(met):
        part = marks[n]
        periods[kept + n, 0] = since
        periods[kept + n, 1] = finished[part - 1]
        since = starts[memory + part]
    station.count, station.since, station.finished = kept + met, since, finished[until - 1]


@called
def summed(
    tandem: Records, stations: Records, seconds: Floats, loads: Floats, ends: Floats, exits: Floats, pieces: Floats,
    intervals: Floats, marks: Marks, index: int, memory: int, count: int, warmup: float, end: float,
) -> None:  # fmt: skip
    """Sum up what a block of parts did at a station, and note its active periods."""
    station = tandem[index]
    starts, finished, gone = loads[index], ends[index], exits[index]
    inside = station.gone >= warmup and gone[count - 1] < end
    begun = station.gone
    if inside:
        idle = (starts[memory] - station.gone) + differences(starts, gone, memory + 1, count - 1)
        held = differences(gone, finished, 0, count)
        seconds[index, STARVED] += idle
        seconds[index, BLOCKED] += held
        seconds[index, WORKING] += (gone[count - 1] - begun) - (idle + held)
        stations[index].processed += count
    else:
        seconds[index, STARVED] += clipped(station.gone, starts[memory], warmup, end)
        seconds[index, STARVED] += clipped_differences(starts, gone, memory + 1, count - 1, warmup, end)
        seconds[index, BLOCKED] += clipped_differences(gone, finished, 0, count, warmup, end)
        met = 0
        for n in range(count):
            seconds[index, WORKING] += clipped(starts[memory + n], finished[n], warmup, end)
            met += warmup <= finished[n] < end
        stations[index].processed += met
    if index > 0 and tandem[index - 1].direct == 0:
        before = exits[index - 1]
        if inside and before[0] >= warmup:
            stations[index - 1].level_area += differences(starts, before, memory, count)
        else:
            stations[index - 1].level_area += clipped_differences(starts, before, memory, count, warmup, end)
    # Active periods: they end when the station begins to wait and begin when it no longer does.
    piece, at = 0, 0
    while at < count:
        until = count if piece == station.pieces else int(pieces[index, piece, 0])
        quickly_noted(station, intervals[index], starts, finished, marks, memory, at, until)
        if until == count:
            break
        left = station.gone if until == 0 else gone[until - 1]
        while piece < station.pieces and int(pieces[index, piece, 0]) == until:
            begin, over = pieces[index, piece, 1], pieces[index, piece, 2]
            blocked = clipped(begin, min(over, left), warmup, end) if begin < left else 0.0
            starved = clipped(max(begin, left), over, warmup, end) if over > left else 0.0
            seconds[index, BLOCKED] -= blocked
            seconds[index, STARVED] -= starved
            seconds[index, DOWN_FINISHED] += blocked
            seconds[index, DOWN] += starved
            noted(station, intervals[index], begin)
            station.finished = max(station.finished, over)
            piece += 1
        noted(station, intervals[index], starts[memory + until])
        station.finished = finished[until]
        at = until + 1
    station.gone, station.pieces = gone[count - 1], 0


@called
def followed(
    tandem: Records, stations: Records, intervals: Floats, seen: Marks, floor: Records, warmup: float, end: float
) -> None:  # fmt: skip
    """Follow the station with the longest current active period as far as every station's past is known."""
    until = end
    for index in range(floor.stations):
        until = min(until, tandem[index].finished)
    now = floor.bottleneck_at
    for index in range(floor.stations):
        seen[index] = 0
    while now < until:
        first, then = math.inf, until
        chosen, stops = NONE, until
        for index in range(floor.stations):
            station = tandem[index]
            at = seen[index]
            while at < station.count and intervals[index, at, 1] <= now:
                at += 1
            seen[index] = at
            begin = intervals[index, at, 0] if at < station.count else station.since
            if begin > now:
                then = min(then, begin)
            elif begin < first:
                first, chosen = begin, index
                stops = intervals[index, at, 1] if at < station.count else until
        if chosen == NONE:
            now = then
            continue
        stops = min(stops, until)
        stations[chosen].bottleneck += clipped(now, stops, warmup, end)
        now = stops
    floor.bottleneck_at = now
    for index in range(floor.stations):
        station = tandem[index]
        for n in range(seen[index], station.count):
            intervals[index, n - seen[index], 0] = intervals[index, n, 0]
            intervals[index, n - seen[index], 1] = intervals[index, n, 1]
        station.count -= seen[index]


@called
def delivered(
    floor: Records, loads: Floats, ends: Floats, memory: int, count: int, warmup: float, horizon: float,
    end: float, output: Floats,
) -> None:  # fmt: skip
    """Count the parts that leave the line within the window, and how long they were in it."""
    entered, finished = loads[0], ends[floor.stations - 1]
    for n in range(count):
        if warmup <= finished[n] < end:
            floor.good += 1
            floor.lead += finished[n] - entered[memory + n]
            if output.shape[0] > 0:
                share = (finished[n] - warmup) / (horizon - warmup)
                if share < 1.0:
                    output[min(int(share * output.shape[0]), output.shape[0] - 1)] += 1.0
