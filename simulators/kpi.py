"""Key figures from sums of time and parts: one code for measured and simulated time.

Words and formulas of ISO 22400-2: availability, effectiveness, quality ratio, OEE index. Planned time is the window
without off time; waiting (starved, blocked), set-ups and downtime are losses of availability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.figures import BLOCKED, DOWN, OFF, SETUP, STARVED, STATES, WORKING, RunFigures
from simulators.line import Line

KPIS = (
    "throughput_per_h", "good_per_h", "oee", "availability", "effectiveness", "quality", "wip", "lead_time_s",
)  # fmt: skip
HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Oee:
    """Overall equipment effectiveness and its three parts.

    x_s=28_800, working_s=21_600, ideal_cycle_s=10, processed=1_944, good=1_749.6).index
    0.6075
    """

    availability: float
    effectiveness: float
    quality: float

    @property
    def index(self) -> float:
        return self.availability * self.effectiveness * self.quality


def ratio(part: float, whole: float) -> float:
    """``part`` / ``whole``, and 0 where there is nothing to divide."""
    return part / whole if whole > 0 else 0.0


def oee(*, planned_s: float, working_s: float, ideal_cycle_s: float, processed: float, good: float) -> Oee:
    """OEE of one machine from its planned and working seconds, ideal cycle and parts; may exceed 1, never clipped."""
    return Oee(
        availability=ratio(working_s, planned_s),
        effectiveness=ratio(ideal_cycle_s * processed, working_s),
        quality=ratio(good, processed),
    )


def line_oee(line: Line, figures: RunFigures) -> Oee:
    """OEE of the line, taken at its constraint, with the good parts that left the line.

    Where parts branch, come back or are put together, quality is that of the whole line.
    """
    index, good = line.constraint, figures.total("good_out")
    if not line.in_a_row:
        good *= ratio(float(figures.station("processed")[index]), good + float(figures.station("scrapped").sum()))
    return _station_oee(line, figures, index, good)


def station_oee(line: Line, figures: RunFigures, index: int) -> Oee:
    """OEE of one station by its own scrap."""
    good = figures.station("processed")[index] - figures.station("scrapped")[index]
    return _station_oee(line, figures, index, float(good))


def _station_oee(line: Line, figures: RunFigures, index: int, good: float) -> Oee:
    processed = float(figures.station("processed")[index])
    ideal = line.stations[index].ideal
    if not line.plain:  # products have their own, and a batch shares it
        ideal = ratio(float(figures.place("ideal_s")[index]), processed)
    return oee(
        planned_s=float(figures.states[index].sum() - figures.states[index, OFF]),
        working_s=float(figures.states[index, WORKING]),
        ideal_cycle_s=ideal,
        processed=processed,
        good=good,
    )


def line_kpis(line: Line, figures: RunFigures) -> dict[str, float]:
    """The headline figures of one replication, named as in KPIS."""
    parts = line_oee(line, figures)
    hours = figures.window.length / HOUR
    good = figures.total("good_out")
    return {
        "throughput_per_h": figures.parts_out / hours,
        "good_per_h": good / hours,
        "oee": parts.index,
        "availability": parts.availability,
        "effectiveness": parts.effectiveness,
        "quality": parts.quality,
        "wip": figures.total("wip_part_s") / figures.window.length,
        "lead_time_s": ratio(figures.total("lead_s"), good),
    }


def state_shares(figures: RunFigures) -> list[dict[str, float]]:
    """Shares of the window that each station spent in each state, the mean over its machines."""
    shares = figures.states / figures.states.sum(axis=1, keepdims=True)
    return [dict(zip(STATES, (float(share) for share in row), strict=True)) for row in shares]


def bottleneck_shares(line: Line, figures: RunFigures) -> list[float]:
    """Share of time that each station had the longest current active period; sums to 1.

    Source: Roser, Nakano, Tanaka (2002), shifting bottleneck detection. A line that never moved is held up by its
    constraint.
    """
    seconds = figures.station("bottleneck_s")
    total = float(seconds.sum())
    if total <= 0:
        return [float(index == line.constraint) for index in range(len(line.stations))]
    return [float(share) for share in np.asarray(seconds / total)]


__all__ = [
    "BLOCKED", "DOWN", "KPIS", "OFF", "SETUP", "STARVED", "STATES", "WORKING", "Oee",
    "bottleneck_shares", "line_kpis", "line_oee", "oee", "ratio", "state_shares", "station_oee",
]  # fmt: skip
