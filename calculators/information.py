"""What knowing more would be worth: the expected value of perfect (EVPI) and of partial information (EVPPI)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from calculators.units import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfectInformation:
    """Expected value of each option, of the best one, of the best choice in every state, and the difference."""

    expected: Array
    best: float
    informed: float
    evpi: float


def evpi_of_table(payoff: ArrayLike, probabilities: ArrayLike) -> PerfectInformation:
    """EVPI of a decision table: payoff [option, state], probabilities [state].

    >>> evpi_of_table([[700, -100], [90, 90]], [0.25, 0.75]).evpi
    142.5
    """
    table, weights = np.asarray(payoff, np.float64), np.asarray(probabilities, np.float64)
    expected = table @ weights
    informed = float(table.max(axis=0) @ weights)
    best = float(expected.max())
    return PerfectInformation(expected=expected, best=best, informed=informed, evpi=informed - best)


def evpi(values: Array) -> float:
    """EVPI of go or no-go over draws of the NPV: E[max(NPV, 0)] - max(E[NPV], 0)."""
    return float(np.maximum(values, 0).mean() - max(values.mean(), 0.0))


def evpi_normal(mean: float, sd: float) -> float:
    """EVPI of go or no-go when the NPV is normal: s phi(m/s) - |m| Phi(-|m|/s)."""
    z = abs(mean) / sd
    return float(sd * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) - abs(mean) * special.ndtr(-z))


def evppi(values: Array, known: Array, *, bins: int = 64) -> float:
    """What knowing one input exactly is worth for go or no-go, from the draws at hand.

    The draws are sorted by the input into `bins` equally filled quantile bins; in each bin one half of the draws makes
    the decision and the other half tells what it brings, both ways round. Deciding and judging on the same draws would
    be biased upward: an input that says nothing would seem worth knowing. Never negative.
    """
    finite = np.isfinite(values) & np.isfinite(known)
    results, inputs = values[finite], known[finite]
    size = len(results) // bins // 2 * 2
    if size == 0:
        return 0.0
    ordered = results[np.argsort(inputs, kind="stable")[: size * bins]].reshape(bins, size)
    one, other = ordered[:, 0::2].mean(axis=1), ordered[:, 1::2].mean(axis=1)
    informed = 0.5 * (np.where(one > 0, other, 0.0) + np.where(other > 0, one, 0.0)).mean()
    return max(0.0, float(informed - max(ordered.mean(), 0.0)))
