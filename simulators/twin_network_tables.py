"""A line that is not plain as tables of numbers: what the network kernel reads and changes as it runs.

``World`` holds all tables; a copy of it is the line at time 0. Offsets (``..._at``) and counts point into the plain
lists of integers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from simulators.twin_tables import STREAM, record

#: Levels whose sum over time is kept, for each station; then two for each fleet, and the queue of arrivals.
BUFFER, HELD, INBOX, LONGING, PER_PLACE = range(5)
BUSY, LOADED, PER_FLEET = range(3)
#: Where a part is.
ON_MACHINE, IN_BUFFER, ON_RACK, ON_VEHICLE, PUT_DOWN = range(5)
#: Columns of ``links``: lists that a part can be in at once.
IN_LIST, IN_BLOCKED, IN_HAND = 0, 2, 4
#: A machine that needs nobody, or has called and waits; else the number of the crew that came.
NOBODY, CALLED = -1, -2
IDLE, FETCHING, CARRYING = range(3)
LONGEST_WAIT, NEAREST = range(2)

PLACE = record(
    i="first servers buffer scrap_stream rework_stream way_stream tries back exit most least assembly inputs_at inputs "
    "source operators setters product_at setup_at cold_parts belt belt_slot fleet inbox column blocked dirty waiting "
    "active starved coming racked processed scrapped failures reworked set_up out",
    f="after cold_scrap cold_cycle travel active_since bottleneck ideal",
)
MACHINE = record(
    i="station cause causes running down state waiting touched product cold held hand begun setting operator setter",
    f="work setup started since step stopped",
)
CAUSE = record(i="server clock uptime repair calendar_slot planned due crew", f="left")
#: A call for people: for each cause, then two for each machine (operator, setter).
CALL = record(i="crews_at crews priority number next", f="since")
CREW = record(i="size busy on repairs", f="at busy_area wait")
PART = record(i="product order pool where at number", f="entered moment")
LIST = record(i="head tail count")
POOL = record(i="list at count reserved delivered")
INPUT = record(i="parts at count")
PRODUCT = record(i="cycle ways_at ways", f="scrap rework ideal good lead")
WAY = record(i="pool", f="upper")
SOURCE = record(i="station saturated gaps products list lot left orders")
ORDER = record(i="product parts left good finished", f="due release finished_at")
FLEET = record(i="first vehicles rule list deliveries", f="load unload delivery")
VEHICLE = record(i="fleet at part stage")
AREA = record(i="level", f="at area")
CLOCK = record(i="next end crew")
WANT = record(i="limit sold")
FLOOR = record(
    i="stations products capacity closed on inside free spare most_new dirty low high touched same pending begun warm "
    "lost arrivals starts waited good wanted bottleneck repair_slot calendar_slot belt_slot vehicle_slot source_slot "
    "clock_slot ready calls caller by_product lots mix release yard calendar",
    f="now queue_wait lead bottleneck_at every period",
    u="seed replication",
)


class World(NamedTuple):
    """All tables of the network kernel."""

    streams: Any
    store: Any
    numbers: Any
    places: Any
    machines: Any
    causes: Any
    calls: Any
    crews: Any
    parts: Any
    links: Any
    rounds: Any
    lists: Any
    pools: Any
    inputs: Any
    products: Any
    ways: Any
    sources: Any
    orders: Any
    fleets: Any
    vehicles: Any
    areas: Any
    clocks: Any
    wants: Any
    floors: Any
    members: Any  # of pools, inputs and calls: stations, pools, crews
    setups: Any  # stream of the time between two products
    lots: Any  # product and parts in turn
    releases: Any  # orders by their release
    want_of: Any  # which want a product belongs to
    mix: Any
    travel: Any
    edges: Any
    when: Any
    touched: Any
    calendar: Any  # cause by slot of the calendar
    seconds: Any  # [station, state]


ROWS = {
    "streams": STREAM, "places": PLACE, "machines": MACHINE, "causes": CAUSE, "calls": CALL, "crews": CREW,
    "parts": PART, "lists": LIST, "pools": POOL, "inputs": INPUT, "products": PRODUCT, "ways": WAY, "sources": SOURCE,
    "orders": ORDER, "fleets": FLEET, "vehicles": VEHICLE, "areas": AREA, "clocks": CLOCK, "wants": WANT,
    "floors": FLOOR,
}  # fmt: skip
_INTS = frozenset({"members", "setups", "lots", "releases", "want_of", "touched", "calendar"})
_SQUARES = {"store": numba.float64, "seconds": numba.float64, "links": numba.int64, "rounds": numba.int64}


def _compiled(name: str) -> Any:
    if name in ROWS:
        return numba.from_dtype(ROWS[name])[::1]
    if name in _SQUARES:
        return _SQUARES[name][:, ::1]
    return numba.int64[::1] if name in _INTS else numba.float64[::1]


#: The tables as compiled types.
TABLE_TYPES: dict[str, Any] = {name: _compiled(name) for name in World._fields}
