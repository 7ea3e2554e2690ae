"""Time in the reference engine: what happens first among the things of one moment."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy
from simpy.events import EventPriority

#: Order within one moment. SimPy's own wake-ups have ranks 0 and 1; indexes of machines, causes, ... break ties.
(
    STEP_ENDS, REPAIR_ENDS, CALENDAR_FAILURE, CONVEYOR_ENDS, VEHICLE_COMES, ARRIVAL, SHIFT_CHANGE, CREW_CHANGE,
    PARTS_MOVE,
) = (2 + 10_000_000 * place for place in range(9))  # fmt: skip
Process = Generator[simpy.Event, Any, None]


class Alarm(simpy.Event):
    """A timeout with a rank among the events of the same moment."""

    def __init__(self, env: simpy.Environment, delay: float, rank: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, priority=EventPriority(rank), delay=delay)
