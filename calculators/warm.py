"""Compiled parts, compiled ahead: the first person at a calculator should not wait for it."""

from __future__ import annotations

import numpy as np

from calculators import money
from calculators.irr import all_irr, irr
from calculators.sensitivity import sobol
from calculators.uncertainty import pert_quantile


def warm_up() -> None:
    """Call every compiled function once; seconds on a new installation, milliseconds when the cache is on disk."""
    flows = np.array([[-100.0, 60.0, 60.0], [-100.0, 230.0, -132.0]])
    irr(flows)
    all_irr(flows[1])
    money.npv(flows, np.array([0.1, 0.2]))
    money.payback(flows)
    pert_quantile(0.5, 0.0, 1.0, 2.0)
    sobol(lambda points: points.sum(axis=1), 2, samples=8, seed=1, resamples=2)


if __name__ == "__main__":
    warm_up()
