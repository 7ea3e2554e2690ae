"""Exact long-run answers for the few lines that have one, to stand beside the simulated value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulators.line import Line, Station

Kind = Literal["erlang_c", "two_exponential", "one_machine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The answer in the long run: parts processed an hour, and, with arrivals, the mean queue and wait.

    `kind`: `erlang_c` (M/M/c); `two_exponential` (two exponential machines with B places between: a birth-death chain
    of B + 3 states, (B + 2) / (B + 3) of either rate where they are equal); `one_machine` (failures on the
    operating clock): rate / (1 + sum of repair / uptime).
    """

    kind: Kind
    throughput_per_h: float
    queue_mean_level: float | None = None
    queue_mean_wait_s: float | None = None


def exact(line: Line) -> Exact | None:
    """The exact long-run answer, or None where we know none."""
    if not line.plain or line.calendar is not None or line.pallets is not None or line.system_capacity is not None:
        return None
    if line.arrivals is not None:
        return _erlang_c(line) if len(line.stations) == 1 else None
    stations = line.stations
    reliable = not any(station.failures for station in stations)
    if reliable and len(stations) == 2 and all(map(_exponential, stations)) and stations[0].buffer is not None:
        return _two_exponential(*stations, places=stations[0].buffer)
    return _one_machine(line)


def _exponential(station: Station) -> bool:
    return station.servers == 1 and station.cycle.kind == "exponential" and station.scrap == 0


def _erlang_c(line: Line) -> Exact | None:
    """M/M/c: probability of waiting by Erlang's B recursion (Gross and Harris)."""
    (station,) = line.stations
    arrivals = line.arrivals
    if arrivals is None or arrivals.kind != "exponential" or station.cycle.kind != "exponential" or station.failures:
        return None
    rate, work = 1 / arrivals.mean, 1 / station.cycle.mean
    load = rate / work
    if load >= station.servers:
        return None
    lost = 1.0
    for servers in range(1, station.servers + 1):
        lost = load * lost / (servers + load * lost)
    waits = lost / (1 - load / station.servers * (1 - lost))
    wait = waits / (station.servers * work - rate)
    return Exact(
        kind="erlang_c", throughput_per_h=3600 * rate, queue_mean_level=rate * wait, queue_mean_wait_s=wait
    )  # fmt: skip


def _two_exponential(first: Station, second: Station, *, places: int) -> Exact:
    ratio = second.cycle.mean / first.cycle.mean
    chances = ratio ** np.arange(places + 3, dtype=np.float64)
    idle = float(chances[0] / chances.sum())
    return Exact(kind="two_exponential", throughput_per_h=3600 * (1 - idle) / second.cycle.mean)


def _one_machine(line: Line) -> Exact | None:
    """Renewal reward: while one cause is repaired, the clocks of all the others stand still, so down times add up."""
    if len(line.stations) > 1 or line.stations[0].servers > 1:
        return None
    (station,) = line.stations
    if any(failure.clock != "operating" or failure.crew is not None for failure in station.failures):
        return None
    lost = sum(failure.repair.mean / failure.uptime.mean for failure in station.failures)
    return Exact(kind="one_machine", throughput_per_h=3600 / (station.cycle.mean * (1 + lost)))
