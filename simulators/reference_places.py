"""Stations, machines and causes of failure in the reference engine, and what is summed up at each."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import simpy

from simulators.reference_crews import Call, Crew
from simulators.reference_parts import Part, Pool, Source
from simulators.states import BLOCKED, DOWN, OFF, SETUP, STARVED, STATES, WORKING
from simulators.station import Failure, Station

if TYPE_CHECKING:
    from simulators.reference_notes import Notes
    from simulators.reference_vehicles import Vehicles


@dataclass(slots=True)
class Cause:
    """One cause of failure of one machine, with its two streams of times."""

    spec: Failure
    index: int
    uptimes: Iterator[float]
    repairs: Iterator[float]
    crews: tuple[Crew, ...]
    left: float = math.inf  # operating clock: processing time left to the next failure
    due: bool = False  # planned, and waits for the part in hand


@dataclass(slots=True)
class Machine:
    """One server of a station: the parts in hand (several in a batch) and how far they are."""

    place: Place
    index: int
    causes: list[Cause] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    work_left: float = 0.0  # 0: the parts in hand are finished
    begun: bool = False  # work on the parts in hand has begun
    running: simpy.Process | None = None
    down: int = 0  # causes that are down now
    state: int = STARVED
    product: int | None = None  # what it is set up for
    setup_left: float = 0.0
    setter: Call | None = None
    operator: Call | None = None
    cold_parts: int = 0  # parts until it is warm
    stopped: float = 0.0  # when it processed last

    @property
    def may_run(self) -> bool:
        return self.down == 0 and self.place.floor.on

    @property
    def unfinished(self) -> bool:
        return bool(self.parts) and self.work_left > 0

    def state_now(self) -> int:
        if not self.place.floor.on:
            return OFF
        if self.down:
            return DOWN
        if not self.parts:
            return STARVED
        if self.work_left == 0:
            return BLOCKED
        if self.place.operators and (self.operator is None or self.operator.crew is None):
            return STARVED
        return SETUP if self.setup_left > 0 else WORKING


@dataclass(slots=True)
class Place:
    """A station with its machines and the buffer behind it, and what was summed up there."""

    floor: Notes
    spec: Station
    index: int
    scraps: Iterator[float]
    reworks: Iterator[float]
    chances: Iterator[float]  # which way a part goes
    cycles: list[Iterator[float]]  # by product
    setups: dict[tuple[int, int], Iterator[float]]  # by product before and after
    scrap: list[float]  # by product, as is all that follows
    rework: list[float]
    ideal: list[float]
    inputs: list[tuple[int, list[Pool]]]  # parts to take, and where from
    ways: list[list[tuple[float, Pool | None]]]  # by product: upper end of the chance, None: out
    back: Pool | None
    exit: bool  # every way leads out
    operators: tuple[Crew, ...] = ()
    setters: tuple[Crew, ...] = ()
    vehicles: Vehicles | None = None
    source: Source | None = None
    machines: list[Machine] = field(default_factory=list)
    buffer: list[Part] = field(default_factory=list)
    rack: list[Part] = field(default_factory=list)  # to be worked on again, with room for any number
    blocked: deque[Part] = field(default_factory=deque)  # finished, no room, first finished first
    coming: int = 0  # parts for this station that wait for transport or are on their way
    state_s: list[float] = field(default_factory=lambda: [0.0] * len(STATES))
    busy_s: float = 0.0
    held_s: float = 0.0
    buffer_s: float = 0.0
    bottleneck_s: float = 0.0
    processed: int = 0
    scrapped: int = 0
    failures: int = 0
    ideal_s: float = 0.0
    reworked: int = 0
    set_up: int = 0
    out: int = 0
    inbox_s: float = 0.0
    transport_starved_s: float = 0.0
    active_since: float | None = None

    @property
    def room(self) -> bool:
        """Whether there is a free place in the buffer behind the station."""
        return self.spec.buffer is None or len(self.buffer) < self.spec.buffer

    def give(self, part: Part) -> None:
        """A part leaves the buffer, or the rack of those that are sent back."""
        (self.rack if part in self.rack else self.buffer).remove(part)

    def way(self, product: int) -> Pool | None:
        """Where a finished part goes: drawn where there is a choice."""
        ways = self.ways[product]
        if len(ways) == 1:
            return ways[0][1]
        chance = next(self.chances)
        return next(pool for upper, pool in ways if chance < upper)

    def note(self, span: float) -> None:
        """Sum up ``span`` seconds of what has been going on here."""
        self.buffer_s += span * (len(self.buffer) + len(self.rack))
        self.inbox_s += span * sum(pool.delivered for _, pools in self.inputs for pool in pools)
        for machine in self.machines:
            self.state_s[machine.state] += span
            self.held_s += span * len(machine.parts)
            self.busy_s += span * (machine.unfinished and machine.state in {WORKING, SETUP, DOWN})
            self.transport_starved_s += span * (machine.state == STARVED and self.coming > 0)

    def forget(self) -> None:
        """Start counting afresh."""
        self.state_s = [0.0] * len(STATES)
        self.busy_s = self.held_s = self.buffer_s = self.bottleneck_s = 0.0
        self.ideal_s = self.inbox_s = self.transport_starved_s = 0.0
        self.processed = self.scrapped = self.failures = self.reworked = self.set_up = self.out = 0
