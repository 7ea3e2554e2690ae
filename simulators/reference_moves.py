"""How parts move in the reference engine; a move takes no time, but for conveyors and vehicles."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import partial

import simpy

from simulators.reference_clock import CONVEYOR_ENDS, PARTS_MOVE, VEHICLE_COMES, Alarm, Process
from simulators.reference_notes import Notes
from simulators.reference_parts import Part, Pool, Source
from simulators.reference_places import Machine, Place
from simulators.reference_vehicles import Vehicle, Vehicles, site


class Moves(Notes, ABC):
    """The line in which parts move."""

    parts_will_move = False

    @abstractmethod
    def move_parts(self, event: simpy.Event) -> None:
        """Do what is to be done at the end of a moment."""

    def move_parts_soon(self) -> None:
        if not self.parts_will_move:
            self.parts_will_move = True
            Alarm(self.env, 0, PARTS_MOVE).callbacks.append(self.move_parts)

    def load(self, place: Place) -> bool:
        """Fill the idle machines of a station, and the room they make behind the ones before."""
        moved = False
        for machine in place.machines:
            if not machine.parts and machine.may_run:
                parts = self.assemble(place) if place.spec.assembly else self.take(place)
                if not parts:
                    break
                machine.parts = parts
                for part in parts:
                    part.where = machine
                self.prepare(machine)
                moved = True
        return moved | self.unblock(place)

    def prepare(self, machine: Machine) -> None:
        """Look up what the parts in hand need: time of work, and of a set-up where the product changes."""
        place, product = machine.place, machine.parts[0].product
        machine.work_left = next(place.cycles[product])
        machine.begun = False
        if machine.product is not None and (machine.product, product) in place.setups:
            machine.setup_left = next(place.setups[machine.product, product])
            place.set_up += 1
        machine.product = product

    def take(self, place: Place) -> list[Part]:
        """Take the next part for a station, or as many as make a batch: from inside the line first, then new ones."""
        ((most, pools),) = place.inputs
        least = most if place.spec.least is None else place.spec.least
        source = place.source
        there: float = sum(len(pool.waiting) for pool in pools)
        if source is not None:
            there += math.inf if source.saturated else len(source.queue)
        if there < least:
            return []
        parts: list[Part] = []
        while len(parts) < min(most, there):
            first = [pool.waiting[0] for pool in pools if pool.waiting]
            if first:
                parts.append(self.fetch(min(first, key=lambda part: part.number)))
            else:
                assert source is not None
                parts.append(self.let_in(source))
        return parts

    def assemble(self, place: Place) -> list[Part]:
        """Take all that makes one part, once it is there; the first of the first input is the part from now on."""
        if any(len(pool.waiting) < parts for parts, (pool,) in place.inputs):
            return []
        taken = [self.fetch(pool.waiting[0]) for parts, (pool,) in place.inputs for _ in range(parts)]
        for part in taken[1:]:
            self.leave(part, good=False)
        return taken[:1]

    def let_in(self, source: Source) -> Part:
        """Let the next part into the line."""
        now = self.env.now
        if source.saturated:
            self.inside += 1
            return Part(now, next(source.products))
        part = source.queue.popleft()
        self.sums["queue_wait_s"] += now - part.entered
        self.sums["queue_starts"] += 1
        self.sums["queue_waited"] += now > part.entered
        return part

    def fetch(self, part: Part) -> Part:
        """Take a part from where it is: a buffer, a machine that waits to be rid of it, or where a vehicle put it."""
        where, pool = part.where, part.pool
        assert pool is not None
        if part in pool.waiting:
            pool.waiting.remove(part)
        if isinstance(where, Place):
            where.give(part)
            self.unblock(where)
        elif isinstance(where, Machine):
            where.parts.remove(part)
            where.place.blocked.remove(part)
        else:
            pool.reserved -= 1
            pool.delivered -= 1
        return part

    def unblock(self, place: Place) -> bool:
        """Let finished parts into the buffer behind a station while there is room."""
        moved = False
        while place.blocked and place.room:
            part = place.blocked.popleft()
            assert isinstance(part.where, Machine)
            part.where.parts.remove(part)
            part.where = place
            place.buffer.append(part)
            if place.spec.travel is not None:
                alarm = Alarm(self.env, place.spec.travel, CONVEYOR_ENDS + place.index)
                alarm.callbacks.append(partial(self.arrive, part))
            moved = True
        return moved

    def finish(self, machine: Machine) -> None:
        """Count the finished parts; each leaves for good, goes back, or waits on the machine for room."""
        place = machine.place
        for part in machine.parts.copy():
            place.processed += 1
            place.ideal_s += place.ideal[part.product]
            scrap = place.scrap[part.product]
            if machine.cold_parts > 0:
                assert place.spec.startup is not None
                machine.cold_parts -= 1
                scrap = max(scrap, place.spec.startup.scrap)
            scrapped = scrap > 0 and next(place.scraps) < scrap
            again = not scrapped and place.rework[part.product] > 0 and next(place.reworks) < place.rework[part.product]
            if again and place.spec.rework is not None:
                rounds = part.rounds.get(place.index, 0)
                again, scrapped = rounds < place.spec.rework.tries, rounds >= place.spec.rework.tries
                part.rounds[place.index] = rounds + 1
            if again:
                self.send_back(machine, part)
            else:
                self.finish_part(machine, part, scrapped=scrapped)
        if machine.operator is not None:
            self.office.done(machine.operator)
            machine.operator = None

    def finish_part(self, machine: Machine, part: Part, *, scrapped: bool) -> None:
        """A part is done here: it leaves the line as scrap or as a good part, or goes on."""
        place = machine.place
        place.scrapped += scrapped
        if self.line.pallets is not None:  # the pallet goes round, with a new part from the last station on
            if place.exit:
                self.note_output(place)
                if not scrapped:
                    self.market.sell(self, part)
                part.entered, part.product = self.env.now, next(self.sources[0].products)
            self.pass_on(machine, part, place.way(part.product))
            return
        pool = None if scrapped else place.way(part.product)
        if pool is not None:
            self.pass_on(machine, part, pool)
            return
        if place.exit or not scrapped:
            self.note_output(place)
        machine.parts.remove(part)
        self.leave(part, good=not scrapped)

    def send_back(self, machine: Machine, part: Part) -> None:
        """A part is to be worked on again; it waits beside the machine, where there is always room."""
        place = machine.place
        place.reworked += 1
        machine.parts.remove(part)
        place.rack.append(part)
        part.where, part.pool = place, place.back
        if place.vehicles is None:
            self.join(part)
        else:
            self.ask_vehicle(part, place.vehicles)

    def pass_on(self, machine: Machine, part: Part, pool: Pool | None) -> None:
        """A part waits on its machine for room behind it, for the next station, a conveyor or a vehicle."""
        assert pool is not None
        place, part.pool = machine.place, pool
        place.blocked.append(part)
        if place.vehicles is None and place.spec.travel is None:
            self.join(part)
            return
        if place.vehicles is not None:
            self.ask_vehicle(part, place.vehicles)
        else:
            self.expect(part)

    def ask_vehicle(self, part: Part, vehicles: Vehicles) -> None:
        self.expect(part)
        part.asked = self.env.now
        vehicles.waiting.append(part)

    def expect(self, part: Part) -> None:
        """The next station waits for a part that is not there yet."""
        assert part.pool is not None
        for place in part.pool.places:
            place.coming += 1

    def join(self, part: Part) -> None:
        """From now on the next station may take the part."""
        assert part.pool is not None
        part.number, self.ready = self.ready, self.ready + 1
        part.pool.waiting.append(part)

    def leave(self, part: Part, *, good: bool) -> None:
        """The part leaves the line."""
        self.inside -= 1
        if good:
            self.market.sell(self, part)
        job = part.order
        if job is not None:
            job.good += good
            job.parts_left -= 1
            if job.parts_left == 0:
                job.finished_at = self.env.now

    def lay_out(self, pallets: int) -> None:
        """Put the pallets in front of the stations, as many at each as it holds, from the first on."""
        for place in self.places:
            before = self.places[place.index - 1]
            room = pallets if before.spec.buffer is None else before.spec.buffer + place.spec.servers
            for _ in range(min(room, pallets)):
                part = Part(0.0, next(self.sources[0].products), where=before)
                part.pool = before.ways[part.product][0][1]
                before.buffer.append(part)
                self.join(part)
                pallets -= 1

    # -- transport ---------------------------------------------------------------------------------------------

    def arrive(self, part: Part, _: simpy.Event) -> None:
        """A part is at the end of its conveyor."""
        self.note_levels()
        self.have_come(part)

    def have_come(self, part: Part) -> None:
        assert part.pool is not None
        for place in part.pool.places:
            place.coming -= 1
        self.join(part)
        self.move_parts_soon()

    def send_vehicles(self, vehicles: Vehicles) -> None:
        """Send idle vehicles to the parts that wait for one."""
        while (pair := vehicles.choose()) is not None:
            vehicle, part = pair
            assert part.pool is not None
            vehicles.waiting.remove(part)
            vehicle.part = part
            part.pool.reserved += 1
            self.env.process(self.drive(vehicles, vehicle, part))

    def drive(self, vehicles: Vehicles, vehicle: Vehicle, part: Part) -> Process:
        """Fetch a part and bring it to the place in front of its next station."""
        start, pool = site(part), part.pool
        assert pool is not None
        end = pool.places[0]
        yield Alarm(self.env, vehicles.travel[vehicle.at.index][start.index], VEHICLE_COMES + vehicle.index)
        self.note_levels()
        if isinstance(part.where, Machine):
            part.where.parts.remove(part)
            start.blocked.remove(part)
        else:
            start.give(part)
        part.where, vehicle.loaded = vehicle, True
        self.move_parts_soon()
        trip = vehicles.spec.load + vehicles.travel[start.index][end.index] + vehicles.spec.unload
        yield Alarm(self.env, trip, VEHICLE_COMES + vehicle.index)
        self.note_levels()
        vehicle.at, vehicle.part, vehicle.loaded = end, None, False
        vehicles.deliveries += 1
        vehicles.delivery_s += self.env.now - part.asked
        part.where = pool
        pool.delivered += 1
        self.have_come(part)
