"""The public grid: every number that may leave a tenant is one of these bands.

The grid is fixed, the same for everybody, and known to the recipient; a value that moves within its band changes
nothing that leaves, which is what stops differencing where rounding does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GRID_VERSION = "grid/1"
Text = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Half-open interval [low, high) under a stable code such as `70-75`."""

    code: str
    low: float
    high: float
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The bands of one kind of number, without gaps; the outer ones are open."""

    name: str
    unit: str
    bands: tuple[Band, ...]

    def band(self, value: float) -> Band:
        """The band of a value; NaN is refused (code not_a_number), infinity lies in the outer band."""
        raise RuntimeError("being written")


def grids() -> Mapping[str, Grid]:
    """oee, uplift, money, payback, share, probability, irr, months by name."""
    raise RuntimeError("being written")
