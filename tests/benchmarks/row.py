"""One line of the benchmark table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`ours` and `peer` in `unit` on the same work in the same run; `ratio` is judged against `must`."""

    work: str
    ours: float
    peer: float
    ratio: float
    must: str  # such as ">= 0.8"
    unit: str
