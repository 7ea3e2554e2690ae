"""What one replication gives: plain sums over the window, the same from both engines.

Everything is a sum, never a ratio: figures of several windows or replications may be added up before kpi.py divides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from simulators.distributions import Floats, ModelError
from simulators.line import Line
from simulators.states import BLOCKED, DOWN, OFF, SETUP, STARVED, STATES, WORKING

__all__ = [
    "BLOCKED", "CREW_SUMS", "DOWN", "FLEET_SUMS", "LINE_SUMS", "MORE_SUMS", "OFF", "ORDER_SUMS", "PLACE_SUMS",
    "PRODUCT_SUMS", "SETUP", "STARVED", "STATES", "STATION_SUMS", "WORKING", "Engine", "RunFigures", "Window",
    "vector_length",
]  # fmt: skip

#: Sums kept per station, in the order of the columns after the states.
STATION_SUMS = ("busy_s", "held_part_s", "buffer_part_s", "bottleneck_s", "processed", "scrapped", "failures")
#: Sums kept per crew.
CREW_SUMS = ("busy_s", "wait_s", "repairs")
#: Sums kept for the line.
LINE_SUMS = (
    "good_out", "lead_s", "wip_part_s", "queue_part_s",
    "queue_wait_s", "queue_starts", "queue_waited", "arrivals", "lost",
)  # fmt: skip

#: Sums of lines that are not plain (Line.plain), kept per station: ideal seconds of the parts processed; parts sent
#: back; set-ups; parts that left, and scrap where every way leads out; parts in front of it that vehicles
#: brought; machine seconds starved while a part for the station was waiting for a vehicle or on its way.
PLACE_SUMS = ("ideal_s", "reworked", "setups", "out", "inbox_part_s", "transport_starved_s")
#: Per product; per order (over the whole run); per fleet.
PRODUCT_SUMS = ("good_out", "lead_s")
ORDER_SUMS = ("good", "finished", "finished_s", "tardy_s")
FLEET_SUMS = ("busy_s", "loaded_s", "deliveries", "delivery_s")
#: Good parts within the demand.
MORE_SUMS = ("wanted",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Time that counts: from ``warmup`` to ``horizon`` seconds after the start (Monday 00:00, empty, all up).

    With ``bins`` the outputs of the last station are also counted in that many equal parts of the window.
    """

    warmup: float
    horizon: float
    bins: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < self.horizon < 1e15:
            raise ModelError(
                f"the window from {self.warmup:g} s to {self.horizon:g} s is empty",
                code="window_empty",
                place="horizon",
                remedy="Give a horizon that is longer than the warm-up.",
                warmup=self.warmup,
                horizon=self.horizon,
            )

    @property
    def length(self) -> float:
        return self.horizon - self.warmup


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """Sums over the window of one replication (see the names above); seconds and parts.

    ``states`` [station, state] are seconds summed over the machines of a station; ``stations`` [station, sum],
    ``crews`` [crew, sum], ``line`` [sum], ``output`` [bin] parts processed at the last station. For lines that are not
    plain also ``places`` [station, sum], ``products`` [product, sum], ``orders`` [order, sum], ``fleets`` [fleet, sum]
    and ``more`` [sum]; without rows elsewhere.
    """

    window: Window
    states: Floats
    stations: Floats
    crews: Floats
    line: Floats
    output: Floats
    places: Floats = field(default_factory=lambda: np.zeros((0, len(PLACE_SUMS))))
    products: Floats = field(default_factory=lambda: np.zeros((0, len(PRODUCT_SUMS))))
    orders: Floats = field(default_factory=lambda: np.zeros((0, len(ORDER_SUMS))))
    fleets: Floats = field(default_factory=lambda: np.zeros((0, len(FLEET_SUMS))))
    more: Floats = field(default_factory=lambda: np.zeros(0))

    def station(self, name: str) -> Floats:
        """Return one of STATION_SUMS for every station."""
        return np.asarray(self.stations[:, STATION_SUMS.index(name)])

    def place(self, name: str) -> Floats:
        """Return one of PLACE_SUMS for every station; of a line that is not plain."""
        return np.asarray(self.places[:, PLACE_SUMS.index(name)])

    def crew(self, name: str) -> Floats:
        """Return one of CREW_SUMS for every crew."""
        return np.asarray(self.crews[:, CREW_SUMS.index(name)])

    def total(self, name: str) -> float:
        """Return one of LINE_SUMS."""
        return float(self.line[LINE_SUMS.index(name)])

    @property
    def parts_out(self) -> float:
        """Parts that came to the end of the line, scrap there included."""
        return float(self.place("out").sum()) if len(self.places) else float(self.station("processed")[-1])

    def vector(self) -> Floats:
        """All sums in one row, in the order that ``from_vector`` reads."""
        parts = (
            self.states, self.stations, self.crews, self.line,
            self.places, self.products, self.orders, self.fleets, self.more, self.output,
        )  # fmt: skip
        return np.concatenate([part.ravel() for part in parts])

    @classmethod
    def from_vector(cls, line: Line, window: Window, vector: Floats) -> RunFigures:
        """Read a row of sums of a line with these stations and crews."""
        shapes = _shapes(line, window)
        edges = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = [part.reshape(shape) for part, shape in zip(np.split(vector, edges), shapes, strict=True)]
        states, stations, crews, sums, places, products, orders, fleets, more, output = parts
        return cls(
            window=window,
            states=states,
            stations=stations,
            crews=crews,
            line=sums,
            output=output,
            places=places,
            products=products,
            orders=orders,
            fleets=fleets,
            more=more,
        )


#: An engine simulates one replication: (line, window, seed, replication) -> figures.
Engine: TypeAlias = Callable[[Line, Window, int, int], RunFigures]


def _shapes(line: Line, window: Window) -> tuple[tuple[int, ...], ...]:
    """Shapes of the sums in the order of the vector; a plain line has none of those for networks."""
    network = 0 if line.plain else 1
    return (
        (len(line.stations), len(STATES)),
        (len(line.stations), len(STATION_SUMS)),
        (len(line.crews), len(CREW_SUMS)),
        (len(LINE_SUMS),),
        (network * len(line.stations), len(PLACE_SUMS)),
        (network * len(line.product_names), len(PRODUCT_SUMS)),
        (network * len(line.orders), len(ORDER_SUMS)),
        (network * len(line.fleets), len(FLEET_SUMS)),
        (network * len(MORE_SUMS),),
        (window.bins,),
    )


def vector_length(line: Line, window: Window) -> int:
    """Length of the row of sums of a line over a window."""
    return sum(int(np.prod(shape)) for shape in _shapes(line, window))
