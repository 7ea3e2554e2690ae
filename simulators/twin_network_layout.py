"""How a line that is not plain becomes the tables of the network kernel."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from simulators.distributions import Distribution
from simulators.line import Failure, Line, Station
from simulators.network import LEAVES, Network, network
from simulators.states import STARVED
from simulators.streams import stream_id
from simulators.twin_network_tables import (
    IN_LIST,
    LONGEST_WAIT,
    NEAREST,
    NOBODY,
    PART,
    PER_FLEET,
    PER_PLACE,
    ROWS,
    World,
)
from simulators.twin_tables import BLOCK, CALENDAR, CHANCE, NONE, OPERATING, STREAM, UNLIMITED, Streams


class _Builder:
    """Lays out the rows of a line."""

    def __init__(self, line: Line, horizon: float) -> None:
        self.line, self.net = line, network(line)
        self.names = line.product_names
        self.streams = Streams()
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ROWS}
        self.members: list[int] = []
        self.setups: list[int] = []
        self.floor: dict[str, Any] = {}
        self.crew_numbers = {name: index for index, (name, _) in enumerate(line.crews)}
        self.calendar: list[int] = []
        self.edges: list[float] = []
        self._lists()
        for index, station in enumerate(line.stations):
            self._place(index, station)
        self._calls()
        self._sources()
        self._fleets()
        self._clocks(horizon)
        self._rest()

    def add(self, name: str, **values: Any) -> int:
        """Add a row to a table; returns its number."""
        self.rows[name].append(values)
        return len(self.rows[name]) - 1

    def some(self, numbers: list[int] | tuple[int, ...]) -> int:
        """Add numbers to the members; returns where they begin."""
        self.members += numbers
        return len(self.members) - len(numbers)

    def chance(self, station: str, purpose: str) -> int:
        return self.streams.add(CHANCE, stream_id(station, purpose))

    def _lists(self) -> None:
        """A list of parts for each pool, then blocked parts and a conveyor for each station, fleets, the yards."""
        for stations in self.net.pools:
            self.add("pools", list=self.add("lists"), at=self.some(stations), count=len(stations))
        self.lists = {
            (kind, index): self.add("lists")
            for kind, count in (
                ("blocked", len(self.line.stations)),
                ("belt", len(self.line.stations)),
                ("fleet", len(self.line.fleets)),
                ("yard", max(len(self.net.entries), 1)),
            )
            for index in range(count)
        }
        count = PER_PLACE * len(self.line.stations) + PER_FLEET * len(self.line.fleets) + 1
        for _ in range(count):
            self.add("areas")

    def _inputs(self, net: Network, index: int) -> int:
        first = len(self.rows["inputs"])
        for parts, pools in net.inputs[index]:
            self.add("inputs", parts=parts, at=self.some(pools), count=len(pools))
        return first

    def _products(self, index: int, station: Station) -> int:
        first = len(self.rows["products"])
        shared = self.streams.add(station.cycle, stream_id(station.name, "cycle"))
        for number, name in enumerate(self.names):
            own, cycle = station.own(name).cycle, shared
            if own is not None:
                cycle = self.streams.add(own, stream_id(station.name, "cycle", name))
            ways = self.net.ways[index][number]
            at = len(self.rows["ways"])
            for upper, pool in ways:
                self.add("ways", pool=NONE if pool == LEAVES else pool, upper=upper)
            self.add(
                "products", cycle=cycle, ways_at=at, ways=len(ways), scrap=station.scrap_of(name),
                rework=station.rework_of(name), ideal=station.ideal_cycle_of(name) / station.batch,
            )  # fmt: skip
        return first

    def _setups(self, station: Station) -> int:
        """Streams of all changes of product; NONE where they take no time."""
        if station.setup is None:
            return NONE
        first, setup = len(self.setups), station.setup
        others = self.streams.add(setup.time or Distribution.constant(0), stream_id(station.name, "setup"))
        listed = {(start, end) for start, end, _ in setup.matrix}
        for before, after in itertools.product(self.names, self.names):
            time = setup.between(before, after)
            stream = NONE if time is None else others
            if time is not None and (before, after) in listed:
                stream = self.streams.add(time, stream_id(station.name, "setup", f"{before} > {after}"))
            self.setups.append(stream)
        return first

    def _place(self, index: int, station: Station) -> None:
        net, fleets = self.net, [fleet.name for fleet in self.line.fleets]
        startup, rework = station.startup, station.rework
        self.add(
            "places",
            first=len(self.rows["machines"]),
            servers=station.servers,
            buffer=UNLIMITED if station.buffer is None else station.buffer,
            scrap_stream=self.chance(station.name, "scrap"),
            rework_stream=self.chance(station.name, "rework"),
            way_stream=self.chance(station.name, "way"),
            tries=0 if rework is None else rework.tries,
            back=NONE if net.back[index] == LEAVES else net.back[index],
            exit=net.exits[index],
            most=station.batch,
            least=station.batch if station.least is None else station.least,
            assembly=bool(station.assembly),
            inputs_at=self._inputs(net, index),
            inputs=len(net.inputs[index]),
            source=net.entries.index(index) if index in net.entries else NONE,
            operators=len(station.operators),
            setters=0 if station.setup is None else len(station.setup.crews),
            product_at=self._products(index, station),
            setup_at=self._setups(station),
            cold_parts=0 if startup is None else startup.parts,
            after=0.0 if startup is None else startup.after,
            cold_scrap=0.0 if startup is None else startup.scrap,
            cold_cycle=1.0 if startup is None else startup.cycle,
            belt=self.lists["belt", index],
            travel=-1.0 if station.travel is None else station.travel,
            fleet=NONE if station.fleet is None else fleets.index(station.fleet),
            inbox=station.inbox,
            column=sum(other.rework is not None for other in self.line.stations[:index]),
            blocked=self.lists["blocked", index],
            waiting=station.servers,
            starved=station.servers,
        )
        for server in range(station.servers):
            first = len(self.rows["causes"])
            for failure in station.failures:
                self._cause(station, failure, server)
            self.add(
                "machines", station=index, cause=first, causes=len(station.failures), state=STARVED, waiting=1,
                product=NONE, hand=NONE, operator=NOBODY, setter=NOBODY,
            )  # fmt: skip

    def _cause(self, station: Station, failure: Failure, server: int) -> None:
        by_calendar = failure.clock == "calendar"
        number = self.add(
            "causes",
            server=len(self.rows["machines"]),
            clock=CALENDAR if by_calendar else OPERATING,
            uptime=self.streams.add(failure.uptime, stream_id(station.name, "uptime", failure.name, server)),
            repair=self.streams.add(failure.repair, stream_id(station.name, "repair", failure.name, server)),
            calendar_slot=len(self.calendar) if by_calendar else NONE,
            planned=failure.planned,
            crew=NOBODY,
        )
        crews = () if failure.crew is None else (failure.crew, *failure.others)
        self._call(crews, failure.priority)
        if by_calendar:
            self.calendar.append(number)

    def _call(self, crews: tuple[str, ...], priority: int) -> None:
        at = self.some([self.crew_numbers[name] for name in crews])
        self.add("calls", crews_at=at, crews=len(crews), priority=priority, next=NONE)

    def _calls(self) -> None:
        for station in self.line.stations:
            setup = station.setup
            for _ in range(station.servers):
                self._call(station.operators, station.priority)
                self._call(() if setup is None else setup.crews, 0 if setup is None else setup.priority)
        for name, size in self.line.crews:
            on = all(calendar.works_at_once() for crew, calendar in self.line.crew_calendars if crew == name)
            self.add("crews", size=size, on=on)

    def _sources(self) -> None:
        line = self.line
        for number, index in enumerate(self.net.entries or (0,)):
            station = line.stations[index]
            name, between = ("", line.arrivals) if index == 0 else (station.name, station.arrivals)
            gaps = NONE
            if isinstance(between, Distribution):
                gaps = self.streams.add(between, stream_id(name, "arrivals"))
            self.add(
                "sources", station=index, saturated=gaps == NONE and not (index == 0 and line.orders), gaps=gaps,
                products=self.chance(name, "product"), list=self.lists["yard", number], lot=NONE,
                orders=bool(index == 0 and line.orders),
            )  # fmt: skip
        for order in line.orders:
            product = 0 if order.product is None else self.names.index(order.product)
            self.add(
                "orders", product=product, parts=order.parts, left=order.parts, due=order.due, release=order.release
            )

    def _fleets(self) -> None:
        stations = self.line.stations
        homes = [station.name for station in stations]
        self.travel: list[float] = []
        for number, fleet in enumerate(self.line.fleets):
            self.add(
                "fleets", first=len(self.rows["vehicles"]), vehicles=fleet.vehicles, list=self.lists["fleet", number],
                rule=NEAREST if fleet.rule == "nearest" else LONGEST_WAIT, load=fleet.load, unload=fleet.unload,
            )  # fmt: skip
            self.travel += [fleet.seconds(a.name, b.name) for a in stations for b in stations]
            for _ in range(fleet.vehicles):
                at = 0 if fleet.home is None else homes.index(fleet.home)
                self.add("vehicles", fleet=number, at=at, part=NONE)

    def _clocks(self, horizon: float) -> None:
        calendars = [] if self.line.calendar is None else [(NONE, self.line.calendar)]
        calendars += [(self.crew_numbers[name], calendar) for name, calendar in self.line.crew_calendars]
        for crew, calendar in calendars:
            first = len(self.edges)
            self.edges += calendar.moments(horizon)
            self.add("clocks", next=first, end=len(self.edges), crew=crew)

    def _rest(self) -> None:
        line, rows = self.line, self.rows
        machines, causes = len(rows["machines"]), len(rows["causes"])
        slots = (machines, causes, len(self.calendar), len(line.stations), len(rows["vehicles"]), len(rows["sources"]))
        edges = list(itertools.accumulate(slots))
        limits = {} if line.demand is None else dict(line.demand.parts)
        self.want_of = [0 if "" in limits else index for index, _ in enumerate(self.names)]
        for name in ("",) if "" in limits else self.names:
            self.add("wants", limit=limits.get(name, 0))
        self.slots = edges[-1] + len(rows["clocks"])
        self.add(
            "floors",
            stations=len(line.stations),
            products=len(self.names),
            capacity=UNLIMITED if line.system_capacity is None else line.system_capacity,
            closed=line.pallets or 0,
            on=line.calendar is None or line.calendar.works_at_once(),
            calendar=line.calendar is not None,
            most_new=2 + sum(line.stations[i].servers * line.stations[i].batch for i in self.net.entries),
            bottleneck=NONE,
            repair_slot=edges[0],
            calendar_slot=edges[1],
            belt_slot=edges[2],
            vehicle_slot=edges[3],
            source_slot=edges[4],
            clock_slot=edges[5],
            caller=NONE,
            mix=line.products is not None and bool(line.products.shares),
            lots=0 if line.products is None else len(line.products.sequence),
            yard=len(rows["areas"]) - 1,
            every=0.0 if line.demand is None else line.demand.every,
        )

    def table(self, name: str) -> Any:
        """The rows of a table as an array, never empty: a compiled function may look at the first."""
        rows = np.zeros(max(len(self.rows[name]), 1), ROWS[name])
        for row, values in zip(rows, self.rows[name], strict=False):
            for field, value in values.items():
                row[field] = value
        return rows if self.rows[name] or name in {"calls", "vehicles", "wants"} else rows[:0]


def world_of(line: Line, horizon: float, room: int) -> World:
    """Lay out a line at time 0, with room for so many parts at once."""
    laid_out = _Builder(line, horizon)
    products = line.products
    mix = [] if products is None or not products.shares else list(itertools.accumulate(products.shares))
    mix[-1:] = [2.0]  # rounding must not leave a gap at the top
    sequence = () if products is None else products.sequence
    lots = [number for name, parts in sequence for number in (laid_out.names.index(name), parts)]
    tables = {name: laid_out.table(name) for name in ROWS if name not in {"streams", "parts"}}
    parts = np.zeros(room, PART)
    links = np.full((room, 5), NONE, np.int64)
    links[:, IN_LIST] = np.arange(1, room + 1)
    tables["floors"]["spare"] = room
    tables["lists"]["head"] = tables["lists"]["tail"] = NONE
    by_release = sorted(range(len(line.orders)), key=lambda index: line.orders[index].release)
    integers = {
        "members": laid_out.members,
        "setups": laid_out.setups,
        "lots": lots,
        "releases": by_release,
        "want_of": laid_out.want_of,
        "touched": [0] * len(tables["machines"]),
        "calendar": laid_out.calendar,
    }
    return World(
        **tables,
        **{name: np.array(values, dtype=np.int64) for name, values in integers.items()},
        streams=np.array(laid_out.streams.rows, dtype=STREAM),
        store=np.empty((len(laid_out.streams.rows), BLOCK)),
        numbers=laid_out.streams.numbers(),
        parts=parts,
        links=links,
        rounds=np.zeros((room, max(sum(station.rework is not None for station in line.stations), 1)), np.int64),
        mix=np.array(mix, dtype=np.float64),
        travel=np.array(laid_out.travel, dtype=np.float64),
        edges=np.array(laid_out.edges, dtype=np.float64),
        when=np.full(8 * (laid_out.slots // 8 + 1), np.inf),
        seconds=np.zeros((len(line.stations), 7)),
    )


def copied(world: World) -> World:
    """A copy to run on; what no run changes is shared."""
    shared = {"numbers", "ways", "inputs", "members", "setups", "lots", "releases", "want_of", "mix", "travel", "edges"}
    return World(*(table if name in shared else table.copy() for name, table in zip(World._fields, world, strict=True)))


def enlarged(world: World, more: int) -> World:
    """The same world with room for more parts, in the middle of a run."""
    room = len(world.parts)
    links = np.full((room + more, world.links.shape[1]), NONE, np.int64)
    links[:room] = world.links
    links[room:, IN_LIST] = np.arange(room + 1, room + more + 1)
    links[-1, IN_LIST] = world.floors[0]["free"]
    world.floors[0]["free"] = room
    world.floors[0]["spare"] += more
    rounds = np.zeros((room + more, world.rounds.shape[1]), np.int64)
    rounds[:room] = world.rounds
    parts = np.zeros(room + more, PART)
    parts[:room] = world.parts
    return world._replace(parts=parts, links=links, rounds=rounds)
