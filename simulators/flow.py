"""Where parts go: ways from station to station, rework and vehicles; and what a station loses when it restarts."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from simulators.distributions import ModelError

#: The way out of the line.
OUT = "out"


def guess(name: str, known: Iterable[str], remedy: str) -> str:
    """What to do about an unknown name: the one that was probably meant, else ``remedy``."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {found[0]!r}?" if found else remedy


def within(value: float, what: str, low: float, high: float, place: str = "") -> None:
    """Refuse a number outside [low, high]."""
    if not (math.isfinite(value) and low <= value <= high):
        raise ModelError(
            f"{what} cannot be {value:g}",
            code="number_range",
            place=place or what,
            remedy=f"Give a value from {low:g} to {high:g}.",
            name=what,
            value=f"{value:g}",
            low=f"{low:g}",
            high=f"{high:g}",
        )


def not_together(what: str, other: str, place: str = "") -> ModelError:
    """The refusal of two things that cannot both be."""
    return ModelError(
        f"{what} and {other} do not go together",
        code="not_together",
        place=place or what,
        remedy="Leave one of them out.",
        name=what,
        other=other,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way from a station: to one station, to whichever of several takes the part first, or ``out``.

    ``share`` is the chance of this way among those that apply; ``products`` names the products that go it. Ways that
    name no product are for all products that no other way names.
    """

    to: tuple[str, ...]
    share: float | None = None
    products: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.to or len(set(self.to)) < len(self.to) or (OUT in self.to and len(self.to) > 1):
            raise ModelError(
                "a way leads to one station, or to several different ones",
                code="way_ends",
                remedy="Name the next station, or the stations of which any may take the part, or out.",
            )
        if self.share is not None:
            within(self.share, "share", 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rework:
    """A share of the parts goes back to station ``to``, at most ``tries`` times each; then such a part is scrap."""

    to: str
    share: float
    tries: int = 1

    def __post_init__(self) -> None:
        within(self.share, "share", 0, 1)
        within(self.tries, "tries", 1, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """Losses after a standstill: a machine that has not processed for ``after`` seconds is cold.

    Its next ``parts`` parts are scrap with the chance ``scrap`` (where that is more than the station's own), and take
    ``cycle`` times as long.
    """

    parts: int
    after: float
    scrap: float = 0.0
    cycle: float = 1.0

    def __post_init__(self) -> None:
        within(self.parts, "parts", 1, 1_000_000)
        within(self.after, "after", 0, 1e12)
        within(self.scrap, "scrap", 0, 1)
        within(self.cycle, "cycle", 0.1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Vehicles that carry one part at a time from where it was finished to the place in front of its next station.

    ``travel`` gives seconds between two stations, loaded or empty; a pair that is not there takes ``otherwise``, and
    within a station it takes 0. ``load`` and ``unload`` are added to a trip with a part. ``rule``: an idle vehicle
    serves the part that has waited longest, or the nearest one. All vehicles begin at ``home`` (the first station).
    """

    name: str
    vehicles: int
    travel: tuple[tuple[str, str, float], ...] = ()
    otherwise: float = 0.0
    load: float = 0.0
    unload: float = 0.0
    rule: Literal["longest_wait", "nearest"] = "longest_wait"
    home: str | None = None

    def __post_init__(self) -> None:
        within(self.vehicles, "vehicles", 1, 1000)
        for place, seconds in (("otherwise", self.otherwise), ("load", self.load), ("unload", self.unload)):
            within(seconds, place, 0, 1e9)
        for start, end, seconds in self.travel:
            within(seconds, "travel", 0, 1e9, f"travel.{start}.{end}")
        if self.rule not in {"longest_wait", "nearest"}:
            raise ModelError(
                f"vehicles do not know the rule {self.rule!r}",
                code="dispatch_rule",
                place="rule",
                remedy="Use longest_wait or nearest.",
                value=self.rule,
            )

    def seconds(self, start: str, end: str) -> float:
        """Travel time between two stations."""
        if start == end:
            return 0.0
        return {(a, b): seconds for a, b, seconds in self.travel}.get((start, end), self.otherwise)
