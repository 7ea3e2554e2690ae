"""What could change: modules, their effects and how fast they are adopted; `apply` lays them over a line.

A line is never edited. In month t of a draw, a parameter x becomes x * (1 + a(t) * e) for a gain and x * (1 - a(t) * e)
for a reduction; e is drawn once for each draw, a(t) in [0, 1] is the mean adoption over the month. Effects on the same
parameter multiply, so that two reductions of 20 % make 36 %, not 40 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulators.line import Line

Text = Mapping[str, str]
Tier = Literal["A", "B", "C", "D"]
FloatArray = NDArray[np.float64]

Parameter = Literal["uptime", "failure_rate", "repair", "setup", "cycle", "scrap", "buffer"]
"""uptime: mean time to failure. failure_rate: its inverse. repair: time to repair. setup: length of the stops that are
set-ups. cycle: time a part takes (the ideal cycle stays: it is the yardstick). scrap: share lost. buffer: places behind."""

Reading = Literal["p10_p90", "bounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a module changes: one parameter of one station (or `*`), of one failure cause (or `*`), by a fraction.

    `low`, `likely` and `high` are fractions (0.2 = 20 %). `reading` says what low and high mean: the 10 % and 90 % points
    of a triangular distribution with its peak at likely (experts are over-confident), or its absolute bounds.
    Effects with the same `evidence` are drawn with the same random number: if one is high, so is the other.
    """

    parameter: Parameter
    station: str = "*"
    cause: str = "*"
    low: float
    likely: float
    high: float
    change: Literal["gain", "reduction"]
    tier: Tier
    source: Text
    evidence: str = ""
    reading: Reading = "p10_p90"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One thing to pay for a module, in `currency`; `every` says when: once at the start, each month or each year of use."""

    id: str
    title: Text
    low: float
    likely: float
    high: float
    currency: str
    every: Literal["once", "month", "year"]
    tier: Tier
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """How the use of a module grows after `start`; all in months, `t10` and `t90` counted from the start.

    At t10 a tenth and at t90 nine tenths of the effect are there. `t90_low` and `t90_high` are the 10 % and 90 % points of
    t90 (t10 moves in proportion). `dip` is the fraction of the full effect lost right after the start while people learn;
    it fades linearly over `dip_months`, so that early months may be worse than before.
    """

    shape: Literal["step", "linear", "logistic"] = "logistic"
    start: float = 0.0
    t10: float = 0.0
    t90: float = 0.0
    t90_low: float | None = None
    t90_high: float | None = None
    dip: float = 0.0
    dip_months: float = 0.0

    def curve(self, months: int, t90: FloatArray | float | None = None) -> FloatArray:
        """Mean adoption in each month: [month], or [draw, month] for drawn values of t90. Shape (…, months)."""
        raise RuntimeError("being written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """An intervention on offer: what it changes, what it costs, how it is adopted."""

    id: str
    title: Text
    effects: tuple[Effect, ...]
    prices: tuple[Price, ...] = ()
    adoption: Adoption = field(default_factory=Adoption)
    about: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A line with modules; the baseline is the scenario without any. With `claims` off, effects of tier D do nothing."""

    id: str
    title: Text
    modules: tuple[Module, ...] = ()
    claims: bool = False

    def active(self) -> tuple[tuple[Module, Effect], ...]:
        """The effects that count, in the order of the modules."""
        raise RuntimeError("being written")

    def draw(self, *, seed: int, draws: int, months: int) -> Drawn:
        """The random part of the scenario: the same for a module whatever else the scenario holds, and for more draws."""
        raise RuntimeError("being written")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `Scenario.from_json` gives an equal object."""
        raise RuntimeError("being written")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Scenario:
        """The scenario that `to_json` wrote."""
        raise RuntimeError("being written")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Effects [effect, draw] in the order of `Scenario.active()` and adoption [effect, draw, month]."""

    effects: FloatArray
    adoption: FloatArray


def baseline_scenario() -> Scenario:
    """The scenario without modules: the line as it is."""
    return Scenario(id="baseline", title={"zh-CN": "现状", "en": "As is"})


def combined(scenarios: Sequence[Scenario], *, name: str, title: Text) -> Scenario:
    """All modules of several scenarios, each once."""
    raise RuntimeError("being written")


def apply(line: Line, scenario: Scenario, drawn: Drawn, draw: int, month: int) -> Line:
    """The line in one month of one draw; the very same object where nothing changes.

    Raises:
        ModelError: an effect names a station or failure cause that the line does not have (`effect_without_target`).
    """
    raise RuntimeError("being written")
