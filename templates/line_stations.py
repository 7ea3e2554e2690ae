"""A station of a line document, read and written: its machines, and where its parts go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from simulators.distributions import Distribution
from simulators.flow import Rework, Startup, Way
from simulators.line import Failure, Station
from simulators.products import ProductAt, Setup
from templates.documents import Node, build, closest, time_text
from templates.line_times import distribution_from, distribution_plain

_OPTIONAL = (
    "servers", "ideal_cycle", "scrap", "failures", "buffer", "to", "rework", "assembly", "batch", "products", "setup",
    "startup", "operator", "priority", "arrivals", "travel", "fleet", "inbox", "energy",
)  # fmt: skip
_POWER: Mapping[str, float] = {"W": 1e-3, "kW": 1.0, "MW": 1e3}


def station_from(node: Node) -> Station:
    """A station; what is left out has no effect."""
    entries = node.fields(needed=("name", "cycle"), optional=_OPTIONAL)
    failures = entries["failures"].items(at_most=200) if "failures" in entries else []
    batch, least = _batch(entries["batch"]) if "batch" in entries else (1, None)
    return build(
        node,
        lambda: Station(
            name=entries["name"].text(at_most=200),
            servers=entries["servers"].integer() if "servers" in entries else 1,
            cycle=distribution_from(entries["cycle"]),
            ideal_cycle=entries["ideal_cycle"].seconds() if "ideal_cycle" in entries else None,
            scrap=entries["scrap"].share() if "scrap" in entries else 0.0,
            failures=tuple(_failure(failure) for failure in failures),
            buffer=_buffer(entries["buffer"]) if "buffer" in entries else 0,
            to=_ways(entries["to"]) if "to" in entries else (),
            rework=_rework(entries["rework"]) if "rework" in entries else None,
            assembly=_counts(entries["assembly"]) if "assembly" in entries else (),
            batch=batch,
            least=least,
            products=_products(entries["products"]) if "products" in entries else (),
            setup=_setup(entries["setup"]) if "setup" in entries else None,
            startup=_startup(entries["startup"]) if "startup" in entries else None,
            operators=names(entries["operator"]) if "operator" in entries else (),
            priority=entries["priority"].integer() if "priority" in entries else 0,
            arrivals=_own_arrivals(entries["arrivals"]) if "arrivals" in entries else None,
            travel=entries["travel"].seconds(zero=True) if "travel" in entries else None,
            fleet=entries["fleet"].text(at_most=200) if "fleet" in entries else None,
            inbox=entries["inbox"].integer() if "inbox" in entries else 1,
            energy=_energy(entries["energy"]) if "energy" in entries else (),
        ),
    )


def arrivals_from(node: Node) -> Distribution | None:
    if isinstance(node.value, str) and not any(character.isdigit() for character in node.value):
        if node.value == "saturated":
            return None
        raise node.error(
            f"arrivals are saturated or the time between two arrivals, not {node.value!r}",
            code="arrivals_word",
            remedy="Write saturated, a time such as '30 s', or a distribution.",
            value=node.value,
        )
    return distribution_from(node)


def names(node: Node) -> tuple[str, ...]:
    """One name, or a list of them."""
    items = node.items(at_least=1, at_most=100) if node.is_list else [node]
    return tuple(item.text(at_most=200) for item in items)


def _own_arrivals(node: Node) -> Distribution | Literal["saturated"]:
    return arrivals_from(node) or "saturated"


def _buffer(node: Node) -> int | None:
    if node.value == "unlimited":
        return None
    if isinstance(node.value, str):
        guess = closest(node.value, ["unlimited"])
        raise node.error(
            f"a buffer is a number of places or the word unlimited, not {node.value!r}",
            code="buffer_word",
            remedy="Did you mean 'unlimited'?" if guess else "Write a whole number such as 20, or unlimited.",
            value=node.value,
        )
    return node.integer()


def _failure(node: Node) -> Failure:
    entries = node.fields(needed=("name", "clock", "uptime", "repair"), optional=("crew", "priority", "planned"))
    clock = entries["clock"].choice(("operating", "calendar"))
    crews = names(entries["crew"]) if "crew" in entries else ()
    return build(
        node,
        lambda: Failure(
            name=entries["name"].text(at_most=200),
            clock="calendar" if clock == "calendar" else "operating",
            uptime=distribution_from(entries["uptime"]),
            repair=distribution_from(entries["repair"]),
            crew=crews[0] if crews else None,
            others=crews[1:],
            priority=entries["priority"].integer() if "priority" in entries else 0,
            planned=entries["planned"].boolean() if "planned" in entries else False,
        ),
    )


def _ways(node: Node) -> tuple[Way, ...]:
    """`to: packer`, `to: [packer 1, packer 2]` (whichever is free first), or a list of {station, share, product}."""
    items = node.items(at_least=1, at_most=200) if node.is_list else [node]
    if not any(item.is_mapping for item in items):
        return (build(node, lambda: Way(to=names(node))),)
    return tuple(_way(item) for item in items)


def _way(node: Node) -> Way:
    entries = node.fields(needed=("station",), optional=("share", "product"))
    return build(
        node,
        lambda: Way(
            to=names(entries["station"]),
            share=entries["share"].share() if "share" in entries else None,
            products=names(entries["product"]) if "product" in entries else (),
        ),
    )


def _rework(node: Node) -> Rework:
    entries = node.fields(needed=("to", "share"), optional=("tries",))
    tries = entries["tries"].integer() if "tries" in entries else 1
    return build(node, lambda: Rework(to=entries["to"].text(), share=entries["share"].share(), tries=tries))


def _counts(node: Node) -> tuple[tuple[str, int], ...]:
    return tuple((name, count.integer()) for name, count in node.mapping().items())


def _batch(node: Node) -> tuple[int, int | None]:
    if not node.is_mapping:
        return node.integer(), None
    entries = node.fields(needed=("most", "least"))
    return entries["most"].integer(), entries["least"].integer()


def _products(node: Node) -> tuple[ProductAt, ...]:
    return tuple(_product(name, inner) for name, inner in node.mapping().items())


def _product(name: str, node: Node) -> ProductAt:
    entries = node.fields(optional=("cycle", "ideal_cycle", "scrap", "rework"))
    return build(
        node,
        lambda: ProductAt(
            product=name,
            cycle=distribution_from(entries["cycle"]) if "cycle" in entries else None,
            ideal_cycle=entries["ideal_cycle"].seconds() if "ideal_cycle" in entries else None,
            scrap=entries["scrap"].share() if "scrap" in entries else None,
            rework=entries["rework"].share() if "rework" in entries else None,
        ),
    )


def _setup(node: Node) -> Setup:
    """A time for every change of product, or {time, matrix, crew, priority}."""
    if not node.is_mapping:
        return Setup(time=distribution_from(node))
    entries = node.fields(optional=("time", "matrix", "crew", "priority"))
    rows = entries["matrix"].mapping() if "matrix" in entries else {}
    return build(
        node,
        lambda: Setup(
            time=distribution_from(entries["time"]) if "time" in entries else None,
            matrix=tuple(
                (start, end, distribution_from(time))
                for start, row in rows.items()
                for end, time in row.mapping().items()
            ),
            crews=names(entries["crew"]) if "crew" in entries else (),
            priority=entries["priority"].integer() if "priority" in entries else 0,
        ),
    )


def _startup(node: Node) -> Startup:
    entries = node.fields(needed=("parts", "after"), optional=("scrap", "cycle"))
    return build(
        node,
        lambda: Startup(
            parts=entries["parts"].integer(),
            after=entries["after"].seconds(zero=True),
            scrap=entries["scrap"].share() if "scrap" in entries else 0.0,
            cycle=entries["cycle"].share(low=0.1, high=100) if "cycle" in entries else 1.0,
        ),
    )


def _energy(node: Node) -> tuple[tuple[str, float], ...]:
    return tuple((state, power.quantity(_POWER, example="12 kW")) for state, power in node.mapping().items())


# --- writing --------------------------------------------------------------------------------------------------------


def station_plain(station: Station) -> dict[str, object]:
    """A station as plain data: what `station_from` reads; what is left at its default is left out."""
    unlimited: object = "unlimited" if station.buffer is None else station.buffer
    batch: object = station.batch
    if station.least is not None:
        batch = {"most": station.batch, "least": station.least}
    rework = station.rework
    own = station.arrivals
    entries: Iterable[tuple[str, object, bool]] = (
        ("name", station.name, True),
        ("servers", station.servers, station.servers != 1),
        ("cycle", distribution_plain(station.cycle), True),
        ("ideal_cycle", _time(station.ideal_cycle), station.ideal_cycle is not None),
        ("scrap", station.scrap, station.scrap > 0),
        ("failures", [_failure_plain(failure) for failure in station.failures], bool(station.failures)),
        ("buffer", unlimited, station.buffer != 0),
        ("to", _ways_plain(station.to), bool(station.to)),
        ("rework", None if rework is None else _rework_plain(rework), rework is not None),
        ("assembly", dict(station.assembly), bool(station.assembly)),
        ("batch", batch, station.batch > 1 or station.least is not None),
        ("products", {own.product: _product_plain(own) for own in station.products}, bool(station.products)),
        ("setup", None if station.setup is None else _setup_plain(station.setup), station.setup is not None),
        ("startup", None if station.startup is None else _startup_plain(station.startup), station.startup is not None),
        ("operator", one_or_list(station.operators), bool(station.operators)),
        ("priority", station.priority, station.priority != 0),
        ("arrivals", distribution_plain(own) if isinstance(own, Distribution) else own, own is not None),
        ("travel", _time(station.travel), station.travel is not None),
        ("fleet", station.fleet, station.fleet is not None),
        ("inbox", station.inbox, station.inbox != 1),
        ("energy", {state: f"{power!r} kW" for state, power in station.energy}, bool(station.energy)),
    )
    return {key: value for key, value, said in entries if said}


def one_or_list(found: tuple[str, ...]) -> object:
    """A single name as itself, several as a list."""
    return found[0] if len(found) == 1 else list(found)


def _time(seconds: float | None) -> object:
    return None if seconds is None else time_text(seconds)


def _failure_plain(failure: Failure) -> dict[str, object]:
    plain: dict[str, object] = {
        "name": failure.name,
        "clock": failure.clock,
        "uptime": distribution_plain(failure.uptime),
        "repair": distribution_plain(failure.repair),
    }
    if failure.crew is not None:
        plain["crew"] = one_or_list((failure.crew, *failure.others))
    if failure.priority:
        plain["priority"] = failure.priority
    if failure.planned:
        plain["planned"] = True
    return plain


def _ways_plain(ways: tuple[Way, ...]) -> object:
    if len(ways) == 1 and ways[0].share is None and not ways[0].products:
        return one_or_list(ways[0].to)
    found = []
    for way in ways:
        plain: dict[str, object] = {"station": one_or_list(way.to)}
        if way.share is not None:
            plain["share"] = way.share
        if way.products:
            plain["product"] = one_or_list(way.products)
        found.append(plain)
    return found


def _rework_plain(rework: Rework) -> dict[str, object]:
    plain: dict[str, object] = {"to": rework.to, "share": rework.share}
    return plain if rework.tries == 1 else {**plain, "tries": rework.tries}


def _product_plain(own: ProductAt) -> dict[str, object]:
    plain: dict[str, object] = {}
    if own.cycle is not None:
        plain["cycle"] = distribution_plain(own.cycle)
    if own.ideal_cycle is not None:
        plain["ideal_cycle"] = time_text(own.ideal_cycle)
    if own.scrap is not None:
        plain["scrap"] = own.scrap
    if own.rework is not None:
        plain["rework"] = own.rework
    return plain


def _setup_plain(setup: Setup) -> dict[str, object]:
    plain: dict[str, object] = {}
    if setup.time is not None:
        plain["time"] = distribution_plain(setup.time)
    rows: dict[str, dict[str, object]] = {}
    for start, end, time in setup.matrix:
        rows.setdefault(start, {})[end] = distribution_plain(time)
    if rows:
        plain["matrix"] = rows
    if setup.crews:
        plain["crew"] = one_or_list(setup.crews)
    if setup.priority:
        plain["priority"] = setup.priority
    return plain


def _startup_plain(startup: Startup) -> dict[str, object]:
    plain: dict[str, object] = {"parts": startup.parts, "after": time_text(startup.after)}
    if startup.scrap:
        plain["scrap"] = startup.scrap
    if startup.cycle != 1:
        plain["cycle"] = startup.cycle
    return plain
