"""How the parts of a line flow, by station numbers: worked out once from the line, the same for both engines.

Parts wait in *pools*. A pool is a set of stations that may take from it, in front of an assembly one for each input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.distributions import Floats, ModelError
from simulators.flow import OUT, Way, guess, not_together

if TYPE_CHECKING:
    from simulators.line import Line
    from simulators.station import Station

#: The pool of parts that leave.
LEAVES = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """``pools[pool]`` stations that take from it; ``inputs[station]`` (parts, pools) for each of its inputs.

    ``ways[station][product]`` (upper end of its share, pool) for each way, LEAVES for out; ``back[station]`` the pool
    of parts to work on again; ``entries`` stations at which parts come into the line, the first station first;
    ``exits[station]`` whether every way from there leads out.
    """

    pools: tuple[tuple[int, ...], ...]
    inputs: tuple[tuple[tuple[int, tuple[int, ...]], ...], ...]
    ways: tuple[tuple[tuple[tuple[float, int], ...], ...], ...]
    back: tuple[int, ...]
    entries: tuple[int, ...]
    exits: tuple[bool, ...]


def ways_of(line: Line, index: int) -> tuple[Way, ...]:
    """The ways from a station; without any given, to the next one, round again or out."""
    station, last = line.stations[index], index == len(line.stations) - 1
    if station.to:
        return station.to
    if not last:
        return (Way(to=(line.stations[index + 1].name,)),)
    return (Way(to=(OUT,) if line.pallets is None else (line.stations[0].name,)),)


def applying(ways: tuple[Way, ...], product: str) -> tuple[Way, ...]:
    """The ways of one product: those that name it, else those that name none."""
    named = tuple(way for way in ways if product in way.products)
    return named or tuple(way for way in ways if not way.products)


def network(line: Line) -> Network:
    """The flow of a line that was checked."""
    numbers = {station.name: index for index, station in enumerate(line.stations)}
    pools: dict[tuple[tuple[int, ...], int], int] = {}

    def pool(ends: tuple[str, ...], source: int) -> int:
        stations = tuple(sorted(numbers[end] for end in ends))
        assembles = bool(line.stations[stations[0]].assembly)
        return pools.setdefault((stations, source if assembles else LEAVES), len(pools))

    def shares(index: int, product: str) -> Iterator[tuple[float, int]]:
        upper = 0.0
        found = applying(ways_of(line, index), product)
        for way in found:
            upper += 1.0 if way.share is None else way.share
            # rounding must not leave a gap at the top
            yield 2.0 if way is found[-1] else upper, LEAVES if way.to == (OUT,) else pool(way.to, index)

    ways, back = [], []
    for index, station in enumerate(line.stations):
        for way in ways_of(line, index):  # also those that no product goes
            if way.to != (OUT,):
                pool(way.to, index)
        ways.append(tuple(tuple(shares(index, product)) for product in line.product_names))
        back.append(LEAVES if station.rework is None else pool((station.rework.to,), index))
    inputs: list[tuple[tuple[int, tuple[int, ...]], ...]] = []
    for index, station in enumerate(line.stations):
        of = {source: number for (ends, source), number in pools.items() if index in ends}
        if station.assembly:
            inputs.append(tuple((parts, (of[numbers[name]],)) for name, parts in station.assembly))
        else:
            mine = tuple(number for (ends, _), number in pools.items() if index in ends)
            inputs.append(((station.batch, mine),))
    fed = {end for ends, _ in pools for end in ends}
    entries = tuple(
        index
        for index, station in enumerate(line.stations)
        if (index == 0 and line.pallets is None) or (index not in fed and station.arrivals is not None)
    )
    return Network(
        pools=tuple(ends for ends, _ in pools),
        inputs=tuple(inputs),
        ways=tuple(ways),
        back=tuple(back),
        entries=entries,
        exits=tuple(
            all(way.to == (OUT,) for way in ways_of(line, index))
            or (line.pallets is not None and index == len(line.stations) - 1)
            for index in range(len(line.stations))
        ),
    )


# --- what makes no sense --------------------------------------------------------------------------------------------


def check(line: Line) -> None:
    """Refuse ways that cannot be gone, and things that do not go together; every refusal names its place."""
    if line.plain:
        return
    names = [station.name for station in line.stations]
    for index, station in enumerate(line.stations):
        _check_products(line, station, f"stations[{index}]")
        _check_ways(line, index, names)
        _check_assembly(line, index, names)
    _check_ends(line, names)
    _check_orders(line)
    _check_fleets(line, names)
    if line.pallets is not None:
        for index, station in enumerate(line.stations):
            for what in ("to", "rework", "assembly", "fleet"):
                if getattr(station, what):
                    raise not_together(what, "pallets", f"stations[{index}].{what}")
            if station.batch > 1:
                raise not_together("batch", "pallets", f"stations[{index}].batch")


def _unknown(what: str, name: str, known: tuple[str, ...] | list[str], place: str) -> ModelError:
    code = {"station": "unknown_station", "product": "unknown_product", "fleet": "unknown_fleet"}[what]
    return ModelError(
        f"there is no {what} {name!r}",
        code=code,
        place=place,
        remedy=guess(name, known, f"Known: {', '.join(known) or 'none'}."),
        name=name,
        known=", ".join(known),
    )


def _check_products(line: Line, station: Station, place: str) -> None:
    known = () if line.products is None else line.products.names
    named = [(f"{place}.products.{own.product}", own.product) for own in station.products]
    if station.setup is not None:
        for start, end, _ in station.setup.matrix:
            named += [(f"{place}.setup.matrix.{start}", start), (f"{place}.setup.matrix.{start}.{end}", end)]
    named += [(f"{place}.to", name) for way in station.to for name in way.products]
    for where, name in named:
        if name not in known:
            raise _unknown("product", name, known, where)
    if station.setup is not None and line.products is None:
        raise ModelError(
            f"station {station.name!r} has set-ups, but the line does not tell its products",
            code="setup_without_products",
            place=f"{place}.setup",
            remedy="Add products with a mix or a sequence, or write the set-up as a failure on the operating clock.",
            station=station.name,
        )


def _check_ways(line: Line, index: int, names: list[str]) -> None:
    station = line.stations[index]
    for number, way in enumerate(station.to):
        for end in way.to:
            if end not in names and end != OUT:
                raise _unknown("station", end, [*names, OUT], f"stations[{index}].to[{number}]")
        if len(way.to) > 1 and any(line.stations[names.index(end)].assembly for end in way.to):
            raise not_together("any of several stations", "assembly", f"stations[{index}].to[{number}]")
    if station.rework is not None and station.rework.to not in names:
        raise _unknown("station", station.rework.to, names, f"stations[{index}].rework.to")
    for product in line.product_names:
        ways = applying(ways_of(line, index), product)
        total = sum(1.0 if way.share is None else way.share for way in ways)
        if abs(total - 1) > 1e-9 or (len(ways) > 1 and any(way.share is None for way in ways)):
            raise ModelError(
                f"station {station.name!r}: the shares of its ways must add up to 1",
                code="way_shares",
                place=f"stations[{index}].to",
                remedy="Give every way a share so that they make 100 %, or name for each product one way.",
                station=station.name,
                product=product,
            )


def _check_assembly(line: Line, index: int, names: list[str]) -> None:
    station = line.stations[index]
    if not station.assembly:
        return
    senders = {
        source.name
        for number, source in enumerate(line.stations)
        for end in [*(end for way in ways_of(line, number) for end in way.to)]
        + ([source.rework.to] if source.rework else [])
        if end == station.name
    }
    for number, (name, _) in enumerate(station.assembly):
        if name not in names:
            raise _unknown("station", name, names, f"stations[{index}].assembly.{name}")
        if name not in senders or name in {other for other, _ in station.assembly[:number]}:
            raise ModelError(
                f"station {name!r} sends nothing to {station.name!r}, which puts its parts together",
                code="assembly_sender",
                place=f"stations[{index}].assembly.{name}",
                remedy=f"Give station {name} the way to: {station.name}.",
                name=name,
                station=station.name,
            )
    for name in sorted(senders - {name for name, _ in station.assembly}):
        raise ModelError(
            f"station {name!r} sends parts to {station.name!r}, which has no use for them",
            code="assembly_input",
            place=f"stations[{index}].assembly",
            remedy=f"Add {name} to the assembly with the number of its parts, or send its parts elsewhere.",
            name=name,
            station=station.name,
        )
    if index == 0:
        raise not_together("assembly", "the first station", f"stations[{index}].assembly")


def _check_ends(line: Line, names: list[str]) -> None:
    """Parts come to every station, and leave from it in the end."""
    ends = [
        {end for way in ways_of(line, index) for end in way.to} | ({station.rework.to} if station.rework else set())
        for index, station in enumerate(line.stations)
    ]
    fed = set().union(*ends)
    for index, station in enumerate(line.stations):
        place = f"stations[{index}].arrivals"
        if station.arrivals is not None and (station.name in fed or index == 0):
            raise not_together("arrivals", "the first station" if index == 0 else "parts from other stations", place)
        if index and station.name not in fed and station.arrivals is None:
            raise ModelError(
                f"no station sends parts to {station.name!r}",
                code="no_way_in",
                place=f"stations[{index}]",
                remedy="Name it in the way (to) of another station, or let parts in with arrivals: saturated.",
                station=station.name,
            )
    out = {index for index in range(len(names)) if OUT in ends[index]}
    if line.pallets is None:
        while more := {i for i in range(len(names)) if i not in out and any(names[j] in ends[i] for j in out)}:
            out |= more
        for index in sorted(set(range(len(names))) - out):
            raise ModelError(
                f"parts of station {names[index]!r} never leave the line",
                code="never_leaves",
                place=f"stations[{index}].to",
                remedy="Let one of the stations after it lead out.",
                station=names[index],
            )


def _check_orders(line: Line) -> None:
    for index, order in enumerate(line.orders):
        if order.product is not None and order.product not in line.product_names:
            raise _unknown("product", order.product, line.product_names, f"orders[{index}].product")
        if (order.product is None) != (line.products is None):
            raise ModelError(
                f"order {order.name!r} does not say which product it is for",
                code="order_product",
                place=f"orders[{index}].product",
                remedy="Name one of the line's products.",
                name=order.name,
            )
    if line.orders:
        for what in ("arrivals", "pallets", "system_capacity"):
            if getattr(line, what) is not None:
                raise not_together("orders", what, "orders")
    if line.demand is not None:
        for product, _ in line.demand.parts:
            if product and product not in line.product_names:
                raise _unknown("product", product, line.product_names, f"demand.parts.{product}")


def _check_fleets(line: Line, names: list[str]) -> None:
    fleets = [fleet.name for fleet in line.fleets]
    for index, fleet in enumerate(line.fleets):
        place = f"fleets.{fleet.name}"
        if fleet.name in fleets[:index]:
            raise not_together(fleet.name, fleet.name, place)
        ends = [(f"{place}.travel.{a}.{b}", name) for a, b, _ in fleet.travel for name in (a, b)]
        for where, name in [*ends, *([] if fleet.home is None else [(f"{place}.home", fleet.home)])]:
            if name not in names:
                raise _unknown("station", name, names, where)
    for index, station in enumerate(line.stations):
        if station.fleet is None:
            continue
        if station.fleet not in fleets:
            raise _unknown("fleet", station.fleet, fleets, f"stations[{index}].fleet")
        if any(len(way.to) > 1 for way in station.to):
            raise not_together("any of several stations", "fleet", f"stations[{index}].to")
        served = {end for way in ways_of(line, index) for end in way.to if end != OUT}
        for end in sorted(served | ({station.rework.to} if station.rework else set())):
            _check_inbox(line.stations[names.index(end)], f"stations[{names.index(end)}].inbox")


def _check_inbox(station: Station, place: str) -> None:
    """What is needed at once must find room in front of the station."""
    at_once = max([station.batch if station.least is None else station.least, *(n for _, n in station.assembly)])
    if station.inbox < at_once:
        raise ModelError(
            f"station {station.name!r} needs {at_once} parts at once, and vehicles find {station.inbox} places there",
            code="inbox_small",
            place=place,
            remedy=f"Give inbox: {at_once} or more.",
            station=station.name,
            value=station.inbox,
            needed=at_once,
        )


# --- how often each station is visited ------------------------------------------------------------------------------


def loads(line: Line) -> list[float]:
    """Ideal seconds per machine of each station, for one part that enters at the first.

    Shares of ways and of rework as they are on average, scrap left out; of several stations that may take a part each
    takes as many as its machines allow. Components come in as an assembly needs them.
    """
    names = [station.name for station in line.stations]
    count, weights = len(names), (1.0,) if line.products is None else line.products.weights()
    go: Floats = np.zeros((count, count))  # [from, to] parts for each part processed
    ideal = np.zeros(count)
    for index, station in enumerate(line.stations):
        ideal[index] = sum(
            weight * station.ideal_cycle_of(name) for weight, name in zip(weights, line.product_names, strict=True)
        )
    speed = [max(station.servers * station.batch / ideal[i], 1e-300) for i, station in enumerate(line.stations)]
    for index, station in enumerate(line.stations):
        for weight, product in zip(weights, line.product_names, strict=True):
            again = 0.0
            if station.rework is not None:
                powers = np.asarray(station.rework_of(product)) ** np.arange(station.rework.tries + 1)
                again = float(powers[1:].sum() / powers.sum())
                go[index, names.index(station.rework.to)] += weight * again
            for way in applying(ways_of(line, index), product):
                ends = [names.index(end) for end in way.to if end != OUT and line.pallets is None]
                whole = sum(speed[end] for end in ends)
                for end in ends:
                    share = 1.0 if way.share is None else way.share
                    go[index, end] += weight * (1 - again) * share * speed[end] / whole
    for index, station in enumerate(line.stations):
        for number, (name, parts) in enumerate(station.assembly):
            go[names.index(name), index] /= parts if number == 0 else np.inf
    enter = np.zeros(count)
    enter[list(network(line).entries) or [0]] = 1.0
    if line.pallets is not None:
        return [float(ideal[i] / (s.servers * s.batch)) for i, s in enumerate(line.stations)]
    visits = _visits(line, go, enter, names)
    return [float(visits[i] * ideal[i] / (s.servers * s.batch)) for i, s in enumerate(line.stations)]


def _visits(line: Line, go: Floats, enter: Floats, names: list[str]) -> Floats:
    """Solve visits = enter + visits @ go, with as many components entering as their assembly needs."""
    count = len(names)
    solve = np.linalg.pinv(np.eye(count) - go)  # [from, to] visits at ``to`` for each part that is at ``from``
    for _ in range(count):
        visits = enter @ solve
        for index, station in enumerate(line.stations):
            for name, parts in station.assembly[1:]:
                source = names.index(name)
                wanted, got = parts * visits[index], float(enter @ solve[:, source])
                feeding = (solve[:, source] > 0) & (enter > 0)
                feeding[0] = False
                if got > 0 and feeding.any():
                    enter = np.where(feeding, enter * wanted / got, enter)
    return np.asarray(enter @ solve)
