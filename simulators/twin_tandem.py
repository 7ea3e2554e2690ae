"""The recursion in blocks of parts, for the plainest lines: what one replication in the millions of parts costs.

A tandem line: saturated, one machine a station, parts made of nothing but time, at most one cause of failure on the
operating clock and one on the calendar clock. Every part visits every station, so a block of parts is taken at once:
its cycle times are drawn, its times follow from the recursion of ``twin_recursion`` with the same additions in the same
order, and only then are they summed up, station by station, without a question asked for each part. A calendar
failure that meets a part is kept as a piece of down time and put in its place when the block is summed up.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from simulators.compiled import called, compiled, inlined
from simulators.distributions import Floats
from simulators.figures import BLOCKED, DOWN, STARVED, WORKING
from simulators.line import Line
from simulators.streams import fill
from simulators.twin_clocks import draw
from simulators.twin_recursion import DONE, ENLARGE, clipped, count_failure, recursion_applies
from simulators.twin_sums import DOWN_FINISHED, DOWN_UNFINISHED, write
from simulators.twin_tables import COMPILED, NONE, UNLIMITED, Records, record

Marks: TypeAlias = NDArray[np.int64]

_u64 = np.uint64
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
def next_calendar(
    tandem: Records, stations: Records, causes: Records, crews: Records, streams: Records, store: Floats,
    numbers: Floats, index: int, warmup: float, end: float, seed: np.uint64, replication: np.uint64,
) -> None:  # fmt: skip
    """The next calendar failure of a station."""
    station = tandem[index]
    cause = causes[station.calendar]
    station.begin = station.end + draw(streams, store, numbers, cause.uptime, seed, replication)
    station.end = station.begin + draw(streams, store, numbers, cause.repair, seed, replication)
    count_failure(stations, causes, crews, station.calendar, index, station.begin, station.end, warmup, end)


@called
def loaded_late(
    tandem: Records, stations: Records, causes: Records, crews: Records, streams: Records, store: Floats,
    numbers: Floats, pieces: Floats, part: int, index: int, loaded: float, warmup: float, end: float, seed: np.uint64,
    replication: np.uint64,
) -> float:  # fmt: skip
    """A station that fails while it waits, or is down: when it loads; negative if there is no room for the pieces."""
    station = tandem[index]
    while station.begin <= loaded and station.begin < end:
        if station.pieces == pieces.shape[1]:
            return -1.0
        pieces[index, station.pieces, 0] = part
        pieces[index, station.pieces, 1] = station.begin
        pieces[index, station.pieces, 2] = station.end
        station.pieces += 1
        loaded = max(loaded, station.end)
        next_calendar(
            tandem, stations, causes, crews, streams, store, numbers, index, warmup, end, seed, replication
        )  # fmt: skip
    return loaded


@called
def finished_late(
    tandem: Records, stations: Records, causes: Records, crews: Records, streams: Records, store: Floats,
    numbers: Floats, seconds: Floats, index: int, now: float, work: float, warmup: float, end: float, seed: np.uint64,
    replication: np.uint64,
) -> float:  # fmt: skip
    """A part that meets failures: when it is finished. What happens after the horizon is not followed."""
    station = tandem[index]
    while True:
        step = min(work, station.left)
        stop = now + step
        if stop > station.begin:
            stop = station.begin
            step = stop - now
        work -= step
        station.left -= step
        if work <= 0.0 or stop >= end:
            return stop
        up = stop
        if station.left <= 0.0:
            cause = causes[station.operating]
            up = stop + draw(streams, store, numbers, cause.repair, seed, replication)
            station.left = draw(streams, store, numbers, cause.uptime, seed, replication)
            count_failure(stations, causes, crews, station.operating, index, stop, up, warmup, end)
        while station.begin <= up and station.begin < end:
            up = max(up, station.end)
            next_calendar(
                tandem, stations, causes, crews, streams, store, numbers, index, warmup, end, seed, replication
            )  # fmt: skip
        lost = clipped(stop, up, warmup, end)
        seconds[index, DOWN_UNFINISHED] += lost
        seconds[index, WORKING] -= lost
        now = up


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


@compiled(
    numba.int64(
        *(COMPILED[name] for name in ("stream", "station", "cause", "crew", "floor")),
        *(COMPILED[name] for name in ("floats", "floats2", "floats2")),
        TANDEM_TYPE,
        *(COMPILED[name] for name in ("floats2", "floats2", "floats2", "floats2", "floats3", "floats3", "ints")),
        *(COMPILED[name] for name in ("f", "f", "u", "u", "floats", "floats")),
    )
)
def simulate_tandem(
    streams: Records,
    stations: Records,
    causes: Records,
    crews: Records,
    floors: Records,
    numbers: Floats,
    store: Floats,
    seconds: Floats,
    tandem: Records,
    work: Floats,
    ends: Floats,
    exits: Floats,
    loads: Floats,
    pieces: Floats,
    intervals: Floats,
    marks: Marks,
    warmup: float,
    horizon: float,
    seed: np.uint64,
    replication: np.uint64,
    output: Floats,
    out: Floats,
) -> int:
    """Simulate one replication and write its sums to ``out``; all tables are used up.

    ``work``, ``ends``, ``exits`` [station, part of the block], ``loads`` [station and a row of zeros, memory and
    block]. Returns ENLARGE when ``pieces`` or ``intervals`` [station, number, ...] have too little room.
    """
    floor = floors[0]
    count, memory = floor.stations, loads.shape[1] - work.shape[1]
    end = warmup + (horizon - warmup)
    for index in range(count):
        if tandem[index].operating != NONE:
            cause = causes[tandem[index].operating]
            tandem[index].left = draw(streams, store, numbers, cause.uptime, seed, replication)
        if tandem[index].calendar != NONE:
            tandem[index].end = 0.0
            next_calendar(
                tandem, stations, causes, crews, streams, store, numbers, index, warmup, end, seed, replication
            )  # fmt: skip
    first = _u64(0)
    over = False
    while not over:
        for index in range(count):
            stream = streams[stations[index].cycle]
            fill(
                work[index], numbers, stream.kind, stream.offset, stream.count, stream.a, stream.b, stream.c, seed,
                replication, stream.name, first,
            )  # fmt: skip
            if tandem[index].count + 2 * work.shape[1] + pieces.shape[1] >= intervals.shape[1]:
                return ENLARGE
        first += _u64(work.shape[1])
        parts = 0
        while parts < work.shape[1] and not over:
            ready = 0.0
            for index in range(count):
                station = tandem[index]
                loaded = max(ready, station.free)
                if loaded >= station.begin:
                    loaded = loaded_late(
                        tandem, stations, causes, crews, streams, store, numbers, pieces, parts, index, loaded, warmup,
                        end, seed, replication,
                    )  # fmt: skip
                    if loaded < 0.0:
                        return ENLARGE
                loads[index, memory + parts] = loaded
                if index > 0 and tandem[index - 1].direct == 1:
                    exits[index - 1, parts] = loaded
                    tandem[index - 1].free = loaded
                needs = work[index, parts]
                finished = loaded + needs
                rest = station.left - needs
                if rest < 0.0 or finished > station.begin:
                    finished = finished_late(
                        tandem, stations, causes, crews, streams, store, numbers, seconds, index, loaded, needs, warmup,
                        end, seed, replication,
                    )  # fmt: skip
                else:
                    station.left = rest
                ends[index, parts] = finished
                ready = max(finished, loads[station.ahead, memory + parts - station.lag])
                exits[index, parts] = ready
                station.free = ready
            over = loads[0, memory + parts] >= end
            parts += 1
        for index in range(count):
            summed(
                tandem, stations, seconds, loads, ends, exits, pieces, intervals, marks, index, memory, parts, warmup,
                end,
            )  # fmt: skip
        delivered(floor, loads, ends, memory, parts, warmup, horizon, end, output)
        followed(tandem, stations, intervals, marks, floor, warmup, end)
        for index in range(count):
            for n in range(memory):
                loads[index, n] = loads[index, n + parts]
    write(stations, crews, floor, seconds, out)
    return DONE
