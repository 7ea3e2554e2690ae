"""Where a line would gain most: each machine a little better, one at a time, on the same random numbers.

Finite differences: with common random numbers the difference between two runs is mostly the change itself. A gain at a
station that does not hold the line up comes out as nothing, whatever its own losses are. Also the turning point (Li,
Chang, Ni 2009): machines before the bottleneck are blocked more than starved, those behind it the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import stats

from simulators.effects import FloatArray, Parameter
from simulators.figures import BLOCKED, STARVED, Engine, RunFigures, Window
from simulators.line import WEEK, Line
from simulators.ramp import HOUR
from simulators.result import KPIS, Result
from simulators.scenario import changed
from simulators.twin import run_twin

Change = Literal["uptime", "repair", "cycle", "buffer"]
CHANGES: tuple[Change, ...] = ("uptime", "repair", "cycle", "buffer")
STEP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """What one small change brings: good parts an hour more, with the 95 % interval of the paired difference.

    `change`: uptime 10 % longer, repair 10 % shorter, cycle 10 % quicker, or one more buffer place behind the station.
    """

    station: str
    change: Change
    gain_per_h: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A scenario among its rivals: mean gain over the baseline, and how often it was the best of all draws."""

    id: str
    gain: float
    probability_best: float


def levers(
    line: Line,
    *,
    engine: Engine = run_twin,
    seed: int = 1,
    replications: int = 20,
    window: Window | None = None,
    executor: Callable[..., Iterable[Any]] = map,
) -> tuple[Lever, ...]:
    """Every small change that the line allows, largest gain first; eight weeks for each replication unless told."""
    weeks = window or Window(warmup=WEEK, horizon=9 * WEEK)
    variants = [
        (number, change) for number in range(len(line.stations)) for change in CHANGES if allows(line, number, change)
    ]
    job = partial(_outputs, line, tuple(variants), engine, weeks, seed)
    rates = np.array(list(executor(job, range(replications))))
    quantile = float(stats.t.ppf(0.975, replications - 1))
    found = []
    for column, (number, change) in enumerate(variants, start=1):
        difference = rates[:, column] - rates[:, 0]
        half = quantile * float(difference.std(ddof=1)) / replications**0.5
        mean = float(difference.mean())
        found.append(
            Lever(station=line.stations[number].name, change=change, gain_per_h=mean, low=mean - half, high=mean + half)
        )
    return tuple(sorted(found, key=lambda lever: (-lever.gain_per_h, lever.station, lever.change)))


def allows(line: Line, number: int, change: Change) -> bool:
    """Whether a station can be changed so: failures to repair, a finite buffer behind it that is not the line's end."""
    station = line.stations[number]
    if change in {"uptime", "repair"}:
        return bool(station.failures)
    if change == "buffer":
        inside = number < len(line.stations) - 1 or line.pallets is not None
        return inside and station.buffer is not None
    return True


def with_lever(line: Line, number: int, change: Change) -> Line:
    """The line with one station a little better."""
    station = line.stations[number]
    if change == "buffer":
        assert station.buffer is not None
        stations = list(line.stations)
        stations[number] = replace(station, buffer=station.buffer + 1)
        return replace(line, stations=tuple(stations))
    factor = 1 + STEP if change == "uptime" else 1 - STEP
    failures = [-1] if change == "cycle" else range(len(station.failures))
    parameter: Parameter = change
    return changed(line, {(number, failure, parameter): factor for failure in failures})


def _outputs(
    line: Line,
    variants: Sequence[tuple[int, Change]],
    engine: Engine,
    window: Window,
    seed: int,
    replication: int,
) -> list[float]:
    lines = [line, *(with_lever(line, number, change) for number, change in variants)]
    hours = window.length / HOUR
    return [engine(variant, window, seed, replication).total("good_out") / hours for variant in lines]


def turning_point(line: Line, figures: RunFigures) -> str | None:
    """The bottleneck by blocked and starved time; None where the pattern shows none, or several.

    Station i is one if all before it are blocked more than starved and all behind it starved more than blocked.
    """
    blocked, starved = figures.states[:, BLOCKED], figures.states[:, STARVED]
    more_blocked = blocked > starved
    count = len(line.stations)
    found = [i for i in range(count) if more_blocked[:i].all() and not more_blocked[i + 1 :].any()]
    if not found:
        return None
    waiting: FloatArray = blocked + starved
    return line.stations[min(found, key=lambda i: float(waiting[i]))].name


def ranking(result: Result, kpi: str = "good_per_h") -> tuple[Ranked, ...]:
    """The scenarios of a study by their mean gain, best first; the baseline competes with a gain of 0."""
    assert kpi in KPIS
    base = result.scenarios[0].kpis[kpi].mean(axis=1)
    gains = np.array([scenario.kpis[kpi].mean(axis=1) - base for scenario in result.scenarios])
    best = gains.argmax(axis=0)
    found = (
        Ranked(id=scenario.id, gain=float(gains[number].mean()), probability_best=float((best == number).mean()))
        for number, scenario in enumerate(result.scenarios)
    )
    return tuple(sorted(found, key=lambda one: (-one.gain, one.id)))
