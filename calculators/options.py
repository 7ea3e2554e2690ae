"""Status quo, ours, a rival, build it yourself: options held side by side on the same draws.

Inputs of the same name and seed have the same uniform numbers in every sheet, so a difference between two options is
their doing and not the luck of the draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from calculators.sheet import Sheet
from calculators.uncertainty import chance
from calculators.units import CalculationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One option: percentiles of the output, chance of being the best (with its 95 % interval), and the paired
    difference to the best other option as P10, P50, P90 (positive: this one is better)."""

    option: str
    p10: float
    p50: float
    p90: float
    best: tuple[float, float, float]
    ahead: tuple[float, float, float]


def compare(sheets: Mapping[str, Sheet], output: str, *, high_is_good: bool = True) -> tuple[Standing, ...]:
    """Rank options by the median of one output, the best first. Draws without a value count as the worst.

    Raises CalculationError `options_differ` unless all sheets show the output in one unit on the same draws and seed.
    """
    figures = {name: sheet.outputs.get(output) for name, sheet in sheets.items()}
    kinds = {
        (figure.unit, sheets[name].draws, sheets[name].seed, sheets[name].claims) if figure is not None else None
        for name, figure in figures.items()
    }
    if len(sheets) < 2 or len(kinds) != 1 or None in kinds:
        raise CalculationError(
            f"these options do not show {output!r} on the same footing",
            code="options_differ",
            remedy="Evaluate at least two, with the same draws, seed and claims, in the same unit.",
            output=output,
        )
    sign = 1.0 if high_is_good else -1.0
    table = np.stack([sign * figure.values for figure in figures.values() if figure is not None])
    ranked = np.where(np.isfinite(table), table, -np.inf)
    winners = ranked.argmax(axis=0)
    standings = []
    for i, (name, figure) in enumerate(figures.items()):
        assert figure is not None
        rivals = np.delete(ranked, i, axis=0).max(axis=0)
        both = np.isfinite(ranked[i]) & np.isfinite(rivals)
        ahead = np.quantile(ranked[i][both] - rivals[both], [0.1, 0.5, 0.9]) if both.any() else np.full(3, np.nan)
        standings.append(
            Standing(
                option=name,
                p10=figure.p10,
                p50=figure.p50,
                p90=figure.p90,
                best=chance(int(np.count_nonzero(winners == i)), ranked.shape[1]),
                ahead=(float(ahead[0]), float(ahead[1]), float(ahead[2])),
            )
        )
    return tuple(sorted(standings, key=lambda one: -sign * one.p50 if np.isfinite(one.p50) else np.inf))
