"""Evaluate a calculator on all draws at once, and let every number be opened down to its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calculators.calculator import (
    Array,
    Calculator,
    Cap,
    Correlation,
    Formula,
    Given,
    Input,
    Lookup,
    Output,
    Text,
    Tier,
)
from calculators.units import CalculationError

__all__ = [
    "CalculationError",
    "Calculator",
    "Cap",
    "Correlation",
    "Figure",
    "Formula",
    "Given",
    "Input",
    "Lookup",
    "Output",
    "Sheet",
    "Tier",
    "TornadoBar",
    "Trace",
    "evaluate",
    "run_calculator",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An output over all draws, in its unit. For a series each of p10 ... mean has one value per period.

    `undefined` is the share of draws without a value (an IRR that does not exist, a payback never reached); the
    percentiles are over the others. `chance` is P(value < chance_below) or P(value > chance_above), with its 95 %
    interval: (estimate, low, high).
    """

    name: str
    unit: str
    values: Array  # [draw] or [draw, period]
    p10: Any
    p50: Any
    p90: Any
    mean: Any
    undefined: float
    chance: tuple[float, float, float] | None
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where one number comes from: its formula in words, what it uses (each again a Trace), or its source."""

    name: str
    title: Text
    unit: str
    kind: str  # input, formula, cap
    formula: Text
    p10: Any
    p50: Any
    p90: Any
    tier: Tier
    source: Text
    age_days: float | None
    stale: bool
    claim_off: bool  # a vendor claim whose no-effect value is used instead
    objections: tuple[str, ...]
    uses: tuple[Trace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TornadoBar:
    """The output when one input stands at its P10 and at its P90, all others at their median; widest first."""

    input: str
    title: Text
    tier: Tier
    at_p10: float
    at_p90: float
    input_p10: float
    input_p90: float
    unit: str

    @property
    def swing(self) -> float:
        return abs(self.at_p90 - self.at_p10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An evaluated calculator. `claims`: whether vendor claims (tier D) were allowed to count."""

    calculator: Calculator
    draws: int
    seed: int
    claims: bool
    outputs: Mapping[str, Figure]

    def trace(self, name: str) -> Trace:
        """Open any input, formula or output."""
        raise RuntimeError("being written")

    def tornado(self, name: str) -> tuple[TornadoBar, ...]:
        """What one number is most sensitive to."""
        raise RuntimeError("being written")

    def to_json(self) -> dict[str, Any]:
        """Outputs with percentiles, chances, traces, tornado; JSON-ready."""
        raise RuntimeError("being written")


def evaluate(
    calculator: Calculator,
    values: Mapping[str, Given | float | str | Array],
    *,
    draws: int,
    seed: int,
    claims: bool,
) -> Sheet:
    """Compute every formula over `draws` joint draws of the uncertain inputs.

    A plain value in `values` counts as typed by the customer (tier B). Same arguments, same numbers.
    Raises CalculationError for a missing input, a value outside its declared range, a wrong unit or shape.
    """
    raise RuntimeError("being written")


def run_calculator(calculator: Calculator, values: Mapping[str, str], *, draws: int, seed: int, claims: bool) -> Sheet:
    """What `mingsuan calc` does: inputs as written, such as {"repair": "12 min"}."""
    raise RuntimeError("being written")
