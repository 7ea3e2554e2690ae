"""What one replication of a process gives: sums over the window, quantiles, and the hours of the week."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulators.distributions import Floats
from simulators.figures import Window
from simulators.process import Process

HOURS = 168
#: Sums by kind of work; `cycle_s` is the time of the finished cases from arrival to end.
WORK_SUMS = ("arrived", "finished", "given_up", "cycle_s", "inside_s", "first_half_s")
#: Sums by step: visits that began, that waited at all, their waiting time, visits given up, time waited in sum,
#: tasks that found people with their skill busy with less urgent work.
STEP_SUMS = ("started", "waited", "wait_s", "given_up", "waiting_s", "conflicts")
POOL_SUMS = ("busy_s", "on_s", "tasks", "pauses")
#: Sums by rule; `judged` are those whose deadline has come, `time_s` over those that happened at all.
RULE_SUMS = ("judged", "kept", "happened", "time_s", "escalated")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFigures:
    """One replication. `*_quantiles` hold the median and the 90 % quantile, NaN where nothing happened.

    `pool_hours` [pool, hour of the week, (busy, on duty)] and `step_hours` [step, hour] are person and case seconds;
    `hours` [hour] the seconds of the window in that hour.
    """

    window: Window
    work: Floats
    steps: Floats
    pools: Floats
    rules: Floats
    work_quantiles: Floats
    step_quantiles: Floats
    rule_quantiles: Floats
    pool_hours: Floats
    step_hours: Floats
    hours: Floats


class Level:
    """A number that changes, and its integral over time."""

    __slots__ = ("area", "noted", "since", "value")

    def __init__(self) -> None:
        self.value, self.since, self.area, self.noted = 0, 0.0, 0.0, 0.0

    def add(self, now: float, change: int) -> None:
        self.area += self.value * (now - self.since)
        self.since = now
        self.value += change

    def set(self, now: float, value: int) -> None:
        self.add(now, value - self.value)

    def forget(self, now: float) -> None:
        self.add(now, 0)
        self.area = self.noted = 0.0

    def area_at(self, now: float) -> float:
        self.add(now, 0)
        return self.area

    def since_last(self, now: float) -> float:
        """The integral since this was last asked."""
        self.add(now, 0)
        gone = self.area - self.noted
        self.noted = self.area
        return gone


class Tally:
    """Counts while the process runs."""

    def __init__(self, process: Process, window: Window) -> None:
        self.process, self.window = process, window
        kinds, steps, pools = (len(part) for part in (process.work, process.steps, process.pools))
        self.inside = [Level() for _ in range(kinds)]
        self.waiting = [Level() for _ in range(steps)]
        self.busy = [Level() for _ in range(pools)]
        self.on = [Level() for _ in range(pools)]
        self.hour_from = 0.0
        self._clear()

    def _clear(self) -> None:
        process = self.process
        kinds, steps, pools, rules = (len(part) for part in (process.work, process.steps, process.pools, process.rules))
        self.work = np.zeros((kinds, 3))
        self.cycles: list[list[float]] = [[] for _ in range(kinds)]
        self.step = np.zeros((steps, 3))
        self.waits: list[list[float]] = [[] for _ in range(steps)]
        self.conflicts, self.given_up = [0] * steps, [0] * steps
        self.tasks, self.pauses = [0] * pools, [0] * pools
        self.judgements = np.zeros((rules, 2))
        self.times: list[list[float]] = [[] for _ in range(rules)]
        self.escalated = [0] * rules
        self.pool_hours = np.zeros((pools, HOURS, 2))
        self.step_hours = np.zeros((steps, HOURS))
        self.seconds = np.zeros(HOURS)
        self.first_half = np.zeros(kinds)

    def forget(self, now: float) -> None:
        """The warm-up is over: count afresh."""
        for level in (*self.inside, *self.waiting, *self.busy, *self.on):
            level.forget(now)
        self.hour_from = now
        self._clear()

    def arrived(self, kind: int, now: float) -> None:
        self.inside[kind].add(now, 1)
        self.work[kind, 0] += 1

    def left(self, kind: int, now: float, cycle: float, *, given_up: bool) -> None:
        self.inside[kind].add(now, -1)
        self.work[kind, 2 if given_up else 1] += 1
        if not given_up:
            self.cycles[kind].append(cycle)

    def started(self, step: int, wait: float) -> None:
        self.step[step] += (1, wait > 0, wait)
        self.waits[step].append(wait)

    def gave_up(self, step: int) -> None:
        self.given_up[step] += 1

    def took(self, pool: int, now: float) -> None:
        self.busy[pool].add(now, 1)
        self.tasks[pool] += 1

    def kept(self, rule: int, start: float, time: float) -> None:
        if start >= self.window.warmup:
            self.times[rule].append(time)

    def judged(self, rule: int, start: float, *, kept: bool) -> None:
        if start >= self.window.warmup:
            self.judgements[rule] += (1, kept)

    def hour_ends(self, now: float, hour: int) -> None:
        """Put what was done since the last call into an hour of the week."""
        self.seconds[hour] += now - self.hour_from
        self.hour_from = now
        for index, (busy, on) in enumerate(zip(self.busy, self.on, strict=True)):
            self.pool_hours[index, hour] += (busy.since_last(now), on.since_last(now))
        for index, waiting in enumerate(self.waiting):
            self.step_hours[index, hour] += waiting.since_last(now)
        if now <= self.window.warmup + self.window.length / 2:
            for index, inside in enumerate(self.inside):
                self.first_half[index] = inside.area_at(now)

    def figures(self, now: float) -> PeopleFigures:
        """Everything up to this moment."""
        if now > self.hour_from:
            self.hour_ends(now, (math.ceil(now / 3600) - 1) % HOURS)
        work = [
            (*self.work[kind], math.fsum(cycles), self.inside[kind].area_at(now), self.first_half[kind])
            for kind, cycles in enumerate(self.cycles)
        ]
        steps = [
            (*self.step[step], self.given_up[step], self.waiting[step].area_at(now), self.conflicts[step])
            for step in range(len(self.waits))
        ]
        pools = [
            (busy.area_at(now), on.area_at(now), tasks, pauses)
            for busy, on, tasks, pauses in zip(self.busy, self.on, self.tasks, self.pauses, strict=True)
        ]
        rules = [
            (*self.judgements[rule], len(times), math.fsum(times), self.escalated[rule])
            for rule, times in enumerate(self.times)
        ]
        return PeopleFigures(
            window=self.window,
            work=_table(work, WORK_SUMS),
            steps=_table(steps, STEP_SUMS),
            pools=_table(pools, POOL_SUMS),
            rules=_table(rules, RULE_SUMS),
            work_quantiles=_quantiles(self.cycles),
            step_quantiles=_quantiles(self.waits),
            rule_quantiles=_quantiles(self.times),
            pool_hours=self.pool_hours,
            step_hours=self.step_hours,
            hours=self.seconds,
        )


def _table(rows: Sequence[Sequence[float]], names: tuple[str, ...]) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(names))


def _quantiles(samples: Sequence[Sequence[float]]) -> Floats:
    return np.array([np.quantile(each, (0.5, 0.9)) if each else (np.nan, np.nan) for each in samples]).reshape(-1, 2)
