"""The compiled engine: the answers of reference.py, some hundred times faster.

``run_many`` is the batch form: many lines (months, scenarios, draws) times many replications in one compiled call
without the global interpreter lock; nothing is compiled again for another line.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulators.figures import RunFigures, Window
from simulators.line import Line

#: Changes when the same input may give other bytes.
VERSION = "1"


def run_twin(line: Line, window: Window, seed: int, replication: int) -> RunFigures:
    """Simulate one replication; the same arguments give the same bytes."""
    return run_many([line], window, seed, [replication])[0][0]


def run_many(lines: Sequence[Line], window: Window, seed: int, replications: Sequence[int]) -> list[list[RunFigures]]:
    """Simulate every line on every replication number: ``[line][replication]``.

    Lines share random numbers by (seed, replication, station name, purpose), so that differences between them are
    paired. Releases the interpreter lock: threads run side by side.
    """
    raise RuntimeError("being written")
