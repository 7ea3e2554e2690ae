"""A step of a line: its machines, how they fail, and everything that is said of it alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from simulators.distributions import Distribution, ModelError
from simulators.flow import Rework, Startup, Way, guess, not_together, within
from simulators.products import ProductAt, Setup
from simulators.states import STATES

Clock = Literal["operating", "calendar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One cause of failure of a station; it alternates between up and repair on its own.

    ``uptime`` counts processing time only on the operating clock, and all time but its own repair on the calendar
    clock. ``crew`` names the crew that repairs it; without one every repair starts at once. ``others`` are crews that
    can do it too: the first of them all with somebody free comes. Of several machines that wait the highest
    ``priority`` is served first. A ``planned`` one (maintenance) lets the machine finish the part in hand.
    """

    name: str
    clock: Clock
    uptime: Distribution
    repair: Distribution
    crew: str | None = None
    others: tuple[str, ...] = field(default=(), metadata={"new": True})
    priority: int = field(default=0, metadata={"new": True})
    planned: bool = field(default=False, metadata={"new": True})

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

    Parts go to the next station of the list, or where ``to`` says. ``assembly`` (station, parts) lists what one part is
    put together from, the main part first. A ``batch`` is worked on together: so many parts, or with ``least`` as many
    as there are from that number on. ``operators`` names crews of which one member is needed for every part; ``setup``
    is due when the product changes; ``arrivals`` lets parts in at a station that no other sends parts to. ``travel``
    makes the buffer a conveyor that takes so many seconds; ``fleet`` names the vehicles that bring parts on, ``inbox``
    the places in front of the station for what they bring. ``energy`` (state, kW) is what one machine takes.
    """

    name: str
    cycle: Distribution
    servers: int = 1
    ideal_cycle: float | None = None
    scrap: float = 0.0
    failures: tuple[Failure, ...] = ()
    buffer: int | None = 0
    to: tuple[Way, ...] = field(default=(), metadata={"new": True})
    rework: Rework | None = field(default=None, metadata={"new": True})
    assembly: tuple[tuple[str, int], ...] = field(default=(), metadata={"new": True})
    batch: int = field(default=1, metadata={"new": True})
    least: int | None = field(default=None, metadata={"new": True})
    products: tuple[ProductAt, ...] = field(default=(), metadata={"new": True})
    setup: Setup | None = field(default=None, metadata={"new": True})
    startup: Startup | None = field(default=None, metadata={"new": True})
    operators: tuple[str, ...] = field(default=(), metadata={"new": True})
    priority: int = field(default=0, metadata={"new": True})
    arrivals: Distribution | Literal["saturated"] | None = field(default=None, metadata={"new": True})
    travel: float | None = field(default=None, metadata={"new": True})
    fleet: str | None = field(default=None, metadata={"new": True})
    inbox: int = field(default=1, metadata={"new": True})
    energy: tuple[tuple[str, float], ...] = field(default=(), metadata={"new": True})

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
        self._check_more()
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

    @property
    def ideal_of_one(self) -> float:
        """Ideal seconds for one part on one machine: a batch shares them."""
        return self.ideal / self.batch

    def own(self, product: str) -> ProductAt:
        """What is different for a product here."""
        return next((own for own in self.products if own.product == product), ProductAt(product=product))

    def cycle_of(self, product: str) -> Distribution:
        """Times of a product here."""
        return self.own(product).cycle or self.cycle

    def ideal_cycle_of(self, product: str) -> float:
        """Ideal cycle of a product here in seconds; its mean where its cycle is its own."""
        own = self.own(product)
        if own.ideal_cycle is not None:
            return own.ideal_cycle
        return self.ideal if own.cycle is None else own.cycle.mean

    def scrap_of(self, product: str) -> float:
        own = self.own(product).scrap
        return self.scrap if own is None else own

    def rework_of(self, product: str) -> float:
        """Share of a product that goes back from here."""
        if self.rework is None:
            return 0.0
        own = self.own(product).rework
        return self.rework.share if own is None else own

    def _check_more(self) -> None:
        within(self.batch, "batch", 1, 100_000)
        within(self.inbox, "inbox", 1, 1_000_000)
        if self.least is not None:
            within(self.least, "least", 1, self.batch, "batch.least")
        for index, (_, parts) in enumerate(self.assembly):
            within(parts, "parts", 1, 10_000, f"assembly[{index}]")
        if self.travel is not None:
            within(self.travel, "travel", 0, 1e9)
        for state, power in self.energy:
            if state not in STATES:
                raise ModelError(
                    f"station {self.name!r}: {state!r} is not a state",
                    code="unknown_state",
                    place=f"energy.{state}",
                    remedy=guess(state, STATES, f"Use one of {', '.join(STATES)}."),
                    name=state,
                    known=", ".join(STATES),
                )
            within(power, "energy", 0, 1e9, f"energy.{state}")
        clash = None
        if self.assembly and self.batch > 1:
            clash = ("batch", "assembly")
        elif self.fleet is not None and self.travel is not None:
            clash = ("travel", "fleet")
        elif self.travel is not None and self.buffer == 0:
            clash = ("travel", "buffer: 0")
        if clash is not None:
            raise not_together(*clash)
