"""Vehicles in the reference engine: which one fetches which part, and its two trips."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulators.flow import Fleet
from simulators.reference_parts import Part
from simulators.reference_places import Place


@dataclass(slots=True, eq=False)
class Vehicle:
    """A vehicle at a station, or on its way to one."""

    index: int
    at: Place
    part: Part | None = None  # to be fetched, or on board
    loaded: bool = False


@dataclass(slots=True, eq=False)
class Vehicles:
    """A fleet; ``waiting`` are the parts that want a vehicle, first come first."""

    spec: Fleet
    vehicles: list[Vehicle]
    travel: list[list[float]]  # seconds from station to station
    waiting: list[Part] = field(default_factory=list)
    busy_s: float = 0.0
    loaded_s: float = 0.0
    deliveries: int = 0
    delivery_s: float = 0.0

    def choose(self) -> tuple[Vehicle, Part] | None:
        """The next vehicle to send and what it fetches; a part goes only where there is a place to put it down."""
        idle = [vehicle for vehicle in self.vehicles if vehicle.part is None]
        ready = [part for part in self.waiting if has_place(part)]
        if not idle or not ready:
            return None
        if self.spec.rule == "longest_wait":
            ready = ready[:1]
        _, _, _, vehicle, part = min(
            ((self.travel[vehicle.at.index][site(part).index], number, vehicle.index, vehicle, part)
             for number, part in enumerate(ready) for vehicle in idle),
            key=lambda pair: pair[:3],
        )  # fmt: skip
        return vehicle, part

    def note(self, span: float) -> None:
        self.busy_s += span * sum(vehicle.part is not None for vehicle in self.vehicles)
        self.loaded_s += span * sum(vehicle.loaded for vehicle in self.vehicles)

    def forget(self) -> None:
        self.busy_s = self.loaded_s = self.delivery_s = 0.0
        self.deliveries = 0


def site(part: Part) -> Place:
    """The station at which a part waits for its vehicle."""
    where: Any = part.where
    return where if isinstance(where, Place) else where.place


def has_place(part: Part) -> bool:
    """Whether there is a free place in front of the station where a part goes."""
    assert part.pool is not None
    return part.pool.reserved < part.pool.places[0].spec.inbox
