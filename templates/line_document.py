"""The line document `mingsuan: line/1`: what a process engineer writes becomes a `simulators.line.Line`, and back.

Times carry a unit and become seconds. The line itself checks what makes sense (a buffer of -1, a crew that does not
exist); here its refusal gets the line of the file. `read_line(write_line(line), name) == line` for every line whose
set-up matrices and travel times are listed row by row.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulators.flow import Fleet
from simulators.line import Calendar, Line
from simulators.products import Demand, Order, Products
from templates.documents import Node, build, expect_kind, load, time_text, write
from templates.line_stations import arrivals_from, station_from, station_plain
from templates.line_times import (
    calendar_from,
    calendar_plain,
    distribution_from,
    distribution_plain,
    timezone_from,
)

__all__ = [
    "calendar_from", "calendar_plain", "distribution_from", "distribution_plain", "line_from", "read_line",
    "timezone_from", "write_line",
]  # fmt: skip

_OPTIONAL = (
    "crews", "arrivals", "timezone", "calendar", "products", "pallets", "system_capacity", "orders", "demand",
    "fleets", "carbon",
)  # fmt: skip
_CARBON: Mapping[str, float] = {"g/kWh": 1e-3, "kg/kWh": 1.0, "t/MWh": 1.0}


def read_line(text: str | bytes, name: str) -> Line:
    """The line that a document describes; `name` is the file's name for messages.

    Raises DocumentError with the place ("line 7: stations[0].buffer") for whatever is wrong, from YAML to sense.
    """
    return line_from(load(text, name=name))


def line_from(document: Node) -> Line:
    """The line of a document that is already loaded, or that stands inside another one."""
    expect_kind(document, "line")
    entries = document.fields(needed=("mingsuan", "name", "stations"), optional=_OPTIONAL)
    crews, calendars = _crews(entries["crews"]) if "crews" in entries else ({}, {})
    stations = tuple(station_from(node) for node in entries["stations"].items(at_most=500))
    fleets = entries["fleets"].mapping() if "fleets" in entries else {}
    orders = entries["orders"].items(at_least=1, at_most=100_000) if "orders" in entries else []
    return build(
        document,
        lambda: Line(
            name=entries["name"].text(at_most=200),
            stations=stations,
            crews=tuple(crews.items()),
            arrivals=arrivals_from(entries["arrivals"]) if "arrivals" in entries else None,
            timezone=timezone_from(entries["timezone"]) if "timezone" in entries else "UTC",
            calendar=calendar_from(entries["calendar"], closings=True) if "calendar" in entries else None,
            pallets=entries["pallets"].integer() if "pallets" in entries else None,
            system_capacity=entries["system_capacity"].integer() if "system_capacity" in entries else None,
            products=_products(entries["products"]) if "products" in entries else None,
            orders=tuple(_order(node, number) for number, node in enumerate(orders)),
            demand=_demand(entries["demand"]) if "demand" in entries else None,
            crew_calendars=tuple(calendars.items()),
            fleets=tuple(_fleet(name, node) for name, node in fleets.items()),
            carbon=entries["carbon"].quantity(_CARBON, example="0.58 kg/kWh") if "carbon" in entries else None,
        ),
    )


def _crews(node: Node) -> tuple[dict[str, int], dict[str, Calendar]]:
    """`mechanics: 2`, or `mechanics: {size: 2, shifts: [...]}` for people who are not always there."""
    sizes: dict[str, int] = {}
    calendars: dict[str, Calendar] = {}
    for name, crew in node.mapping().items():
        if not crew.is_mapping:
            sizes[name] = crew.integer()
            continue
        entries = crew.fields(needed=("size",), optional=("shifts", "first", "closed"))
        sizes[name] = entries["size"].integer()
        if len(entries) > 1:
            shifts = {key: inner for key, inner in entries.items() if key != "size"}
            calendars[name] = calendar_from(
                Node(value=shifts, path=crew.path, line=crew.line, file=crew.file), closings=True
            )
    return sizes, calendars


def _products(node: Node) -> Products:
    """Either {mix: {A: 60 %, ...}}, or {sequence: [{product, parts}, ...]} with `names` where it leaves some out."""
    entries = node.fields(optional=("names", "mix", "sequence"))
    mix = {name: share.share() for name, share in entries["mix"].mapping().items()} if "mix" in entries else {}
    sequence = []
    for item in entries["sequence"].items(at_least=1, at_most=10_000) if "sequence" in entries else []:
        lot = item.fields(needed=("product", "parts"))
        sequence.append((lot["product"].text(at_most=200), lot["parts"].integer()))
    names = tuple(mix) or tuple(dict.fromkeys(name for name, _ in sequence))
    if "names" in entries and not mix:
        names = tuple(item.text(at_most=200) for item in entries["names"].items(at_least=1, at_most=1000))
    return build(node, lambda: Products(names=names, shares=tuple(mix.values()), sequence=tuple(sequence)))


def _order(node: Node, number: int) -> Order:
    entries = node.fields(needed=("parts", "due"), optional=("name", "product", "release"))
    return build(
        node,
        lambda: Order(
            name=entries["name"].text(at_most=200) if "name" in entries else str(number + 1),
            parts=entries["parts"].integer(),
            due=entries["due"].seconds(zero=True),
            product=entries["product"].text(at_most=200) if "product" in entries else None,
            release=entries["release"].seconds(zero=True) if "release" in entries else 0.0,
        ),
    )


def _demand(node: Node) -> Demand:
    entries = node.fields(needed=("every", "parts"))
    parts = entries["parts"]
    each = {"": parts} if not parts.is_mapping else parts.mapping()
    return build(
        node,
        lambda: Demand(
            every=entries["every"].seconds(), parts=tuple((name, count.integer()) for name, count in each.items())
        ),
    )


def _fleet(name: str, node: Node) -> Fleet:
    entries = node.fields(needed=("vehicles",), optional=("travel", "otherwise", "load", "unload", "rule", "home"))
    rows = entries["travel"].mapping() if "travel" in entries else {}
    rule = entries["rule"].choice(("longest_wait", "nearest")) if "rule" in entries else "longest_wait"
    return build(
        node,
        lambda: Fleet(
            name=name,
            vehicles=entries["vehicles"].integer(),
            travel=tuple(
                (start, end, time.seconds(zero=True))
                for start, row in rows.items()
                for end, time in row.mapping().items()
            ),
            otherwise=entries["otherwise"].seconds(zero=True) if "otherwise" in entries else 0.0,
            load=entries["load"].seconds(zero=True) if "load" in entries else 0.0,
            unload=entries["unload"].seconds(zero=True) if "unload" in entries else 0.0,
            rule="nearest" if rule == "nearest" else "longest_wait",
            home=entries["home"].text(at_most=200) if "home" in entries else None,
        ),
    )


# --- writing --------------------------------------------------------------------------------------------------------


def write_line(line: Line) -> str:
    """The document of a line; what is left at its default is left out."""
    document: dict[str, object] = {
        "mingsuan": "line/1",
        "name": line.name,
        "stations": [station_plain(station) for station in line.stations],
    }
    if line.crews:
        document["crews"] = _crews_plain(line)
    if line.arrivals is not None:
        document["arrivals"] = distribution_plain(line.arrivals)
    if line.timezone != "UTC":
        document["timezone"] = line.timezone
    if line.calendar is not None:
        document["calendar"] = calendar_plain(line.calendar)
    if line.pallets is not None:
        document["pallets"] = line.pallets
    if line.system_capacity is not None:
        document["system_capacity"] = line.system_capacity
    if line.products is not None:
        document["products"] = _products_plain(line.products)
    if line.orders:
        document["orders"] = [_order_plain(order) for order in line.orders]
    if line.demand is not None:
        parts = dict(line.demand.parts)
        document["demand"] = {"every": time_text(line.demand.every), "parts": parts.get("", parts)}
    if line.fleets:
        document["fleets"] = {fleet.name: _fleet_plain(fleet) for fleet in line.fleets}
    if line.carbon is not None:
        document["carbon"] = f"{line.carbon!r} kg/kWh"
    return write(document)


def _crews_plain(line: Line) -> dict[str, object]:
    calendars = dict(line.crew_calendars)
    return {
        name: {"size": size, **calendar_plain(calendars[name])} if name in calendars else size
        for name, size in line.crews
    }


def _products_plain(products: Products) -> dict[str, object]:
    if products.shares:
        return {"mix": dict(zip(products.names, products.shares, strict=True))}
    plain: dict[str, object] = {"sequence": [{"product": name, "parts": parts} for name, parts in products.sequence]}
    if products.names != tuple(dict.fromkeys(name for name, _ in products.sequence)):
        plain = {"names": list(products.names), **plain}
    return plain


def _order_plain(order: Order) -> dict[str, object]:
    plain: dict[str, object] = {"name": order.name, "parts": order.parts, "due": time_text(order.due)}
    if order.product is not None:
        plain["product"] = order.product
    if order.release:
        plain["release"] = time_text(order.release)
    return plain


def _fleet_plain(fleet: Fleet) -> dict[str, object]:
    plain: dict[str, object] = {"vehicles": fleet.vehicles}
    rows: dict[str, dict[str, object]] = {}
    for start, end, seconds in fleet.travel:
        rows.setdefault(start, {})[end] = time_text(seconds)
    if rows:
        plain["travel"] = rows
    for key, seconds in (("otherwise", fleet.otherwise), ("load", fleet.load), ("unload", fleet.unload)):
        if seconds:
            plain[key] = time_text(seconds)
    if fleet.rule != "longest_wait":
        plain["rule"] = fleet.rule
    if fleet.home is not None:
        plain["home"] = fleet.home
    return plain
