"""What an evaluated sheet shows: figures over all draws, traces down to the sources, and what moves a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from calculators.declarations import Text, Tier
from calculators.units import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An output over all draws, in its unit. For a series each of p10 ... mean has one value per period, from now on,
    over as many draws as `calculators.evaluation.KEPT_DRAWS`.

    `undefined` is the share of draws without a value (an IRR that does not exist, a payback never reached); the
    percentiles are over the others. `chance` is P(value < chance_below) or P(value > chance_above) over all draws,
    those without a value counted in (a payback never reached is beyond any limit), with its 95 % interval:
    (estimate, low, high).
    """

    name: str
    unit: str
    values: Array
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
    claim_off: bool  # a vendor claim in whose place its no-effect value stands
    objections: tuple[str, ...]
    uses: tuple[Trace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TornadoBar:
    """The output when one input stands at its P10 and at its P90, all others at their median; widest first.

    Of a series `input_p10` and `input_p90` are means over the periods.
    """

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
class Capped:
    """A benefit under a shared limit: the share of draws in which the limit held it back, and how much it lost on
    average, summed over the periods, in the benefit's unit."""

    benefit: str
    cap: str
    share_of_draws: float
    mean_lost: float
    unit: str


def trace_to_json(trace: Trace) -> dict[str, Any]:
    """One level of a trace as JSON-ready data, NaN as null; `uses` holds names."""
    return {
        "name": trace.name,
        "title": dict(trace.title),
        "unit": trace.unit,
        "kind": trace.kind,
        "formula": dict(trace.formula),
        "p10": plain(trace.p10),
        "p50": plain(trace.p50),
        "p90": plain(trace.p90),
        "tier": trace.tier.value,
        "source": dict(trace.source),
        "age_days": trace.age_days,
        "stale": trace.stale,
        "claim_off": trace.claim_off,
        "objections": list(trace.objections),
        "uses": [used.name for used in trace.uses],
    }


def bar_to_json(bar: TornadoBar) -> dict[str, Any]:
    """A tornado bar as JSON-ready data."""
    return {
        "input": bar.input,
        "title": dict(bar.title),
        "tier": bar.tier.value,
        "at_p10": bar.at_p10,
        "at_p90": bar.at_p90,
        "input_p10": bar.input_p10,
        "input_p90": bar.input_p90,
        "unit": bar.unit,
    }


def plain(value: Any) -> Any:
    """The same with every NaN and infinity as None."""
    match value:
        case float():
            return value if np.isfinite(value) else None
        case dict():
            return {key: plain(part) for key, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case _:
            return value
