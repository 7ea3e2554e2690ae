"""What a line makes: products, their own times at a station, set-ups between them, orders and demand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simulators.distributions import Distribution, ModelError
from simulators.flow import within


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """The products of a line by name, and which of them the next part is.

    Either ``shares``: each part is drawn, or ``sequence``: lots of (product, parts) in this order, again and again.
    """

    names: tuple[str, ...]
    shares: tuple[float, ...] = ()
    sequence: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if bool(self.shares) == bool(self.sequence):
            raise ModelError(
                "products need a mix or a sequence, not both",
                code="mix_or_sequence",
                place="mix",
                remedy="Give mix: {A: 60 %, B: 40 %}, or sequence: [{product: A, parts: 200}, ...].",
            )
        if self.shares and (len(self.shares) != len(self.names) or abs(math.fsum(self.shares) - 1) > 1e-9):
            raise ModelError(
                f"the shares of the mix must add up to 1, not {math.fsum(self.shares):g}",
                code="shares_sum",
                place="mix",
                remedy="Correct the shares so that they make 100 % together.",
                value=f"{math.fsum(self.shares):g}",
            )
        for share in self.shares:
            within(share, "mix", 0, 1)
        for index, (name, parts) in enumerate(self.sequence):
            within(parts, "parts", 1, 10_000_000, f"sequence[{index}].parts")
            if name not in self.names:
                raise ModelError(
                    f"there is no product {name!r}",
                    code="unknown_product",
                    place=f"sequence[{index}].product",
                    remedy=f"Known products: {', '.join(self.names)}.",
                    name=name,
                )

    def weights(self) -> tuple[float, ...]:
        """The share of each product among the parts that enter, in the order of ``names``."""
        if self.shares:
            return self.shares
        parts = [sum(count for name, count in self.sequence if name == product) for product in self.names]
        return tuple(count / sum(parts) for count in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAt:
    """What is different for one product at a station; None: as for the others."""

    product: str
    cycle: Distribution | None = None
    ideal_cycle: float | None = None
    scrap: float | None = None
    rework: float | None = None

    def __post_init__(self) -> None:
        if self.cycle is not None and self.cycle.mean <= 0:
            raise ModelError(
                f"product {self.product!r}: cycle must be above 0 s",
                code="cycle_not_positive",
                place="cycle",
                remedy="Give the time of one part, such as 2.5 s.",
                station=self.product,
            )
        for place, value in (("scrap", self.scrap), ("rework", self.rework)):
            if value is not None:
                within(value, place, 0, 1)
        if self.ideal_cycle is not None:
            within(self.ideal_cycle, "ideal_cycle", 1e-9, 1e12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The time a machine needs before it works on another product than the one before.

    ``matrix`` (from, to, time) for the changes that it lists, ``time`` for all others (None: they take no time).
    ``crews``: one member of one of them is needed, the first with somebody free; ``priority``: higher is served first.
    """

    time: Distribution | None = None
    matrix: tuple[tuple[str, str, Distribution], ...] = ()
    crews: tuple[str, ...] = ()
    priority: int = 0

    def between(self, before: str, after: str) -> Distribution | None:
        """The time of one change; None where there is none to spend."""
        found = {(start, end): time for start, end, time in self.matrix}.get((before, after), self.time)
        return None if before == after or found is None or found.mean == 0 else found

    def scaled(self, factor: float) -> Setup:
        """The same set-ups, all times multiplied."""

        def longer(time: Distribution) -> Distribution:
            return time.scaled(factor) if time.mean > 0 else time

        return replace(
            self,
            time=None if self.time is None else longer(self.time),
            matrix=tuple((start, end, longer(time)) for start, end, time in self.matrix),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Parts of one product that are wanted by ``due``; they come to the first station at ``release`` (seconds)."""

    name: str
    parts: int
    due: float
    product: str | None = None
    release: float = 0.0

    def __post_init__(self) -> None:
        within(self.parts, "parts", 1, 10_000_000)
        within(self.due, "due", 0, 1e12)
        within(self.release, "release", 0, 1e12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Good parts that are wanted in every period of ``every`` seconds, together or by product; more are worth nothing.

    ``parts`` is a list of (product, parts); the product "" stands for all together.
    """

    every: float
    parts: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        within(self.every, "every", 1, 1e12)
        for product, count in self.parts:
            within(count, "parts", 0, 1e12, f"parts.{product}" if product else "parts")
        names = [product for product, _ in self.parts]
        if not names or len(set(names)) < len(names) or ("" in names and len(names) > 1):
            raise ModelError(
                "demand is a number of parts, or one for each product",
                code="demand_parts",
                place="parts",
                remedy="Give parts: 900, or parts: {A: 500, B: 400}.",
            )
