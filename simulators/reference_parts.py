"""Parts in the reference engine: what is known of one, where they wait, and how they come into the line."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.products import Products

if TYPE_CHECKING:
    from simulators.reference_places import Machine, Place
    from simulators.reference_vehicles import Vehicle


@dataclass(slots=True, eq=False)
class Part:
    """A part and where it is: on a machine, in the buffer behind a station, on a vehicle, or where one put it down."""

    entered: float
    product: int
    order: Job | None = None
    number: int = 0  # parts that became ready to be taken earlier have lower ones
    pool: Pool | None = None  # where it goes next
    where: Machine | Place | Vehicle | Pool | None = None
    asked: float = 0.0  # since when it has waited for a vehicle
    rounds: dict[int, int] = field(default_factory=dict)  # times it was sent back, by station


@dataclass(slots=True, eq=False)
class Pool:
    """Parts that one of ``places`` may take, first come first served; ``delivered`` lie where vehicles put them."""

    places: list[Place] = field(default_factory=list)
    waiting: list[Part] = field(default_factory=list)
    reserved: int = 0  # places taken by parts delivered and parts that a vehicle was sent for
    delivered: int = 0


@dataclass(slots=True, eq=False)
class Source:
    """Where parts come into the line: at once when one is needed (``saturated``), or into a queue."""

    place: Place
    saturated: bool
    products: Iterator[int]
    gaps: Iterator[float] | None = None  # times between arrivals
    queue: deque[Part] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class Job:
    """An order in the making."""

    due: float
    parts_left: int
    good: int = 0
    finished_at: float | None = None


def product_numbers(products: Products | None, chances: Iterator[float]) -> Iterator[int]:
    """The product of one part after the other: drawn from the mix, or lot by lot."""
    if products is None:
        yield from itertools.repeat(0)
        return
    if products.sequence:
        lots = [(products.names.index(name), parts) for name, parts in products.sequence]
        for product, parts in itertools.cycle(lots):
            yield from itertools.repeat(product, parts)
    upper = list(itertools.accumulate(products.shares))
    upper[-1] = 2.0  # rounding must not leave a gap at the top
    for chance in chances:
        yield next(index for index, end in enumerate(upper) if chance < end)
