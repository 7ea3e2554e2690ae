"""The engine in SimPy: easy to read, the truth in disputes.

Each machine is a process that works on parts, each cause of failure on the calendar clock, each repair, the arrivals
and the shifts are processes of their own. Things that happen at the same moment have an order, the same as in the
compiled engine: whatever a clock brings about comes first, in the order of the ranks below; then parts move, from the
end of the line to its beginning; then everybody's state is noted.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy
from simpy.events import EventPriority

from simulators.distributions import Distribution
from simulators.figures import (
    BLOCKED,
    CREW_SUMS,
    DOWN,
    LINE_SUMS,
    OFF,
    STARVED,
    STATES,
    STATION_SUMS,
    WORKING,
    RunFigures,
    Window,
)
from simulators.line import WEEK, Failure, Line, Station
from simulators.streams import checked_seed, draws, stream_id

#: Order within one moment. SimPy's own wake-ups have ranks 0 and 1; indexes of machines and causes break ties.
STEP_ENDS, REPAIR_ENDS, CALENDAR_FAILURE, ARRIVAL, SHIFT_CHANGE, PARTS_MOVE = (
    2 + 10_000_000 * place for place in range(6)
)
Process = Generator[simpy.Event, Any, None]


class Alarm(simpy.Event):
    """A timeout with a rank among the events of the same moment."""

    def __init__(self, env: simpy.Environment, delay: float, rank: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, priority=EventPriority(rank), delay=delay)


@dataclass(slots=True)
class Cause:
    """One cause of failure of one machine, with its two streams of times."""

    spec: Failure
    index: int
    uptimes: Iterator[float]
    repairs: Iterator[float]
    crew: Crew | None
    left: float = math.inf  # operating clock: processing time left to the next failure


@dataclass(slots=True)
class Crew:
    """Members that repair one machine at a time each, first failed first served."""

    members: simpy.Resource
    busy: int = 0
    since: float = 0.0
    busy_s: float = 0.0
    wait_s: float = 0.0
    repairs: int = 0

    def note(self, now: float, change: int) -> None:
        self.busy_s += self.busy * (now - self.since)
        self.since = now
        self.busy += change


@dataclass(slots=True)
class Machine:
    """One server of a station: the part in hand and how far it is."""

    place: Place
    index: int
    causes: list[Cause] = field(default_factory=list)
    part: float | None = None  # when the part in hand entered the line
    work_left: float = 0.0  # 0: the part is finished
    running: simpy.Process | None = None
    down: int = 0  # causes that are down now
    state: int = STARVED
    waiting: bool = True

    @property
    def may_run(self) -> bool:
        return self.down == 0 and self.place.floor.on

    @property
    def finished(self) -> bool:
        return self.part is not None and self.work_left == 0


@dataclass(slots=True)
class Place:
    """A station with its machines and the buffer behind it, and what was summed up there."""

    floor: Floor
    spec: Station
    index: int
    cycles: Iterator[float]
    scraps: Iterator[float]
    machines: list[Machine] = field(default_factory=list)
    buffer: deque[float] = field(default_factory=deque)  # entry times of the parts in it
    blocked: deque[Machine] = field(default_factory=deque)  # finished, no room, first finished first
    state_s: list[float] = field(default_factory=lambda: [0.0] * len(STATES))
    busy_s: float = 0.0
    held_s: float = 0.0
    buffer_s: float = 0.0
    bottleneck_s: float = 0.0
    processed: int = 0
    scrapped: int = 0
    failures: int = 0
    active_since: float | None = None


class Floor:
    """The line in motion."""

    def __init__(self, line: Line, window: Window, seed: int, replication: int) -> None:
        self.line, self.window = line, window
        self.seed, self.replication = checked_seed(seed), replication
        self.env = simpy.Environment()
        self.on, self.calendar_edges = line.calendar.switches() if line.calendar else (True, ())
        self.crews = {name: Crew(simpy.Resource(self.env, size)) for name, size in line.crews}
        self.queue: deque[float] = deque()  # arrival times
        self.inside = 0  # parts in the queue and the line
        self.sums = dict.fromkeys(LINE_SUMS, 0.0)
        self.output = np.zeros(window.bins)
        self.noted = 0.0
        self.bottleneck: Place | None = None
        self.parts_will_move = False
        self.places = [self._place(index, station) for index, station in enumerate(line.stations)]
        number, cause_number = 0, 0
        for place in self.places:
            for server in range(place.spec.servers):
                machine = Machine(place, number)
                number += 1
                for failure in place.spec.failures:
                    machine.causes.append(self._cause(place.spec, failure, server, cause_number))
                    cause_number += 1
                place.machines.append(machine)

    def _numbers(
        self, of: Distribution, station: str, purpose: str, cause: str = "", server: int = 0
    ) -> Iterator[float]:
        return draws(of, self.seed, self.replication, stream_id(station, purpose, cause, server))

    def _place(self, index: int, station: Station) -> Place:
        cycles = self._numbers(station.cycle, station.name, "cycle")
        scraps = self._numbers(Distribution.uniform(0, 1), station.name, "scrap")
        return Place(self, station, index, cycles, scraps)

    def _cause(self, station: Station, failure: Failure, server: int, index: int) -> Cause:
        cause = Cause(
            failure,
            index,
            self._numbers(failure.uptime, station.name, "uptime", failure.name, server),
            self._numbers(failure.repair, station.name, "repair", failure.name, server),
            self.crews[failure.crew] if failure.crew else None,
        )
        if failure.clock == "operating":
            cause.left = next(cause.uptimes)
        return cause

    # -- the story ---------------------------------------------------------------------------------------------

    def run(self) -> RunFigures:
        """Start empty, all up, on Monday 00:00; count from the warm-up to the horizon."""
        if self.calendar_edges:
            self.env.process(self.shifts())
        if self.line.arrivals is not None:
            self.env.process(self.arrivals(self.line.arrivals))
        for place in self.places:
            for machine in place.machines:
                for cause in machine.causes:
                    if cause.spec.clock == "calendar":
                        self.env.process(self.calendar_failure(machine, cause))
        if self.line.pallets is not None:
            self.lay_out(self.line.pallets)
        self.move_parts_soon()
        if self.window.warmup > 0:
            self.env.run(until=self.window.warmup)
            self.count_up()
            self.forget()
        self.env.run(until=self.window.horizon)
        self.count_up()
        return self.figures()

    def process(self, machine: Machine) -> Process:
        """Work on the part in hand until it is finished or something stops the machine."""
        started = self.env.now
        step = min([machine.work_left, *(cause.left for cause in machine.causes)])
        try:
            yield Alarm(self.env, step, STEP_ENDS + machine.index)
        except simpy.Interrupt:
            step = self.env.now - started
        self.note_levels()
        machine.running = None
        machine.work_left -= step
        finished = machine.work_left <= 0
        for cause in machine.causes:
            cause.left -= step
        if finished:
            machine.work_left = 0.0
            self.finish(machine)
        else:
            for cause in machine.causes:
                if cause.left <= 0:
                    cause.left = math.inf
                    self.env.process(self.repair(machine, cause))
        self.move_parts_soon()

    def calendar_failure(self, machine: Machine, cause: Cause) -> Process:
        """Fail by the calendar, whatever the machine is doing."""
        while True:
            yield Alarm(self.env, next(cause.uptimes), CALENDAR_FAILURE + cause.index)
            yield self.env.process(self.repair(machine, cause))

    def repair(self, machine: Machine, cause: Cause) -> Process:
        """Stand still until the crew has come and the repair is done."""
        machine.down += 1
        machine.place.failures += 1
        self.stop(machine)
        self.move_parts_soon()
        failed, crew = self.env.now, cause.crew
        if crew is not None:
            member = crew.members.request()
            yield member
            crew.note(self.env.now, +1)
            crew.wait_s += self.env.now - failed
            crew.repairs += 1
        yield Alarm(self.env, next(cause.repairs), REPAIR_ENDS + cause.index)
        if crew is not None:
            crew.note(self.env.now, -1)
            crew.members.release(member)
        machine.down -= 1
        if cause.spec.clock == "operating":
            cause.left = next(cause.uptimes)
        self.move_parts_soon()

    def arrivals(self, between: Distribution) -> Process:
        """Bring parts to the queue; one that finds the system full is lost."""
        for gap in self._numbers(between, "", "arrivals"):
            yield Alarm(self.env, gap, ARRIVAL)
            self.sums["arrivals"] += 1
            if self.line.system_capacity is not None and self.inside >= self.line.system_capacity:
                self.sums["lost"] += 1
                continue
            self.note_levels()
            self.inside += 1
            self.queue.append(self.env.now)
            self.move_parts_soon()

    def shifts(self) -> Process:
        """Switch the whole line on and off by its calendar."""
        edges = self.calendar_edges
        for moment in (week * WEEK + edge for week in itertools.count() for edge in edges):
            yield Alarm(self.env, moment - self.env.now, SHIFT_CHANGE)
            self.note_levels()
            self.on = not self.on
            if not self.on:
                for place in self.places:
                    for machine in place.machines:
                        self.stop(machine)
            self.move_parts_soon()

    def stop(self, machine: Machine) -> None:
        """Interrupt the machine; the part stays in hand and keeps the work done."""
        if machine.running is not None:
            machine.running.interrupt()
            machine.running = None

    # -- how parts move ----------------------------------------------------------------------------------------

    def move_parts_soon(self) -> None:
        if not self.parts_will_move:
            self.parts_will_move = True
            Alarm(self.env, 0, PARTS_MOVE).callbacks.append(self.move_parts)

    def move_parts(self, _: simpy.Event) -> None:
        """Move every part that can move, from the end of the line to its beginning, until none can."""
        self.parts_will_move = False
        self.note_levels()
        moved = True
        while moved:
            moved = False
            for place in reversed(self.places):
                moved |= self.load(place)
        for place in self.places:
            for machine in place.machines:
                if machine.part is not None and machine.work_left > 0 and machine.may_run and not machine.running:
                    machine.running = self.env.process(self.process(machine))
        self.note_states()

    def load(self, place: Place) -> bool:
        """Fill the idle machines of a station, and the room they make behind the one before."""
        moved = False
        for machine in place.machines:
            if machine.part is None and machine.may_run:
                part = self.take(place)
                if part is None:
                    break
                machine.part = part
                machine.work_left = next(place.cycles)
                moved = True
        if place.index < len(self.places) - 1 or self.line.pallets is not None:
            moved |= self.unblock(place)
        return moved

    def take(self, place: Place) -> float | None:
        """Take the next part in front of a station: from the buffer, or straight from a machine that waits."""
        now = self.env.now
        if place.index == 0 and self.line.pallets is None:
            if self.line.arrivals is None:
                self.inside += 1
                return now
            if not self.queue:
                return None
            arrived = self.queue.popleft()
            self.sums["queue_wait_s"] += now - arrived
            self.sums["queue_starts"] += 1
            self.sums["queue_waited"] += now > arrived
            return arrived
        before = self.places[place.index - 1]
        if before.buffer:
            part = before.buffer.popleft()
            self.unblock(before)
            return part
        return self.give_away(before.blocked.popleft()) if before.blocked else None

    def unblock(self, place: Place) -> bool:
        """Let finished parts into the buffer behind a station while there is room."""
        moved = False
        room = math.inf if place.spec.buffer is None else place.spec.buffer
        while place.blocked and len(place.buffer) < room:
            place.buffer.append(self.give_away(place.blocked.popleft()))
            moved = True
        return moved

    def give_away(self, machine: Machine) -> float:
        part, machine.part = machine.part, None
        assert part is not None
        return part

    def finish(self, machine: Machine) -> None:
        """Count the finished part; it leaves for good, or waits on the machine for room."""
        place, now = machine.place, self.env.now
        place.processed += 1
        last = place.index == len(self.places) - 1
        if last and self.window.bins:
            share = (now - self.window.warmup) / self.window.length
            if 0 <= share < 1:
                self.output[min(int(share * self.window.bins), self.window.bins - 1)] += 1
        scrapped = place.spec.scrap > 0 and next(place.scraps) < place.spec.scrap
        place.scrapped += scrapped
        if last and not scrapped:
            self.sums["good_out"] += 1
            self.sums["lead_s"] += now - machine.part if machine.part is not None else 0.0
        if self.line.pallets is not None:  # the pallet goes round, with a new part from the last station on
            if last:
                machine.part = now
            place.blocked.append(machine)
        elif last or scrapped:
            self.inside -= 1
            machine.part = None
        else:
            place.blocked.append(machine)

    def lay_out(self, pallets: int) -> None:
        """Put the pallets in front of the stations, as many at each as it holds, from the first on."""
        for place in self.places:
            before = self.places[place.index - 1]
            room = pallets if before.spec.buffer is None else before.spec.buffer + place.spec.servers
            for _ in range(min(room, pallets)):
                before.buffer.append(0.0)
                pallets -= 1

    # -- what is noted -----------------------------------------------------------------------------------------

    def note_levels(self) -> None:
        """Sum up the time since the last note by what everybody was doing; call it before anything changes."""
        now = self.env.now
        span = now - self.noted
        self.noted = now
        if span <= 0:
            return
        self.sums["queue_part_s"] += span * len(self.queue)
        for place in self.places:
            place.buffer_s += span * len(place.buffer)
            for machine in place.machines:
                place.state_s[machine.state] += span
                place.held_s += span * (machine.part is not None)
                unfinished = machine.part is not None and machine.work_left > 0
                place.busy_s += span * (unfinished and machine.state in {WORKING, DOWN})
        if self.on and self.bottleneck is not None:
            self.bottleneck.bottleneck_s += span

    def note_states(self) -> None:
        """Note what every machine is doing from now on, and which station has been active for the longest."""
        for place in self.places:
            for machine in place.machines:
                machine.state = self.state_of(machine)
        if not self.on:
            return
        for place in self.places:
            waits = any(machine.state in {STARVED, BLOCKED} for machine in place.machines)
            if waits:
                place.active_since = None
            elif place.active_since is None:
                place.active_since = self.env.now
        active = [place for place in self.places if place.active_since is not None]
        self.bottleneck = min(active, key=lambda place: place.active_since or 0.0, default=None)

    def state_of(self, machine: Machine) -> int:
        if not self.on:
            return OFF
        if machine.down:
            return DOWN
        if machine.part is None:
            return STARVED
        return BLOCKED if machine.finished else WORKING

    def count_up(self) -> None:
        """Bring all sums up to this moment."""
        self.note_levels()
        for crew in self.crews.values():
            crew.note(self.env.now, 0)

    def forget(self) -> None:
        """Start counting afresh: the warm-up is over."""
        self.sums = dict.fromkeys(LINE_SUMS, 0.0)
        for crew in self.crews.values():
            crew.busy_s, crew.wait_s, crew.repairs = 0.0, 0.0, 0
        for place in self.places:
            place.state_s = [0.0] * len(STATES)
            place.busy_s = place.held_s = place.buffer_s = place.bottleneck_s = 0.0
            place.processed = place.scrapped = place.failures = 0

    def figures(self) -> RunFigures:
        self.sums["wip_part_s"] = math.fsum(place.held_s + place.buffer_s for place in self.places)
        stations = [[float(getattr(place, name)) for name in _ATTRIBUTES] for place in self.places]
        crews = [[crew.busy_s, crew.wait_s, float(crew.repairs)] for crew in self.crews.values()]
        return RunFigures(
            window=self.window,
            states=np.array([place.state_s for place in self.places]),
            stations=np.array(stations),
            crews=np.array(crews).reshape(len(crews), len(CREW_SUMS)),
            line=np.array([self.sums[name] for name in LINE_SUMS]),
            output=self.output,
        )


_ATTRIBUTES = [{"held_part_s": "held_s", "buffer_part_s": "buffer_s"}.get(name, name) for name in STATION_SUMS]


def run_reference(line: Line, window: Window, seed: int, replication: int) -> RunFigures:
    """Simulate one replication; the same arguments give the same bytes."""
    return Floor(line, window, seed, replication).run()
