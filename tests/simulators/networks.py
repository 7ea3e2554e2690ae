"""Random lines that are not plain: ways, rework, assembly, batches, products, people, transport, orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from simulators.figures import Window
from simulators.flow import Fleet, Rework, Startup, Way
from simulators.line import Calendar, Failure, Line, Station
from simulators.products import Demand, Order, ProductAt, Products, Setup
from tests.simulators.lines import calendars, times

MONDAY = date(2027, 1, 4)


@st.composite
def products(draw) -> Products:
    names = ("A", "B", "C")[: draw(st.integers(1, 3))]
    if draw(st.booleans()):
        weights = draw(st.lists(st.integers(1, 5), min_size=len(names), max_size=len(names)))
        return Products(names=names, shares=tuple(weight / sum(weights) for weight in weights))
    lots = st.tuples(st.sampled_from(names), st.integers(1, 7))
    return Products(names=names, sequence=tuple(draw(st.lists(lots, min_size=1, max_size=4))))


@st.composite
def setups(draw, names: tuple[str, ...], crews: tuple[str, ...], ties: bool) -> Setup:
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names))
    listed = sorted(draw(st.lists(pairs, max_size=3, unique=True)))
    return Setup(
        time=draw(st.none() | times(20, ties)),
        matrix=tuple((before, after, draw(times(8, ties))) for before, after in listed),
        crews=draw(some(crews)),
        priority=draw(st.integers(0, 2)),
    )


def some(crews: tuple[str, ...]):
    """No crew, or one, or several of which any will do."""
    return st.just(()) if not crews else st.lists(st.sampled_from(crews), max_size=2, unique=True).map(tuple)


@st.composite
def machines(draw, index: int, names: tuple[str, ...], crews: tuple[str, ...], ties: bool, buffer) -> Station:
    """A station with everything that is said of it alone."""

    def failure(number: int) -> Failure:
        called = draw(some(crews))
        return Failure(
            name=f"cause {number}",
            clock=draw(st.sampled_from(["operating", "calendar"])),
            uptime=draw(times(draw(st.floats(20, 300)), ties)),
            repair=draw(times(draw(st.floats(3, 60)), ties)),
            crew=called[0] if called else None,
            others=called[1:],
            priority=draw(st.integers(0, 2)),
            planned=draw(st.booleans()),
        )

    own = [
        ProductAt(
            product=name,
            cycle=draw(st.none() | times(6, ties)),
            ideal_cycle=draw(st.sampled_from([None, 3.0])),
            scrap=draw(st.sampled_from([None, 0.0, 0.2])),
        )
        for name in names
        if name and draw(st.booleans())
    ]
    startup = st.builds(
        Startup,
        parts=st.integers(1, 5),
        after=st.sampled_from([0.0, 5.0, 30.0]),
        scrap=st.sampled_from([0.0, 0.5]),
        cycle=st.sampled_from([1.0, 1.5]),
    )
    return Station(
        name=f"M{index}",
        servers=draw(st.sampled_from([1, 1, 2, 3])),
        cycle=draw(times(draw(st.floats(2, 15)), ties)),
        scrap=draw(st.sampled_from([0.0, 0.0, 0.1])),
        failures=tuple(failure(number) for number in range(draw(st.sampled_from([0, 0, 1, 2])))),
        buffer=buffer,
        products=tuple(own),
        setup=draw(st.none() | setups(names, crews, ties)) if names != ("",) else None,
        startup=draw(st.none() | startup),
        operators=draw(some(crews)),
        priority=draw(st.integers(0, 2)),
    )


@st.composite
def networks(draw) -> Line:
    """A line whose stations all lead on to a later one; some ways, rework, assembly, batches, vehicles on top."""
    ties = draw(st.booleans())
    mix = draw(st.none() | products())
    names = ("",) if mix is None else mix.names
    crews = tuple(f"crew {number}" for number in range(draw(st.integers(0, 2))))
    count = draw(st.integers(1, 5))
    closed = draw(st.sampled_from([False, False, False, True]))
    stations = []
    for index in range(count):
        buffer = draw(st.sampled_from([0, 0, 1, 2, 5, None]))
        station = draw(machines(index, names, crews, ties, buffer))
        if index == count - 1 and not closed:
            station = replace(station, buffer=0)
        stations.append(replace(station, scrap=0.0 if closed and index < count - 1 else station.scrap))
    kind = "pallets" if closed else draw(st.sampled_from(["saturated", "saturated", "arrivals", "orders"]))
    fleets = ()
    if not closed:
        stations = draw(ways(stations, names, ties))
        fleets = tuple(draw(fleet(number, stations)) for number in range(draw(st.sampled_from([0, 0, 1, 2]))))
        stations = draw(transports(stations, fleets, ties))
        stations = draw(again(stations))
    else:
        stations = [
            replace(s, products=tuple(replace(own, scrap=None) for own in s.products), startup=None)
            if index < count - 1
            else s
            for index, s in enumerate(stations)
        ]
    arrivals = draw(times(draw(st.floats(5, 15)), ties)) if kind == "arrivals" else None
    places = [None if station.buffer is None else station.buffer + station.servers for station in stations]
    most = 12 if None in places else sum(places) - 1
    if closed and most < 1:
        closed = False
    order = st.builds(
        Order,
        name=st.just("order"),
        parts=st.integers(1, 40),
        due=st.floats(0, 3000),
        product=st.sampled_from(names) if mix else st.none(),
        release=st.sampled_from([0.0, 0.0, 400.0, 2000.0]),
    )
    wanted = st.one_of(
        st.just((("", 60),)), st.just(tuple((name, 20 + 10 * i) for i, name in enumerate(names)) if mix else (("", 9),))
    )
    return Line(
        name="random network",
        stations=tuple(stations),
        crews=tuple((name, draw(st.integers(1, 2))) for name in crews),
        crew_calendars=tuple(
            (name, draw(calendars())) for name in crews if draw(st.sampled_from([False, False, True]))
        ),
        arrivals=arrivals,
        calendar=draw(st.none() | closings()),
        pallets=draw(st.integers(1, most)) if closed else None,
        system_capacity=draw(st.none() | st.integers(1, 15)) if arrivals is not None else None,
        products=mix,
        orders=tuple(draw(st.lists(order, min_size=1, max_size=4))) if kind == "orders" else (),
        demand=draw(st.none() | st.builds(Demand, every=st.sampled_from([500.0, 1000.0]), parts=wanted)),
        fleets=fleets,
    )


@st.composite
def closings(draw) -> Calendar:
    """Shifts, and days on which nobody comes."""
    days = draw(st.sets(st.integers(0, 8), max_size=2))
    return replace(draw(calendars()), first=MONDAY, closed=tuple(MONDAY + timedelta(days=day) for day in sorted(days)))


@st.composite
def ways(draw, stations: list[Station], names: tuple[str, ...], ties: bool) -> list[Station]:
    """Splits, alternatives, merges, assemblies and batches: every station leads to later ones, the last out."""
    count, found = len(stations), list(stations)
    senders: dict[str, list[str]] = {}
    for index in range(count):
        later = [station.name for station in stations[index + 1 :]]
        options = ["next", "chance", "any", "product"] if len(later) > 1 else ["next"]
        kind = draw(st.sampled_from(options))
        if kind == "next" or not later:
            ends = [later[0]] if later else []
            way = ()
        else:
            second = draw(st.sampled_from(["out", *later[1:]] if kind != "any" else later[1:]))
            ends = [later[0], second]
            if kind == "any":
                way = (Way(to=(later[0], second)),)
            elif kind == "chance":
                way = (Way(to=(later[0],), share=0.7), Way(to=(second,), share=1 - 0.7))
            elif names != ("",):
                way = (Way(to=(second,), products=(names[0],)), Way(to=(later[0],)))
            else:
                way, ends = (), [later[0]]
        found[index] = replace(found[index], to=way)
        for end in ends:
            senders.setdefault(end, []).append(found[index].name)
    for index in range(1, count):
        if draw(st.sampled_from([False, False, True])):
            sent = senders[found[index].name]
            alone = all(len(way.to) == 1 for s in found[:index] for way in s.to if found[index].name in way.to)
            if alone and found[index].batch == 1:
                parts = tuple((name, draw(st.integers(1, 3))) for name in draw(st.permutations(sent)))
                found[index] = replace(found[index], assembly=parts)
    for index in range(count):
        if not found[index].assembly and draw(st.sampled_from([False, False, True])):
            batch = draw(st.integers(2, 4))
            found[index] = replace(found[index], batch=batch, least=draw(st.none() | st.integers(1, batch)))
    if count > 2 and draw(st.sampled_from([False, False, True])):  # components come in by themselves
        target = found[-1]
        if target.batch == 1:
            source = draw(machines(count, names, (), ties, 3))
            sent = dict.fromkeys([*senders[target.name], source.name])
            if all(len(way.to) == 1 for s in found for way in s.to if target.name in way.to):
                found[-1] = replace(target, assembly=tuple((name, draw(st.integers(1, 2))) for name in sent))
                entry = draw(st.just("saturated") | times(9, ties))
                found.insert(-1, replace(source, to=(Way(to=(target.name,)),), arrivals=entry))
                if not found[-3].to:  # the one before leads on to the last, no longer its neighbour
                    found[-3] = replace(found[-3], to=(Way(to=(target.name,)),))
    return found


@st.composite
def fleet(draw, number: int, stations: list[Station]) -> Fleet:
    names = [station.name for station in stations]
    pairs = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=4, unique=True))
    return Fleet(
        name=f"fleet {number}",
        vehicles=draw(st.integers(1, 3)),
        travel=tuple((a, b, float(draw(st.integers(0, 9)))) for a, b in sorted(pairs) if a != b),
        otherwise=draw(st.sampled_from([0.0, 4.0, 3.7])),
        load=draw(st.sampled_from([0.0, 2.0])),
        unload=draw(st.sampled_from([0.0, 1.3])),
        rule=draw(st.sampled_from(["longest_wait", "nearest"])),
        home=draw(st.none() | st.sampled_from(names)),
    )


@st.composite
def transports(draw, stations: list[Station], fleets: tuple[Fleet, ...], ties: bool) -> list[Station]:
    """Conveyors and vehicles behind some stations; the places in front hold what is needed at once."""
    found = []
    for station in stations:
        changes: dict[str, object] = {"inbox": 13}
        if fleets and draw(st.booleans()) and all(len(way.to) == 1 for way in station.to):
            changes["fleet"] = draw(st.sampled_from(fleets)).name
        elif station.buffer != 0 and draw(st.sampled_from([False, True])):
            changes["travel"] = draw(st.sampled_from([0.0, 7.0, 12.5]))
        found.append(replace(station, **changes))
    if not fleets:
        return [replace(station, inbox=1) for station in found]
    return [
        replace(s, inbox=max([s.least or s.batch, *(n for _, n in s.assembly)]) + draw(st.integers(0, 2)))
        for s in found
    ]


@st.composite
def again(draw, stations: list[Station]) -> list[Station]:
    """Rework: back to an earlier station, or to the same one, that puts nothing together."""
    found = []
    for index, station in enumerate(stations):
        back = [other.name for other in stations[: index + 1] if not other.assembly and other.arrivals is None]
        if back and draw(st.sampled_from([False, False, True])):
            rework = Rework(to=draw(st.sampled_from(back)), share=0.2, tries=draw(st.integers(1, 3)))
            last = index == len(stations) - 1
            buffer = draw(st.sampled_from([1, 4])) if last else station.buffer
            found.append(replace(station, rework=rework, buffer=buffer))
        else:
            found.append(station)
    return found


@st.composite
def windows(draw, line: Line) -> Window:
    """A short window; with a calendar long enough to see it switch."""
    seldom = line.calendar is None and not line.crew_calendars
    horizon = draw(st.sampled_from([1_500.0, 3_000.0] if seldom else [15_000.0, 15_000.0, 15_000.0, 90_000.0]))
    return Window(
        warmup=draw(st.sampled_from([0.0, horizon / 5, horizon / 7])),
        horizon=horizon,
        bins=draw(st.sampled_from([0, 7])),
    )
