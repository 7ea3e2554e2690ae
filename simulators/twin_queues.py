"""How parts move in the event kernel: queues, blocked machines, the pass from the end of the line to its beginning."""

from __future__ import annotations

import numpy as np

from simulators.compiled import inlined
from simulators.distributions import Floats
from simulators.twin_clocks import draw
from simulators.twin_sums import level
from simulators.twin_tables import NONE, UNLIMITED, Records


@inlined
def push(station: Records, floor: Records, entered: Floats, after: Records, part: float, now: float) -> None:
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
    level(station, 1, now)


@inlined
def pop(station: Records, floor: Records, entered: Floats, after: Records, now: float) -> float:
    """Take the first part of the queue behind a station."""
    node = station.head
    station.head = after[node]
    after[node] = floor.free
    floor.free = node
    floor.spare += 1
    level(station, -1, now)
    return float(entered[node])


@inlined
def touch(servers: Records, floor: Records, touched: Records, index: int) -> None:
    """Remember that the state of a machine may have changed at this moment."""
    if servers[index].touched == 0:
        servers[index].touched = 1
        touched[floor.touched] = index
        floor.touched += 1


@inlined
def soil(stations: Records, floor: Records, index: int) -> None:
    """Remember that parts may move at a station."""
    if stations[index].dirty == 0:
        stations[index].dirty = 1
        floor.dirty += 1
        floor.low, floor.high = min(floor.low, index), max(floor.high, index)


@inlined
def release(stations: Records, servers: Records, floor: Records, touched: Records, index: int) -> float:
    """Take the finished part from the first blocked machine of a station."""
    station = stations[index]
    server = servers[station.blocked_head]
    touch(servers, floor, touched, station.blocked_head)
    station.blocked_head = server.blocked_next
    station.blocked -= 1
    server.has = 0
    soil(stations, floor, index)
    return float(server.entered)


@inlined
def unblock(
    stations: Records, servers: Records, floor: Records, touched: Records, entered: Floats, after: Records,
    index: int, now: float,
) -> None:  # fmt: skip
    """Let finished parts into the buffer behind a station while there is room."""
    station = stations[index]
    while station.blocked > 0 and (station.buffer == UNLIMITED or station.level < station.buffer):
        part = release(stations, servers, floor, touched, index)
        push(station, floor, entered, after, part, now)
        soil(stations, floor, index + 1 if index + 1 < floor.stations else 0)


@inlined
def load(
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
            server.entered = pop(stations[before], floor, entered, after, now)
            if before == floor.stations:
                floor.queue_wait += now - server.entered
                floor.starts += 1
                floor.waited += now > server.entered
            else:
                unblock(stations, servers, floor, touched, entered, after, before, now)
        elif stations[before].blocked > 0:
            server.entered = release(stations, servers, floor, touched, before)
        else:
            return
        server.has = 1
        server.work = draw(streams, store, numbers, station.cycle, seed, replication)
        touch(servers, floor, touched, number)


@inlined
def settle(
    stations: Records, servers: Records, streams: Records, floor: Records, touched: Records, entered: Floats,
    after: Records, store: Floats, numbers: Floats, seed: np.uint64, replication: np.uint64, now: float,
) -> None:  # fmt: skip
    """Move every part that can move, from the end of the line to its beginning, until none can."""
    while floor.dirty > 0:
        index = floor.high
        floor.high = 0
        while index >= floor.low:
            if stations[index].dirty == 1:
                stations[index].dirty = 0
                floor.dirty -= 1
                if floor.on == 1:
                    load(
                        stations, servers, streams, floor, touched, entered, after, store, numbers, seed,
                        replication, index, now,
                    )  # fmt: skip
                unblock(stations, servers, floor, touched, entered, after, index, now)
            index -= 1
    floor.low, floor.high = floor.stations, 0
