"""The recursion part by part: for lines with stations that have no place between them."""

from __future__ import annotations

import math

import numba
import numpy as np

from simulators.compiled import compiled
from simulators.distributions import Floats
from simulators.figures import BLOCKED, STARVED, WORKING
from simulators.twin_clocks import draw
from simulators.twin_recursion import (
    DONE,
    ENLARGE,
    LOOK,
    SERIAL_TYPE,
    SOURCE_TYPE,
    act,
    advance,
    begin_serial,
    catch_up,
    clipped,
    count_failure,
    load_after,
    look,
    processed,
)
from simulators.twin_sums import DOWN_UNFINISHED, write
from simulators.twin_tables import COMPILED, Records


@compiled(
    numba.int64(
        *(COMPILED[name] for name in ("stream", "station", "server", "cause", "crew", "floor")),
        *(COMPILED[name] for name in ("floats", "floats", "floats2", "floats2")),
        SERIAL_TYPE,
        SOURCE_TYPE,
        *(COMPILED[name] for name in ("floats3", "floats", "floats2", "f", "f", "u", "u", "floats", "floats")),
    )
)
def simulate_serial(
    streams: Records,
    stations: Records,
    servers: Records,
    causes: Records,
    crews: Records,
    floors: Records,
    numbers: Floats,
    switches: Floats,
    store: Floats,
    seconds: Floats,
    serial: Records,
    sources: Records,
    intervals: Floats,
    starts: Floats,
    marks: Floats,
    warmup: float,
    horizon: float,
    seed: np.uint64,
    replication: np.uint64,
    output: Floats,
    out: Floats,
) -> int:
    """Simulate one replication and write its sums to ``out``; all tables are used up.

    Returns ENLARGE when ``intervals`` [station, active period, begin or end] has too few periods: begin afresh.
    """
    floor = floors[0]
    begin_serial(serial, sources, causes, streams, store, numbers, switches, floor, seed, replication)
    end = warmup + (horizon - warmup)
    last = floor.stations - 1
    ready, until_look, full = 0.0, LOOK, 0
    shut = False  # the first station loads nothing more within the horizon
    while full == 0:
        if floor.saturated == 0:
            ready += draw(streams, store, numbers, floor.arrivals_stream, seed, replication)
            if ready >= end:
                break
            floor.arrivals += 1 if ready >= warmup else 0
            if shut:
                stations[last + 1].level_area += clipped(ready, end, warmup, end)
                continue
        entered, left = ready, ready
        index = 0
        while True:
            # The part is ready for this station since ``left``: load it.
            station = serial[index]
            loaded = max(left, station.free)
            if loaded < station.quiet:
                seconds[index, STARVED] += clipped(station.free, loaded, warmup, end)
                full |= load_after(serial, intervals, index, loaded)
            else:
                full |= catch_up(serial, intervals, index)
                loaded = advance(
                    serial, sources, causes, crews, stations, streams, store, numbers, switches, intervals, seconds,
                    index, station.free, loaded, STARVED, 1, warmup, end, seed, replication,
                )  # fmt: skip
                if loaded < 0.0:
                    full = 1
                    break
            if index == 0:
                if floor.saturated == 1:
                    entered = loaded
                else:
                    stations[last + 1].level_area += clipped(left, loaded, warmup, end)
                    if warmup <= loaded < end:
                        floor.queue_wait += loaded - left
                        floor.starts += 1
                        floor.waited += 1 if loaded > left else 0
            else:
                before = serial[index - 1]
                finished = before.free
                if stations[index - 1].buffer == 0:
                    left = loaded
                else:
                    stations[index - 1].level_area += clipped(left, loaded, warmup, end)
                if left < before.quiet:
                    seconds[index - 1, BLOCKED] += clipped(finished, left, warmup, end)
                elif left > finished:
                    if advance(
                        serial, sources, causes, crews, stations, streams, store, numbers, switches, intervals,
                        seconds, index - 1, finished, left, BLOCKED, 0, warmup, end, seed, replication,
                    ) < 0.0:  # fmt: skip
                        full = 1
                    before.finished = left
                before.free = left
            if station.room > 0:
                starts[station.starts + station.ring] = loaded
                station.ring = station.ring + 1 if station.ring + 1 < station.room else 0
            if loaded >= end:
                station.free = station.finished = loaded
                shut = shut or index == 0
                break
            # Process it.
            work = draw(streams, store, numbers, stations[index].cycle, seed, replication)
            finished = loaded + work
            plain = finished <= station.quiet
            first, after = servers[index].cause, servers[index].cause + servers[index].causes
            if after == first + 1:  # what is nearly always so is spared the loop
                plain = plain and work <= causes[first].left
                causes[first].left -= work if plain else 0.0
            else:
                for number in range(first, after):
                    plain = plain and work <= causes[number].left
                for number in range(first, after if plain else first):
                    causes[number].left -= work
            if plain:
                act(serial, seconds, index, loaded, finished, WORKING, warmup, end)
            elif after == first + 1 and station.quiet == math.inf:
                begin = loaded
                while work > causes[first].left:
                    stop = begin + causes[first].left
                    work -= causes[first].left
                    seconds[index, WORKING] += clipped(begin, stop, warmup, end)
                    begin = stop + draw(streams, store, numbers, causes[first].repair, seed, replication)
                    causes[first].left = draw(streams, store, numbers, causes[first].uptime, seed, replication)
                    count_failure(stations, causes, crews, first, index, stop, begin, warmup, end)
                    seconds[index, DOWN_UNFINISHED] += clipped(stop, begin, warmup, end)
                causes[first].left -= work
                finished = begin + work
                act(serial, seconds, index, begin, finished, WORKING, warmup, end)
            else:
                finished = processed(
                    serial, sources, causes, crews, stations, servers, streams, store, numbers, switches, intervals,
                    seconds, index, loaded, work, warmup, end, seed, replication,
                )  # fmt: skip
            station.free = station.finished = finished
            inside = warmup <= finished < end
            stations[index].processed += 1 if inside else 0
            if index == last and inside and output.shape[0] > 0:
                share = (finished - warmup) / (horizon - warmup)
                if share < 1.0:
                    output[min(int(share * output.shape[0]), output.shape[0] - 1)] += 1.0
            if stations[index].scrap > 0.0:
                chance = draw(streams, store, numbers, stations[index].scrap_stream, seed, replication)
                if chance < stations[index].scrap:
                    stations[index].scrapped += 1 if inside else 0
                    break
            if index == last:
                if inside:
                    floor.good += 1
                    floor.lead += finished - entered
                break
            # Leave it when the next buffer has room; without a buffer, when the next station loads it.
            index += 1
            left = finished
            if serial[index].room > 0:
                left = max(left, starts[serial[index].starts + serial[index].ring])
        if shut and floor.saturated == 1:
            break
        until_look -= 1
        if until_look == 0:
            until_look = LOOK
            look(serial, stations, intervals, floor, marks, warmup, end)
    for index in range(floor.stations if full == 0 else 0):
        full |= catch_up(serial, intervals, index)
        known = advance(
            serial, sources, causes, crews, stations, streams, store, numbers, switches, intervals, seconds, index,
            serial[index].free, max(end, serial[index].free), STARVED, 0, warmup, end, seed, replication,
        )  # fmt: skip
        if known < 0.0:
            full = 1
        serial[index].finished = max(end, serial[index].free)
    if full == 1:
        return ENLARGE
    look(serial, stations, intervals, floor, marks, warmup, end)
    write(stations, crews, floor, seconds, out)
    return DONE
