"""Measures of reference cases, each as a quotient of two sums of a replication; in minutes and parts.

A quotient of sums over all replications is less biased than a mean of quotients; its error comes by linearisation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from simulators.case_models import MINUTE, CaseModel
from simulators.figures import BLOCKED, DOWN, OFF, STARVED, WORKING, RunFigures
from simulators.replications import Estimate, estimate

#: (numerator, denominator) in one replication.
Quotient: TypeAlias = Callable[[RunFigures], tuple[float, float]]
#: A quotient, or a list or mapping of such.
Shape: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one case; ``expected`` decides between a list and an object where a file may have either."""

    model: CaseModel
    expected: Mapping[str, Any]

    def get(self, name: str) -> Shape:
        """Return the quotients of a measure in its shape; None when we do not know it."""
        single = {
            "throughput": self._per_minute("good_out"),
            "mean_wait": _crew_wait if self.model.kind == "machine_repair" else _totals("queue_wait_s", "queue_starts"),
            "mean_time_in_system": _totals("lead_s", "good_out"),
            "cycle_time": _totals("lead_s", "good_out"),
            "probability_of_wait": _count("queue_waited", "queue_starts"),
            "probability_lost": _count("lost", "arrivals"),
            "mean_machines_up": self._machines_up,
            "crew_utilisation": self._crew_utilisation,
            "mean_wait_for_repair": _crew_wait,
            "failures_per_time": lambda run: (float(run.station("failures").sum()), run.window.length / MINUTE),
            "parts": lambda run: (run.total("good_out"), 1.0),
            "working_minutes": self._working_minutes,
        }
        if name in single:
            return single[name]
        behind = self.model.line.stations if self.model.line.pallets is not None else self.model.line.stations[:-1]
        match name:
            case "mean_buffer_level":
                shape = [self._area("buffer_part_s", index) for index in range(len(behind))]
                return self._buffers_as_expected(shape)
            case "station_state_fractions":
                return {
                    station.name: self._state_fractions(index) for index, station in enumerate(self.model.line.stations)
                }
            case "busy_fraction":
                return self._by_station(name, lambda index: self._share("busy_s", index), named=True)
            case "utilisation" | "working_fraction":
                return self._by_station(name, lambda index: self._state(index, WORKING))
            case "utilisation_incl_repair":
                return self._by_station(name, lambda index: self._share("busy_s", index))
            case "down_fraction":
                return self._by_station(name, lambda index: self._state(index, DOWN))
            case "availability":
                return self._by_station(name, self._availability)
            case "mean_queue_length":
                if self.model.kind == "machine_repair":
                    return lambda run: (float(run.crews[:, 1].sum()), run.window.length)
                return self._by_station(name, self._waiting)
            case "mean_parts_at_station":
                return self._by_station(name, self._parts_at)
        return None

    def _by_station(self, name: str, of: Callable[[int], Quotient], *, named: bool = False) -> Shape:
        stations = self.model.line.stations
        expected = self.expected.get(name)
        if isinstance(expected, Mapping) or (expected is None and named):
            return {station.name: of(index) for index, station in enumerate(stations)}
        if isinstance(expected, list) or (expected is None and (len(stations) > 1 or name == "mean_parts_at_station")):
            return [of(index) for index in range(len(stations))]
        return of(0)

    def _buffers_as_expected(self, shape: list[Quotient]) -> Shape:
        expected = self.expected.get("mean_buffer_level")
        if isinstance(expected, list):
            return shape[: len(expected)]
        return shape if expected is None or len(shape) != 1 else shape[0]

    def _per_minute(self, total: str) -> Quotient:
        return lambda run: (run.total(total), run.window.length / MINUTE)

    def _machines(self, index: int) -> int:
        return self.model.line.stations[index].servers

    def _state(self, index: int, state: int) -> Quotient:
        return lambda run: (float(run.states[index, state]), run.window.length * self._machines(index))

    def _state_fractions(self, index: int) -> dict[str, Quotient]:
        states = {"working": WORKING, "blocked": BLOCKED, "starved": STARVED, "down": DOWN}
        if self.model.line.calendar is not None:
            states["off"] = OFF
        return {name: self._state(index, state) for name, state in states.items()}

    def _share(self, seconds: str, index: int) -> Quotient:
        return lambda run: (float(run.station(seconds)[index]), run.window.length * self._machines(index))

    def _area(self, seconds: str, index: int) -> Quotient:
        return lambda run: (float(run.station(seconds)[index]), run.window.length)

    def _availability(self, index: int) -> Quotient:
        def up(run: RunFigures) -> tuple[float, float]:
            whole = run.window.length * self._machines(index)
            return whole - float(run.states[index, DOWN]), whole

        return up

    def _in_front(self, run: RunFigures, index: int) -> float:
        if index == 0 and self.model.line.pallets is None:
            return run.total("queue_part_s")
        return float(run.station("buffer_part_s")[index - 1])

    def _waiting(self, index: int) -> Quotient:
        return lambda run: (self._in_front(run, index), run.window.length)

    def _parts_at(self, index: int) -> Quotient:
        return lambda run: (
            self._in_front(run, index) + float(run.station("held_part_s")[index]),
            run.window.length,
        )

    def _machines_up(self, run: RunFigures) -> tuple[float, float]:
        machines = sum(station.servers for station in self.model.line.stations)
        return machines * run.window.length - float(run.states[:, DOWN].sum()), run.window.length

    def _crew_utilisation(self, run: RunFigures) -> tuple[float, float]:
        members = sum(size for _, size in self.model.line.crews)
        return float(run.crews[:, 0].sum()), run.window.length * max(members, 1)

    def _working_minutes(self, run: RunFigures) -> tuple[float, float]:
        return (run.window.length - float(run.states[0, OFF]) / self._machines(0)) / MINUTE, 1.0


def _totals(part: str, whole: str) -> Quotient:
    return lambda run: (run.total(part) / MINUTE, run.total(whole))


def _count(part: str, whole: str) -> Quotient:
    return lambda run: (run.total(part), run.total(whole))


def _crew_wait(run: RunFigures) -> tuple[float, float]:
    return float(run.crews[:, 1].sum()) / MINUTE, float(run.crews[:, 2].sum())


def each(shape: Shape, apply: Callable[[Any], Any]) -> Any:
    """Apply a function to every leaf of a shape."""
    if isinstance(shape, dict):
        return {name: each(inner, apply) for name, inner in shape.items()}
    if isinstance(shape, list):
        return [each(inner, apply) for inner in shape]
    return apply(shape)


def leaves(shape: Shape) -> Iterator[Any]:
    """All leaves of a shape."""
    if isinstance(shape, dict):
        shape = list(shape.values())
    if isinstance(shape, list):
        for inner in shape:
            yield from leaves(inner)
    else:
        yield shape


def estimate_quotient(quotient: Quotient, runs: list[RunFigures]) -> Estimate:
    """Sum of the numerators over sum of the denominators, with its standard error."""
    parts, wholes = np.array([quotient(run) for run in runs]).T
    if wholes.sum() <= 0:
        return estimate(np.zeros(len(runs)))
    value = float(parts.sum() / wholes.sum())
    spread = estimate((parts - value * wholes) / wholes.mean())
    return Estimate(mean=value, standard_error=spread.standard_error, half_width=spread.half_width)
