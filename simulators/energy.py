"""Energy by the states of the machines: what was drawn follows from how long each state lasted."""

from __future__ import annotations

import numpy as np

from simulators.distributions import Floats
from simulators.figures import RunFigures
from simulators.line import Line
from simulators.states import STATES

HOUR = 3_600.0


def power(line: Line) -> Floats:
    """Power of one machine in kW, [station, state]; 0 where a station says nothing of a state."""
    return np.array([[dict(station.energy).get(state, 0.0) for state in STATES] for station in line.stations])


def energy_use(line: Line, figures: RunFigures) -> Floats:
    """Energy of each station over the window in kWh, all its machines together.

    >>> from simulators.line import Distribution, Station
    >>> from simulators.figures import Window
    >>> from simulators.twin import run_twin
    >>> saw = Station(name="saw", cycle=Distribution.constant(60), energy=(("working", 12.0),))
    >>> line = Line(name="one", stations=(saw,))
    >>> energy_use(line, run_twin(line, Window(warmup=0, horizon=7_200), 1, 0)).tolist()
    [24.0]
    """
    return np.asarray((power(line) * figures.states).sum(axis=1) / HOUR)
