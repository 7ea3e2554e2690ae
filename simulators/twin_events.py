"""The event kernel: any line, one event after the other, in compiled code.

It tells the same story as reference.py, in the same order: within one moment first whatever the clocks bring about, by
rank (the slots of the timers are in that order), then the moves of parts from the end of the line to its beginning
until none is left, then the notes.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from simulators.compiled import called, compiled, inlined
from simulators.distributions import Floats
from simulators.figures import BLOCKED, STARVED
from simulators.line import WEEK
from simulators.twin_clocks import draw, next_timer
from simulators.twin_failures import fail, repaired
from simulators.twin_queues import push, settle, soil, touch
from simulators.twin_sums import flush, forget, state_of, write
from simulators.twin_tables import CALENDAR, COMPILED, NONE, UNLIMITED, Records


@inlined
def _finish(
    stations: Records, servers: Records, streams: Records, floor: Records, store: Floats,
    numbers: Floats, output: Floats, warmup: float, horizon: float, seed: np.uint64, replication: np.uint64,
    index: int, now: float,
) -> None:  # fmt: skip
    """Count a finished part; it leaves for good, or waits on the machine for room."""
    server = servers[index]
    at = server.station
    station = stations[at]
    last = at == floor.stations - 1
    server.work = 0.0
    station.processed += 1
    if last and output.shape[0] > 0:
        share = (now - warmup) / (horizon - warmup)
        if 0.0 <= share < 1.0:
            output[min(int(share * output.shape[0]), output.shape[0] - 1)] += 1.0
    scrapped = False
    if station.scrap > 0.0:
        scrapped = draw(streams, store, numbers, station.scrap_stream, seed, replication) < station.scrap
    station.scrapped += scrapped
    if last and not scrapped:
        floor.good += 1
        floor.lead += now - server.entered
    soil(stations, floor, at)
    if floor.closed == 0 and (last or scrapped):
        floor.inside -= 1
        server.has = 0
        return
    if floor.closed > 0 and last:
        server.entered = now
    if station.blocked == 0:
        station.blocked_head = index
    else:
        servers[station.blocked_tail].blocked_next = index
    station.blocked_tail = index
    station.blocked += 1
    soil(stations, floor, 0 if last else at + 1)


@inlined
def _end_step(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, store: Floats, numbers: Floats, output: Floats, warmup: float,
    horizon: float, seed: np.uint64, replication: np.uint64, index: int, step: float, now: float,
) -> None:  # fmt: skip
    """The machine stops after ``step`` seconds of work: the part is finished, a cause strikes, or it was stopped."""
    server = servers[index]
    server.running = 0
    server.work -= step
    when[index] = math.inf
    touch(servers, floor, touched, index)
    for number in range(server.cause, server.cause + server.causes):
        causes[number].left -= step
    if server.work <= 0.0:
        _finish(
            stations, servers, streams, floor, store, numbers, output, warmup, horizon, seed, replication, index, now,
        )  # fmt: skip
        return
    for number in range(server.cause, server.cause + server.causes):
        if causes[number].left <= 0.0:
            causes[number].left = math.inf
            fail(
                stations, servers, causes, crews, streams, floor, touched, when, store, numbers, seed,
                replication, number, now,
            )  # fmt: skip


@called
def _stop(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, store: Floats, numbers: Floats, output: Floats, warmup: float,
    horizon: float, seed: np.uint64, replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    """Interrupt a machine if it is running; the part stays in hand and keeps the work done."""
    if servers[index].running == 1:
        _end_step(
            stations, servers, causes, crews, streams, floor, touched, when, store, numbers, output, warmup,
            horizon, seed, replication, index, now - servers[index].started, now,
        )  # fmt: skip


@inlined
def _note(
    stations: Records, servers: Records, causes: Records, floor: Records, touched: Records, seconds: Floats,
    when: Floats, now: float,
) -> None:  # fmt: skip
    """End of a moment: start machines, note what those touched are doing and which station is the bottleneck."""
    on = floor.on
    for turn in range(floor.touched):
        server = servers[touched[turn]]
        if server.has == 1 and server.work > 0.0 and on == 1 and server.down == 0 and server.running == 0:
            step = server.work
            for number in range(server.cause, server.cause + server.causes):
                step = min(step, causes[number].left)
            server.running, server.started, server.step = 1, now, step
            when[touched[turn]] = now + step
        state = state_of(server, on)
        if state != server.state:
            seconds[server.station, server.state] += now - server.since
            server.since, server.state = now, state
        if on == 1:
            waits = 1 if state in (STARVED, BLOCKED) else 0
            stations[server.station].waiting += waits - server.waiting
            server.waiting = waits
    changed = False
    for turn in range(floor.touched):
        server = servers[touched[turn]]
        server.touched = 0
        station = stations[server.station]
        active = 1 if station.waiting == 0 else 0
        if on == 1 and active != station.active:
            station.active, station.active_since = active, now
            changed = True
    floor.touched = 0
    if not changed:
        return
    if floor.bottleneck != NONE:
        bottleneck = stations[floor.bottleneck]
        if bottleneck.active == 1 and bottleneck.active_since < now:
            return
        bottleneck.bottleneck += now - floor.bottleneck_at
    floor.bottleneck, floor.bottleneck_at = NONE, now
    first = math.inf
    for index in range(floor.stations):
        if stations[index].active == 1 and stations[index].active_since < first:
            first = stations[index].active_since
            floor.bottleneck = index


@called
def _begin(
    stations: Records, servers: Records, causes: Records, streams: Records, floor: Records, touched: Records,
    entered: Floats, after: Records, when: Floats, store: Floats, numbers: Floats, switches: Floats,
    calendar: Records, seed: np.uint64, replication: np.uint64,
) -> None:  # fmt: skip
    """Set the first timers and lay out the pallets: Monday 00:00, empty, all up."""
    if floor.arrivals_stream != NONE:
        gap = draw(streams, store, numbers, floor.arrivals_stream, seed, replication)
        when[floor.arrival_slot] = gap
    if switches.shape[0] > 0:
        when[floor.shift_slot] = switches[0]
    for index in range(causes.shape[0]):
        cause = causes[index]
        cause.left = draw(streams, store, numbers, cause.uptime, seed, replication)
        if cause.clock == CALENDAR:
            when[floor.calendar_slot + cause.calendar_slot] = cause.left
            cause.left = math.inf
            calendar[cause.calendar_slot] = index
    pallets = floor.closed
    for index in range(floor.stations if pallets > 0 else 0):
        before = stations[index - 1 if index > 0 else floor.stations - 1]
        space = pallets if before.buffer == UNLIMITED else before.buffer + stations[index].servers
        for _ in range(min(space, pallets)):
            push(before, floor, entered, after, 0.0, 0.0)
            pallets -= 1
    for index in range(floor.stations):
        soil(stations, floor, index)
    for index in range(servers.shape[0]):
        touch(servers, floor, touched, index)


@compiled(
    numba.int64(
        *(COMPILED[name] for name in ("stream", "station", "server", "cause", "crew", "floor")),
        *(COMPILED[name] for name in ("floats", "floats", "floats2", "floats2", "floats", "ints", "ints")),
        *(COMPILED[name] for name in ("floats", "ints", "f", "f", "u", "u", "floats", "floats")),
    )
)
def simulate_events(
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
    when: Floats,
    touched: Records,
    calendar: Records,
    entered: Floats,
    after: Records,
    warmup: float,
    horizon: float,
    seed: np.uint64,
    replication: np.uint64,
    output: Floats,
    out: Floats,
) -> int:
    """Simulate one replication and write its sums to ``out``; all tables are used up.

    Returns 0 when done, and 1 when ``entered`` and ``after`` (the places of parts in queues) must be enlarged; the same
    call then goes on.
    """
    floor = floors[0]
    if floor.begun == 0:
        floor.begun = floor.pending = 1
        floor.warm = 1 if warmup > 0.0 else 0
        _begin(
            stations, servers, causes, streams, floor, touched, entered, after, when, store, numbers, switches,
            calendar, seed, replication,
        )  # fmt: skip
    now = floor.now
    while True:
        slot = next_timer(when, floor)
        at = when[slot]
        if floor.pending == 1 and at > now:
            settle(stations, servers, streams, floor, touched, entered, after, store, numbers, seed, replication, now)
            _note(stations, servers, causes, floor, touched, seconds, when, now)
            floor.pending = 0
            continue
        end = warmup if floor.warm == 1 else warmup + (horizon - warmup)
        if at >= end:
            flush(stations, servers, crews, floor, seconds, end)
            if floor.warm == 0:
                write(stations, crews, floor, seconds, out)
                return 0
            forget(stations, crews, floor, seconds)
            floor.warm = 0
            continue
        if floor.spare < servers.shape[0] + 2:
            floor.now = now
            return 1
        now = at
        floor.pending = 1
        if slot < floor.repair_slot:
            _end_step(
                stations, servers, causes, crews, streams, floor, touched, when, store, numbers, output,
                warmup, horizon, seed, replication, slot, servers[slot].step, now,
            )  # fmt: skip
        elif slot < floor.calendar_slot:
            when[slot] = math.inf
            repaired(
                stations, servers, causes, crews, streams, floor, touched, when, store, numbers, seed,
                replication, slot - floor.repair_slot, now,
            )  # fmt: skip
        elif slot < floor.arrival_slot:
            when[slot] = math.inf
            index = calendar[slot - floor.calendar_slot]
            fail(
                stations, servers, causes, crews, streams, floor, touched, when, store, numbers, seed,
                replication, index, now,
            )  # fmt: skip
            _stop(
                stations, servers, causes, crews, streams, floor, touched, when, store, numbers, output,
                warmup, horizon, seed, replication, causes[index].server, now,
            )  # fmt: skip
        elif slot == floor.arrival_slot:
            gap = draw(streams, store, numbers, floor.arrivals_stream, seed, replication)
            when[slot] = now + gap
            floor.same |= now + gap <= now  # too short to move the clock
            floor.arrivals += 1
            if floor.capacity != UNLIMITED and floor.inside >= floor.capacity:
                floor.lost += 1
            else:
                floor.inside += 1
                push(stations[floor.stations], floor, entered, after, now, now)
                soil(stations, floor, 0)
        else:
            floor.turn += 1
            if floor.turn == switches.shape[0]:
                floor.turn, floor.week = 0, floor.week + 1
            when[slot] = now + (floor.week * WEEK + switches[floor.turn] - now)
            if floor.on == 1 and floor.bottleneck != NONE:
                stations[floor.bottleneck].bottleneck += now - floor.bottleneck_at
            floor.bottleneck_at = now
            floor.on = 1 - floor.on
            for index in range(servers.shape[0]):
                touch(servers, floor, touched, index)
                _stop(
                    stations, servers, causes, crews, streams, floor, touched, when, store, numbers, output,
                    warmup, horizon, seed, replication, index, now,
                )  # fmt: skip
            for index in range(floor.stations):
                soil(stations, floor, index)
        if floor.same == 0:
            settle(stations, servers, streams, floor, touched, entered, after, store, numbers, seed, replication, now)
            _note(stations, servers, causes, floor, touched, seconds, when, now)
            floor.pending = 0
