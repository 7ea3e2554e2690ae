"""What one replication gives: plain sums over the window, the same from both engines.

Everything is a sum, never a ratio: figures of several windows or replications may be added up before kpi.py divides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from simulators.distributions import Floats, ModelError
from simulators.line import Line

#: The states of a machine, in the order of ``RunFigures.states``.
STATES = ("working", "starved", "blocked", "down", "setup", "off")
WORKING, STARVED, BLOCKED, DOWN, SETUP, OFF = range(len(STATES))

#: Sums kept per station, in the order of the columns after the states.
STATION_SUMS = ("busy_s", "held_part_s", "buffer_part_s", "bottleneck_s", "processed", "scrapped", "failures")
#: Sums kept per crew.
CREW_SUMS = ("busy_s", "wait_s", "repairs")
#: Sums kept for the line.
LINE_SUMS = (
    "good_out", "lead_s", "wip_part_s", "queue_part_s",
    "queue_wait_s", "queue_starts", "queue_waited", "arrivals", "lost",
)  # fmt: skip


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
    ``crews`` [crew, sum], ``line`` [sum], ``output`` [bin] parts processed at the last station.
    """

    window: Window
    states: Floats
    stations: Floats
    crews: Floats
    line: Floats
    output: Floats

    def station(self, name: str) -> Floats:
        """Return one of STATION_SUMS for every station."""
        return np.asarray(self.stations[:, STATION_SUMS.index(name)])

    def crew(self, name: str) -> Floats:
        """Return one of CREW_SUMS for every crew."""
        return np.asarray(self.crews[:, CREW_SUMS.index(name)])

    def total(self, name: str) -> float:
        """Return one of LINE_SUMS."""
        return float(self.line[LINE_SUMS.index(name)])

    def vector(self) -> Floats:
        """All sums in one row, in the order that ``from_vector`` reads."""
        parts = (self.states, self.stations, self.crews, self.line, self.output)
        return np.concatenate([part.ravel() for part in parts])

    @classmethod
    def from_vector(cls, line: Line, window: Window, vector: Floats) -> RunFigures:
        """Read a row of sums of a line with these stations and crews."""
        shapes = (
            (len(line.stations), len(STATES)),
            (len(line.stations), len(STATION_SUMS)),
            (len(line.crews), len(CREW_SUMS)),
            (len(LINE_SUMS),),
            (window.bins,),
        )
        edges = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = [part.reshape(shape) for part, shape in zip(np.split(vector, edges), shapes, strict=True)]
        states, stations, crews, sums, output = parts
        return cls(window=window, states=states, stations=stations, crews=crews, line=sums, output=output)


#: An engine simulates one replication: (line, window, seed, replication) -> figures.
Engine: TypeAlias = Callable[[Line, Window, int, int], RunFigures]


def vector_length(line: Line, window: Window) -> int:
    """Length of the row of sums of a line over a window."""
    per_station, per_crew = len(STATES) + len(STATION_SUMS), len(CREW_SUMS)
    return len(line.stations) * per_station + len(line.crews) * per_crew + len(LINE_SUMS) + window.bins
