"""The network kernel: lines that are not plain (Line.plain), one event after the other, in compiled code.

It tells the same story as reference.py, in the same order: within one moment first whatever the clocks bring about, by
rank (the slots of the timers are in that order), then the moves of parts from the end of the line to its beginning
until none is left, then vehicles are sent and machines started, then the notes. Loaded only when a line needs it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from simulators.compiled import called, compiled, inlined
from simulators.distributions import Floats
from simulators.figures import Window, vector_length
from simulators.line import Line
from simulators.states import BLOCKED, DOWN, OFF, SETUP, STARVED, WORKING
from simulators.twin_clocks import next_timer
from simulators.twin_network_finish import arrive, finish_part, send_vehicles, vehicle_comes
from simulators.twin_network_layout import copied, enlarged, world_of
from simulators.twin_network_lists import (
    append,
    change,
    longing,
    new_part,
    next_product,
    number,
    set_level,
    set_timer,
    soil,
    touch,
)
from simulators.twin_network_moves import join, settle
from simulators.twin_network_people import done, fail, repaired, serve, staffed
from simulators.twin_network_sums import DOWN_BUSY, flush, forget, write
from simulators.twin_network_tables import BUFFER, IN_BUFFER, IN_HAND, IN_LIST, NOBODY, World
from simulators.twin_network_world import words_of, world_at
from simulators.twin_tables import CALENDAR, NONE, UNLIMITED

Ints: TypeAlias = NDArray[np.int64]


@inlined
def _finish(w: World, index: int, warmup: float, horizon: float, output: Floats, now: float) -> None:
    """Count the finished parts; the operator is free."""
    machine = w.machines[index]
    machine.work = 0.0
    part = machine.hand
    while part != NONE:
        after = w.links[part, IN_HAND]
        if finish_part(w, index, part, now) == 1 and output.shape[0] > 0:
            share = (now - warmup) / (horizon - warmup)
            if 0.0 <= share < 1.0:
                output[min(int(share * output.shape[0]), output.shape[0] - 1)] += 1.0
        part = after
    soil(w, machine.station)
    if machine.operator != NOBODY:
        crew, machine.operator = machine.operator, NOBODY
        done(w, crew, now)


@called
def _end_step(w: World, index: int, step: float, warmup: float, horizon: float, output: Floats, now: float) -> None:
    """The machine stops after ``step`` seconds: set up, with the parts finished, failed or interrupted."""
    machine = w.machines[index]
    machine.running = 0
    w.when[index] = math.inf
    touch(w, index)
    if machine.setting == 1:
        machine.setting = 0
        machine.setup -= step
        if machine.setup <= 0.0:
            machine.setup = 0.0
            if machine.setter != NOBODY:
                crew, machine.setter = machine.setter, NOBODY
                done(w, crew, now)
        return
    machine.stopped = now
    machine.work -= step
    finished = 1 if machine.work <= 0.0 else 0
    for at in range(machine.cause, machine.cause + machine.causes):
        w.causes[at].left -= step
    if finished == 1:
        _finish(w, index, warmup, horizon, output, now)
    for at in range(machine.cause, machine.cause + machine.causes):
        cause = w.causes[at]
        if (cause.due == 1 or cause.left <= 0.0) and finished == cause.planned:
            cause.left, cause.due = math.inf, 0
            fail(w, at, now)


@called
def _stop(w: World, index: int, warmup: float, horizon: float, output: Floats, now: float) -> None:
    """Interrupt a machine if it is running; the parts stay in hand and keep the work done."""
    if w.machines[index].running == 1:
        _end_step(w, index, now - w.machines[index].started, warmup, horizon, output, now)


@inlined
def _state(w: World, index: int, on: int) -> int:
    machine = w.machines[index]
    if on == 0:
        return OFF
    if machine.down > 0:
        return DOWN_BUSY if machine.held > 0 and machine.work > 0.0 else DOWN
    if machine.held == 0:
        return STARVED
    if machine.work == 0.0:
        return BLOCKED
    if machine.operator < NOBODY or (machine.operator == NOBODY and w.places[machine.station].operators > 0):
        return STARVED
    return SETUP if machine.setup > 0.0 else WORKING


@inlined
def _start(w: World, index: int, now: float) -> None:
    """Set up or process, as soon as the people are there."""
    machine = w.machines[index]
    if machine.held == 0 or machine.work <= 0.0 or machine.down > 0 or machine.running == 1:
        return
    if staffed(w, index, now) == 0:
        return
    if machine.setup > 0.0:
        machine.setting, step = 1, machine.setup
    else:
        place = w.places[machine.station]
        if place.cold_parts > 0 and now - machine.stopped >= place.after:
            machine.cold = place.cold_parts
        if place.cold_parts > 0 and machine.begun == 0 and machine.cold > 0:
            machine.work *= place.cold_cycle
        machine.begun = 1
        step = machine.work
        for at in range(machine.cause, machine.cause + machine.causes):
            if w.causes[at].planned == 0:
                step = min(step, w.causes[at].left)
    machine.running, machine.started, machine.step = 1, now, step
    set_timer(w, index, now + step, now)


@inlined
def _note(w: World, now: float) -> None:
    """End of a moment: start machines, note what those touched are doing and which station is the bottleneck."""
    floor = w.floors[0]
    on = floor.on
    for turn in range(1, floor.touched):  # by number: people are called in that order
        index = w.touched[turn]
        at = turn
        while at > 0 and w.touched[at - 1] > index:
            w.touched[at] = w.touched[at - 1]
            at -= 1
        w.touched[at] = index
    for turn in range(floor.touched if on == 1 else 0):
        _start(w, w.touched[turn], now)
    for turn in range(floor.touched):
        index = w.touched[turn]
        machine = w.machines[index]
        state = _state(w, index, on)
        place = w.places[machine.station]
        if state != machine.state:
            w.seconds[machine.station, machine.state] += now - machine.since
            starved = (1 if state == STARVED else 0) - (1 if machine.state == STARVED else 0)
            machine.since, machine.state = now, state
            if starved != 0:
                place.starved += starved
                longing(w, machine.station, now)
        if on == 1:
            waits = 1 if state in (STARVED, BLOCKED) else 0
            place.waiting += waits - machine.waiting
            machine.waiting = waits
    changed = False
    for turn in range(floor.touched):
        machine = w.machines[w.touched[turn]]
        machine.touched = 0
        place = w.places[machine.station]
        active = 1 if place.waiting == 0 else 0
        if on == 1 and active != place.active:
            place.active, place.active_since = active, now
            changed = True
    floor.touched = 0
    if not changed:
        return
    if floor.bottleneck != NONE:
        bottleneck = w.places[floor.bottleneck]
        if bottleneck.active == 1 and bottleneck.active_since < now:
            return
        bottleneck.bottleneck += now - floor.bottleneck_at
    floor.bottleneck, floor.bottleneck_at = NONE, now
    first = math.inf
    for index in range(floor.stations):
        if w.places[index].active == 1 and w.places[index].active_since < first:
            first = w.places[index].active_since
            floor.bottleneck = index


@inlined
def _rest_of_moment(w: World, now: float) -> None:
    settle(w, now)
    if w.floors[0].on == 1:
        for fleet in range(w.fleets.shape[0]):
            if w.lists[w.fleets[fleet].list].count > 0:
                send_vehicles(w, fleet, now)
    _note(w, now)


@called
def _queue(w: World, index: int, product: int, order: int, now: float) -> None:
    """A part comes to the queue of a source."""
    floor = w.floors[0]
    floor.inside += 1
    append(w, w.sources[index].list, new_part(w, now, product, order), IN_LIST)
    set_level(w, floor.yard, w.areas[floor.yard].level + 1, now)
    soil(w, w.sources[index].station)


@called
def _arrival(w: World, index: int, now: float) -> None:
    """A part or an order arrives; a part that finds the system full is lost."""
    floor, source = w.floors[0], w.sources[index]
    slot = floor.source_slot + index
    if source.orders == 1:
        at = w.releases[floor.release]
        for _ in range(w.orders[at].parts):
            floor.arrivals += 1
            _queue(w, index, w.orders[at].product, at, now)
        floor.release += 1
        w.when[slot] = math.inf
        if floor.release < w.releases.shape[0]:
            set_timer(w, slot, now + (w.orders[w.releases[floor.release]].release - now), now)
        return
    set_timer(w, slot, now + number(w, source.gaps), now)
    floor.arrivals += 1
    if floor.capacity != UNLIMITED and floor.inside >= floor.capacity:
        floor.lost += 1
    else:
        _queue(w, index, next_product(w, index), NONE, now)


@called
def _switch(w: World, index: int, warmup: float, horizon: float, output: Floats, now: float) -> None:
    """The line goes on or off, or a crew comes or goes."""
    floor, clock = w.floors[0], w.clocks[index]
    slot = floor.clock_slot + index
    clock.next += 1
    w.when[slot] = math.inf
    if clock.next < clock.end:
        set_timer(w, slot, now + (w.edges[clock.next] - now), now)
    if clock.crew != NONE:
        w.crews[clock.crew].on = 1 - w.crews[clock.crew].on
        serve(w, now)
        return
    if floor.on == 1 and floor.bottleneck != NONE:
        w.places[floor.bottleneck].bottleneck += now - floor.bottleneck_at
    floor.bottleneck_at = now
    floor.on = 1 - floor.on
    for machine in range(w.machines.shape[0]):
        touch(w, machine)
        if floor.on == 0:
            _stop(w, machine, warmup, horizon, output, now)
    for station in range(floor.stations):
        soil(w, station)


@called
def _begin(w: World) -> None:
    """Set the first timers and lay out the pallets: Monday 00:00, empty, all up."""
    floor = w.floors[0]
    for index in range(w.sources.shape[0]):
        if w.sources[index].orders == 1:
            w.when[floor.source_slot + index] = w.orders[w.releases[0]].release
        elif w.sources[index].gaps != NONE:
            w.when[floor.source_slot + index] = number(w, w.sources[index].gaps)
    for index in range(w.clocks.shape[0]):
        if w.clocks[index].next < w.clocks[index].end:
            w.when[floor.clock_slot + index] = w.edges[w.clocks[index].next]
    for index in range(w.causes.shape[0]):
        cause = w.causes[index]
        cause.left = number(w, cause.uptime)
        if cause.clock == CALENDAR:
            w.when[floor.calendar_slot + cause.calendar_slot] = cause.left
            cause.left = math.inf
    pallets = floor.closed
    for index in range(floor.stations if pallets > 0 else 0):
        before = index - 1 if index > 0 else floor.stations - 1
        place = w.places[before]
        space = pallets if place.buffer == UNLIMITED else place.buffer + w.places[index].servers
        for _ in range(min(space, pallets)):
            part = new_part(w, 0.0, next_product(w, 0), NONE)
            w.parts[part].pool = w.ways[w.products[place.product_at + w.parts[part].product].ways_at].pool
            w.parts[part].where, w.parts[part].at = IN_BUFFER, before
            change(w, before, BUFFER, 1, 0.0)
            join(w, part)
            pallets -= 1
    for index in range(floor.stations):
        soil(w, index)
    for index in range(w.machines.shape[0]):
        touch(w, index)


@compiled(numba.int64(numba.int64[::1], *(numba.float64,) * 2, *(numba.float64[::1],) * 2))
def simulate_network(words: Ints, warmup: float, horizon: float, output: Floats, out: Floats) -> int:
    """Simulate one replication of the world at ``words`` and write its sums to ``out``; all its tables are used up.

    Returns 0 when done, else how many parts more there must be room for; the same call then goes on.
    """
    w: World = world_at(words)
    floor = w.floors[0]
    if floor.begun == 0:
        if floor.spare <= floor.closed:
            return int(floor.closed + 1)
        floor.begun = floor.pending = 1
        floor.warm = 1 if warmup > 0.0 else 0
        _begin(w)
    now = floor.now
    while True:
        slot = next_timer(w.when, floor)
        at = w.when[slot]
        if floor.pending == 1 and at > now:
            if floor.spare < floor.most_new:
                floor.now = now
                return int(floor.most_new)
            floor.pending = 0
            _rest_of_moment(w, now)
            continue
        end = warmup if floor.warm == 1 else warmup + (horizon - warmup)
        if at >= end:
            flush(w, end)
            if floor.warm == 0:
                write(w, horizon, out)
                return 0
            forget(w)
            floor.warm = 0
            continue
        if floor.source_slot <= slot < floor.clock_slot:
            parts = 1
            if w.sources[slot - floor.source_slot].orders == 1:
                parts = w.orders[w.releases[floor.release]].parts
            if floor.spare <= parts:
                floor.now = now
                return int(parts + 1)
        now = at
        floor.pending = 1
        if slot < floor.repair_slot:
            _end_step(w, slot, w.machines[slot].step, warmup, horizon, output, now)
        elif slot < floor.calendar_slot:
            w.when[slot] = math.inf
            repaired(w, slot - floor.repair_slot, now)
        elif slot < floor.belt_slot:
            w.when[slot] = math.inf
            index = w.calendar[slot - floor.calendar_slot]
            machine = w.machines[w.causes[index].server]
            if w.causes[index].planned == 1 and machine.held > 0 and machine.work > 0.0:
                w.causes[index].due = 1
            else:
                fail(w, index, now)
                _stop(w, w.causes[index].server, warmup, horizon, output, now)
        elif slot < floor.vehicle_slot:
            arrive(w, slot - floor.belt_slot, now)
        elif slot < floor.source_slot:
            vehicle_comes(w, slot - floor.vehicle_slot, now)
        elif slot < floor.clock_slot:
            _arrival(w, slot - floor.source_slot, now)
        else:
            _switch(w, slot - floor.clock_slot, warmup, horizon, output, now)
        if floor.same == 0 and floor.spare >= floor.most_new:
            floor.pending = 0
            _rest_of_moment(w, now)


def run_network(line: Line, window: Window, seed: int, replications: Sequence[int]) -> Floats:
    """Simulate a line on every replication number; one row of sums (RunFigures.vector) for each."""
    machines = sum(station.servers * station.batch for station in line.stations)
    start = world_of(line, window.horizon, 2 * machines + (line.pallets or 0) + 64)
    rows = np.zeros((len(replications), vector_length(line, window)))
    for row, replication in zip(rows, replications, strict=True):
        world = copied(start)
        world.floors[0]["seed"], world.floors[0]["replication"] = seed, replication
        out, output = row[: len(row) - window.bins], row[len(row) - window.bins :]
        while more := simulate_network(words_of(world), window.warmup, window.horizon, output, out):
            world = enlarged(world, more + len(world.parts))
    return rows
