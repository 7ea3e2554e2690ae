"""Changeovers from what was made in which order: how long each change of product took, and the matrix a line needs.

Between two runs of different products on one machine lies a change. Where the machine's set-up stops are logged, the
change took the stops nearest to it; where none are, it took the open time between the runs that no other stop explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import stats

from simulators.distributions import Distribution
from simulators.families import FloatArray
from simulators.intervals import Cover
from simulators.line import Line
from simulators.products import Products, Setup
from simulators.records import CountLog, StopLog

FEW = 3
"""Fewer changes of a pair than this say nothing about the pair: it gets the mean of all changes of the machine."""

NEAR_S = 1800.0
"""A set-up stop this near to a change, or inside it, belongs to it."""

MOST_LOTS = 500
Source = Literal["setup_stops", "gaps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Changes from one product to another: how many, their mean in seconds with its 95 % interval and cv."""

    before: str
    after: str
    count: int
    mean_s: float
    low_s: float | None
    high_s: float | None
    cv: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeovers:
    """What one machine's log tells: every pair that was met, all of them together (`overall`), and from what."""

    station: str
    source: Source
    changes: tuple[Change, ...]
    overall: Change

    def setup(self) -> Setup:
        """The set-up of a line document: pairs that were met 3 times on their own, all others as the mean of all."""
        matrix = tuple((one.before, one.after, _time(one)) for one in self.changes if one.count >= FEW)
        return Setup(time=_time(self.overall), matrix=matrix)

    def to_json(self) -> dict[str, Any]:
        """Part of `mingsuan fit --json`."""
        return {
            "station": self.station,
            "source": self.source,
            "overall": asdict(self.overall),
            "changes": [{**asdict(change), "weak": change.count < FEW} for change in self.changes],
        }


def changeovers(counts: CountLog, stops: StopLog | None = None, open_: Cover | None = None) -> tuple[Changeovers, ...]:
    """The changeovers of every machine that made more than one product, in alphabetical order.

    `open_` are the open hours; without them a gap over a closed night counts as a change.
    """
    found = []
    for name in sorted({str(station) for station in counts.station}):
        runs = counts.where((counts.station == name) & (counts.product != ""))
        runs = runs.where(np.lexsort((runs.end, runs.start)))
        if len(runs) < 2:
            continue
        at = np.flatnonzero(runs.product[1:] != runs.product[:-1])
        if not len(at):
            continue
        own = None if stops is None else stops.where(stops.station == name)
        setups = None if own is None else own.where(own.kind == "setup")
        begin, end = runs.end[at], np.maximum(runs.start[at + 1], runs.end[at])
        if setups is not None and len(setups):
            seconds, source = _nearest(setups, begin, end), "setup_stops"
        else:
            seconds, source = _gaps(own, open_, begin, end), "gaps"
        pairs = list(zip(runs.product[at].tolist(), runs.product[at + 1].tolist(), strict=True))
        found.append(_machine(name, "gaps" if source == "gaps" else "setup_stops", pairs, seconds))
    return tuple(found)


def with_changeovers(line: Line, found: Sequence[Changeovers], counts: CountLog) -> Line:
    """The line with products in the order they were made at its constraint, and set-ups in place of set-up failures.

    The line as it is where the constraint made one product only, or where it has products already.
    """
    constraint = line.stations[line.constraint].name
    own = {one.station: one for one in found}
    if line.products is not None or constraint not in own:
        return line
    runs = counts.where((counts.station == constraint) & (counts.product != "") & (counts.made >= 1))
    runs = runs.where(np.argsort(runs.start, kind="stable"))
    lots: list[tuple[str, int]] = []
    for product, made in zip(runs.product.tolist(), runs.made.tolist(), strict=True):
        if lots and lots[-1][0] == product:
            lots[-1] = (product, lots[-1][1] + round(made))
        else:
            lots.append((product, round(made)))
    lots = lots[:MOST_LOTS]
    names = tuple(sorted({product for product, _ in lots}))
    if len(names) < 2:
        return line
    stations = tuple(
        replace(
            station,
            setup=own[station.name].setup(),
            failures=tuple(one for one in station.failures if not one.name.startswith("setup")),
        )
        if station.name in own
        else station
        for station in line.stations
    )
    return replace(line, stations=stations, products=Products(names=names, sequence=tuple(lots)))


def _nearest(setups: StopLog, begin: FloatArray, end: FloatArray) -> FloatArray:
    """Length of the set-up stops that belong to each change: the nearest one, if it is near."""
    away = np.maximum(np.maximum(begin[None, :] - setups.end[:, None], setups.start[:, None] - end[None, :]), 0.0)
    chosen = away.argmin(axis=1)
    near = away[np.arange(len(setups)), chosen] <= NEAR_S
    lengths = np.bincount(chosen[near], weights=(setups.end - setups.start)[near], minlength=len(begin))
    return lengths.astype(np.float64)


def _gaps(stops: StopLog | None, open_: Cover | None, begin: FloatArray, end: FloatArray) -> FloatArray:
    """Open time of each gap that no stop explains."""
    first, last = float(begin.min()), float(end.max())
    closed = Cover.empty() if open_ is None else open_.outside(first, last)
    lost = closed if stops is None else Cover.of(stops.start, stops.end).with_(closed)
    return np.maximum((end - begin) - (lost.until(end) - lost.until(begin)), 0.0)


def _machine(name: str, source: Source, pairs: list[tuple[str, str]], seconds: FloatArray) -> Changeovers:
    by: dict[tuple[str, str], list[float]] = {}
    for pair, took in zip(pairs, seconds.tolist(), strict=True):
        by.setdefault(pair, []).append(took)
    changes = tuple(_change(before, after, np.array(took)) for (before, after), took in sorted(by.items()))
    return Changeovers(station=name, source=source, changes=changes, overall=_change("*", "*", seconds))


def _change(before: str, after: str, seconds: FloatArray) -> Change:
    count, mean = len(seconds), float(seconds.mean())
    spread = float(seconds.std(ddof=1)) if count > 1 else 0.0
    half = float(stats.t.ppf(0.975, count - 1)) * spread / count**0.5 if count > 1 else None
    return Change(
        before=before,
        after=after,
        count=count,
        mean_s=mean,
        low_s=None if half is None else max(mean - half, 0.0),
        high_s=None if half is None else mean + half,
        cv=spread / mean if count > 1 and mean > 0 else None,
    )


def _time(change: Change) -> Distribution:
    if change.count >= FEW and change.cv is not None and change.cv > 1e-6:
        return Distribution.lognormal(change.mean_s, cv=change.cv)
    return Distribution.constant(change.mean_s)
