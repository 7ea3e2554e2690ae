"""What a plant is: a serial line of stations with buffers between them.

All times are seconds. An object that exists is valid: building one that cannot be run raises ModelError, which names
the place in the words of the line document. Semantics (blocking after service, what a failure clock counts, crews)
are written down once, in docs/simulation.md, and implemented twice: readable in reference.py, fast in twin.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from simulators.distributions import Distribution, ModelError

__all__ = ["WEEK", "Calendar", "Distribution", "Failure", "Line", "ModelError", "Shift", "Station"]

DAY = 86_400.0
WEEK = 7 * DAY
Clock = Literal["operating", "calendar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One cause of failure of a station; it alternates between up and repair on its own.

    ``uptime`` counts processing time only on the operating clock, and all time but its own repair on the calendar
    clock. ``crew`` names the crew that repairs it; without one every repair starts at once.
    """

    name: str
    clock: Clock
    uptime: Distribution
    repair: Distribution
    crew: str | None = None

    def __post_init__(self) -> None:
        if self.clock not in {"operating", "calendar"}:
            raise ModelError(
                f"failure {self.name!r}: unknown clock {self.clock!r}",
                code="unknown_clock",
                place="clock",
                remedy="Use operating (counts processing time) or calendar (counts all time).",
                clock=self.clock,
            )
        if self.uptime.mean <= 0 or (
            self.uptime.kind in {"constant", "discrete", "empirical"} and not self.uptime.lowest
        ):
            raise ModelError(
                f"failure {self.name!r}: uptime must be above 0 s",
                code="uptime_not_positive",
                place="uptime",
                remedy="Give the mean time between a repair and the next failure, such as 45 min.",
                name=self.name,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A step of the line: ``servers`` identical machines, each working on one part at a time.

    ``buffer`` is the number of places behind the station, None for unlimited; the last station of an open line has
    none. ``ideal_cycle`` None means the mean of ``cycle``. ``scrap`` is the share of parts scrapped after processing.
    """

    name: str
    cycle: Distribution
    servers: int = 1
    ideal_cycle: float | None = None
    scrap: float = 0.0
    failures: tuple[Failure, ...] = ()
    buffer: int | None = 0

    def __post_init__(self) -> None:
        def refuse(code: str, place: str, message: str, remedy: str, **params: object) -> ModelError:
            text = f"station {self.name!r}: {message}"
            return ModelError(text, code=code, place=place, remedy=remedy, station=self.name, **params)

        if not self.name:
            raise ModelError(
                "a station needs a name", code="no_name", place="name", remedy="Name every station, such as filler."
            )
        if self.servers < 1 or self.servers > 1000:
            raise refuse(
                "servers",
                "servers",
                f"cannot have {self.servers} servers",
                "Give from 1 to 1000 machines.",
                value=self.servers,
            )
        if self.cycle.mean <= 0 or (self.cycle.kind in {"constant", "discrete", "empirical"} and not self.cycle.lowest):
            raise refuse(
                "cycle_not_positive", "cycle", "cycle must be above 0 s", "Give the time of one part, such as 2.5 s."
            )
        if self.ideal_cycle is not None and not (math.isfinite(self.ideal_cycle) and self.ideal_cycle > 0):
            raise refuse(
                "ideal_cycle",
                "ideal_cycle",
                "ideal_cycle must be above 0 s",
                "Give the shortest possible time of one part, or leave it out.",
                value=self.ideal_cycle,
            )
        if not 0 <= self.scrap <= 1:
            raise refuse(
                "scrap_range",
                "scrap",
                f"scrap cannot be {self.scrap:g}",
                "Give a share from 0 % to 100 %.",
                value=self.scrap,
            )
        if self.buffer is not None and (self.buffer < 0 or self.buffer > 10_000_000):
            raise refuse(
                "buffer_negative",
                "buffer",
                f"a buffer cannot have {self.buffer} places",
                "Give 0 or more places, or unlimited.",
                value=self.buffer,
            )
        names = [failure.name for failure in self.failures]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise refuse(
                    "same_name",
                    f"failures[{index}].name",
                    f"two failures are called {name!r}",
                    "Give every failure of a station its own name.",
                    name=name,
                )

    @property
    def ideal(self) -> float:
        """Ideal cycle time in seconds for one machine."""
        return self.cycle.mean if self.ideal_cycle is None else self.ideal_cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Working time that repeats every week: from ``start_s`` to ``end_s`` (seconds of the day) on ``days``.

    Monday is day 0. An end that is not after the start is on the next day. Breaks are (start, end) in seconds of the
    day; in a night shift a break before the start of the shift is on the next day.
    """

    days: tuple[int, ...]
    start_s: float
    end_s: float
    breaks: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.days or any(day not in range(7) for day in self.days):
            raise ModelError(
                "a shift needs days from 0 (Monday) to 6",
                code="shift_days",
                place="days",
                remedy="Give days such as mon-fri.",
            )
        for place, value in (("from", self.start_s), ("to", self.end_s)):
            if not 0 <= value <= DAY:
                raise ModelError(
                    f"a shift's time must lie within the day, not at {value:g} s",
                    code="shift_time",
                    place=place,
                    remedy="Give times from 00:00 to 24:00.",
                    value=value,
                )
        for index, (start, end) in enumerate(self.break_spans()):
            if not self.start_s <= start < end <= self.span()[1]:
                raise ModelError(
                    "a break must lie within its shift",
                    code="break_outside",
                    place=f"breaks[{index}]",
                    remedy="Move the break into the shift, or correct the shift.",
                )

    def span(self) -> tuple[float, float]:
        """Start and end in seconds after midnight of the day the shift begins; the end may pass 24 h."""
        return self.start_s, self.end_s if self.end_s > self.start_s else self.end_s + DAY

    def break_spans(self) -> Iterator[tuple[float, float]]:
        """Breaks in seconds after midnight of the day the shift begins."""
        for start, end in self.breaks:
            begin = start if start >= self.start_s else start + DAY
            yield begin, end + DAY * math.ceil((begin - end) / DAY) if end < begin else end


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When the whole line works; a week that repeats, beginning Monday 00:00. Outside it everything is off."""

    shifts: tuple[Shift, ...]

    def __post_init__(self) -> None:
        if not self.shifts:
            raise ModelError(
                "a calendar needs a shift",
                code="no_shift",
                place="shifts",
                remedy="Add a shift, or leave the calendar out to work all the time.",
            )

    def working(self) -> tuple[tuple[float, float], ...]:
        """Merged working intervals of the week in seconds after Monday 00:00, within [0, WEEK].

        >>> night = Shift(days=(6,), start_s=79_200, end_s=21_600, breaks=((7_200, 9_000),))
        >>> Calendar(shifts=(night,)).working()
        ((0.0, 7200.0), (9000.0, 21600.0), (597600.0, 604800.0))
        """
        spans: list[tuple[float, float]] = []
        for shift in self.shifts:
            for day in shift.days:
                at, until = (day * DAY + edge for edge in shift.span())
                for start, end in sorted(shift.break_spans()):
                    spans.append((at, day * DAY + start))
                    at = max(at, day * DAY + end)
                spans.append((at, until))
        inside: list[tuple[float, float]] = []
        for start, end in spans:
            inside.append((start, min(end, WEEK)))
            inside.append((max(start, WEEK) - WEEK, end - WEEK))
        merged: list[tuple[float, float]] = []
        for start, end in sorted((start, end) for start, end in inside if start < end):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return tuple(merged)

    def switches(self) -> tuple[bool, tuple[float, ...]]:
        """Whether the line works at Monday 00:00, and the seconds in (0, WEEK] at which that changes, week by week."""
        spans = self.working()
        edges = [edge for span in spans for edge in span]
        if edges[0] > 0:
            return False, tuple(edges)
        return True, tuple(edges[1:-1]) if edges[-1] == WEEK else (*edges[1:], WEEK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line from its first station to its last.

    ``arrivals`` is the time between arrivals; None: saturated, the first station always finds a part. ``pallets``
    closes the line: that many parts circulate, and the last station's buffer leads back to the first. With
    ``system_capacity`` an arrival that finds that many parts in the queue and the line is lost.
    """

    name: str
    stations: tuple[Station, ...]
    crews: tuple[tuple[str, int], ...] = ()
    arrivals: Distribution | None = None
    timezone: str = "UTC"
    calendar: Calendar | None = None
    pallets: int | None = None
    system_capacity: int | None = None

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
        for index, station in enumerate(self.stations):
            for number, failure in enumerate(station.failures):
                if failure.crew is not None and failure.crew not in sizes:
                    raise ModelError(
                        f"there is no crew {failure.crew!r}",
                        code="unknown_crew",
                        place=f"stations[{index}].failures[{number}].crew",
                        remedy="Add it under crews, or correct the name.",
                        name=failure.crew,
                    )

    def _check_flow(self) -> None:
        last = len(self.stations) - 1
        if self.pallets is None:
            if self.stations[last].buffer:
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
    def constraint(self) -> int:
        """Index of the station with the largest ideal cycle per machine, the first on ties."""
        rates = [station.ideal / station.servers for station in self.stations]
        return rates.index(max(rates))
