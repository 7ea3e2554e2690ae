"""One replication, watched: what every machine did when, how full the buffers were, and who held the line up.

The reference engine runs as it always does; a watcher looks on at the end of each moment and touches nothing, so a
watched run gives the figures of an unwatched one bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulators.distributions import Floats, ModelError
from simulators.figures import RunFigures, Window
from simulators.line import Line
from simulators.reference import Floor
from simulators.states import STARVED, STATES
from simulators.working_time import DAY

MOST_MOMENTS = 150_000
"""Moments at which something happened that one trace may take; SimPy works some 20,000 of them off in a second."""
SHIFT_S = 8 * 3600.0


class Step(NamedTuple):
    """From ``at`` (seconds after the start of the run) on the value is this, until the next step."""

    at: float
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """A trace cut into equal slices of time.

    ``edges`` [slice + 1] seconds; ``states`` [machine, slice] the state that took most of the slice; ``levels``
    [station, slice] the mean number of parts in the buffer behind the station; ``bottleneck`` [slice] the station that
    was longest the active one, -1 where the line was off.
    """

    edges: Floats
    states: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    levels: Floats
    bottleneck: np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What happened from ``window.warmup`` to ``window.horizon``, as step functions that begin with the window.

    ``machines``: the station (its number) of each machine; ``states``: by machine, numbers of `STATES`; ``levels``: by
    station, parts in the buffer behind it, those sent back for rework too; ``bottleneck``: number of the station active
    for the longest, -1 while there is none; ``figures``: the sums of this run.
    """

    window: Window
    stations: tuple[str, ...]
    machines: tuple[int, ...]
    states: tuple[tuple[Step, ...], ...]
    levels: tuple[tuple[Step, ...], ...]
    bottleneck: tuple[Step, ...]
    figures: RunFigures

    def state_seconds(self) -> Floats:
        """Return [station, state]: seconds of the window in each state, summed over the machines of a station."""
        found = np.zeros((len(self.stations), len(STATES)))
        for station, steps in zip(self.machines, self.states, strict=True):
            found[station] += self._seconds(steps, range(len(STATES)), self._edges(1))[:, 0]
        return found

    def bottleneck_seconds(self) -> Floats:
        """Return [station]: seconds for which it was the one that held the line up."""
        return self._seconds(self.bottleneck, range(len(self.stations)), self._edges(1))[:, 0]

    def slices(self, count: int) -> Slices:
        """Cut the window into ``count`` equal slices."""
        edges = self._edges(count)
        stations = range(-1, len(self.stations))
        return Slices(
            edges=edges,
            states=np.array([self._seconds(one, range(len(STATES)), edges).argmax(axis=0) for one in self.states]),
            levels=np.array([self._means(one, edges) for one in self.levels]),
            bottleneck=self._seconds(self.bottleneck, stations, edges).argmax(axis=0) - 1,
        )

    def _edges(self, count: int) -> Floats:
        return np.linspace(self.window.warmup, self.window.horizon, count + 1)

    def _seconds(self, steps: Sequence[Step], values: Sequence[int], edges: Floats) -> Floats:
        """Seconds [value, slice] for which the step function had each value."""
        times, found = self._columns(steps)
        spans = np.diff(times)
        into = [np.concatenate(([0.0], np.cumsum(spans * (found == value)))) for value in values]
        return np.array([np.diff(np.interp(edges, times, one)) for one in into])

    def _means(self, steps: Sequence[Step], edges: Floats) -> Floats:
        times, found = self._columns(steps)
        area = np.concatenate(([0.0], np.cumsum(np.diff(times) * found)))
        return np.asarray(np.diff(np.interp(edges, times, area)) / np.diff(edges))

    def _columns(self, steps: Sequence[Step]) -> tuple[Floats, Floats]:
        times = np.array([*(step.at for step in steps), self.window.horizon])
        return times, np.array([step.value for step in steps], dtype=np.float64)


class _Watched(Floor):
    """The line in motion, with somebody who looks on."""

    def __init__(self, line: Line, window: Window, seed: int, replication: int) -> None:
        super().__init__(line, window, seed, replication)
        first = window.warmup
        self.moments = 0
        self.state_steps = [[Step(first, STARVED)] for place in self.places for _ in place.machines]
        self.level_steps = [[Step(first, 0)] for _ in self.places]
        self.bottleneck_steps = [Step(first, -1)]

    def note_states(self) -> None:
        super().note_states()
        self.moments += 1
        if self.moments > MOST_MOMENTS:
            raise _too_long(self.env.now)
        machines = [machine for place in self.places for machine in place.machines]
        for steps, machine in zip(self.state_steps, machines, strict=True):
            self.take_down(steps, machine.state)
        for steps, place in zip(self.level_steps, self.places, strict=True):
            self.take_down(steps, len(place.buffer) + len(place.rack))
        holds_up = self.bottleneck.index if self.on and self.bottleneck is not None else -1
        self.take_down(self.bottleneck_steps, holds_up)

    def take_down(self, steps: list[Step], value: int) -> None:
        """Note a value from now on; what was so only before the window, or for no time at all, is forgotten."""
        at = max(self.env.now, self.window.warmup)
        if steps[-1].at == at:
            steps.pop()
        if not steps or steps[-1].value != value:
            steps.append(Step(at, value))


def trace(line: Line, *, begin: float, end: float, seed: int, replication: int = 0) -> Trace:
    """Watch one replication from ``begin`` to ``end`` (seconds after Monday 00:00, when the line starts empty).

    The same arguments give the same trace. Raises ModelError window_empty, trace_too_long.
    """
    floor = _Watched(line, Window(warmup=begin, horizon=end), seed, replication)
    figures = floor.run()
    return Trace(
        window=floor.window,
        stations=tuple(station.name for station in line.stations),
        machines=tuple(place.index for place in floor.places for _ in place.machines),
        states=tuple(map(tuple, floor.state_steps)),
        levels=tuple(map(tuple, floor.level_steps)),
        bottleneck=tuple(floor.bottleneck_steps),
        figures=figures,
    )


def one_shift(line: Line) -> Window:
    """The shift to look at: the first of the calendar, or eight hours after eight hours of running in.

    Shorter where a shift of this line would be too much for a trace.
    """
    calendar = line.calendar
    begin, length = 0.0, SHIFT_S
    if calendar is not None:
        if not calendar.works_at_once():
            begin = next(calendar.moments(60 * DAY), 0.0)
        starts = [shift for shift in calendar.shifts if shift.start_s == begin % DAY]
        length = min((shift.span()[1] - shift.start_s for shift in starts), default=SHIFT_S)
    pace = line.stations[line.constraint]
    bearable = MOST_MOMENTS / 4 / len(line.stations) * pace.ideal_of_one / pace.servers
    length = min(length, bearable)
    if calendar is None:
        begin = length
    return Window(warmup=begin, horizon=begin + length)


def _too_long(at: float) -> ModelError:
    return ModelError(
        f"after {MOST_MOMENTS} moments the replay has come to {at:.0f} s only",
        code="trace_too_long",
        place="end",
        remedy="Look at a shorter time.",
        most=MOST_MOMENTS,
        at=round(at),
    )
