"""What the reference engine sums up: by whoever does what, between one moment and the next."""

from __future__ import annotations

import simpy

from simulators.distributions import Floats
from simulators.figures import LINE_SUMS, Window
from simulators.line import Line
from simulators.reference_crews import Crew, Office
from simulators.reference_floor import Layout, Market
from simulators.reference_parts import Job, Pool, Source
from simulators.reference_places import Place
from simulators.reference_vehicles import Vehicles
from simulators.states import BLOCKED, STARVED


class Notes:
    """The line and what has been noted of it."""

    def __init__(self, line: Line, window: Window, seed: int, replication: int) -> None:
        self.line, self.window = line, window
        self.env = simpy.Environment()
        self.on = line.calendar is None or line.calendar.works_at_once()
        self.office = Office(self.env)
        self.inside = 0  # parts in the queue and the line
        self.ready = 0  # parts that became ready to be taken so far
        self.sums = dict.fromkeys(LINE_SUMS, 0.0)
        self.noted = 0.0
        self.bottleneck: Place | None = None
        laid_out = Layout(line, window, seed, replication, self)
        self.places: list[Place] = laid_out.places
        self.pools: list[Pool] = laid_out.pools
        self.sources: list[Source] = laid_out.sources
        self.crews: dict[str, Crew] = laid_out.crews
        self.fleets: list[Vehicles] = laid_out.fleets
        self.jobs: list[Job] = laid_out.jobs
        self.market: Market = laid_out.market
        self.output: Floats = laid_out.output

    def note_levels(self) -> None:
        """Sum up the time since the last note by what everybody was doing; call it before anything changes."""
        now = self.env.now
        span = now - self.noted
        self.noted = now
        if span <= 0:
            return
        self.sums["queue_part_s"] += span * sum(len(source.queue) for source in self.sources)
        for place in self.places:
            place.note(span)
        for vehicles in self.fleets:
            vehicles.note(span)
        if self.on and self.bottleneck is not None:
            self.bottleneck.bottleneck_s += span

    def note_states(self) -> None:
        """Note what every machine is doing from now on, and which station has been active for the longest."""
        for place in self.places:
            for machine in place.machines:
                machine.state = machine.state_now()
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

    def note_output(self, place: Place) -> None:
        """Count what comes to the end of the line, also in its part of the window."""
        place.out += 1
        if self.window.bins:
            share = (self.env.now - self.window.warmup) / self.window.length
            if 0 <= share < 1:
                self.output[min(int(share * self.window.bins), self.window.bins - 1)] += 1

    def count_up(self) -> None:
        """Bring all sums up to this moment."""
        self.note_levels()
        for crew in self.crews.values():
            crew.note(self.env.now, 0)

    def forget(self) -> None:
        """Start counting afresh: the warm-up is over. Orders are counted over the whole run."""
        self.sums = dict.fromkeys(LINE_SUMS, 0.0)
        self.market.forget()
        for crew in self.crews.values():
            crew.busy_s, crew.wait_s, crew.repairs = 0.0, 0.0, 0
        for vehicles in self.fleets:
            vehicles.forget()
        for place in self.places:
            place.forget()
