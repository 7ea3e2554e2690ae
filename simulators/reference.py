"""The engine in SimPy: easy to read, the truth in disputes.

Each machine is a process that works on parts, each cause of failure on the calendar clock, each repair, the arrivals
and the shifts are processes of their own. Things that happen at the same moment have an order, the same as in the
compiled engine: whatever a clock brings about comes first, in the order of the ranks in reference_clock.py; then parts
move, from the end of the line to its beginning; then vehicles are sent, people called, machines started; then
everybody's state is noted. Read on in reference_moves.py (how parts move), reference_notes.py (what is summed up),
reference_places.py (stations and machines), reference_parts.py, reference_crews.py and reference_vehicles.py;
reference_floor.py lays all of them out.
"""

from __future__ import annotations

import math

import simpy

from simulators.figures import RunFigures, Window
from simulators.line import Line
from simulators.products import Order
from simulators.reference_clock import (
    ARRIVAL,
    CALENDAR_FAILURE,
    CREW_CHANGE,
    REPAIR_ENDS,
    SHIFT_CHANGE,
    STEP_ENDS,
    Alarm,
    Process,
)
from simulators.reference_crews import Crew
from simulators.reference_floor import figures_of
from simulators.reference_moves import Moves
from simulators.reference_parts import Job, Part, Source
from simulators.reference_places import Cause, Machine
from simulators.working_time import Calendar


class Floor(Moves):
    """The line in motion."""

    def run(self) -> RunFigures:
        """Start empty, all up, on Monday 00:00; count from the warm-up to the horizon."""
        if self.line.calendar is not None:
            self.env.process(self.shifts(self.line.calendar))
        for number, (name, calendar) in enumerate(self.line.crew_calendars):
            self.env.process(self.crew_shifts(self.crews[name], calendar, number))
        for number, source in enumerate(self.sources):
            if source.gaps is not None:
                self.env.process(self.arrivals(source, number))
        if self.line.orders:
            self.env.process(self.releases(self.sources[0]))
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
        return figures_of(self)

    def process(self, machine: Machine) -> Process:
        """Work on the parts in hand until they are finished or something stops the machine."""
        started = self.env.now
        step = min([machine.work_left, *(cause.left for cause in machine.causes if not cause.spec.planned)])
        try:
            yield Alarm(self.env, step, STEP_ENDS + machine.index)
        except simpy.Interrupt:
            step = self.env.now - started
        self.note_levels()
        machine.running = None
        machine.stopped = self.env.now
        machine.work_left -= step
        finished = machine.work_left <= 0
        for cause in machine.causes:
            cause.left -= step
        if finished:
            machine.work_left = 0.0
            self.finish(machine)
        for cause in machine.causes:
            due = cause.due or cause.left <= 0
            if due and finished == cause.spec.planned:  # what is planned waits for the part to be finished
                cause.left, cause.due = math.inf, False
                self.env.process(self.repair(machine, cause))
        self.move_parts_soon()

    def set_up(self, machine: Machine) -> Process:
        """Make the machine ready for the product in hand; no operating clock runs."""
        started, step = self.env.now, machine.setup_left
        try:
            yield Alarm(self.env, step, STEP_ENDS + machine.index)
        except simpy.Interrupt:
            step = self.env.now - started
        self.note_levels()
        machine.running = None
        machine.setup_left -= step
        if machine.setup_left <= 0:
            machine.setup_left = 0.0
            if machine.setter is not None:
                self.office.done(machine.setter)
                machine.setter = None
        self.move_parts_soon()

    def calendar_failure(self, machine: Machine, cause: Cause) -> Process:
        """Fail by the calendar, whatever the machine is doing; what is planned waits for the parts in hand."""
        yield Alarm(self.env, next(cause.uptimes), CALENDAR_FAILURE + cause.index)
        if cause.spec.planned and machine.unfinished:
            cause.due = True
        else:
            yield from self.repair(machine, cause)

    def repair(self, machine: Machine, cause: Cause) -> Process:
        """Stand still until the crew has come and the repair is done."""
        machine.down += 1
        machine.place.failures += not cause.spec.planned
        self.stop(machine)
        self.move_parts_soon()
        call = None
        if cause.crews:
            comes = self.env.event()
            call = self.office.call(cause.crews, cause.spec.priority, comes.succeed)
            yield comes
        yield Alarm(self.env, next(cause.repairs), REPAIR_ENDS + cause.index)
        if call is not None:
            self.office.done(call)
        machine.down -= 1
        if cause.spec.clock == "operating":
            cause.left = next(cause.uptimes)
        else:
            self.env.process(self.calendar_failure(machine, cause))
        self.move_parts_soon()

    def arrivals(self, source: Source, number: int) -> Process:
        """Bring parts to a queue; one that finds the system full is lost."""
        assert source.gaps is not None
        for gap in source.gaps:
            yield Alarm(self.env, gap, ARRIVAL + number)
            self.sums["arrivals"] += 1
            if self.line.system_capacity is not None and self.inside >= self.line.system_capacity:
                self.sums["lost"] += 1
                continue
            self.enter_queue(source, next(source.products), None)

    def releases(self, source: Source) -> Process:
        """Bring the parts of each order to the queue when it is released."""
        pairs: list[tuple[Order, Job]] = list(zip(self.line.orders, self.jobs, strict=True))
        for order, job in sorted(pairs, key=lambda pair: pair[0].release):
            yield Alarm(self.env, order.release - self.env.now, ARRIVAL)
            for _ in range(order.parts):
                self.sums["arrivals"] += 1
                product = 0 if order.product is None else self.line.product_names.index(order.product)
                self.enter_queue(source, product, job)

    def enter_queue(self, source: Source, product: int, job: Job | None) -> None:
        self.note_levels()
        self.inside += 1
        source.queue.append(Part(self.env.now, product, job))
        self.move_parts_soon()

    def shifts(self, calendar: Calendar) -> Process:
        """Switch the whole line on and off by its calendar."""
        for moment in calendar.moments(self.window.horizon):
            yield Alarm(self.env, moment - self.env.now, SHIFT_CHANGE)
            self.note_levels()
            self.on = not self.on
            if not self.on:
                for place in self.places:
                    for machine in place.machines:
                        self.stop(machine)
            self.move_parts_soon()

    def crew_shifts(self, crew: Crew, calendar: Calendar, number: int) -> Process:
        """People come and go; those who are at work finish it."""
        for moment in calendar.moments(self.window.horizon):
            yield Alarm(self.env, moment - self.env.now, CREW_CHANGE + number)
            crew.on = not crew.on
            self.office.serve()

    def stop(self, machine: Machine) -> None:
        """Interrupt the machine; the parts stay in hand and keep the work done."""
        if machine.running is not None:
            machine.running.interrupt()
            machine.running = None

    # -- the end of a moment -------------------------------------------------------------------------------------

    def move_parts(self, _: simpy.Event) -> None:
        """Move every part that can move, from the end of the line to its beginning, until none can."""
        self.parts_will_move = False
        self.note_levels()
        moved = True
        while moved:
            moved = False
            for place in reversed(self.places):
                moved |= self.load(place)
        for vehicles in self.fleets if self.on else ():
            self.send_vehicles(vehicles)
        for place in self.places:
            for machine in place.machines:
                if machine.unfinished and machine.may_run and not machine.running:
                    self.start(machine)
        self.note_states()

    def start(self, machine: Machine) -> None:
        """Set up or process, as soon as the people are there."""
        place = machine.place
        if place.operators and machine.operator is None:
            machine.operator = self.office.call(place.operators, place.spec.priority, self.move_parts_soon)
        if machine.operator is not None and machine.operator.crew is None:
            return
        if machine.setup_left > 0:
            if place.setters and machine.setter is None:
                assert place.spec.setup is not None
                machine.setter = self.office.call(place.setters, place.spec.setup.priority, self.move_parts_soon)
            if machine.setter is None or machine.setter.crew is not None:
                machine.running = self.env.process(self.set_up(machine))
            return
        startup = place.spec.startup
        if startup is not None and self.env.now - machine.stopped >= startup.after:
            machine.cold_parts = startup.parts
        if startup is not None and not machine.begun and machine.cold_parts > 0:
            machine.work_left *= startup.cycle
        machine.begun = True
        machine.running = self.env.process(self.process(machine))


def run_reference(line: Line, window: Window, seed: int, replication: int) -> RunFigures:
    """Simulate one replication; the same arguments give the same bytes."""
    return Floor(line, window, seed, replication).run()
