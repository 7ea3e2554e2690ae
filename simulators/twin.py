"""The compiled engine: the answers of reference.py, some hundred times faster.

``run_many`` is the batch form: many lines (months, scenarios, draws) times many replications, compiled once for every
line there is, without the global interpreter lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from simulators.distributions import Floats
from simulators.figures import RunFigures, Window, vector_length
from simulators.line import Line
from simulators.streams import checked_seed
from simulators.twin_blocks import PARTS, tandem_applies, tandem_tables
from simulators.twin_recursion import DONE, LOOK, recursion_applies, serial_tables, week_marks
from simulators.twin_sums import DETAILS
from simulators.twin_tables import BLOCK, Tables, tables

#: Changes when the same input may give other bytes.
VERSION = "2"
Kernel: TypeAlias = Literal["auto", "serial", "events"]


def run_twin(line: Line, window: Window, seed: int, replication: int) -> RunFigures:
    """Simulate one replication; the same arguments give the same bytes."""
    return RunFigures.from_vector(line, window, run_rows(line, window, seed, [replication])[0])


def run_many(lines: Sequence[Line], window: Window, seed: int, replications: Sequence[int]) -> list[list[RunFigures]]:
    """Simulate every line on every replication number: ``[line][replication]``.

    Lines share random numbers by (seed, replication, station name, purpose), so that differences between them are
    paired. Releases the interpreter lock: threads run side by side.
    """
    return [
        [RunFigures.from_vector(line, window, row) for row in run_rows(line, window, seed, replications)]
        for line in lines
    ]


def run_rows(line: Line, window: Window, seed: int, replications: Sequence[int], kernel: Kernel = "auto") -> Floats:
    """Simulate a line on every replication number; one row of sums (RunFigures.vector) for each.

    ``kernel``: the quickest that applies (auto), the recursion part by part where it does, or the events in any case.
    """
    if not line.plain:
        found: Floats = import_module("simulators.twin_network").run_network(
            line, window, checked_seed(seed), replications
        )
        return found
    laid_out = _laid_out(line)
    out = np.zeros((len(replications), vector_length(line, window)))
    run = _run_events
    if kernel == "auto" and tandem_applies(line):
        run = _run_tandem
    elif kernel != "events" and recursion_applies(line):
        run = _run_serial
    for row, replication in zip(out, replications, strict=True):
        run(line, laid_out, window, checked_seed(seed), replication, row)
    return out


@cache
def _kernel(name: str) -> Callable[..., Any]:
    """A kernel, imported when it is first needed: each takes seconds to compile, and most lines need but one."""
    return cast("Callable[..., Any]", getattr(import_module(f"simulators.twin_{name}"), f"simulate_{name}"))


@lru_cache(maxsize=16)
def _laid_out(line: Line) -> Tables:
    """Tables of the last lines; nobody writes to them."""
    return tables(line)


def _split(window: Window, out: Floats) -> tuple[Floats, Floats]:
    return out[len(out) - window.bins :], out[: len(out) - window.bins]


def _copies(start: Tables) -> tuple[Any, ...]:
    return (
        start.streams.copy(),
        start.stations.copy(),
        start.servers.copy(),
        start.causes.copy(),
        start.crews.copy(),
        start.floor.copy(),
        start.numbers,
        start.switches,
        np.empty((len(start.streams), BLOCK)),
        np.zeros((len(start.stations), DETAILS)),
    )


def _run_tandem(line: Line, start: Tables, window: Window, seed: int, replication: int, out: Floats) -> None:
    """Run the block form of the recursion on a copy of the tables, again with more room where it was short."""
    tandem, memory = tandem_tables(line)
    count = len(tandem)
    blocks = np.empty((3, count, PARTS))
    width = 8 * (2 * ((memory + PARTS + 15) // 16) + 1)  # an odd number of cache lines
    periods, room = 4 * PARTS, PARTS
    run = (window.warmup, window.horizon, np.uint64(seed), np.uint64(replication), *_split(window, out))
    state = DONE - 1
    while state != DONE:
        streams, stations, _, causes, crews, floor, numbers, _, store, seconds = _copies(start)
        loads = np.zeros((count + 1, width))
        rest = (np.empty((count, room, 3)), np.empty((count, periods, 2)), np.empty(max(PARTS, count), np.int64))
        out[:] = 0.0
        tables_of = (streams, stations, causes, crews, floor, numbers, store, seconds, tandem.copy())
        arguments: tuple[Any, ...] = (*tables_of, *blocks, loads, *rest, *run)
        state = _kernel("tandem")(*arguments)
        periods, room = 4 * periods, 4 * room


def _run_serial(line: Line, start: Tables, window: Window, seed: int, replication: int, out: Floats) -> None:
    """Run the recursion once on a copy of the tables, again with more room for active periods where it was short."""
    serial, sources, length = serial_tables(line, start)
    marks = week_marks(line)
    periods = 64 + 4 * LOOK + min(2 * length, 4096)
    run = (window.warmup, window.horizon, np.uint64(seed), np.uint64(replication), *_split(window, out))
    state = DONE - 1
    while state != DONE:
        room = (np.empty((len(serial), periods, 2)), np.zeros(max(length, 1)))
        arguments: tuple[Any, ...] = (*_copies(start), serial.copy(), sources.copy(), *room, marks, *run)
        out[:] = 0.0
        state = _kernel("serial")(*arguments)
        periods *= 4


def _run_events(line: Line, start: Tables, window: Window, seed: int, replication: int, out: Floats) -> None:
    """Run the event kernel once on a copy of the tables."""
    machines = len(start.servers)
    room = machines + (line.pallets or 0) + 16
    entered, after = np.empty(room), np.arange(1, room + 1)
    timers = np.full(8 * (int(start.floor["shift_slot"][0]) // 8 + 1), np.inf)
    copies = _copies(start)
    floor = copies[5]
    floor["spare"] = room
    work = (timers, np.empty(machines, np.int64), np.empty(len(start.causes), np.int64))
    run = (window.warmup, window.horizon, np.uint64(seed), np.uint64(replication), *_split(window, out))
    arguments: tuple[Any, ...] = (*copies, *work, entered, after, *run)
    simulate = _kernel("events")
    while simulate(*arguments):
        after = np.concatenate([after, np.arange(room + 1, 2 * room + 1)])
        after[-1] = floor["free"][0]
        entered = np.concatenate([entered, np.empty(room)])
        floor["free"] = room
        floor["spare"] += room
        room *= 2
        arguments = (*copies, *work, entered, after, *run)
