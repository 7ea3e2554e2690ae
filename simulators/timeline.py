"""One station's past as sets of time: closed, planned, setup, breakdown, minor, idle; and the parts it made.

Each level is the union of all up to it, so that a loss is the difference of two measures and every second counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.intervals import Cover, FloatArray, spread_until
from simulators.past import LOSSES, Figures, Ratio, Tier
from simulators.records import CountLog, StopLog

STOPS = ("planned", "setup", "breakdown", "minor")
HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What is known of one unit's parts where they were not counted: typed shares, or nothing."""

    effectiveness: float | None = None
    quality: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Output:
    """Production runs of one unit: ideal seconds of a part by run (NaN unknown), and the tier of that."""

    start: FloatArray
    end: FloatArray
    made: FloatArray
    good: FloatArray
    ideal: FloatArray
    tier: Tier

    @classmethod
    def of(cls, counts: CountLog, ideal: FloatArray, tier: Tier, first: float) -> Output:
        return cls(
            start=counts.start - first,
            end=counts.end - first,
            made=counts.made,
            good=counts.good,
            ideal=ideal,
            tier=tier,
        )

    def between(self, slices: Cover) -> dict[str, float]:
        """Parts and their ideal seconds within a set of time, runs spread evenly over their length."""

        def total(amount: FloatArray) -> float:
            at = np.concatenate((slices.start, slices.end))
            reach = spread_until(self.start, self.end, amount, at)
            return float((reach[len(slices.start) :] - reach[: len(slices.start)]).sum())

        return {
            "made": total(self.made),
            "good": total(self.good),
            "ideal_made": total(self.made * self.ideal),
            "ideal_good": total(self.good * self.ideal),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """The levels of one station, in seconds after the first moment of the records."""

    name: str
    levels: tuple[Cover, ...]  # closed, then each of STOPS added to it
    busy: Cover | None  # with production runs: the last level, and all time without a run
    output: Output | None

    def figures(self, label: str, slices: Cover, shares: Shares) -> Figures:
        """Where the time of the slices went, and the ratios."""
        calendar = slices.length
        edges = [level.within(slices) for level in self.levels]
        seconds = dict.fromkeys(LOSSES, 0.0)
        for loss, reached, before in zip(("closed", *STOPS), edges, (0.0, *edges), strict=False):
            seconds[loss] = max(reached - before, 0.0)
        if self.busy is not None:
            seconds["idle"] = max(self.busy.within(slices) - edges[-1], 0.0)
        stopped = sum(seconds[loss] for loss in ("closed", *STOPS, "idle"))
        parts = self.output.between(slices) if self.output is not None else None
        tier = "B" if self.output is None else self.output.tier
        return closed(label, calendar, seconds, max(calendar - stopped, 0.0), parts, shares, tier)


def closed(
    label: str,
    calendar: float,
    seconds: dict[str, float],
    running: float,
    parts: Mapping[str, float] | None,
    shares: Shares,
    tier: Tier,
) -> Figures:
    """Split running time into speed, scrap and good as far as is known; what is left over is `running`."""
    busy = calendar - seconds["closed"] - seconds["planned"]
    ideal_made = ideal_good = None
    quality_tier: Tier = "A"
    if parts is not None and not np.isnan(parts["ideal_made"]):
        ideal_made = parts["ideal_made"]
    elif shares.effectiveness is not None:
        ideal_made, tier = running * shares.effectiveness, "B"
    if parts is not None and not np.isnan(parts["good"]):
        share = parts["good"] / parts["made"] if parts["made"] > 0 else None
        measured = parts["ideal_good"] if not np.isnan(parts["ideal_good"]) else None
        if ideal_made is not None:
            ideal_good = measured if measured is not None else ideal_made * (share or 0.0)
    else:
        share, quality_tier = shares.quality, "B"
        if ideal_made is not None and share is not None:
            ideal_good = ideal_made * share
    if ideal_made is not None:
        seconds["speed"] = running - ideal_made
        if ideal_good is None:
            seconds["running"] = ideal_made
        else:
            seconds["scrap"], seconds["good"] = ideal_made - ideal_good, ideal_good
    else:
        seconds["running"] = running
    return Figures(
        label=label,
        calendar_s=calendar,
        seconds=seconds,
        made=None if parts is None else parts["made"],
        good=None if parts is None or np.isnan(parts["good"]) else parts["good"],
        availability=Ratio(numerator=running, denominator=busy, unit="s", tier="A"),
        effectiveness=_ratio(ideal_made, running, "s", tier),
        quality=_quality(parts, share, quality_tier),
        oee=_ratio(ideal_good, busy, "s", max(tier, quality_tier)),
    )


def _ratio(numerator: float | None, denominator: float, unit: str, tier: Tier) -> Ratio | None:
    return None if numerator is None else Ratio(numerator=numerator, denominator=denominator, unit=unit, tier=tier)


def _quality(parts: Mapping[str, float] | None, share: float | None, tier: Tier) -> Ratio | None:
    """Good parts over parts made where both were counted, else the typed share."""
    if share is None:
        return None
    if parts is not None and not np.isnan(parts["good"]):
        return Ratio(numerator=parts["good"], denominator=parts["made"], unit="parts", tier=tier)
    return Ratio(numerator=share, denominator=1.0, unit="1", tier=tier)


def kinds(stops: StopLog, minor_stop_s: float) -> NDArray[np.str_]:
    """The kind of every stop: as told, else minor below the threshold and breakdown from it on."""
    short = stops.end - stops.start < minor_stop_s
    told = (stops.kind == "planned") | (stops.kind == "setup") | (stops.kind == "minor")
    return np.where(told, stops.kind, np.where(short, "minor", "breakdown")).astype(np.str_)


def settle(levels: tuple[Cover, ...], stops: StopLog, kind: NDArray[np.str_], first: float) -> FloatArray:
    """Seconds that each stop of one station really takes away, beyond higher levels and earlier stops of its kind.

    The sum over a kind is that kind's loss.
    """
    seconds = np.zeros(len(stops))
    for number, name in enumerate(STOPS):
        rows = np.flatnonzero(kind == name)
        if not len(rows):
            continue
        order = rows[np.argsort(stops.start[rows], kind="stable")]
        start, end = stops.start[order] - first, stops.end[order] - first
        reached = np.concatenate(([-np.inf], np.maximum.accumulate(end)[:-1]))
        start = np.maximum(start, reached)
        end = np.maximum(end, start)
        taken = levels[number].until(end) - levels[number].until(start)
        seconds[order] = np.maximum(end - start - taken, 0.0)
    return seconds
