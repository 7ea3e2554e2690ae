"""The engine in SimPy: easy to read, the truth in disputes."""

from __future__ import annotations

from simulators.figures import RunFigures, Window
from simulators.line import Line


def run_reference(line: Line, window: Window, seed: int, replication: int) -> RunFigures:
    """Simulate one replication; the same arguments give the same bytes."""
    raise RuntimeError("being written")
