"""A line as tables of numbers, the form in which the compiled kernels read it.

Every table is an array of records; what a kernel changes as it runs (levels, clocks, sums) lies in the same records,
so one copy of the tables is one line in its state at time 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numba
import numpy as np

from simulators.distributions import Distribution, Floats
from simulators.line import Line
from simulators.streams import recipe, stream_id

Records: TypeAlias = Any  # an array of one of the types below, or one record of it

BLOCK = 256
NONE = -1
UNLIMITED = -1
OPERATING, CALENDAR = 0, 1

#: Scrap or not.
CHANCE = Distribution.uniform(0, 1)
# A field of one letter per type: i integer, f float, u unsigned.
_KINDS = {"i": "i8", "f": "f8", "u": "u8"}


def record(**fields: str) -> np.dtype[Any]:
    """A record type: names by the letter of their type."""
    return np.dtype([(name, _KINDS[kind]) for kind, names in fields.items() for name in names.split()])


#: How a stream makes its numbers (see streams.fill), and how far it is.
STREAM = record(u="name next", i="kind offset count at", f="a b c")
#: What a station is, the queue of parts behind it, its finished machines, its sums. One more than stations: the yard.
STATION = record(
    i="first servers buffer cycle scrap_stream dirty level head tail blocked blocked_head blocked_tail "
    "waiting active processed scrapped failures",
    f="scrap level_at level_area active_since bottleneck",
)
#: What a machine has in hand and is doing; ``state`` since ``since``.
SERVER = record(
    i="station cause causes has running down state waiting touched blocked_next", f="entered work started since step"
)
#: One cause of failure of one machine.
CAUSE = record(i="server clock crew uptime repair calendar_slot next", f="left failed")
CREW = record(i="size busy head tail queue repairs", f="at busy_area wait")
#: The rest: one record.
FLOOR = record(
    i="stations saturated arrivals_stream capacity closed on inside free spare dirty low high touched lost arrivals "
    "starts waited good bottleneck repair_slot calendar_slot arrival_slot shift_slot begun pending same warm turn week",
    f="now queue_wait lead bottleneck_at",
)
TYPES = {
    "stream": STREAM,
    "station": STATION,
    "server": SERVER,
    "cause": CAUSE,
    "crew": CREW,
    "floor": FLOOR,
}
#: The same as compiled types.
COMPILED: dict[str, Any] = {name: numba.from_dtype(dtype)[::1] for name, dtype in TYPES.items()}
COMPILED |= {"floats": numba.float64[::1], "floats2": numba.float64[:, ::1], "ints": numba.int64[::1]}
COMPILED["floats3"] = numba.float64[:, :, ::1]
COMPILED |= {"f": numba.float64, "u": numba.uint64}


@dataclass(frozen=True, slots=True)
class Tables:
    """A line at time 0."""

    streams: Records
    stations: Records
    servers: Records
    causes: Records
    crews: Records
    floor: Records
    numbers: Floats  # what the streams' recipes point to
    switches: Floats  # seconds of the week at which the line goes on or off in turn


class Streams:
    """Collects streams and the tables of their recipes, each table once."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.parts: list[Floats] = []
        self.offsets: dict[int, int] = {}
        self.length = 0

    def add(self, distribution: Distribution, name: int) -> int:
        kind, table, count, a, b, c = recipe(distribution)
        offset = 0
        if table.size:
            # a recipe's table lives in a cache; those that do not are kept alive by self.parts
            if id(table) not in self.offsets:
                self.offsets[id(table)] = self.length
                self.parts.append(table)
                self.length += table.size
            offset = self.offsets[id(table)]
        self.rows.append((name, 0, kind, offset, count, BLOCK, a, b, c))
        return len(self.rows) - 1

    def numbers(self) -> Floats:
        return np.concatenate(self.parts) if self.parts else np.zeros(1)


def tables(line: Line) -> Tables:
    """Lay out ``line``; independent of window, seed and replication."""
    streams = Streams()
    crew_index = {name: index for index, (name, _) in enumerate(line.crews)}
    stations = np.zeros(len(line.stations) + 1, STATION)
    servers = np.zeros(sum(station.servers for station in line.stations), SERVER)
    causes = np.zeros(sum(station.servers * len(station.failures) for station in line.stations), CAUSE)
    crews = np.zeros(len(line.crews), CREW)
    server, cause, calendar_causes = 0, 0, 0
    for index, spec in enumerate(line.stations):
        station = stations[index]
        station["first"], station["servers"] = server, spec.servers
        station["buffer"] = UNLIMITED if spec.buffer is None else spec.buffer
        station["scrap"] = spec.scrap
        station["cycle"] = streams.add(spec.cycle, stream_id(spec.name, "cycle"))
        station["scrap_stream"] = streams.add(CHANCE, stream_id(spec.name, "scrap"))
        for number in range(spec.servers):
            servers[server]["station"] = index
            servers[server]["cause"], servers[server]["causes"] = cause, len(spec.failures)
            servers[server]["state"], servers[server]["waiting"] = 1, 1
            station["waiting"] += 1
            for failure in spec.failures:
                row = causes[cause]
                row["server"], row["next"] = server, NONE
                row["clock"] = OPERATING if failure.clock == "operating" else CALENDAR
                row["crew"] = NONE if failure.crew is None else crew_index[failure.crew]
                row["uptime"] = streams.add(failure.uptime, stream_id(spec.name, "uptime", failure.name, number))
                row["repair"] = streams.add(failure.repair, stream_id(spec.name, "repair", failure.name, number))
                row["calendar_slot"] = NONE
                if failure.clock == "calendar":
                    row["calendar_slot"] = calendar_causes
                    calendar_causes += 1
                cause += 1
            server += 1
    for index, (_, size) in enumerate(line.crews):
        crews[index]["size"] = size
    on, switches = (True, ()) if line.calendar is None else line.calendar.switches()
    floor = np.zeros(1, FLOOR)
    rest = floor[0]
    rest["stations"] = len(line.stations)
    rest["saturated"], rest["closed"], rest["on"] = line.arrivals is None, line.pallets or 0, on
    rest["capacity"] = UNLIMITED if line.system_capacity is None else line.system_capacity
    rest["arrivals_stream"] = NONE
    if line.arrivals is not None:
        rest["arrivals_stream"] = streams.add(line.arrivals, stream_id("", "arrivals"))
    rest["bottleneck"] = NONE
    rest["repair_slot"] = len(servers)
    rest["calendar_slot"] = len(servers) + len(causes)
    rest["arrival_slot"] = len(servers) + len(causes) + calendar_causes
    rest["shift_slot"] = rest["arrival_slot"] + 1
    return Tables(
        streams=np.array(streams.rows, dtype=STREAM),
        stations=stations,
        servers=servers,
        causes=causes,
        crews=crews,
        floor=floor,
        numbers=streams.numbers(),
        switches=np.array(switches, dtype=np.float64),
    )
