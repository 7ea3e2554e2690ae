"""The compiled engine: the answers of reference.py, some hundred times faster.

``run_many`` is the batch form: many lines (months, scenarios, draws) times many replications, compiled once for every
line there is, without the global interpreter lock.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulators.distributions import Floats
from simulators.figures import RunFigures, Window, vector_length
from simulators.line import Line
from simulators.streams import checked_seed
from simulators.twin_events import simulate_events
from simulators.twin_tables import tables

#: Changes when the same input may give other bytes.
VERSION = "1"


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


def run_rows(line: Line, window: Window, seed: int, replications: Sequence[int]) -> Floats:
    """Simulate a line on every replication number; one row of sums (RunFigures.vector) for each."""
    laid_out = tables(line)
    out = np.empty((len(replications), vector_length(line, window)))
    for row, replication in zip(out, replications, strict=True):
        simulate_events(
            laid_out.streams,
            laid_out.stations,
            laid_out.servers,
            laid_out.causes,
            laid_out.crews,
            laid_out.floor,
            laid_out.numbers,
            laid_out.switches,
            window.warmup,
            window.horizon,
            np.uint64(checked_seed(seed)),
            np.uint64(replication),
            window.bins,
            row,
        )
    return out
