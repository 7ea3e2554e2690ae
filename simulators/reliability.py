"""MTBF and MTTR with their intervals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulators.past import Reliability

WEAK_BELOW = 8
LEVEL = 0.90


def reliability(station: str, operating_s: float, repairs: NDArray[np.float64]) -> Reliability:
    """MTBF and MTTR with 90 % intervals from operating time and the length of each repair, both in seconds."""
    failures, alpha = len(repairs), 1 - LEVEL
    if not failures:
        lower = operating_s / -math.log(alpha) if operating_s > 0 else 0.0
        return Reliability(
            station=station, failures=0, operating_s=operating_s, repair_s=0.0, mtbf_s=None,
            mtbf_interval_s=(lower, None), mttr_s=None, mttr_interval_s=None, weak=True,
        )  # fmt: skip
    low = 2 * operating_s / float(stats.chi2.ppf(1 - alpha / 2, 2 * failures + 2))
    high = 2 * operating_s / float(stats.chi2.ppf(alpha / 2, 2 * failures))
    mttr, interval = float(repairs.mean()), None
    if failures > 1 and mttr > 0:
        spread = float(stats.t.ppf(1 - alpha / 2, failures - 1)) * float(repairs.std(ddof=1)) / mttr / failures**0.5
        interval = (mttr * math.exp(-spread), mttr * math.exp(spread))
    return Reliability(
        station=station,
        failures=failures,
        operating_s=operating_s,
        repair_s=float(repairs.sum()),
        mtbf_s=operating_s / failures,
        mtbf_interval_s=(low, high),
        mttr_s=mttr,
        mttr_interval_s=interval,
        weak=failures < WEAK_BELOW,
    )
