"""How long something takes when some are not done yet: Kaplan and Meier's curve and what it still tells.

Who has not come to an end by now is no drop-out and no success: he is right-censored. The curve, its median and its
90 % point use him as far as he was seen; a mean is only given up to the longest time seen (restricted mean).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Times of `done` out of `seen`; `median` and `p90` are None where the curve does not come down that far.

    `restricted_mean`: area under the curve up to `longest`. `curve`: steps (time, share not done yet), from (0, 1).
    """

    seen: int
    done: int
    median: float | None
    p90: float | None
    restricted_mean: float | None
    longest: float
    curve: tuple[tuple[float, float], ...]


def waiting(finished: Sequence[float], unfinished: Sequence[float] = ()) -> Waiting:
    """What times to an end, and times of those without one so far, say together; times of 0 or more in any unit.

    >>> found = waiting([2.0, 4.0], [3.0])
    >>> found.median, found.p90, [round(share, 3) for _, share in found.curve]
    (4.0, 4.0, [1.0, 0.667, 0.0])
    """
    times = [*finished, *unfinished]
    if not finished:
        longest = max(times, default=0.0)
        return Waiting(
            seen=len(times), done=0, median=None, p90=None, restricted_mean=None, longest=longest, curve=((0.0, 1.0),)
        )
    data = stats.CensoredData(uncensored=np.array(finished, float), right=np.array(unfinished, float))
    survival = stats.ecdf(data).sf
    shares = dict(zip(survival.quantiles.tolist(), survival.probabilities.tolist(), strict=True))
    curve = [(0.0, 1.0)]
    for time, share in sorted(shares.items()):
        if share < curve[-1][1]:
            curve.append((time, share))
    longest = max(times)
    ends = [time for time, _ in curve[1:]] + [longest]
    mean = sum(share * (end - start) for (start, share), end in zip(curve, ends, strict=True))
    return Waiting(
        seen=len(times),
        done=len(finished),
        median=_down_to(curve, 0.5),
        p90=_down_to(curve, 0.1),
        restricted_mean=mean,
        longest=longest,
        curve=tuple(curve),
    )


def _down_to(curve: Sequence[tuple[float, float]], share: float) -> float | None:
    """The first time at which no more than a share is left."""
    return next((time for time, left in curve if left <= share + 1e-12), None)
