"""What a plant is: stations with buffers between them, in a row or as a network.

All times are seconds. An object that exists is valid: building one that cannot be run raises ModelError, which names
the place in the words of the line document. Semantics (blocking after service, what a failure clock counts, crews)
are written down once, in docs/simulation.md, and implemented twice: readable in reference.py, fast in twin.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

from simulators import network
from simulators.distributions import Distribution, ModelError
from simulators.flow import Fleet, guess
from simulators.products import Demand, Order, Products
from simulators.station import Failure, Station
from simulators.working_time import DAY, WEEK, Calendar, Shift

__all__ = ["DAY", "WEEK", "Calendar", "Distribution", "Failure", "Line", "ModelError", "Shift", "Station"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line from its first station to its last.

    ``arrivals`` is the time between arrivals; None: saturated, the first station always finds a part. ``pallets``
    closes the line: that many parts circulate, and the last station's buffer leads back to the first. With
    ``system_capacity`` an arrival that finds that many parts in the queue and the line is lost.

    ``orders`` let parts in at the first station when they are released, in place of arrivals. ``demand`` says how many
    good parts are worth something. ``crew_calendars`` (crew, calendar) are the shifts of crews that do not work all
    the time. ``fleets`` are the vehicles; ``carbon`` is kg of CO2 for each kWh.
    """

    name: str
    stations: tuple[Station, ...]
    crews: tuple[tuple[str, int], ...] = ()
    arrivals: Distribution | None = None
    timezone: str = "UTC"
    calendar: Calendar | None = None
    pallets: int | None = None
    system_capacity: int | None = None
    products: Products | None = field(default=None, metadata={"new": True})
    orders: tuple[Order, ...] = field(default=(), metadata={"new": True})
    demand: Demand | None = field(default=None, metadata={"new": True})
    crew_calendars: tuple[tuple[str, Calendar], ...] = field(default=(), metadata={"new": True})
    fleets: tuple[Fleet, ...] = field(default=(), metadata={"new": True})
    carbon: float | None = field(default=None, metadata={"new": True})

    def __post_init__(self) -> None:
        if isinstance(self.crews, Mapping):
            object.__setattr__(self, "crews", tuple((str(name), int(size)) for name, size in self.crews.items()))
        if not self.stations:
            raise ModelError(
                "a line needs a station", code="no_station", place="stations", remedy="Add the first station."
            )
        self._check_names()
        self._check_crews()
        self._check_flow()
        network.check(self)

    def _check_names(self) -> None:
        names = [station.name for station in self.stations]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ModelError(
                    f"two stations are called {name!r}",
                    code="same_name",
                    place=f"stations[{index}].name",
                    remedy="Give every station its own name.",
                    name=name,
                )

    def _check_crews(self) -> None:
        sizes = dict(self.crews)
        for name, size in self.crews:
            if size < 1 or size > 100_000:
                raise ModelError(
                    f"crew {name!r} cannot have {size} members",
                    code="crew_size",
                    place=f"crews.{name}",
                    remedy="Give 1 or more members.",
                    name=name,
                    value=size,
                )
        for place, name in self._crews_named():
            if name not in sizes:
                raise ModelError(
                    f"there is no crew {name!r}",
                    code="unknown_crew",
                    place=place,
                    remedy=guess(name, sizes, "Add it under crews, or correct the name."),
                    name=name,
                )

    def _crews_named(self) -> Iterator[tuple[str, str]]:
        """Every place that names a crew, and the name."""
        for index, station in enumerate(self.stations):
            place = f"stations[{index}]"
            for number, failure in enumerate(station.failures):
                for name in (() if failure.crew is None else (failure.crew,)) + failure.others:
                    yield f"{place}.failures[{number}].crew", name
            yield from ((f"{place}.operator", name) for name in station.operators)
            if station.setup is not None:
                yield from ((f"{place}.setup.crew", name) for name in station.setup.crews)
        yield from ((f"crews.{name}", name) for name, _ in self.crew_calendars)

    def _check_flow(self) -> None:
        last = len(self.stations) - 1
        if self.pallets is None:
            if self.stations[last].buffer and not self.stations[last].to and self.stations[last].rework is None:
                raise ModelError(
                    f"station {self.stations[last].name!r} is the last one and has a buffer behind it",
                    code="buffer_after_last",
                    place=f"stations[{last}].buffer",
                    remedy="Leave the buffer of the last station out.",
                )
        else:
            self._check_pallets(self.pallets)
        if self.system_capacity is not None:
            if self.arrivals is None:
                raise ModelError(
                    "system_capacity needs arrivals",
                    code="capacity_without_arrivals",
                    place="system_capacity",
                    remedy="Give arrivals a distribution, or leave system_capacity out.",
                )
            if self.system_capacity < 1:
                raise ModelError(
                    f"system_capacity cannot be {self.system_capacity}",
                    code="system_capacity",
                    place="system_capacity",
                    remedy="Give 1 or more places.",
                    value=self.system_capacity,
                )
        if self.arrivals is not None and self.arrivals.mean <= 0:
            raise ModelError(
                "the mean time between arrivals must be above 0 s",
                code="arrivals_not_positive",
                place="arrivals",
                remedy="Give the time between two arrivals, such as 30 s.",
            )

    def _check_pallets(self, pallets: int) -> None:
        if pallets < 1:
            raise ModelError(
                f"a closed line cannot have {pallets} pallets",
                code="pallets",
                place="pallets",
                remedy="Give 1 or more pallets.",
                value=pallets,
            )
        if self.arrivals is not None:
            raise ModelError(
                "a closed line has no arrivals",
                code="pallets_with_arrivals",
                place="pallets",
                remedy="Leave out pallets or arrivals.",
            )
        for index, station in enumerate(self.stations[:-1]):
            if station.scrap > 0:
                raise ModelError(
                    f"station {station.name!r}: on a closed line only the last station can scrap parts",
                    code="pallets_scrap",
                    place=f"stations[{index}].scrap",
                    remedy="Give the scrap of the whole round at the last station.",
                    station=station.name,
                )
        places = 0
        for station in self.stations:
            if station.buffer is None:
                return
            places += station.servers + station.buffer
        if pallets >= places:
            raise ModelError(
                f"{pallets} pallets jam a line of {places} places",
                code="pallets_jam",
                place="pallets",
                remedy=f"Give at most {places - 1} pallets, or more buffer places.",
                value=pallets,
                places=places,
            )

    @property
    def plain(self) -> bool:
        """Whether this is a row of stations with nothing but what the fast kernels know; refuses by default."""
        return _plain(self)

    @property
    def in_a_row(self) -> bool:
        """Whether every part visits every station once: no ways, no rework, nothing put together."""
        return not any(station.to or station.rework or station.assembly for station in self.stations)

    @property
    def product_names(self) -> tuple[str, ...]:
        """Names of the products; one without a name where the line does not tell them apart."""
        return ("",) if self.products is None else self.products.names

    @property
    def constraint(self) -> int:
        """Index of the station with the largest ideal cycle per machine, the first on ties.

        Where parts take different ways, each station counts as often as a part visits it; a batch is shared.
        """
        plain = (station.ideal / station.servers for station in self.stations)
        rates = list(plain) if self.plain else network.loads(self)
        return rates.index(max(rates))


#: What says nothing about how parts move: results are computed from it afterwards.
_AFTERWARDS = frozenset({"energy", "carbon"})


_asked: list[tuple[Line, bool]] = []  # the last one: asked a dozen times for every run, of the same line


def _plain(line: Line) -> bool:
    for known, answer in _asked[-1:]:
        if known is line:
            return answer
    _asked[:] = [(line, found := _looked_at(line))]
    return found


def _looked_at(line: Line) -> bool:
    if line.calendar is not None and line.calendar.closed:
        return False
    failures = [failure for station in line.stations for failure in station.failures]
    things: tuple[Line | Station | Failure, ...] = (line, *line.stations, *failures)
    return all(_old_only(thing) for thing in things)


#: Fields that came after the first kernels, with what they are when nobody uses them.
_NEWER: dict[type, tuple[tuple[str, object], ...]] = {
    kind: tuple(
        (one.name, one.default) for one in fields(kind) if one.metadata.get("new") and one.name not in _AFTERWARDS
    )
    for kind in (Line, Station, Failure)
}


def _old_only(thing: Line | Station | Failure) -> bool:
    """Whether everything that came after the first kernels is at its default."""
    return all(getattr(thing, name) == default for name, default in _NEWER[type(thing)])
