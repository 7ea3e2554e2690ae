"""How the reference engine lays a line out, and how it writes down what was summed up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulators.distributions import Distribution
from simulators.figures import CREW_SUMS, FLEET_SUMS, LINE_SUMS, ORDER_SUMS, RunFigures, Window
from simulators.line import Failure, Line, Station
from simulators.network import LEAVES, network
from simulators.products import Demand
from simulators.reference_crews import Crew
from simulators.reference_parts import Job, Part, Pool, Source, product_numbers
from simulators.reference_places import Cause, Machine, Place
from simulators.reference_vehicles import Vehicle, Vehicles
from simulators.streams import checked_seed, draws, stream_id

if TYPE_CHECKING:
    from simulators.reference_notes import Notes


@dataclass(slots=True)
class Market:
    """Good parts that left, by product, and how many of them somebody wants."""

    demand: Demand | None
    names: tuple[str, ...]
    good: list[int]
    lead_s: list[float]
    wanted: int = 0
    period: int = 0
    sold: dict[str, int] = field(default_factory=dict)  # in this period

    def sell(self, floor: Notes, part: Part) -> None:
        """A good part leaves the line."""
        lead = floor.env.now - part.entered
        floor.sums["good_out"] += 1
        floor.sums["lead_s"] += lead
        self.good[part.product] += 1
        self.lead_s[part.product] += lead
        if self.demand is None:
            return
        period = int(floor.env.now / self.demand.every)
        if period != self.period:
            self.period, self.sold = period, {}
        limits = dict(self.demand.parts)
        name = "" if "" in limits else self.names[part.product]
        self.sold[name] = self.sold.get(name, 0) + 1
        self.wanted += self.sold[name] <= limits.get(name, 0)

    def forget(self) -> None:
        self.good, self.lead_s, self.wanted = [0] * len(self.good), [0.0] * len(self.good), 0


class Layout:
    """Everything on the floor at time 0; each stream of numbers is known by names alone."""

    def __init__(self, line: Line, window: Window, seed: int, replication: int, floor: Notes) -> None:
        self.line, self.seed, self.replication = line, checked_seed(seed), replication
        self.names = line.product_names
        self.network = network(line)
        self.pools = [Pool() for _ in self.network.pools]
        self.crews = {name: Crew(size) for name, size in line.crews}
        for name, calendar in line.crew_calendars:
            self.crews[name].on = calendar.works_at_once()
        self.places = [self._place(floor, index, station) for index, station in enumerate(line.stations)]
        for pool, stations in zip(self.pools, self.network.pools, strict=True):
            pool.places = [self.places[index] for index in stations]
        self.fleets = self._fleets()
        for place in self.places:
            place.vehicles = next((fleet for fleet in self.fleets if fleet.spec.name == place.spec.fleet), None)
        self.sources = [self._source(index) for index in self.network.entries or (0,)]
        self.jobs = [Job(order.due, order.parts) for order in line.orders]
        self.market = Market(line.demand, self.names, [0] * len(self.names), [0.0] * len(self.names))
        self.output = np.zeros(window.bins)
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

    def _chances(self, station: str, purpose: str) -> Iterator[float]:
        return self._numbers(Distribution.uniform(0, 1), station, purpose)

    def _place(self, floor: Notes, index: int, spec: Station) -> Place:
        net = self.network
        shared = self._numbers(spec.cycle, spec.name, "cycle")
        cycles = []
        for name in self.names:
            own = spec.own(name).cycle
            cycles.append(shared if own is None else self._numbers(own, spec.name, "cycle", name))
        setups = {}
        if spec.setup is not None:
            others = self._numbers(spec.setup.time or Distribution.constant(0), spec.name, "setup")
            listed = {(start, end) for start, end, _ in spec.setup.matrix}
            for i, before in enumerate(self.names):
                for j, after in enumerate(self.names):
                    time = spec.setup.between(before, after)
                    if time is not None:
                        cause = f"{before} > {after}"
                        setups[i, j] = (
                            self._numbers(time, spec.name, "setup", cause) if (before, after) in listed else others
                        )
        place = Place(
            floor,
            spec,
            index,
            scraps=self._chances(spec.name, "scrap"),
            reworks=self._chances(spec.name, "rework"),
            chances=self._chances(spec.name, "way"),
            cycles=cycles,
            setups=setups,
            scrap=[spec.scrap_of(name) for name in self.names],
            rework=[spec.rework_of(name) for name in self.names],
            ideal=[spec.ideal_cycle_of(name) / spec.batch for name in self.names],
            inputs=[(parts, [self.pools[pool] for pool in pools]) for parts, pools in net.inputs[index]],
            ways=[
                [(upper, None if pool == LEAVES else self.pools[pool]) for upper, pool in ways]
                for ways in net.ways[index]
            ],
            back=None if net.back[index] == LEAVES else self.pools[net.back[index]],
            exit=net.exits[index],
        )
        place.operators = tuple(self.crews[name] for name in spec.operators)
        place.setters = () if spec.setup is None else tuple(self.crews[name] for name in spec.setup.crews)
        return place

    def _cause(self, station: Station, failure: Failure, server: int, index: int) -> Cause:
        crews = () if failure.crew is None else (failure.crew, *failure.others)
        cause = Cause(
            failure,
            index,
            self._numbers(failure.uptime, station.name, "uptime", failure.name, server),
            self._numbers(failure.repair, station.name, "repair", failure.name, server),
            tuple(self.crews[name] for name in crews),
        )
        if failure.clock == "operating":
            cause.left = next(cause.uptimes)
        return cause

    def _source(self, index: int) -> Source:
        """What comes in at a station; streams of the first one have no name, as it may be called anything."""
        spec, first = self.line.stations[index], index == 0
        name = "" if first else spec.name
        products = product_numbers(self.line.products, self._chances(name, "product"))
        between = self.line.arrivals if first else spec.arrivals
        gaps = self._numbers(between, name, "arrivals") if isinstance(between, Distribution) else None
        source = Source(self.places[index], gaps is None and not (first and self.line.orders), products, gaps)
        if self.network.entries:
            self.places[index].source = source
        return source

    def _fleets(self) -> list[Vehicles]:
        fleets, number = [], 0
        for spec in self.line.fleets:
            home = next((place for place in self.places if place.spec.name == spec.home), self.places[0])
            travel = [[spec.seconds(a.spec.name, b.spec.name) for b in self.places] for a in self.places]
            fleets.append(Vehicles(spec, [Vehicle(number + n, home) for n in range(spec.vehicles)], travel))
            number += spec.vehicles
        return fleets


def figures_of(floor: Notes) -> RunFigures:
    """The sums of a run, in the order of their names in figures.py."""
    places, line = floor.places, floor.line
    on_board = math.fsum(vehicles.loaded_s for vehicles in floor.fleets)
    floor.sums["wip_part_s"] = math.fsum(place.held_s + place.buffer_s for place in places)
    if not line.plain:
        floor.sums["wip_part_s"] += on_board + math.fsum(place.inbox_s for place in places)
    stations = [[p.busy_s, p.held_s, p.buffer_s, p.bottleneck_s, p.processed, p.scrapped, p.failures] for p in places]
    crews = [[crew.busy_s, crew.wait_s, float(crew.repairs)] for crew in floor.crews.values()]
    plain = RunFigures(
        window=floor.window,
        states=np.array([place.state_s for place in places]),
        stations=np.array(stations, dtype=np.float64),
        crews=np.array(crews).reshape(len(crews), len(CREW_SUMS)),
        line=np.array([floor.sums[name] for name in LINE_SUMS]),
        output=floor.output,
    )
    if line.plain:
        return plain
    fleets = [[v.busy_s, v.loaded_s, v.deliveries, v.delivery_s] for v in floor.fleets]
    return RunFigures(
        window=plain.window,
        states=plain.states,
        stations=plain.stations,
        crews=plain.crews,
        line=plain.line,
        output=plain.output,
        places=np.array(
            [[p.ideal_s, p.reworked, p.set_up, p.out, p.inbox_s, p.transport_starved_s] for p in places],
            dtype=np.float64,
        ),
        products=np.array(list(zip(floor.market.good, floor.market.lead_s, strict=True)), dtype=np.float64),
        orders=np.array([_order(floor, job) for job in floor.jobs]).reshape(len(floor.jobs), len(ORDER_SUMS)),
        fleets=np.array(fleets, dtype=np.float64).reshape(len(fleets), len(FLEET_SUMS)),
        more=np.array([float(floor.market.wanted)]),
    )


def _order(floor: Notes, job: Job) -> list[float]:
    """Good parts, whether it is finished, when, and how late it is (so far, where it is not)."""
    finished = job.finished_at is not None
    at = floor.window.horizon if job.finished_at is None else job.finished_at
    return [float(job.good), float(finished), job.finished_at or 0.0, max(0.0, at - job.due)]
