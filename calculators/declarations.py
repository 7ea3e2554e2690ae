"""The nouns of a calculator: what it needs, what it computes, what it shows, and how each number is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from calculators.uncertainty import Shape
from calculators.units import Array

Text = Mapping[str, str]
"""The same sentence in several languages: {"zh-CN": ..., "en": ...}."""


class Tier(StrEnum):
    """How a number is known, best first; a vendor's claim (D) is off until a person turns claims on."""

    MEASURED = "A"  # computed from the customer's own upload
    TYPED = "B"  # typed by the customer
    PUBLIC = "C"  # a public standard or peer-reviewed source
    CLAIM = "D"  # claimed by a vendor

    @property
    def rank(self) -> int:
        return "ABCD".index(self.value)


def weakest(*tiers: Tier) -> Tier:
    """The least trustworthy of several tiers; A when there is none to distrust."""
    return max(tiers, key=lambda tier: tier.rank, default=Tier.MEASURED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One number, series or table column that a calculator needs.

    `likely` is the default in `unit` (None: must be given); a tuple is one value for each period or row. `low` and
    `high` make it uncertain: the distribution `shape` between them, read as its bounds or as its P10 and P90.
    `axis` is "" for one number, "period" for one value per period, or the name of a table whose column this is.
    `no_effect` is the value that takes the place of a vendor claim while claims are off.
    `beyond` says what follows when a given series is shorter than the horizon: an error, its last value, or zero.
    """

    name: str
    unit: str
    title: Text
    purpose: Text
    likely: float | tuple[float, ...] | None = None
    low: float | None = None
    high: float | None = None
    shape: Shape = "pert"
    reads: Literal["bounds", "p10_p90"] = "bounds"
    tier: Tier | None = None
    source: Text = field(default_factory=dict)
    axis: str = ""
    at_least: float | None = None
    at_most: float | None = None
    no_effect: float | None = None
    beyond: Literal["error", "hold", "zero"] = "error"
    valid_days: float | None = None
    sensitivity: Literal["public", "internal", "confidential"] = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A named intermediate or final number. `hangs_on` names the loss or cost line that a benefit is taken from."""

    name: str
    unit: str
    text: str
    title: Text = field(default_factory=dict)
    hangs_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A limit that several benefits share: together they never exceed it, in any draw and any period.

    When they would, each is scaled down by the same factor before other formulas see it.
    """

    name: str
    unit: str
    text: str
    covers: tuple[str, ...]
    title: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Inputs that move together, with one rank-like correlation (of the Gaussian copula) between each pair."""

    inputs: tuple[str, ...]
    r: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A number worth showing: the action it serves, and the measure by which one will know that it came true.

    `chance_below` and `chance_above` (in the unit of the number) ask for a probability next to the percentiles.
    """

    name: str
    title: Text
    action: Text
    acceptance: Text
    chance_below: float | None = None
    chance_above: float | None = None
    good: Literal["high", "low", "none"] = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRule:
    """When the draws of one output, above 0 is good, speak for what: buy when the chance of a loss is below
    `buy_below`, do not buy when it is above `refuse_above` and the median is negative."""

    output: str
    buy_below: float
    refuse_above: float
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person or the portal puts into an input: value (in the input's unit), tier, source and age.

    `value` is a number, a text such as "12 min", a (low, likely, high) triple, or an array of shape [draw], [period]
    (for an input over periods or rows) or [draw, period]. Arrays of several draws that share `joint` keep their draws
    together.
    """

    value: float | str | tuple[float, float, float] | Array
    tier: Tier = Tier.TYPED
    source: Text = field(default_factory=dict)
    age_days: float | None = None
    joint: str = "simulation"
    objections: tuple[str, ...] = ()
