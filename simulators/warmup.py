"""How long a line takes to forget that it started empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.distributions import Floats
from simulators.line import WEEK, Line

BATCH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation:
    """Observations to leave out at the start; ``enough`` is false when the series is too short to tell."""

    observations: int
    enough: bool


def mser5(series: Floats) -> Truncation:
    """Return the truncation of a series by MSER-5 (White 1997; Franklin and White 2008).

    Of batches of 5, leave out as many as minimise the squared standard error of the mean of the rest, at most half.

    >>> mser5(np.array([0.0] * 10 + [9.0, 11.0] * 45)).observations
    10
    """
    batches = len(series) // BATCH
    if batches < 2:
        return Truncation(observations=0, enough=False)
    means = np.asarray(series[: batches * BATCH]).reshape(batches, BATCH).mean(axis=1)
    left = np.arange(batches, 0, -1)
    totals = np.cumsum(means[::-1])[::-1]
    squares = np.cumsum((means**2)[::-1])[::-1]
    errors = np.maximum(squares - totals**2 / left, 0) / left.astype(float) ** 2
    best = int(np.argmin(errors[: batches // 2 + 1]))
    return Truncation(observations=best * BATCH, enough=best < batches // 2)


def working_share(line: Line, edges: Floats) -> Floats:
    """Share of each interval between ``edges`` (seconds from Monday 00:00) in which the line works."""
    if line.calendar is None:
        return np.ones(len(edges) - 1)
    if line.calendar.closed:
        moments = np.array([0.0, *line.calendar.moments(float(edges[-1])), edges[-1]])
        on = (np.arange(len(moments) - 1) + line.calendar.works_at_once()) % 2
        done = np.concatenate([[0.0], np.cumsum(np.diff(moments) * on)])
        return np.asarray(np.diff(np.interp(edges, moments, done)) / np.diff(edges))
    spans = np.asarray(line.calendar.working())
    marks = np.concatenate([[0.0], spans.ravel(), [WEEK]])
    worked = np.concatenate([[0.0], np.cumsum(np.diff(marks) * (np.arange(len(marks) - 1) % 2))])
    weeks, rest = np.divmod(edges, WEEK)
    return np.asarray(np.diff(weeks * worked[-1] + np.interp(rest, marks, worked)) / np.diff(edges))


def warmup_seconds(line: Line, horizon: float, output: Floats) -> float:
    """Return the warm-up from the output per equal part of the horizon, the mean over some replications.

    Parts in which the line is off for more than half of the time tell nothing and are left out.
    """
    edges = np.linspace(0, horizon, len(output) + 1)
    share = working_share(line, edges)
    kept = np.flatnonzero(share >= 0.5)
    if len(kept) < 2 * BATCH:
        return 0.0
    left_out = mser5(output[kept] / share[kept]).observations
    return float(edges[kept[left_out]]) if left_out else 0.0
