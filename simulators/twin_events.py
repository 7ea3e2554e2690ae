"""The event kernel: any line, one event after the other, in compiled code.

It tells the same story as reference.py, in the same order: within one moment first whatever the clocks bring about, by
rank (the slots of the timers are in that order), then the moves of parts from the end of the line to its beginning
until none is left, then the notes. Timers lie in a tournament tree: the next one is its root.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from simulators.compiled import called, compiled, inlined
from simulators.distributions import Floats
from simulators.figures import BLOCKED, CREW_SUMS, DOWN, LINE_SUMS, OFF, STARVED, STATES, STATION_SUMS, WORKING
from simulators.line import WEEK
from simulators.streams import fill
from simulators.twin_tables import BLOCK, CALENDAR, COMPILED, NONE, OPERATING, UNLIMITED, Records

N_STATES, N_STATION, N_CREW, N_LINE = len(STATES), len(STATION_SUMS), len(CREW_SUMS), len(LINE_SUMS)
#: States in more detail than STATES: what a machine that is down or off holds.
DOWN_UNFINISHED, DOWN_FINISHED, OFF_HOLDING = N_STATES, N_STATES + 1, N_STATES + 2
DETAILS = N_STATES + 3
_u64 = np.uint64


@inlined
def _draw(
    streams: Records, store: Floats, numbers: Floats, index: int, seed: np.uint64, replication: np.uint64
) -> float:
    """Return the next number of stream ``index``."""
    stream = streams[index]
    if stream.at == BLOCK:
        fill(
            store[index], numbers, stream.kind, stream.offset, stream.count, stream.a, stream.b, stream.c,
            seed, replication, stream.name, stream.next,
        )  # fmt: skip
        stream.next += _u64(BLOCK)
        stream.at = 0
    stream.at += 1
    return float(store[index, stream.at - 1])


@inlined
def _set_timer(when: Floats, tree: Records, slot: int, time: float) -> None:
    """Set a timer and play its matches again; the lower slot wins a tie."""
    when[slot] = time
    node = (slot + when.shape[0]) >> 1
    while node > 0:
        left, right = tree[2 * node], tree[2 * node + 1]
        tree[node] = left if when[left] <= when[right] else right
        node >>= 1


@inlined
def _level(station: Records, change: int, now: float) -> None:
    """Change the number of parts behind a station."""
    station.level_area += station.level * (now - station.level_at)
    station.level_at = now
    station.level += change


@inlined
def _push(station: Records, floor: Records, entered: Floats, after: Records, part: float, now: float) -> None:
    """Put a part at the end of the queue behind a station."""
    node = floor.free
    floor.free = after[node]
    floor.spare -= 1
    entered[node], after[node] = part, NONE
    if station.level == 0:
        station.head = node
    else:
        after[station.tail] = node
    station.tail = node
    _level(station, 1, now)


@inlined
def _pop(station: Records, floor: Records, entered: Floats, after: Records, now: float) -> float:
    """Take the first part of the queue behind a station."""
    node = station.head
    station.head = after[node]
    after[node] = floor.free
    floor.free = node
    floor.spare += 1
    _level(station, -1, now)
    return float(entered[node])


@inlined
def _touch(servers: Records, floor: Records, touched: Records, index: int) -> None:
    """Remember that the state of a machine may have changed at this moment."""
    if servers[index].touched == 0:
        servers[index].touched = 1
        touched[floor.touched] = index
        floor.touched += 1


@inlined
def _soil(stations: Records, floor: Records, index: int) -> None:
    """Remember that parts may move at a station."""
    if stations[index].dirty == 0:
        stations[index].dirty = 1
        floor.dirty += 1


@inlined
def _release(stations: Records, servers: Records, floor: Records, touched: Records, index: int) -> float:
    """Take the finished part from the first blocked machine of a station."""
    station = stations[index]
    server = servers[station.blocked_head]
    _touch(servers, floor, touched, station.blocked_head)
    station.blocked_head = server.blocked_next
    station.blocked -= 1
    server.has = 0
    _soil(stations, floor, index)
    return float(server.entered)


@inlined
def _unblock(
    stations: Records, servers: Records, floor: Records, touched: Records, entered: Floats, after: Records,
    index: int, now: float,
) -> None:  # fmt: skip
    """Let finished parts into the buffer behind a station while there is room."""
    station = stations[index]
    while station.blocked > 0 and (station.buffer == UNLIMITED or station.level < station.buffer):
        part = _release(stations, servers, floor, touched, index)
        _push(station, floor, entered, after, part, now)
        _soil(stations, floor, index + 1 if index + 1 < floor.stations else 0)


@inlined
def _load(
    stations: Records, servers: Records, streams: Records, floor: Records, touched: Records, entered: Floats,
    after: Records, store: Floats, numbers: Floats, seed: np.uint64, replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    """Fill the idle machines of a station, and the room they make behind the one before."""
    station = stations[index]
    before = index - 1
    if index == 0:
        before = floor.stations - 1 if floor.closed > 0 else floor.stations  # the yard, where arrivals queue
    for number in range(station.first, station.first + station.servers):
        server = servers[number]
        if server.has == 1 or server.down > 0:
            continue
        if index == 0 and floor.saturated == 1 and floor.closed == 0:
            server.entered = now
            floor.inside += 1
        elif stations[before].level > 0:
            server.entered = _pop(stations[before], floor, entered, after, now)
            if before == floor.stations:
                floor.queue_wait += now - server.entered
                floor.starts += 1
                floor.waited += now > server.entered
            else:
                _unblock(stations, servers, floor, touched, entered, after, before, now)
        elif stations[before].blocked > 0:
            server.entered = _release(stations, servers, floor, touched, before)
        else:
            return
        server.has = 1
        server.work = _draw(streams, store, numbers, station.cycle, seed, replication)
        _touch(servers, floor, touched, number)


@inlined
def _begin_repair(
    causes: Records, streams: Records, floor: Records, when: Floats, tree: Records, store: Floats, numbers: Floats,
    seed: np.uint64, replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    time = _draw(streams, store, numbers, causes[index].repair, seed, replication)
    _set_timer(when, tree, floor.repair_slot + index, now + time)


@inlined
def _crew_note(crew: Records, change: int, now: float) -> None:
    crew.busy_area += crew.busy * (now - crew.at)
    crew.at = now
    crew.busy += change


@called
def _fail(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, tree: Records, store: Floats, numbers: Floats, seed: np.uint64,
    replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    """A cause strikes: the machine is down, its crew is called."""
    cause = causes[index]
    server = servers[cause.server]
    server.down += 1
    stations[server.station].failures += 1
    _touch(servers, floor, touched, cause.server)
    cause.failed = now
    if cause.crew != NONE:
        crew = crews[cause.crew]
        if crew.busy == crew.size:
            if crew.queue == 0:
                crew.head = index
            else:
                causes[crew.tail].next = index
            crew.tail = index
            crew.queue += 1
            return
        _crew_note(crew, 1, now)
        crew.repairs += 1
    _begin_repair(causes, streams, floor, when, tree, store, numbers, seed, replication, index, now)


@called
def _repaired(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, tree: Records, store: Floats, numbers: Floats, seed: np.uint64,
    replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    """A repair ends: the crew goes to the next, the clock of the cause starts again."""
    cause = causes[index]
    server = servers[cause.server]
    server.down -= 1
    _touch(servers, floor, touched, cause.server)
    _soil(stations, floor, server.station)
    if cause.crew != NONE:
        crew = crews[cause.crew]
        _crew_note(crew, -1, now)
        if crew.queue > 0:
            called = crew.head
            crew.head = causes[called].next
            crew.queue -= 1
            crew.wait += now - causes[called].failed
            crew.repairs += 1
            _crew_note(crew, 1, now)
            _begin_repair(causes, streams, floor, when, tree, store, numbers, seed, replication, called, now)
    time = _draw(streams, store, numbers, cause.uptime, seed, replication)
    if cause.clock == OPERATING:
        cause.left = time
    else:
        _set_timer(when, tree, floor.calendar_slot + cause.calendar_slot, now + time)


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
        scrapped = _draw(streams, store, numbers, station.scrap_stream, seed, replication) < station.scrap
    station.scrapped += scrapped
    if last and not scrapped:
        floor.good += 1
        floor.lead += now - server.entered
    _soil(stations, floor, at)
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
    _soil(stations, floor, 0 if last else at + 1)


@inlined
def _end_step(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, tree: Records, store: Floats, numbers: Floats, output: Floats, warmup: float,
    horizon: float, seed: np.uint64, replication: np.uint64, index: int, step: float, now: float,
) -> None:  # fmt: skip
    """The machine stops after ``step`` seconds of work: the part is finished, a cause strikes, or it was stopped."""
    server = servers[index]
    server.running = 0
    server.work -= step
    _set_timer(when, tree, index, math.inf)
    _touch(servers, floor, touched, index)
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
            _fail(
                stations, servers, causes, crews, streams, floor, touched, when, tree, store, numbers, seed,
                replication, number, now,
            )  # fmt: skip


@called
def _stop(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, tree: Records, store: Floats, numbers: Floats, output: Floats, warmup: float,
    horizon: float, seed: np.uint64, replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    """Interrupt a machine if it is running; the part stays in hand and keeps the work done."""
    if servers[index].running == 1:
        _end_step(
            stations, servers, causes, crews, streams, floor, touched, when, tree, store, numbers, output, warmup,
            horizon, seed, replication, index, now - servers[index].started, now,
        )  # fmt: skip


@inlined
def _state(server: Records, on: int) -> int:
    if on == 0:
        return OFF_HOLDING if server.has == 1 else OFF
    if server.down > 0:
        if server.has == 0:
            return DOWN
        return DOWN_UNFINISHED if server.work > 0.0 else DOWN_FINISHED
    if server.has == 0:
        return STARVED
    return WORKING if server.work > 0.0 else BLOCKED


@inlined
def _note(
    stations: Records, servers: Records, causes: Records, floor: Records, touched: Records, seconds: Floats,
    when: Floats, tree: Records, now: float,
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
            _set_timer(when, tree, touched[turn], now + step)
        state = _state(server, on)
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
def _flush(stations: Records, servers: Records, crews: Records, floor: Records, seconds: Floats, now: float) -> None:
    """Bring all sums up to this moment."""
    for index in range(servers.shape[0]):
        server = servers[index]
        seconds[server.station, server.state] += now - server.since
        server.since = now
    for index in range(stations.shape[0]):
        _level(stations[index], 0, now)
    for index in range(crews.shape[0]):
        _crew_note(crews[index], 0, now)
    if floor.bottleneck != NONE and floor.on == 1:
        stations[floor.bottleneck].bottleneck += now - floor.bottleneck_at
    floor.bottleneck_at = now


@called
def _forget(stations: Records, crews: Records, floor: Records, seconds: Floats) -> None:
    """Start counting afresh: the warm-up is over."""
    for index in range(stations.shape[0]):
        for state in range(DETAILS):
            seconds[index, state] = 0.0
        station = stations[index]
        station.level_area = station.bottleneck = 0.0
        station.processed = station.scrapped = station.failures = 0
    for index in range(crews.shape[0]):
        crews[index].busy_area = crews[index].wait = 0.0
        crews[index].repairs = 0
    floor.queue_wait = floor.lead = 0.0
    floor.lost = floor.arrivals = floor.starts = floor.waited = floor.good = 0


@called
def _write(stations: Records, crews: Records, floor: Records, seconds: Floats, out: Floats) -> None:
    """Write the sums in the order of RunFigures.vector, without the bins."""
    n = floor.stations
    wip = 0.0
    for index in range(n):
        station, row = stations[index], seconds[index]
        for state in range(N_STATES):
            out[index * N_STATES + state] = row[state]
        out[index * N_STATES + DOWN] += row[DOWN_UNFINISHED] + row[DOWN_FINISHED]
        out[index * N_STATES + OFF] += row[OFF_HOLDING]
        held = row[WORKING] + row[BLOCKED] + row[DOWN_UNFINISHED] + row[DOWN_FINISHED] + row[OFF_HOLDING]
        at = n * N_STATES + index * N_STATION
        out[at] = row[WORKING] + row[DOWN_UNFINISHED]
        out[at + 1] = held
        out[at + 2] = station.level_area
        out[at + 3] = station.bottleneck
        out[at + 4], out[at + 5], out[at + 6] = station.processed, station.scrapped, station.failures
        wip += held + station.level_area
    for index in range(crews.shape[0]):
        at = n * (N_STATES + N_STATION) + index * N_CREW
        out[at], out[at + 1], out[at + 2] = crews[index].busy_area, crews[index].wait, crews[index].repairs
    at = n * (N_STATES + N_STATION) + crews.shape[0] * N_CREW
    out[at], out[at + 1], out[at + 2], out[at + 3] = floor.good, floor.lead, wip, stations[n].level_area
    out[at + 4], out[at + 5], out[at + 6] = floor.queue_wait, floor.starts, floor.waited
    out[at + 7], out[at + 8] = floor.arrivals, floor.lost


@inlined
def _settle(
    stations: Records, servers: Records, streams: Records, floor: Records, touched: Records, entered: Floats,
    after: Records, store: Floats, numbers: Floats, seed: np.uint64, replication: np.uint64, now: float,
) -> None:  # fmt: skip
    """Move every part that can move, from the end of the line to its beginning, until none can."""
    while floor.dirty > 0:
        for index in range(floor.stations - 1, -1, -1):
            if stations[index].dirty == 1:
                stations[index].dirty = 0
                floor.dirty -= 1
                if floor.on == 1:
                    _load(
                        stations, servers, streams, floor, touched, entered, after, store, numbers, seed,
                        replication, index, now,
                    )  # fmt: skip
                _unblock(stations, servers, floor, touched, entered, after, index, now)


@called
def _begin(
    stations: Records, servers: Records, causes: Records, streams: Records, floor: Records, touched: Records,
    entered: Floats, after: Records, when: Floats, tree: Records, store: Floats, numbers: Floats, switches: Floats,
    calendar: Records, seed: np.uint64, replication: np.uint64,
) -> None:  # fmt: skip
    """Set the first timers and lay out the pallets: Monday 00:00, empty, all up."""
    if floor.arrivals_stream != NONE:
        gap = _draw(streams, store, numbers, floor.arrivals_stream, seed, replication)
        _set_timer(when, tree, floor.arrival_slot, gap)
    if switches.shape[0] > 0:
        _set_timer(when, tree, floor.shift_slot, switches[0])
    for index in range(causes.shape[0]):
        cause = causes[index]
        cause.left = _draw(streams, store, numbers, cause.uptime, seed, replication)
        if cause.clock == CALENDAR:
            _set_timer(when, tree, floor.calendar_slot + cause.calendar_slot, cause.left)
            cause.left = math.inf
            calendar[cause.calendar_slot] = index
    pallets = floor.closed
    for index in range(floor.stations if pallets > 0 else 0):
        before = stations[index - 1 if index > 0 else floor.stations - 1]
        space = pallets if before.buffer == UNLIMITED else before.buffer + stations[index].servers
        for _ in range(min(space, pallets)):
            _push(before, floor, entered, after, 0.0, 0.0)
            pallets -= 1
    for index in range(floor.stations):
        _soil(stations, floor, index)
    for index in range(servers.shape[0]):
        _touch(servers, floor, touched, index)


@compiled(
    numba.int64(
        *(COMPILED[name] for name in ("stream", "station", "server", "cause", "crew", "floor")),
        *(COMPILED[name] for name in ("floats", "floats", "floats2", "floats2", "floats", "ints", "ints", "ints")),
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
    tree: Records,
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
            stations, servers, causes, streams, floor, touched, entered, after, when, tree, store, numbers, switches,
            calendar, seed, replication,
        )  # fmt: skip
    now = floor.now
    while True:
        slot = tree[1]
        at = when[slot]
        if floor.pending == 1 and at > now:
            _settle(stations, servers, streams, floor, touched, entered, after, store, numbers, seed, replication, now)
            _note(stations, servers, causes, floor, touched, seconds, when, tree, now)
            floor.pending = 0
            continue
        end = warmup if floor.warm == 1 else warmup + (horizon - warmup)
        if at >= end:
            _flush(stations, servers, crews, floor, seconds, end)
            if floor.warm == 0:
                _write(stations, crews, floor, seconds, out)
                return 0
            _forget(stations, crews, floor, seconds)
            floor.warm = 0
            continue
        if floor.spare < servers.shape[0] + 2:
            floor.now = now
            return 1
        now = at
        floor.pending = 1
        if slot < floor.repair_slot:
            _end_step(
                stations, servers, causes, crews, streams, floor, touched, when, tree, store, numbers, output,
                warmup, horizon, seed, replication, slot, servers[slot].step, now,
            )  # fmt: skip
        elif slot < floor.calendar_slot:
            _set_timer(when, tree, slot, math.inf)
            _repaired(
                stations, servers, causes, crews, streams, floor, touched, when, tree, store, numbers, seed,
                replication, slot - floor.repair_slot, now,
            )  # fmt: skip
        elif slot < floor.arrival_slot:
            _set_timer(when, tree, slot, math.inf)
            index = calendar[slot - floor.calendar_slot]
            _fail(
                stations, servers, causes, crews, streams, floor, touched, when, tree, store, numbers, seed,
                replication, index, now,
            )  # fmt: skip
            _stop(
                stations, servers, causes, crews, streams, floor, touched, when, tree, store, numbers, output,
                warmup, horizon, seed, replication, causes[index].server, now,
            )  # fmt: skip
        elif slot == floor.arrival_slot:
            gap = _draw(streams, store, numbers, floor.arrivals_stream, seed, replication)
            _set_timer(when, tree, slot, now + gap)
            floor.arrivals += 1
            if floor.capacity != UNLIMITED and floor.inside >= floor.capacity:
                floor.lost += 1
            else:
                floor.inside += 1
                _push(stations[floor.stations], floor, entered, after, now, now)
                _soil(stations, floor, 0)
        else:
            floor.turn += 1
            if floor.turn == switches.shape[0]:
                floor.turn, floor.week = 0, floor.week + 1
            _set_timer(when, tree, slot, now + (floor.week * WEEK + switches[floor.turn] - now))
            if floor.on == 1 and floor.bottleneck != NONE:
                stations[floor.bottleneck].bottleneck += now - floor.bottleneck_at
            floor.bottleneck_at = now
            floor.on = 1 - floor.on
            for index in range(servers.shape[0]):
                _touch(servers, floor, touched, index)
                _stop(
                    stations, servers, causes, crews, streams, floor, touched, when, tree, store, numbers, output,
                    warmup, horizon, seed, replication, index, now,
                )  # fmt: skip
            for index in range(floor.stations):
                _soil(stations, floor, index)
