"""The recursion in blocks of parts, for the plainest lines: what one replication in the millions of parts costs.

A tandem line: saturated, one machine a station, parts made of nothing but time, at most one cause of failure on the
operating clock and one on the calendar clock. Every part visits every station, so a block of parts is taken at once:
its cycle times are drawn, its times follow from the recursion of ``twin_recursion`` with the same additions in the same
order, and only then are they summed up, station by station, without a question asked for each part. A calendar
failure that meets a part is kept as a piece of down time and put in its place when the block is summed up.
"""

from __future__ import annotations

import numba
import numpy as np

from simulators.compiled import called, compiled, inlined
from simulators.distributions import Floats
from simulators.figures import WORKING
from simulators.streams import fill
from simulators.twin_blocks import TANDEM_TYPE, Marks, delivered, followed, summed
from simulators.twin_clocks import draw
from simulators.twin_recursion import DONE, ENLARGE, clipped, count_failure
from simulators.twin_sums import DOWN_UNFINISHED, write
from simulators.twin_tables import COMPILED, NONE, Records

_u64 = np.uint64


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
    while now < end:
        step = min(work, station.left)
        stop = now + step
        if stop > station.begin:
            stop = station.begin
            step = stop - now
        work -= step
        station.left -= step
        if work <= 0.0:
            return float(stop)
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
    return now


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
