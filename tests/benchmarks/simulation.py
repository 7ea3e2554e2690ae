"""The twin against SimPy on the usual benchmark line: equal parts out first, then speed, sampling included.

The peer is what one writes in SimPy: a process for each machine, a Store for each buffer. It reads the same numbers
as the twin, made by the same streams, and making them counts for both.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import simpy

from simulators.figures import Window
from simulators.flow import Fleet, Rework
from simulators.line import WEEK, Calendar, Distribution, Failure, Line, Shift, Station
from simulators.products import Products, Setup
from simulators.reference import run_reference
from simulators.station import Clock
from simulators.streams import draws, stream_id
from simulators.twin import run_twin
from tests.benchmarks.row import Row

ROUNDS = 5
MINUTE = 60.0


def rows() -> Iterable[Row]:
    """One row for each length of the line and each clock."""
    for clock in ("operating", "calendar"):
        for machines, weeks in ((5, 8), (10, 4), (20, 2)):
            yield against_stores(machines, clock, Window(warmup=0.0, horizon=weeks * WEEK))
    week = Window(warmup=0.0, horizon=WEEK)
    yield against_reference(general_line(), "crew, shifts, parallel machines", week)
    yield against_reference(network_line(), "set-ups, crews, shifts, rework, conveyor, vehicles", week)


def benchmark_line(machines: int, clock: Clock = "operating") -> Line:
    """Lognormal times of 1 min (cv 0.5), 5 places between, 10 min of repair after 100 min of operation (or of time)."""
    jam = Failure(
        name="jam",
        clock=clock,
        uptime=Distribution.exponential(100 * MINUTE),
        repair=Distribution.exponential(10 * MINUTE),
    )
    cycle = Distribution.lognormal(MINUTE, cv=0.5)
    return Line(
        name="benchmark",
        stations=tuple(
            Station(name=f"M{number}", cycle=cycle, failures=(jam,), buffer=5 if number < machines - 1 else 0)
            for number in range(machines)
        ),
    )


def machine(
    env: simpy.Environment, numbers: tuple[Iterator[float], ...], source: simpy.Store | None, sink: simpy.Store | None
) -> Iterator[simpy.Event]:
    """Take a part, work on it with breakdowns, hand it on; the last machine counts."""
    cycles, uptimes, repairs = numbers
    left = next(uptimes)
    while True:
        if source is not None:
            yield source.get()
        work = next(cycles)
        while left < work:
            yield env.timeout(left)
            work -= left
            yield env.timeout(next(repairs))
            left = next(uptimes)
        yield env.timeout(work)
        left -= work
        if sink is not None:
            yield sink.put(1)


class Breaking:
    """The same machine with failures on the calendar clock: a second process interrupts it, as the books do."""

    def __init__(
        self,
        env: simpy.Environment,
        numbers: tuple[Iterator[float], ...],
        source: simpy.Store | None,
        sink: simpy.Store,
    ) -> None:
        self.env, self.source, self.sink = env, source, sink
        self.cycles, self.uptimes, self.repairs = numbers
        self.repaired: simpy.Event | None = None
        self.process = env.process(self.work())
        env.process(self.breaks())

    def breaks(self) -> Iterator[simpy.Event]:
        while True:
            yield self.env.timeout(next(self.uptimes))
            self.repaired = self.env.event()
            self.process.interrupt()
            yield self.env.timeout(next(self.repairs))
            repaired, self.repaired = self.repaired, None
            repaired.succeed()

    def wait_until_up(self) -> Iterator[simpy.Event]:
        while self.repaired is not None:
            yield self.repaired

    def work(self) -> Iterator[simpy.Event]:
        while True:
            loaded = self.source is None
            while not loaded:
                yield from self.wait_until_up()
                part = self.source.get()
                try:
                    yield part
                    loaded = True
                except simpy.Interrupt:
                    part.cancel()
            yield from self.wait_until_up()
            left = next(self.cycles)
            while left > 0:
                begun = self.env.now
                try:
                    yield self.env.timeout(left)
                    left = 0.0
                except simpy.Interrupt:
                    left -= self.env.now - begun
                    yield from self.wait_until_up()
            finished = self.sink.put(1)
            while not finished.processed:  # a part may leave a machine that is down
                try:
                    yield finished
                except simpy.Interrupt:
                    continue


def count(buffers: simpy.Store, made: list[int]) -> Iterator[simpy.Event]:
    while True:
        yield buffers.get()
        made[0] += 1


def simpy_stores(line: Line, window: Window, seed: int, replication: int) -> int:
    """Parts out of the line in SimPy."""
    env = simpy.Environment()
    stores = [simpy.Store(env, capacity=station.buffer or float("inf")) for station in line.stations]
    for index, station in enumerate(line.stations):
        failure = station.failures[0]
        numbers = (
            draws(station.cycle, seed, replication, stream_id(station.name, "cycle")),
            draws(failure.uptime, seed, replication, stream_id(station.name, "uptime", failure.name)),
            draws(failure.repair, seed, replication, stream_id(station.name, "repair", failure.name)),
        )
        source = stores[index - 1] if index else None
        if failure.clock == "operating":
            env.process(machine(env, numbers, source, stores[index]))
        else:
            Breaking(env, numbers, source, stores[index])
    made = [0]
    env.process(count(stores[-1], made))
    env.run(until=window.horizon)
    return made[0]


def against_stores(machines: int, clock: Clock, window: Window) -> Row:
    """Median seconds of a replication, ours and the peer's in turn."""
    line = benchmark_line(machines, clock)
    ours, peer = [], []
    run_twin(line, window, 1, 0)
    for replication in range(ROUNDS):
        begin = time.process_time()
        figures = run_twin(line, window, 1, replication)
        ours.append(time.process_time() - begin)
        begin = time.process_time()
        made = simpy_stores(line, window, 1, replication)
        peer.append(time.process_time() - begin)
        assert figures.total("good_out") == made, "the twin and SimPy must make the same parts"
    operations = float(figures.station("processed").sum())
    return Row(
        work=f"{machines} machines, {clock} clock, {operations:.0f} operations; SimPy with stores",
        ours=median(ours),
        peer=median(peer),
        ratio=median(peer) / median(ours),
        must=">= 250",
        unit="s",
    )


def general_line() -> Line:
    """The benchmark line with two fitters for all machines, two machines in parallel here and there, and two shifts."""
    line = benchmark_line(10)
    stations = tuple(
        replace(
            station,
            servers=2 if number % 4 == 1 else 1,
            failures=tuple(replace(failure, crew="fitters") for failure in station.failures),
        )
        for number, station in enumerate(line.stations)
    )
    shift = Shift(days=(0, 1, 2, 3, 4), start_s=6 * 3600.0, end_s=22 * 3600.0)
    return replace(line, stations=stations, crews=(("fitters", 2),), calendar=Calendar(shifts=(shift,)))


def network_line() -> Line:
    """The general line with two products and their set-ups, a rework loop, a conveyor and two vehicles."""
    line = general_line()
    more: dict[int, dict[str, Any]] = {
        0: {"setup": Setup(time=Distribution.lognormal(10 * MINUTE, cv=0.5), crews=("fitters",))},
        2: {"fleet": "agv"},
        4: {"travel": MINUTE},
        6: {"rework": Rework(to="M5", share=0.03, tries=2)},
        7: {"fleet": "agv"},
    }
    return replace(
        line,
        stations=tuple(
            replace(station, inbox=3, **more.get(number, {})) for number, station in enumerate(line.stations)
        ),
        products=Products(names=("A", "B"), sequence=(("A", 200), ("B", 100))),
        fleets=(Fleet(name="agv", vehicles=2, otherwise=20.0, load=5.0, unload=5.0),),
    )


def against_reference(line: Line, what: str, window: Window) -> Row:
    """Median seconds of a replication, the twin's and our own reference's in turn."""
    ours, peer = [], []
    run_twin(line, window, 1, 0)
    for replication in range(ROUNDS):
        begin = time.process_time()
        figures = run_twin(line, window, 1, replication)
        ours.append(time.process_time() - begin)
        begin = time.process_time()
        truth = run_reference(line, window, 1, replication)
        peer.append(time.process_time() - begin)
        np.testing.assert_allclose(figures.vector(), truth.vector(), rtol=1e-9, atol=1e-6)
    return Row(
        work=f"one replication of 10 stations with {what}; own reference",
        ours=median(ours),
        peer=median(peer),
        ratio=median(peer) / median(ours),
        must=">= 100",
        unit="s",
    )
