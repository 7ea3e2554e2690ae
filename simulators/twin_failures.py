"""How machines fail and are repaired in the event kernel."""

from __future__ import annotations

import numpy as np

from simulators.compiled import called, inlined
from simulators.distributions import Floats
from simulators.twin_clocks import draw
from simulators.twin_queues import soil, touch
from simulators.twin_sums import crew_note
from simulators.twin_tables import NONE, OPERATING, Records


@inlined
def begin_repair(
    causes: Records, streams: Records, floor: Records, when: Floats, store: Floats, numbers: Floats,
    seed: np.uint64, replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    time = draw(streams, store, numbers, causes[index].repair, seed, replication)
    when[floor.repair_slot + index] = now + time
    floor.same |= now + time <= now  # too short to move the clock


@called
def fail(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, store: Floats, numbers: Floats, seed: np.uint64,
    replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    """A cause strikes: the machine is down, its crew is called."""
    cause = causes[index]
    server = servers[cause.server]
    server.down += 1
    stations[server.station].failures += 1
    touch(servers, floor, touched, cause.server)
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
        crew_note(crew, 1, now)
        crew.repairs += 1
    begin_repair(causes, streams, floor, when, store, numbers, seed, replication, index, now)


@called
def repaired(
    stations: Records, servers: Records, causes: Records, crews: Records, streams: Records, floor: Records,
    touched: Records, when: Floats, store: Floats, numbers: Floats, seed: np.uint64,
    replication: np.uint64, index: int, now: float,
) -> None:  # fmt: skip
    """A repair ends: the crew goes to the next, the clock of the cause starts again."""
    cause = causes[index]
    server = servers[cause.server]
    server.down -= 1
    touch(servers, floor, touched, cause.server)
    soil(stations, floor, server.station)
    if cause.crew != NONE:
        crew = crews[cause.crew]
        crew_note(crew, -1, now)
        if crew.queue > 0:
            called = crew.head
            crew.head = causes[called].next
            crew.queue -= 1
            crew.wait += now - causes[called].failed
            crew.repairs += 1
            crew_note(crew, 1, now)
            begin_repair(causes, streams, floor, when, store, numbers, seed, replication, called, now)
    time = draw(streams, store, numbers, cause.uptime, seed, replication)
    if cause.clock == OPERATING:
        cause.left = time
    else:
        when[floor.calendar_slot + cause.calendar_slot] = now + time
        floor.same |= now + time <= now  # too short to move the clock
